"""One feedback as ``ragmed tune dataset`` would take it, told before a reviewer decides: the rows, or what falls short.

The rows are made, by the functions that the dataset makes them with, and counted; nothing of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ragmed.errors import RagMedError
from ragmed.foreseen import Foreseen, ForeseenRow, Identifier, Part, Short, Shortfall
from ragmed.tune.dataset.feedback import ShortError, rows_of, sent

if TYPE_CHECKING:
    from ragmed.entries import Reviewed
    from ragmed.interfaces import SnapshotReader
    from ragmed.records import AnswerRecord
    from ragmed.tune.dataset.identifiers import Scrubber
    from ragmed.tune.dataset.usable import Teachers


def foresee(
    one: Reviewed, record: AnswerRecord, found: Teachers, snapshot: SnapshotReader, scrub: Scrubber
) -> Foreseen:
    """What would become of ``one`` if it were let through with the correction that it has now."""
    rows: tuple[ForeseenRow, ...] = ()
    short: Short | None = None
    try:
        rows = tuple(
            ForeseenRow(form=row.form.value, split=split.value, wanted=row.label)
            for split, row in rows_of(one, record, found, snapshot, scrub)
        )
    except ShortError as why:
        short = why.short
    except RagMedError as error:
        short = Short(kind=Shortfall.OTHER, message=str(error))
    return Foreseen(rows=rows, short=short, identifiers=tuple(_identifiers(one, record, scrub)))


def _identifiers(one: Reviewed, record: AnswerRecord, scrub: Scrubber) -> Iterator[Identifier]:
    try:
        documents = [passage.chunk.text for passage in sent(record)]
    except ShortError:
        documents = []
    for part, text, own in (
        (Part.QUESTION, record.question, []),
        (Part.ANSWER, record.text, documents),
        (Part.CORRECTION, one.correction, documents),
    ):
        for found in scrub.find(text, own):
            yield Identifier(part=part, start=found.start, end=found.end, kind=found.kind)
