"""A recorded question asked again of the snapshot that it was answered from: the same, bit for bit, or what differs.

Laws of this room:

* A replay keeps nothing and shows nothing new: it writes to no log.
* It asks the recorded snapshot, whatever has been published since, with the settings that the record has.
* Everything of a record is compared but what must differ: its id, its time, its timings, who asked, and what it was
  asked with (program version and settings, which explain a difference and are none).
* What could not be asked again is said as such and never counted as the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from ragmed.audit.wording import apart, listed, named
from ragmed.canonical import canonical_json, plain
from ragmed.entries import Difference, Replay
from ragmed.errors import (
    IntegrityError,
    MissingPartError,
    NotFoundError,
    NotPossibleError,
    RagMedError,
    SettingsError,
)
from ragmed.interfaces import Finished

if TYPE_CHECKING:
    from ragmed.interfaces import Assistant, SnapshotReader
    from ragmed.records import AnswerRecord, Generation, Hit

AskAgain = Callable[["AnswerRecord"], "AnswerRecord"]
"""Asks the question of a record again as ``ask_again`` does. Raises what opening the snapshot or a model raises."""

EXPLAINS = frozenset({"record_id", "asked_at", "timings_ms", "user", "code_version", "settings", "settings_sha256"})
"""Fields of a record that a replay has of its own."""
_BITS = 1e-5
"""Scores that differ by less come from another order of the same additions: another processor or number of threads."""


class OneSnapshot:
    """A ``Snapshots`` in which one snapshot is the current one for ever."""

    def __init__(self, snapshot: SnapshotReader) -> None:
        self._snapshot = snapshot

    def current(self) -> SnapshotReader:
        return self._snapshot

    def get(self, snapshot_id: str) -> SnapshotReader:
        if snapshot_id != self._snapshot.snapshot_id:
            raise NotFoundError(f"no snapshot {snapshot_id} in this replay")
        return self._snapshot


class KeepsNothing:
    """A ``Keeper`` for answers that nobody is shown as answers."""

    def append(self, record: AnswerRecord) -> None:
        """Let go of it."""


def ask_again(assistant: Assistant, record: AnswerRecord) -> AnswerRecord:
    """What ``assistant`` answers to the recorded question, mode, language and filters."""
    # of a question that was too long its length decides, and its end was not kept
    question = record.question + "." * max(0, record.asked_characters - len(record.question))
    for event in assistant.ask(
        question, mode=record.mode, language=record.language, filters=record.retrieval.query.filters
    ):
        if isinstance(event, Finished):
            return event.record
    raise RagMedError("the assistant ended without a record")  # pragma: no cover - its contract is to end with one


def written_here(record: AnswerRecord) -> Generation | None:
    """What a model on this machine wrote for the answer, shown or refused; None where none began."""
    found = [record.generation, *([record.refused.generation] if record.refused else [])]
    return next((one for one in found if one.kind == "qwen" and one.model_id), None)


def replay(record: AnswerRecord, again: AskAgain) -> Replay:
    """The record against what is answered now. Raises only what no auditor can be told of as a difference."""
    try:
        return compare(record, again(record))
    except (NotFoundError, MissingPartError, NotPossibleError, IntegrityError, SettingsError) as error:
        return not_asked(record.record_id, record.snapshot_id, error)


def not_asked(record_id: str, snapshot_id: str, error: RagMedError, part: str = "") -> Replay:
    """The replay of a question that could not be asked again; ``part``: what is wanting, if the error does not tell."""
    kinds: tuple[tuple[type[RagMedError], str], ...] = (
        (MissingPartError, "model"),
        (SettingsError, "embedder"),
        (RagMedError, "snapshot"),
    )
    part = part or next(name for kind, name in kinds if isinstance(error, kind))
    remedy = f" ({error.remedy})" if error.remedy else ""
    wanting = Difference(part=part, recorded=snapshot_id, replayed="not asked", reason=f"{error}{remedy}")
    return Replay(
        record_id=record_id,
        snapshot_id=snapshot_id,
        same_hits=False,
        same_text=False,
        differences=(wanting,),
        asked=False,
    )


def compare(record: AnswerRecord, again: AnswerRecord) -> Replay:
    """Part by part; the last one holds whatever no other part names."""
    reason = "; ".join(_causes(record, again))
    found = tuple(_differences(record, again, reason))
    parts = {one.part for one in found}
    notes = tuple(_notes(record)) + (() if found else tuple(_causes(record, again)))
    return Replay(
        record_id=record.record_id,
        snapshot_id=record.snapshot_id,
        same_hits=not parts & {"snapshot", "query", "hits", "scores", "coverage", "record"},
        same_text=not parts
        & {
            *("outcome", "raw text", "refused draft", "text", "claims", "differential", "case", "conflicts", "notice"),
            "record",
        },
        differences=found,
        notes=notes,
    )


def _notes(record: AnswerRecord) -> Iterator[str]:
    if not record.settings:
        yield "the record does not hold its settings; it was asked again with today's"
    if record.asked_characters > len(record.question):
        yield (
            f"{len(record.question)} of {record.asked_characters} characters of the question were kept, and only "
            "that it was too long could be asked again"
        )


def _causes(record: AnswerRecord, again: AnswerRecord) -> Iterator[str]:
    """What is known to be other now."""
    if record.code_version != again.code_version:
        was = record.code_version or "a version that wrote down none"
        yield f"answered by ragmed {was}, replayed by {again.code_version}"
    if record.settings_sha256 != again.settings_sha256:
        then, now = dict(record.settings), dict(again.settings)
        if then:
            for key in sorted(key for key in then.keys() | now.keys() if then.get(key) != now.get(key)):
                yield f"the setting {key} was {then.get(key, 'not there')} and is {now.get(key, 'not there')}"
        elif record.settings_sha256:
            yield f"other settings: {record.settings_sha256[:12]} then, {again.settings_sha256[:12]} now"
    for name in ("kind", "model_id", "revision", "adapter_sha256", "quantisation", "seed", "sampling"):
        was_of, is_of = getattr(record.generation, name), getattr(again.generation, name)
        if was_of != is_of:
            yield f"the generator's {name} was {was_of or 'none'} and is {is_of or 'none'}"
    asked, asks = _second(record), _second(again)
    if asked and asks != asked:
        yield f"the second check's model was {asked} and is {asks or 'none'}"


def _second(record: AnswerRecord) -> str:
    """The models that sentences of the answer shown were checked with a second time."""
    said = [*(check.entailment for check in record.checks), *(claim.entailment for claim in record.withheld)]
    return ", ".join(dict.fromkeys(f"{one.model_id} {one.revision}" for one in said if one))


def _differences(record: AnswerRecord, again: AnswerRecord, reason: str) -> Iterator[Difference]:
    seen: set[str] = set()
    for part, view in _VIEWS:
        then, now = view(record), view(again)
        if canonical_json(then) == canonical_json(now):
            continue
        seen.add(part)
        recorded, replayed = _told(then, now)
        why = reason or (_last_bits(record, again) if part in ("scores", "coverage") else "")
        yield Difference(part=part, recorded=recorded, replayed=replayed, reason=why)
    if not seen:
        other = [
            field.name
            for field in fields(record)
            if field.name not in EXPLAINS
            and canonical_json(getattr(record, field.name)) != canonical_json(getattr(again, field.name))
        ]
        if other:
            yield Difference(part="record", recorded=", ".join(other), replayed="other", reason=reason)


def _told(then: object, now: object) -> tuple[str, str]:
    if isinstance(then, str) and isinstance(now, str):
        return apart(then, now)
    if isinstance(then, tuple) and isinstance(now, tuple):
        return listed(then, now)
    return apart(named(then), named(now))


def _last_bits(record: AnswerRecord, again: AnswerRecord) -> str:
    if _hits(record) != _hits(again):
        return ""
    then, now = _numbers(record), _numbers(again)
    if len(then) == len(now) and all(abs(one - other) < _BITS for one, other in zip(then, now, strict=True)):
        return "only the last bits differ: another processor, or another number of threads, adds in another order"
    return ""


def _numbers(record: AnswerRecord) -> list[float]:
    scores = [score for hit in _found(record) for score in (hit.score, *(part.score for part in hit.parts))]
    return [record.retrieval.coverage, *scores]


def _hits(record: AnswerRecord) -> tuple[str, ...]:
    return tuple(hit.chunk_id for hit in _found(record))


def _scores(record: AnswerRecord) -> tuple[object, ...]:
    return tuple((hit.rank, hit.score, hit.parts) for hit in _found(record))


def _found(record: AnswerRecord) -> list[Hit]:
    """As they were found: a record has the cited passages first, and what is cited is the text's matter."""
    return sorted((passage.hit for passage in record.retrieval.passages), key=lambda hit: (hit.rank, hit.chunk_id))


_View = Callable[["AnswerRecord"], object]
_VIEWS: tuple[tuple[str, _View], ...] = (
    ("snapshot", lambda one: one.snapshot_id),
    ("outcome", lambda one: one.outcome),
    ("mode", lambda one: one.mode),
    ("language", lambda one: one.language),
    ("query", lambda one: one.retrieval.query),
    ("hits", _hits),
    ("scores", _scores),
    ("coverage", lambda one: one.retrieval.coverage),
    ("prompt", lambda one: one.prompt),
    ("generator", lambda one: plain(one.generation) | {"text": ""}),
    ("raw text", lambda one: one.generation.text),
    ("refused draft", lambda one: one.refused),
    ("text", lambda one: one.text),
    ("claims", lambda one: one.claims),
    ("citations", lambda one: tuple(check.citation for check in one.checks)),
    ("verdicts", lambda one: tuple((check.verdict, check.reason) for check in one.checks)),
    ("second check", lambda one: tuple(check.entailment for check in one.checks)),
    ("withheld", lambda one: one.withheld),
    ("differential", lambda one: one.differential),
    ("case", lambda one: one.case),
    ("conflicts", lambda one: one.conflicts),
    ("notice", lambda one: one.notice),
)
"""What an auditor asks after, in the order of an answer's making."""
