"""The shape of ``ask --json`` that other programs rely on: keys may be added, never lost or renamed."""

from __future__ import annotations

import json
from dataclasses import replace

from ragmed.answer.json_form import answer_json
from ragmed.citation_keys import check_for
from ragmed.records import Assumption, Language
from tests.answer.records import a_record

TOP = {
    "record_id",
    "question",
    "language",
    "outcome",
    "text",
    "claims",
    "differential",
    "snapshot_id",
    "generator",
    "timings_ms",
}
CLAIM = {"text", "start", "end", "verdict", "citations"}
CITATION = {
    "marker", "document_id", "series", "title", "edition", "page_number", "page_label", "quote", "verdict", "source_path",
    "source_sha256",
}  # fmt: skip
CANDIDATE = {"diagnosis", "cannot_miss", "supporting", "against", "next_tests"}
GENERATOR = {"kind", "model_id", "revision", "adapter_sha256"}
TIMINGS = {"analyse", "retrieve", "generate", "verify", "total"}


def test_the_promised_keys_are_there() -> None:
    form = answer_json(a_record("abcd1111"))
    assert set(form) >= TOP
    (claim,) = form["claims"]
    assert set(claim) >= CLAIM
    assert set(claim["citations"][0]) >= CITATION
    (candidate,) = form["differential"]
    assert set(candidate) >= CANDIDATE
    assert set(form["generator"]) >= GENERATOR
    assert set(form["timings_ms"]) >= TIMINGS


def test_values() -> None:
    form = answer_json(a_record("abcd1111"))
    citation = form["claims"][0]["citations"][0]
    assert form["outcome"] == "answered"
    assert (citation["title"], citation["page_number"], citation["page_label"]) == ("Oxygen", 1, "T-1")
    assert (citation["quote"], citation["verdict"], citation["source_path"]) == (
        "Give oxygen.",
        "verbatim",
        "guide.pdf",
    )
    assert form["claims"][0]["verdict"] == "verbatim"
    finding = form["differential"][0]["supporting"][0]
    assert finding == {"text": "blue lips", "in_case": True, "citation": None}
    assert form["differential"][0]["next_tests"][0]["citation"]["quote"] == "Observe for 12 hours."


def test_every_citation_of_claims_and_card_names_the_key_that_opens_it() -> None:
    record = a_record("abcd1111")
    form = answer_json(record)
    assert form["citation_keys"] == ["1", "1b"]
    card = form["differential"][0]
    shown = [form["claims"][0]["citations"][0], card["citation"], card["next_tests"][0]["citation"]]
    assert [citation["key"] for citation in shown] == ["1", "1b", "1b"]
    for citation in shown:
        assert check_for(record, citation["key"]).citation.quote == citation["quote"]


def test_no_card_is_null() -> None:
    assert answer_json(replace(a_record("abcd1111"), differential=None))["differential"] is None


def test_only_json_types() -> None:
    form = answer_json(a_record("abcd1111"))
    assert json.loads(json.dumps(form, allow_nan=False)) == form


def test_assumptions_are_labelled_for_the_patient_of_the_answer() -> None:
    told = (Assumption(key="adult", holds=False), Assumption(key="kidneys_normal"))
    record = replace(a_record("abcd1111"), assumptions=told)
    assert answer_json(record)["assumptions"] == [
        {"key": "adult", "holds": False, "label": "child"},
        {"key": "kidneys_normal", "holds": True, "label": "kidneys normal"},
    ]
    chinese = answer_json(replace(record, language=Language.CHINESE))
    assert [one["label"] for one in chinese["assumptions"]] == ["儿童", "肾功能正常"]
