"""Rows from feedback that a reviewer let through.

A correction gives an SFT row, and against the answer that it corrects a DPO row; every word on an answer gives a KTO
row, wanted where the doctor found it right. The prompt is the one that was sent, made again by the prompt module: with
the question free of identifiers, and without the passages of documents that stand on another side of the split or may
not teach. The markers of both answers follow.

What an answer teaches has to hold against the edition of today: a correction that rests on a superseded edition teaches
yesterday's dose, and falls short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ragmed.entries import FeedbackKind, Reviewed
from ragmed.errors import ErasedError, RagMedError
from ragmed.foreseen import Short, Shortfall
from ragmed.generate.prompt import NOT_COVERED, messages_of, prompt_of, says_not_covered
from ragmed.records import AnswerRecord, DocumentStatus, Language, Outcome, Passage, Prompt
from ragmed.text.markers import MARKER, numbers_of
from ragmed.tune.dataset.checking import Checked, check_answer
from ragmed.tune.dataset.problems import Problem
from ragmed.tune.dataset.rows import Expected, Form, Meta, Row, Source, Split, named_row, shown

if TYPE_CHECKING:
    from ragmed.interfaces import AuditLog, SnapshotReader
    from ragmed.tune.dataset.identifiers import Scrubber
    from ragmed.tune.dataset.usable import Teachers, Usable


@dataclass(slots=True)
class FeedbackRows:
    """Rows of feedback, what fell short, and how much waits."""

    rows: list[tuple[Split, Row]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)


class ShortError(Exception):
    """A feedback gives no row; the message says why and bears no patient's word."""

    def __init__(self, short: Short) -> None:
        super().__init__(short.message)
        self.short = short


def feedback_rows(log: AuditLog, found: Usable, snapshot: SnapshotReader, scrub: Scrubber) -> FeedbackRows:
    """The rows of every reviewed feedback, oldest first. Raises IntegrityError where the log is damaged."""
    made = FeedbackRows()
    teachers = found.teachers
    for one in log.review_queue():
        made.told["waiting" if one.review is None else "refused" if not one.may_teach else "reviewed"] += 1
        if not one.may_teach:
            continue
        try:
            record = log.get(one.feedback.record_id)
            made.rows += rows_of(one, record, teachers, snapshot, scrub)
        except ErasedError:
            continue  # erased since the queue was read
        except (ShortError, RagMedError) as why:
            made.problems.append(Problem(where=f"feedback {one.feedback.feedback_id}", line=0, reason=str(why)))
    return made


def rows_of(
    one: Reviewed, record: AnswerRecord, found: Teachers, snapshot: SnapshotReader, scrub: Scrubber
) -> list[tuple[Split, Row]]:
    """The rows of one feedback, one at least, whatever was decided about it. Raises ShortError, RagMedError."""
    return _Making(one, record, found, snapshot, scrub).rows()


class _Making:
    """The rows of one feedback."""

    def __init__(
        self, one: Reviewed, record: AnswerRecord, found: Teachers, snapshot: SnapshotReader, scrub: Scrubber
    ) -> None:
        self._one = one
        self._record = record
        self._snapshot = snapshot
        self._split = found.split
        self._left_out = found.left_out
        self._sent = sent(record)
        self._language = Language.CHINESE if record.language is Language.CHINESE else Language.ENGLISH
        self._query = replace(record.retrieval.query, text=scrub.clean(record.retrieval.query.text))
        self._texts = [passage.chunk.text for passage in self._sent]
        markers = {passage.chunk.chunk_id: passage.marker for passage in self._sent}
        seen = {number: markers[chunk_id] for number, chunk_id in _as_shown(record).items() if chunk_id in markers}
        self._corrected = renumbered(scrub.clean(one.correction.strip(), self._texts), seen)
        self._original = self._said(scrub, seen)

    def _said(self, scrub: Scrubber, seen: Mapping[int, int]) -> str:
        """What the doctor judged: the sentences that were shown, with the prompt's markers."""
        record = self._record
        if record.outcome is Outcome.ABSTAINED:
            return NOT_COVERED[self._language]
        if record.outcome is Outcome.REJECTED:
            return ""
        return renumbered(scrub.clean(record.text, self._texts), seen)

    def rows(self) -> list[tuple[Split, Row]]:
        """Raises ShortError."""
        found: list[tuple[Split, Row]] = []
        right = self._one.feedback.kind is FeedbackKind.RIGHT
        if self._corrected:
            split, prompt, markers, checked = self._placed(self._corrected)
            answer = NOT_COVERED[self._language] if says_not_covered(self._corrected) else checked.text
            sft = self._row(Form.SFT, prompt, answer, checked.expected)
            found.append((split, sft))
            rejected = renumbered(self._original, markers)
            if rejected and rejected != answer and not right:
                found.append((split, named_row(replace(sft, form=Form.DPO, rejected=rejected))))
        if self._original:
            found.append(self._thumb(wanted=right, beside=found[0][0] if found else None))
        if not found:
            message = "neither a correction nor an answer that was shown: nothing to learn from"
            raise ShortError(Short(kind=Shortfall.NOTHING_TO_LEARN, message=message))
        return found

    def _thumb(self, *, wanted: bool, beside: Split | None) -> tuple[Split, Row]:
        """``beside``: the side of the correction, which an unwanted answer follows as it does in a pair."""
        if wanted:
            split, prompt, _, checked = self._placed(self._original)
            answer = NOT_COVERED[self._language] if says_not_covered(self._original) else checked.text
            return split, self._row(Form.KTO, prompt, answer, checked.expected)
        cited = {check.citation.document_id for check in self._record.checks if check.citation.claim >= 0}
        split = beside or self._side(cited or {self._sent[0].document.document_id})
        prompt, markers = self._prompt(split)
        return split, self._row(Form.KTO, prompt, renumbered(self._original, markers), (), label=False)

    def _placed(self, answer: str) -> tuple[Split, Prompt, Mapping[int, int], Checked]:
        """The side of an answer that is to be taught, its prompt there, how markers moved, and its check."""
        whole = prompt_of(self._query, self._record.mode, self._sent)
        first = check_answer(answer, whole, self._snapshot)
        if first.short is not None:
            gone = {one.document.document_id for one in self._sent} - self._split.keys() - self._left_out.keys()
            said = f"; {len(gone)} of the documents that it was asked of have gone since" if gone else ""
            raise ShortError(replace(first.short, message=f"{first.short.message}{said}", gone=len(gone)))
        cited = {one.document_id for one in first.expected}
        split = self._side(cited or {self._sent[0].document.document_id})
        prompt, markers = self._prompt(split)
        moved = answer if not first.expected else renumbered(first.text, markers)
        checked = check_answer(moved, prompt, self._snapshot)
        if checked.short is not None:
            raise ShortError(checked.short)
        return split, prompt, markers, checked

    def _side(self, document_ids: Iterable[str]) -> Split:
        sides = set()
        for document_id in sorted(document_ids):
            if document_id not in self._split:
                raise ShortError(self._teaches_nothing(document_id))
            sides.add(self._split[document_id])
        if len(sides) > 1:
            message = "it rests on documents that stand on different sides of the split"
            raise ShortError(Short(kind=Shortfall.SIDES, message=message))
        return sides.pop()

    def _teaches_nothing(self, document_id: str) -> Short:
        out = self._left_out.get(document_id)
        if out is None:
            kind, why = Shortfall.GONE, "the current snapshot does not hold it"
        else:
            current = out.document.status is DocumentStatus.CURRENT
            kind, why = Shortfall.LICENCE if current else Shortfall.SUPERSEDED, out.reason
        titles = {one.document_id: one.title for one in self._record.documents}
        message = f"it rests on document {document_id}, which teaches nothing: {why}"
        return Short(kind=kind, message=message, document=titles.get(document_id, document_id))

    def _prompt(self, split: Split) -> tuple[Prompt, Mapping[int, int]]:
        """The prompt with the passages of one side, and old marker → new marker."""
        kept = [one for one in self._sent if self._split.get(one.document.document_id) is split]
        numbered = [replace(one, marker=number) for number, one in enumerate(kept, 1)]
        moved = {one.marker: new.marker for one, new in zip(kept, numbered, strict=True)}
        return prompt_of(self._query, self._record.mode, numbered), moved

    def _row(
        self, form: Form, prompt: Prompt, answer: str, expected: tuple[Expected, ...], *, label: bool = True
    ) -> Row:
        meta = Meta(
            row_id="",
            source=Source.FEEDBACK,
            kind=self._one.feedback.kind.value,
            language=self._language.value,
            answerable=not says_not_covered(answer),
            document_ids=tuple(sorted({one.document.document_id for one in prompt.passages})),
            series=tuple(sorted({one.document.series for one in prompt.passages})),
            passages=shown(prompt.passages),
            expected=expected,
            group=f"a-{self._record.record_id}",
        )
        return named_row(Row(form=form, prompt=messages_of(prompt), answer=answer, meta=meta, label=label))


def sent(record: AnswerRecord) -> tuple[Passage, ...]:
    """The passages in the order in which a model had them, or would have had them. Raises ShortError."""
    prompt = record.prompt or (record.refused.prompt if record.refused else None)
    if prompt is not None:
        return prompt.passages
    by_rank = sorted(record.retrieval.passages, key=lambda one: one.hit.rank)
    if not by_rank:
        raise ShortError(Short(kind=Shortfall.NOT_SEARCHED, message="nothing was searched for this answer"))
    return tuple(replace(one, marker=number) for number, one in enumerate(by_rank, 1))


def _as_shown(record: AnswerRecord) -> dict[int, str]:
    """The marker that the doctor saw → chunk id."""
    found = {one.marker: one.chunk.chunk_id for one in record.retrieval.passages}
    return found | {check.citation.marker: check.citation.chunk_id for check in record.checks}


def renumbered(text: str, markers: Mapping[int, int]) -> str:
    """The text with other markers; one that leads nowhere goes."""
    pieces: list[str] = []
    reached = 0
    for match in MARKER.finditer(text):
        numbers: Sequence[int] = [markers[one] for one in numbers_of(match[1]) if one in markers]
        pieces.append(text[reached : match.start()])
        pieces.append(f" {''.join(f'[{one}]' for one in dict.fromkeys(numbers))}" if numbers else "")
        reached = match.end()
    pieces.append(text[reached:])
    return "".join(pieces)
