"""RagMed's own routes: the whole record, the search, an answer again, the page behind a citation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from ragmed.answer.json_form import answer_json, citations_json
from ragmed.serve.documents import AnswerForm, SearchForm
from tests.serve.serving import DOSE, SEPSIS, Served, served, small_program

PNG = b"\x89PNG\r\n\x1a\n"


def strict(form: type[BaseModel], document: Any, place: str = "") -> None:
    """The document has every key of the form and no other, on every level."""
    assert set(document) == set(form.model_fields), place or form.__name__
    form.model_validate(document, strict=True)
    for key, field in form.model_fields.items():
        for inner in _forms(field.annotation):
            values = document[key] if isinstance(document[key], list) else [document[key]]
            for value in values:
                if value is not None:
                    strict(inner, value, f"{place}.{key}")


def _forms(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [form for inner in getattr(annotation, "__args__", ()) for form in _forms(inner)]


def ask(running: Served, question: str, **more: Any) -> dict[str, Any]:
    response = httpx.post(f"{running.v1}/answers", json={"question": question, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_an_answer_is_the_document_of_ask_json(plain: Served) -> None:
    document = ask(plain, DOSE)
    record = plain.program.records.get(document["record_id"])
    assert document == json.loads(json.dumps(answer_json(record)))
    assert httpx.get(f"{plain.v1}/answers/{record.record_id}").json() == document
    strict(AnswerForm, document)


def test_citations_are_those_of_the_document_each_once(plain: Served) -> None:
    document = ask(plain, SEPSIS)
    record = plain.program.records.get(document["record_id"])
    inside = {one["key"]: one for claim in document["claims"] for one in claim["citations"]}
    assert [one["key"] for one in citations_json(record)] == document["citation_keys"]
    assert {one["key"]: one for one in json.loads(json.dumps(citations_json(record)))} == inside


def test_mode_language_and_filters_reach_the_assistant(plain: Served) -> None:
    document = ask(plain, DOSE, mode="differential", language="zh", filters={"editions": ["Version 1.2026"]})
    record = plain.program.records.get(document["record_id"])
    assert (record.mode.value, record.language.value) == ("differential", "zh")
    assert record.retrieval.query.filters.editions == ("Version 1.2026",)
    assert all(passage.document.edition == "Version 1.2026" for passage in record.retrieval.passages)


def test_a_stream_tells_the_evidence_then_the_answer(plain: Served) -> None:
    response = httpx.post(f"{plain.v1}/answers", json={"question": DOSE, "stream": True})
    events = [part.split("\n") for part in response.text.strip().split("\n\n")]
    assert [lines[0] for lines in events] == ["event: evidence", "event: answer"]
    evidence, answer = (json.loads(lines[1].removeprefix("data: ")) for lines in events)
    strict(SearchForm, evidence)
    strict(AnswerForm, answer)
    assert evidence["hits"][0]["title"] == "Anaphylaxis at any age"


def test_a_search_is_the_document_of_search_json_and_leaves_no_record(plain: Served) -> None:
    before = plain.program.records.size()
    found = httpx.post(f"{plain.v1}/search", json={"query": "adrenaline", "k": 2}).json()
    strict(SearchForm, found)
    assert [hit["rank"] for hit in found["hits"]] == list(range(1, len(found["hits"]) + 1))
    assert 1 <= len(found["hits"]) <= 2
    assert plain.program.records.size() == before


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/answers", {"question": "x", "filter": {}}, "body.filter"),
        ("/answers", {"question": 5}, "body.question"),
        ("/answers", {"question": "x", "filters": {"published_after": "soon"}}, "body.filters.published_after"),
        ("/search", {"query": "x", "k": 51}, "body.k"),
        ("/search", {}, "body.query"),
    ],
)
def test_a_wrong_request_is_told_which_key_is_wrong(plain: Served, path: str, body: dict[str, Any], where: str) -> None:
    response = httpx.post(f"{plain.v1}{path}", json=body)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["message"].startswith(f"{where}: ")
    assert error["code"] == "bad_request"


def test_the_page_behind_a_citation(plain: Served) -> None:
    document = ask(plain, DOSE)
    address = f"{plain.v1}/answers/{document['record_id']}/citations"
    small = httpx.get(f"{address}/1.png", params={"width": 300})
    assert small.content.startswith(PNG)
    assert int.from_bytes(small.content[16:20], "big") == 300
    assert httpx.get(f"{address}/99.png").json()["error"]["code"] == "not_found"
    assert httpx.get(f"{address}/1.png", params={"width": 9}).status_code == 400
    assert httpx.get(f"{address}/..png").status_code == 400


def test_only_the_whole_id_of_an_answer_opens_it(plain: Served) -> None:
    document = ask(plain, DOSE)
    beginning = document["record_id"][:-1]
    for path in (beginning, f"{beginning}/citations/1.png", "0000000000000000"):
        response = httpx.get(f"{plain.v1}/answers/{path}")
        assert response.status_code == 404, path
        assert DOSE not in response.text


def test_where_answers_may_not_be_read_back_their_pages_still_open(folder: Path) -> None:
    with served(small_program(folder, auditor=False)) as running:
        document = ask(running, DOSE)
        address = f"{running.v1}/answers/{document['record_id']}"
        response = httpx.get(address)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
        assert DOSE not in response.text
        assert httpx.get(f"{address}/citations/1.png").content.startswith(PNG)


def test_an_erased_answer_is_said_to_be_erased(plain: Served) -> None:
    document = ask(plain, DOSE)
    plain.program.records.erase(document["record_id"], user="t", reason="asked for")
    response = httpx.get(f"{plain.v1}/answers/{document['record_id']}")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "erased")


def test_without_an_index_nothing_is_answered_and_readiness_says_so(tmp_path: Path) -> None:
    program = small_program(tmp_path)
    program.settings.index.rename(tmp_path / "away")
    with served(small_program(tmp_path)) as running:
        sent = {"model": "ragmed", "stream": True, "messages": [{"role": "user", "content": DOSE}]}
        for path, body in (("chat/completions", sent), ("answers", {"question": DOSE}), ("search", {"query": "x"})):
            response = httpx.post(f"{running.v1}/{path}", json=body)
            assert (response.status_code, response.json()["error"]["code"]) == (503, "no_index"), path
            assert response.json()["error"]["remedy"]
            assert str(tmp_path) not in response.text, "where this machine keeps its folders is nobody's business"
        ready = httpx.get(f"{running.url}/readyz")
        assert (ready.status_code, ready.json()["faults"]["index"]) == (503, "no_index")
        assert httpx.get(f"{running.url}/healthz").status_code == 200
        assert running.service.idle


def test_readiness_needs_a_log_that_can_be_written(plain: Served, folder: Path) -> None:
    assert httpx.get(f"{plain.url}/readyz").json() == {"status": "ok", "faults": {}}
    with served(small_program(folder)) as running:
        log = running.program.records.path
        log.rename(log.with_suffix(".away"))
        log.mkdir()
        try:
            ready = httpx.get(f"{running.url}/readyz")
            assert (ready.status_code, list(ready.json()["faults"])) == (503, ["log"])
            refused = httpx.post(f"{running.v1}/answers", json={"question": DOSE})
            assert refused.status_code == 503, "an answer that is not kept is not given"
            assert "outer thigh" not in refused.text
        finally:
            log.rmdir()
            log.with_suffix(".away").rename(log)
