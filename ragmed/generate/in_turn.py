"""A ``Generator`` of several: the first one that can be used writes, and that another was passed over is told."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from ragmed.drafts import Draft, Written
from ragmed.errors import IntegrityError, MissingPartError, ModelError

if TYPE_CHECKING:
    from ragmed.interfaces import Generator as Writer
    from ragmed.records import Mode, Passage, Query


class InTurn:
    """Asks one after another, as long as nothing has been written: two drafts are never joined."""

    def __init__(self, first: Writer, *others: Writer) -> None:
        self._writers = (first, *others)

    @property
    def kind(self) -> str:
        """Of the one that is asked first."""
        return self._writers[0].kind

    def generate(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Generator[Written | Draft, None, None]:
        """What the first one that works writes. Raises what the last one raises, or who breaks off."""
        passed_over: list[str] = []
        for writer in self._writers:
            begun = False
            try:
                with closing(writer.generate(query, mode, passages)) as pieces:
                    for piece in pieces:
                        begun = begun or isinstance(piece, Draft) or bool(piece.text)
                        if isinstance(piece, Draft) and passed_over:
                            yield replace(piece, passed_over="; ".join(passed_over))
                        else:
                            yield piece
            except (ModelError, MissingPartError, IntegrityError) as error:
                if begun or writer is self._writers[-1]:
                    raise
                passed_over.append(str(error).rstrip("."))
            else:
                return
