"""What the layout arranges: fragments, ruled tables and drawn boxes, each one piece with an outline.

Laws of this room: numbers below ``len(fragments)`` are fragments, those above are tables or frames; every fragment
taken by a table or a frame is left out of the flow, so that it comes out once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ragmed.corpus.tables import Frame, RuledTable, ruled_tables

if TYPE_CHECKING:
    from ragmed.corpus.fragments import Fragments
    from ragmed.corpus.pdf_rules import Rules

_ARROWS = frozenset("→←↑↓➔➜▶▼►⇒⟶\uf0e0\uf0ae ")


@dataclass(slots=True, eq=False)
class Pieces:
    """Outlines in points, y down, in layout space; index = number of the piece."""

    fragments: Fragments
    rules: Rules
    left: list[float]
    top: list[float]
    right: list[float]
    bottom: list[float]
    flowing: list[int] = field(default_factory=list)
    """The pieces that take part in the flow of the page."""
    aside: list[int] = field(default_factory=list)
    """Turned lines outside tables: notes in the margin."""
    tables: dict[int, RuledTable] = field(default_factory=dict)
    frames: dict[int, Frame] = field(default_factory=dict)
    solid: frozenset[int] = frozenset()
    """Pieces that stand for a table or a frame."""
    arrows: frozenset[int] = frozenset()
    """Arrows between boxes: they stand in the gutters of a flow chart and do not close them."""

    @classmethod
    def of(cls, fragments: Fragments, chosen: list[int], rules: Rules) -> Pieces:
        """The chosen fragments, with the tables and frames that the ruled lines make of them."""
        tables, frames = ruled_tables(fragments, chosen, rules) if fragments.turn == 0 else ([], [])
        pieces = cls(
            fragments,
            rules,
            list(fragments.left),
            list(fragments.top),
            list(fragments.right),
            list(fragments.bottom),
        )
        taken = {member for table in tables for member in table.members}
        taken |= {member for frame in frames for member in frame.members}
        turned = fragments.turned
        pieces.aside = [i for i in chosen if turned[i] and i not in taken]
        pieces.flowing = [i for i in chosen if not turned[i] and i not in taken]
        for table in tables:
            pieces.tables[pieces._add(table)] = table
        for frame in frames:
            pieces.frames[pieces._add(frame)] = frame
        pieces.solid = frozenset((*pieces.tables, *pieces.frames))
        if len(frames) > 1:
            pieces.arrows = frozenset(
                i for i in chosen if fragments.letters[i] <= 2 and not set(fragments.words(i)) - _ARROWS
            )
        return pieces

    def _add(self, piece: RuledTable | Frame) -> int:
        number = len(self.left)
        self.left.append(piece.left)
        self.top.append(piece.top)
        self.right.append(piece.right)
        self.bottom.append(piece.bottom)
        self.flowing.append(number)
        return number
