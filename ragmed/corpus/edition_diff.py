"""A newer edition beside the one that it replaces: what was added, removed and said in other words, by section.

Laws of this room: every piece of the old edition is the same, changed or removed exactly once, and every piece of the
new one the same, changed or added. Pieces are sentences, list items, table rows, captions, and headings that say
something of weight ("PD-L1 of 50% or more", "When not to give it"); furniture is none. Printing anew is no change:
other pages, other line ends, an edition's own name and date, numbers of lists and of references. A piece that moved
unchanged is no change, but counted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ragmed.changes import ChangeKind, EditionChange, Piece, PieceChange, SectionChange
from ragmed.corpus.chunk_units import page_units
from ragmed.records import BlockKind, Document, Page
from ragmed.text.language import HAN
from ragmed.text.nearest import Nearest
from ragmed.text.normal import normal, normal_heading
from ragmed.text.weight import weighs
from ragmed.text.word_diff import word_runs

NEAR_HERE = 0.45
"""Likeness from which two pieces of one section are one statement in other words."""
NEAR_ELSEWHERE = 0.6
"""The same for pieces of different sections."""

_ENDED = re.compile(r"[.!?;:。！？；：…][\"'”’»)\]）】」』]*(?:\[[\d,\s–-]+\]|\d{1,3}(?:[,–-]\d{1,3})*)?\Z")
_GOES_ON = re.compile(rf"[a-z(（,，、{HAN}]")
_HAN_END = re.compile(rf"[{HAN}，、]\Z")
_SHORT_HAN = 15
"""Chinese characters under which a line without a full stop is a line of its own."""
_OWN_NAME = "\u2302"
"""Stands for an edition's own name and date while two editions are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPiece:
    """A piece under its headings, outermost first."""

    piece: Piece
    heading_path: tuple[str, ...]
    kind: BlockKind


def placed_pieces(pages: Sequence[Page]) -> tuple[PlacedPiece, ...]:
    """The pieces of a document in reading order.

    A sentence that runs on over a column or a page is one piece; it stands where it begins, and ``end`` is where its
    first part ends.
    """
    found: list[PlacedPiece] = []
    for page in pages:
        for start, end, path, kind in sorted((*_matter(page), *_weighty_headings(page)), key=lambda span: span[0]):
            text = " ".join(page.text[start:end].split())
            before = found[-1] if found else None
            if before and before.kind is kind is BlockKind.PARAGRAPH and _runs_on(before.piece.text, text):
                joined = before.piece.text + ("" if _HAN_END.search(before.piece.text) else " ") + text
                found[-1] = replace(before, piece=replace(before.piece, text=joined))
            else:
                piece = Piece(text=text, page_number=page.number, page_label=page.label, start=start, end=end)
                found.append(PlacedPiece(piece=piece, heading_path=path, kind=kind))
    return tuple(found)


_Span = tuple[int, int, tuple[str, ...], BlockKind]


def _matter(page: Page) -> Iterator[_Span]:
    for unit in page_units(page, ()):
        if unit.kind is not BlockKind.HEADING:
            yield unit.start, unit.end, unit.path, unit.kind


def _weighty_headings(page: Page) -> Iterator[_Span]:
    for block in page.blocks:
        text = page.text[block.start : block.end]
        if block.kind is BlockKind.HEADING and weighs("", normal_heading(text)):
            yield block.start, block.end, block.heading_path, block.kind


def _runs_on(text: str, following: str) -> bool:
    """Whether the sentence ``text`` is cut off and goes on in ``following``."""
    if _ENDED.search(text) or not _GOES_ON.match(following):
        return False
    return following[0].islower() or (_HAN_END.search(text) is not None and len(text) >= _SHORT_HAN)


def compare_editions(
    old: Document, old_pages: Sequence[Page], new: Document, new_pages: Sequence[Page]
) -> EditionChange:
    """What differs between two editions, by section in the order of the new one.

    What was removed stands under the new edition's heading that holds what else stood around it, else under the nearest
    heading above it that survives.
    """
    match = _Match(_Side.of(old, old_pages), _Side.of(new, new_pages))
    match.exact()
    same = len(match.partner)
    moved = match.moved()
    match.near()
    return EditionChange(old=old, new=new, sections=tuple(match.sections()), same=same, moved=moved)


@dataclass(slots=True)
class _Side:
    """One edition as it is compared."""

    pieces: tuple[PlacedPiece, ...]
    forms: list[str]
    keys: list[tuple[str, ...]]
    """Of each piece's heading path."""

    @classmethod
    def of(cls, document: Document, pages: Sequence[Page]) -> _Side:
        own = _own_names(document)
        pieces = placed_pieces(pages)
        known: dict[tuple[str, ...], tuple[str, ...]] = {}

        def form(one: PlacedPiece) -> str:
            text = own.sub(_OWN_NAME, one.piece.text) if own else one.piece.text
            return normal_heading(text) if one.kind is BlockKind.HEADING else normal(text)

        for one in pieces:
            if one.heading_path not in known:
                named = (own.sub(_OWN_NAME, part) if own else part for part in one.heading_path)
                known[one.heading_path] = tuple(normal_heading(part) for part in named)
        return cls(pieces, [form(one) for one in pieces], [known[one.heading_path] for one in pieces])


def _own_names(document: Document) -> re.Pattern[str] | None:
    """What an edition calls itself: its edition and its date, which differ in every other one."""
    names = [document.edition, document.published_on if len(document.published_on) == len("2026-01-12") else ""]
    parts = [r"\s?".join(map(re.escape, name.split())) for name in names if len(name) > 2]
    return re.compile(rf"(?i)(?<!\w)(?:{'|'.join(parts)})(?!\w)") if parts else None


@dataclass(slots=True)
class _Match:
    """Which piece of the old edition became which of the new."""

    old: _Side
    new: _Side
    partner: dict[int, int] = field(default_factory=dict)
    """Place in the old edition → place in the new."""
    taken: set[int] = field(default_factory=set)
    """Places of the new edition."""
    same: set[int] = field(default_factory=set)
    """Places of the old edition whose piece is the same."""

    def exact(self) -> None:
        """Pieces of one normal form: first under the same headings, then anywhere, each time in order."""
        for with_path in (True, False):
            waiting: dict[tuple[object, ...], list[int]] = defaultdict(list)
            for place in reversed(range(len(self.new.forms))):
                if place not in self.taken:
                    waiting[self._key(self.new, place, with_path)].append(place)
            for place in range(len(self.old.forms)):
                if place not in self.partner and (there := waiting.get(self._key(self.old, place, with_path))):
                    self._pair(place, there.pop())
        self.same = set(self.partner)

    @staticmethod
    def _key(side: _Side, place: int, with_path: bool) -> tuple[object, ...]:
        return (side.forms[place], side.keys[place]) if with_path else (side.forms[place],)

    def _pair(self, one: int, other: int) -> None:
        self.partner[one] = other
        self.taken.add(other)

    def homes(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """For each section of the old edition the one of the new that most of its pieces went to."""
        votes: dict[tuple[str, ...], Counter[tuple[str, ...]]] = defaultdict(Counter)
        for one, other in sorted(self.partner.items()):
            votes[self.old.keys[one]][self.new.keys[other]] += 1
        surviving = set(self.new.keys)
        found = {}
        for key in dict.fromkeys(self.old.keys):
            if key in surviving:
                found[key] = key
            elif key in votes:
                found[key] = votes[key].most_common(1)[0][0]
        return found

    def moved(self) -> int:
        """Pieces that stand under another heading now."""
        homes = self.homes()
        return sum(homes[self.old.keys[one]] != self.new.keys[other] for one, other in self.partner.items())

    def near(self) -> None:
        """What is left, by likeness: first within the section, then anywhere; the most alike pair first."""
        free = [place for place in range(len(self.new.forms)) if place not in self.taken]
        nearest = Nearest([self.new.forms[place] for place in free])
        homes = self.homes()
        here: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for index, place in enumerate(free):
            here[self.new.keys[place]].append(index)
        sections = {key: frozenset(places) for key, places in here.items()}
        for floor, within in ((NEAR_HERE, True), (NEAR_ELSEWHERE, False)):
            pairs = []
            for one in range(len(self.old.forms)):
                if one in self.partner:
                    continue
                among = sections.get(homes.get(self.old.keys[one], ()), frozenset()) if within else None
                if among is None or among:
                    for likeness, index in nearest.like(self.old.forms[one], floor=floor, among=among):
                        pairs.append((-round(likeness, 6), self._shift(one, free[index]), one, free[index]))
            for _, _, one, other in sorted(pairs):
                if one not in self.partner and other not in self.taken:
                    self._pair(one, other)

    def _shift(self, one: int, other: int) -> float:
        """How far a piece would have wandered, as a share of its edition."""
        return round(abs(one / len(self.old.forms) - other / len(self.new.forms)), 6)

    def sections(self) -> Iterator[SectionChange]:
        """The changes under their headings."""
        placed: list[tuple[float, int, tuple[str, ...], PieceChange]] = []
        back = {other: one for one, other in self.partner.items()}
        for place, one in enumerate(self.new.pieces):
            if place not in back:
                placed.append((place, 0, one.heading_path, _added(one.piece)))
            elif back[place] not in self.same:
                placed.append((place, 0, one.heading_path, _changed(self.old.pieces[back[place]].piece, one.piece)))
        placed.extend(self._removed())
        groups: dict[tuple[str, ...], list[PieceChange]] = {}
        for _, _, path, change in sorted(placed, key=lambda one: one[:2]):
            groups.setdefault(path, []).append(change)
        for path, changes in groups.items():
            yield SectionChange(heading_path=path, changes=tuple(changes))

    def _removed(self) -> Iterator[tuple[float, int, tuple[str, ...], PieceChange]]:
        """What the new edition has lost, behind the piece that stood before it and under a heading that it has."""
        shown: dict[tuple[str, ...], tuple[str, ...]] = {}
        first: dict[tuple[str, ...], int] = {}
        for place, key in enumerate(self.new.keys):
            for length in range(len(key) + 1):
                shown.setdefault(key[:length], self.new.pieces[place].heading_path[:length])
                first.setdefault(key[:length], place)
        homes = self.homes()
        last: dict[tuple[str, ...], float] = {}
        for place, one in enumerate(self.old.pieces):
            home = homes.get(self.old.keys[place])
            if home is None:
                home = self._surviving(self.old.keys[place], homes, shown)
            if place in self.partner:
                if self.new.keys[self.partner[place]] == home:
                    last[home] = self.partner[place]
                continue
            position = last.get(home, first.get(home, 0) - 1)
            yield position + 0.5, place, shown.get(home, ()), _removed(one.piece)

    @staticmethod
    def _surviving(
        key: tuple[str, ...],
        homes: dict[tuple[str, ...], tuple[str, ...]],
        shown: dict[tuple[str, ...], tuple[str, ...]],
    ) -> tuple[str, ...]:
        """The nearest heading above that the new edition has, by name or by what stands under it."""
        for length in range(len(key) - 1, 0, -1):
            above = homes.get(key[:length], key[:length])
            if above in shown:
                return above
        return ()


def _added(piece: Piece) -> PieceChange:
    return PieceChange(kind=ChangeKind.ADDED, old=None, new=piece, words=(), weighty=weighs("", piece.text))


def _removed(piece: Piece) -> PieceChange:
    return PieceChange(kind=ChangeKind.REMOVED, old=piece, new=None, words=(), weighty=weighs(piece.text, ""))


def _changed(old: Piece, new: Piece) -> PieceChange:
    words = word_runs(old.text, new.text)
    return PieceChange(kind=ChangeKind.CHANGED, old=old, new=new, words=words, weighty=weighs(old.text, new.text))
