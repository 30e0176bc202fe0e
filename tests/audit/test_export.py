"""Exports: what is in them, what never is, and that FHIR R4 takes them."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from ragmed.audit.export import ExportFormat, export
from ragmed.entries import Feedback, FeedbackKind, RecordFilter
from ragmed.records import AnswerRecord, Generation, Language, Outcome
from tests.answer.records import a_record
from tests.audit.fhir_r4 import faults_of
from tests.audit.small_log import SmallLog

EVERYTHING = RecordFilter()
PLANTED = ("张三丰", "MRN-0042-77", "+86 139 1234 5678", "Jane Roe", "11010519491231002X")


def recorded(record_id: str, **more: object) -> AnswerRecord:
    record = replace(
        a_record(record_id),
        question=f"What for {PLANTED[0]} ({PLANTED[1]}), {PLANTED[2]}?",
        user="ward 3",
        code_version="0.1.0",
        settings_sha256="ab" * 32,
        notice=f"Asked for {PLANTED[3]}",
    )
    return replace(record, **more)  # type: ignore[arg-type]


def a_log() -> SmallLog:
    """An answer with feedback, an erased one, a rejected one by a model, and a Chinese one of nobody in particular."""
    log = SmallLog()
    log.append(recorded("answered"))
    log.append_feedback(
        Feedback(
            feedback_id="f",
            record_id="answered",
            at="2026-11-24T09:00:00.000Z",
            user="dr l",
            kind=FeedbackKind.UNSAFE,
            citation_key="1",
            correction=f"=not for {PLANTED[3]}",
            note=PLANTED[4],
        )
    )
    log.append(recorded("erased"))
    log.erase("erased", user="dpo", reason="request 7")
    made = Generation(text="x", kind="qwen", model_id="Qwen", revision="ab", seed=7, sampling="greedy")
    log.append(
        recorded(
            "rejected", outcome=Outcome.REJECTED, text="", claims=(), checks=(), differential=None, generation=made
        )
    )
    log.append(recorded("chinese", language=Language.CHINESE, user="", text="给氧。\n观察12小时。"))
    return log


def exported(form: ExportFormat, *, with_content: bool = False, log: SmallLog | None = None) -> bytes:
    return b"".join(export(log or a_log(), form, EVERYTHING, with_content=with_content))  # type: ignore[arg-type]


def bundles(*, with_content: bool = False) -> dict[str, Any]:
    lines = exported(ExportFormat.FHIR, with_content=with_content).splitlines()
    found = [json.loads(line) for line in lines]
    return {
        name: one
        for one in found
        for name in ("answered", "erased", "rejected", "chinese")
        if f"Answer {name}" in json.dumps(one)
    }


@pytest.mark.parametrize("form", list(ExportFormat))
def test_nothing_that_a_person_wrote_is_in_an_export_unless_asked_for(form: ExportFormat) -> None:
    plain, full = exported(form), exported(form, with_content=True)
    if form is ExportFormat.FHIR:
        decoded = b"".join(base64.b64decode(one) for one in _data(full))
        full += decoded
        plain += b"".join(base64.b64decode(one) for one in _data(plain))
    for planted in PLANTED:
        assert planted.encode() not in plain
    assert PLANTED[0].encode() in full and PLANTED[3].encode() in full
    for written in (b"Give oxygen", b"blue lips", b"Give 5 g", b"Observe for"):
        assert written not in plain


def _data(lines: bytes) -> list[str]:
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            found.extend(value[key] for key in ("data", "query") if key in value)
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    for line in lines.splitlines():
        walk(json.loads(line))
    return found


@pytest.mark.parametrize("form", list(ExportFormat))
def test_the_same_log_gives_the_same_bytes(form: ExportFormat) -> None:
    assert exported(form, with_content=True) == exported(form, with_content=True)


@pytest.mark.parametrize("form", list(ExportFormat))
def test_every_answer_is_exported_newest_first_in_more_than_one_read(form: ExportFormat) -> None:
    log = SmallLog()
    for number in range(450):
        log.append(recorded(f"r-{number:03}"))
    lines = exported(form, log=log).splitlines()[1 if form is ExportFormat.CSV else 0 :]
    assert len(lines) == 450
    assert b"r-449" in lines[0] and b"r-000" in lines[-1]


def test_a_filter_is_passed_on() -> None:
    wanted = RecordFilter(outcome=Outcome.REJECTED)
    lines = list(export(a_log(), ExportFormat.JSONL, wanted))  # type: ignore[arg-type]
    assert [json.loads(line)["record_id"] for line in lines] == ["rejected"]


def test_progress_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    progress: Callable[[str, int, int], None] = lambda *one: told.append(one)  # noqa: E731
    list(export(a_log(), ExportFormat.CSV, EVERYTHING, progress=progress))  # type: ignore[arg-type]
    assert [done for _, done, _ in told] == [1, 2, 3, 4]


# CSV


def rows(*, with_content: bool = False, log: SmallLog | None = None) -> dict[str, dict[str, str]]:
    text = exported(ExportFormat.CSV, with_content=with_content, log=log).decode("utf-8-sig")
    return {row["record_id"]: row for row in csv.DictReader(StringIO(text, newline=""))}


def test_csv_tells_of_each_answer() -> None:
    found = rows()
    assert found["answered"] == {
        "number": "1",
        "record_id": "answered",
        "at": "2026-11-23T10:00:00.000Z",
        "user": "ward 3",
        "language": "en",
        "mode": "differential",
        "outcome": "answered",
        "snapshot_id": "000001-00000000",
        "verdicts": "verbatim:2",
        "documents": "guide Version 1.2026",
        "generator": "extractive words",
        "code_version": "0.1.0",
        "settings_sha256": "ab" * 32,
        "feedback": "unsafe",
        "erased": "",
        "commitment": a_log().entry(1).commitment,
    }
    assert found["erased"]["erased"] == "2026-12-01T08:00:00.000Z" and found["erased"]["generator"] == ""


def test_csv_cells_are_never_formulas() -> None:
    log = SmallLog()
    attacks = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\u00a0=1", "%0A=1", "|cmd"]
    for number, attack in enumerate(attacks):
        log.append(recorded(f"r-{number:02}", question=attack, user=attack, text='a"b\nc,d'))
    found = rows(with_content=True, log=log)
    for number, attack in enumerate(attacks):
        row = found[f"r-{number:02}"]
        assert row["question"] == f"'{attack}" and row["user"] == f"'{attack}"
        assert row["answer"] == 'a"b\nc,d'


def test_csv_opens_as_utf_8_in_spreadsheets() -> None:
    assert exported(ExportFormat.CSV).startswith(b'\xef\xbb\xbf"number"')
    assert "给氧" in rows(with_content=True)["chinese"]["answer"]


# JSON Lines


def test_json_lines_tell_of_each_answer() -> None:
    found = {one["record_id"]: one for one in map(json.loads, exported(ExportFormat.JSONL).splitlines())}
    answered = found["answered"]
    assert [entry["kind"] for entry in answered["entries"]] == ["answer", "feedback"]
    assert answered["feedback"] == [
        {
            "feedback_id": "f",
            "record_id": "answered",
            "at": "2026-11-24T09:00:00.000Z",
            "user": "dr l",
            "kind": "unsafe",
            "citation_key": "1",
        }
    ]
    assert answered["citations"][0] == {
        "key": "1",
        "document_id": "d-guide",
        "series": "guide",
        "title": "Oxygen",
        "edition": "Version 1.2026",
        "source_sha256": "0" * 64,
        "licence": "",
        "page_number": 1,
        "page_label": "T-1",
        "start": 0,
        "end": 12,
        "verdict": "verbatim",
    }
    assert "record" not in answered and answered["generator"]["model_id"] == "words"
    assert found["erased"]["erased"]["reason"] == "request 7" and "citations" not in found["erased"]


def test_json_lines_hold_the_whole_record_where_it_was_asked_for() -> None:
    lines = map(json.loads, exported(ExportFormat.JSONL, with_content=True).splitlines())
    (answered,) = [one for one in lines if one["record_id"] == "answered"]
    assert answered["record"]["question"] == recorded("answered").question
    assert answered["feedback"][0]["note"] == PLANTED[4]


# FHIR


@pytest.mark.parametrize("with_content", [False, True])
def test_every_bundle_keeps_the_rules_of_r4(with_content: bool) -> None:
    found = bundles(with_content=with_content)
    assert set(found) == {"answered", "erased", "rejected", "chinese"}
    for name, bundle in found.items():
        assert faults_of(bundle) == [], name


def test_fhir_says_what_the_log_says() -> None:
    found = bundles()
    kinds = [entry["resource"]["resourceType"] for entry in found["answered"]["entry"]]
    assert kinds == ["DocumentReference", "Provenance", "AuditEvent", "AuditEvent"]
    reference, provenance, asked, judged = [entry["resource"] for entry in found["answered"]["entry"]]
    assert provenance["target"][0]["reference"] == f"urn:uuid:{reference['id']}"
    assert provenance["entity"][0]["what"]["identifier"]["value"] == "ni:///sha-256;" + "A" * 43
    assert (asked["action"], asked["outcome"], asked["agent"][0]["who"]["display"]) == ("E", "0", "ward 3")
    details = {one["type"]: one["valueString"] for one in asked["entity"][0]["detail"]}
    assert details["commitment"] == a_log().entry(1).commitment and details["verdict verbatim"] == "2"
    assert details["withheld number_mismatch"] == "1"
    assert (judged["action"], judged["outcomeDesc"]) == ("C", "feedback")
    assert {"type": "feedback", "valueString": "unsafe"} in judged["entity"][0]["detail"]
    erased = [entry["resource"] for entry in found["erased"]["entry"]]
    assert [one["resourceType"] for one in erased] == ["DocumentReference", "AuditEvent", "AuditEvent"]
    assert erased[0]["content"][0]["attachment"]["title"].endswith("content erased 2026-12-01T08:00:00.000Z")
    assert (erased[2]["action"], erased[2]["recorded"]) == ("D", "2026-12-01T08:00:00.000Z")
    rejected = [entry["resource"] for entry in found["rejected"]["entry"]]
    assert rejected[2]["outcome"] == "4"
    assert [one["who"]["display"] for one in rejected[1]["agent"]] == ["RagMed 0.1.0", "Qwen ab", "ward 3"]
    assert "who" not in next(one["resource"] for one in found["chinese"]["entry"][2:])["agent"][0]


def test_fhir_holds_question_and_answer_where_they_were_asked_for() -> None:
    reference, _, asked, judged = [entry["resource"] for entry in bundles(with_content=True)["answered"]["entry"]]
    text, whole = [one["attachment"] for one in reference["content"]]
    assert base64.b64decode(text["data"]).decode() == "Give oxygen. [1]"
    assert json.loads(base64.b64decode(whole["data"]))["question"] == recorded("answered").question
    assert base64.b64decode(asked["entity"][1]["query"]).decode() == recorded("answered").question
    assert {"type": "note", "valueString": PLANTED[4]} in judged["entity"][0]["detail"]


def test_the_check_of_r4_sees_faults() -> None:
    """The check is no rubber stamp: each of these is a fault that the published schema or validator names."""
    text = json.dumps(bundles(with_content=True)["answered"])
    for before, after in (
        ('"action": "E"', '"action": "X"'),
        ('"outcome": "0"', '"outcome": "banana"'),
        ('"status": "current"', '"status": "final"'),
        ('"role": "quotation"', '"role": "cited"'),
        ('"requestor": true', '"requestor": "true"'),
        ('"recorded": "2026-11-23T10:00:00.000Z"', '"recorded": "2026-11-23"'),
        ('"type": "collection"', '"type": "bag"'),
        ('"contentType": "text/plain", ', ""),
        ('"observer"', '"observers"'),
        ('"display": "Query"', '"display": "Asking"'),
        ('"target": [', '"target": [{"reference": "urn:uuid:00000000-0000-0000-0000-000000000000"}, '),
        ('"description": "outcome: answered"', '"description": ""'),
        ('"docStatus": "final"', '"docStatus": "ready"'),
    ):
        assert before in text, before
        assert faults_of(json.loads(text.replace(before, after))), before
