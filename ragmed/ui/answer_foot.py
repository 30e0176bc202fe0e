"""What stands under an answer: copying it and its address, from which snapshot it is, how long it took, its record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when
from ragmed.ui.references import copied_text, link

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.records import AnswerRecord, Document, Timings
    from ragmed.ui.words import Words


def answer_foot(
    record: AnswerRecord,
    words: Words,
    current: Mapping[str, Document],
    zone: str | None,
    published_at: str | None,
    current_snapshot: str,
) -> Markup:
    """The last lines of an answer; ``current`` and what follows as ``answer`` has them."""
    number = snapshot_number(record.snapshot_id)
    age = when(published_at, words, zone) if published_at else words("snapshot.gone")
    return el(
        "footer",
        el(
            "p",
            el(
                "button",
                words("answer.copy"),
                type="button",
                class_="rm-button",
                data_copy=copied_text(record, words, current),
                data_done=words("answer.copied"),
            ),
            el(
                "button",
                words("answer.link"),
                type="button",
                class_="rm-button",
                data_copy_link=link(record.record_id),
                data_done=words("answer.copied"),
            ),
            class_="rm-tools",
        ),
        el(
            "p",
            el("span", words("snapshot.published", number=number), age) if record.snapshot_id else None,
            *(el("span", said) for said in took(record.timings_ms, words)),
            el(
                "span",
                words("answer.record"),
                " ",
                el("a", record.record_id[:8], href=link(record.record_id), title=record.record_id),
            ),
            class_="rm-meta",
        ),
        el("p", words("snapshot.older", number=snapshot_number(current_snapshot)), class_="rm-meta")
        if current_snapshot and record.snapshot_id and current_snapshot != record.snapshot_id
        else None,
        class_="rm-foot",
    )


def snapshot_number(snapshot_id: str) -> str:
    """``12`` for ``000012-3fa9c1d2``."""
    number = snapshot_id.partition("-")[0].lstrip("0")
    return number or snapshot_id


def took(timings: Timings, words: Words) -> Iterator[str]:
    """How long the answer, its pages and a model's first words took; and within which time, where that is exceeded."""
    yield words("answer.took", seconds=_seconds(timings.total))
    if timings.evidence:
        late = timings.evidence_budget and timings.evidence > timings.evidence_budget
        limit = words("answer.late", seconds=_seconds(timings.evidence_budget)) if late else ""
        yield words("answer.evidence", seconds=_seconds(timings.evidence)) + limit
    if timings.first_piece:
        late = timings.first_piece_budget and timings.first_piece > timings.first_piece_budget
        limit = words("answer.late_words", seconds=_seconds(timings.first_piece_budget)) if late else ""
        yield words("answer.first", seconds=_seconds(timings.first_piece)) + limit


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f}"
