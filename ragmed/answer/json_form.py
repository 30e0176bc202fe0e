"""The form of ``ask --json``: what other programs read. Keys are kept; fields may be added."""

from __future__ import annotations

from typing import Any

from ragmed.answer.assumptions import label
from ragmed.citation_keys import in_order, keys_of, page_label
from ragmed.records import (
    AnswerRecord,
    Assumption,
    Candidate,
    Conflict,
    Entailment,
    Finding,
    Generation,
    RefusedDraft,
    Withheld,
)


def answer_json(record: AnswerRecord) -> dict[str, Any]:
    """The answer as one JSON object; every value is of JSON's own types."""
    timings = record.timings_ms
    return {
        "record_id": record.record_id,
        "asked_at": record.asked_at,
        "question": record.question,
        "language": record.language.value,
        "mode": record.mode.value,
        "outcome": record.outcome.value,
        "notice": record.notice,
        "text": record.text,
        "claims": [_claim(record, number) for number in range(len(record.claims))],
        "differential": None
        if record.differential is None
        else [_candidate(record, candidate) for candidate in record.differential],
        "case": [_finding(record, finding) for finding in record.case],
        "conflicts": [_conflict(record, one) for one in record.conflicts],
        "assumptions": [_assumption(record, one) for one in record.assumptions],
        "citation_keys": in_order(keys_of(record)),
        "withheld": [_withheld(one) for one in record.withheld],
        "refused": None if record.refused is None else _refused(record.refused),
        "coverage": round(record.retrieval.coverage, 4),
        "missing_terms": list(record.retrieval.missing_terms),
        "nearest_titles": list(record.retrieval.nearest_titles),
        "snapshot_id": record.snapshot_id,
        "generator": _generator(record.generation),
        "timings_ms": {
            "analyse": timings.analyse,
            "retrieve": timings.retrieve,
            "generate": timings.generate,
            "verify": timings.verify,
            "total": timings.total,
            "first_piece": timings.first_piece,
            "evidence": timings.evidence,
            "evidence_budget": timings.evidence_budget,
            "first_piece_budget": timings.first_piece_budget,
        },
    }


def _assumption(record: AnswerRecord, one: Assumption) -> dict[str, Any]:
    """``label`` is of the patient that the answer is for, in the answer's language."""
    return {"key": one.key, "holds": one.holds, "label": label(one, record.language)}


def _generator(generation: Generation) -> dict[str, Any]:
    return {
        "kind": generation.kind,
        "model_id": generation.model_id,
        "revision": generation.revision,
        "adapter_sha256": generation.adapter_sha256,
    }


def _withheld(one: Withheld) -> dict[str, Any]:
    return {
        "text": one.text,
        "verdict": one.verdict.value,
        "reason": one.reason,
        "entailment": _entailment(one.entailment),
    }


def _entailment(found: Entailment | None) -> dict[str, Any] | None:
    """What the second check said; null where it was not asked."""
    if found is None:
        return None
    return {
        "label": found.label,
        "entailment": found.entailment,
        "contradiction": found.contradiction,
        "model_id": found.model_id,
        "revision": found.revision,
        "left_out": found.left_out,
    }


def _refused(refused: RefusedDraft) -> dict[str, Any]:
    """Why not the language model; what it wrote is in the record, and no answer."""
    return {
        "reason": refused.reason,
        "generator": _generator(refused.generation),
        "withheld": [_withheld(one) for one in refused.withheld],
    }


def citations_json(record: AnswerRecord) -> list[dict[str, Any]]:
    """Every distinct citation of the answer, claims' and card's, in the order of keys: ``1, 1b, 2``."""
    first: dict[str, int] = {}
    for index, key in enumerate(keys_of(record)):
        first.setdefault(key, index)
    return [_citation(record, first[key]) for key in in_order(first)]


def _claim(record: AnswerRecord, number: int) -> dict[str, Any]:
    claim = record.claims[number]
    mine = [index for index, check in enumerate(record.checks) if check.citation.claim == number]
    verdicts = [record.checks[index].verdict.value for index in mine]
    return {
        "text": claim.text,
        "start": claim.start,
        "end": claim.end,
        "verdict": "verbatim" if "verbatim" in verdicts else (verdicts[0] if verdicts else "unsupported"),
        "citations": [_citation(record, index) for index in mine],
    }


def _citation(record: AnswerRecord, index: int) -> dict[str, Any]:
    check = record.checks[index]
    citation = check.citation
    document = next(one for one in record.documents if one.document_id == citation.document_id)
    return {
        "key": keys_of(record)[index],
        "marker": citation.marker,
        "document_id": citation.document_id,
        "series": document.series,
        "title": document.title,
        "edition": document.edition,
        "published_on": document.published_on,
        "status": document.status.value,
        "superseded_by": document.superseded_by,
        "page_number": citation.page_number,
        "page_label": page_label(record, check),
        "start": citation.start,
        "end": citation.end,
        "chunk_id": citation.chunk_id,
        "quote": citation.quote,
        "verdict": check.verdict.value,
        "reason": check.reason,
        "entailment": _entailment(check.entailment),
        "source_path": document.source_path,
        "source_sha256": document.sha256,
        "licence": document.licence,
        "permission": document.permission,
    }


def _candidate(record: AnswerRecord, candidate: Candidate) -> dict[str, Any]:
    return {
        "diagnosis": candidate.diagnosis,
        "cannot_miss": candidate.cannot_miss,
        "citation": _cited(record, candidate.citation),
        "supporting": [_finding(record, finding) for finding in candidate.supporting],
        "against": [_finding(record, finding) for finding in candidate.against],
        "next_tests": [_finding(record, finding) for finding in candidate.next_tests],
    }


def _conflict(record: AnswerRecord, conflict: Conflict) -> dict[str, Any]:
    """Two guidelines that say different things; the first one was published last, where the dates tell."""
    return {
        "first": _citation(record, conflict.first),
        "second": _citation(record, conflict.second),
        "first_words": conflict.first_words,
        "second_words": conflict.second_words,
    }


def _finding(record: AnswerRecord, finding: Finding) -> dict[str, Any]:
    return {"text": finding.text, "in_case": finding.in_case, "citation": _cited(record, finding.citation)}


def _cited(record: AnswerRecord, index: int | None) -> dict[str, Any] | None:
    """The citation of a line of the card; null means: no source in the library."""
    return None if index is None else _citation(record, index)
