"""What an auditor takes away over HTTP: files where they can be made, a page with the reason where not, rights first."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord
from ragmed.ui import shell
from ragmed.ui.desk import Desk, Jobs
from tests.audit.damage import unguarded
from tests.ui.library_app import LibraryProgram, program_over

DOSE = "What is the dose of adrenaline in anaphylaxis?"
WHEN = "When are antibiotics given in septic shock?"


def asked(program: LibraryProgram, question: str) -> AnswerRecord:
    return next(event.record for event in program.assistant.ask(question) if isinstance(event, Finished))


def desk_over(folder: Path, *, auditor: bool | None = None) -> Desk:
    program = program_over(folder, librarian=auditor)
    return Desk(program, Jobs(), lambda _progress, _files: None)


def client_of(desk: Desk) -> TestClient:
    return TestClient(
        Starlette(routes=shell.routes(lambda: desk)), raise_server_exceptions=True, follow_redirects=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("downloads")
    program = program_over(folder)
    for question in (DOSE, WHEN):
        asked(program, question)
    return folder


@pytest.fixture
def desk(folder: Path) -> Desk:
    return desk_over(folder)


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    with client_of(desk) as client:
        yield client


def test_a_bundle_is_a_file_under_its_own_name(desk: Desk, client: TestClient) -> None:
    record_id = desk.program.records.recent(1)[0].record_id
    got = client.get(f"/audit/bundle/{record_id}.zip")
    assert got.status_code == 200
    assert got.headers["content-disposition"] == f'attachment; filename="ragmed-answer-{record_id}.zip"'
    assert got.headers["cache-control"] == "no-store"
    assert "verify.py" in zipfile.ZipFile(io.BytesIO(got.content)).namelist()


@pytest.mark.parametrize(("form", "ending"), [("csv", "csv"), ("jsonl", "jsonl"), ("fhir", "ndjson")])
def test_an_export_is_of_what_the_filters_let_pass(desk: Desk, client: TestClient, form: str, ending: str) -> None:
    name = desk.searches.keep("adrenaline")
    got = client.get(f"/audit/export.{form}", params={"search": name})
    assert got.status_code == 200
    assert got.headers["content-disposition"] == f'attachment; filename="ragmed-answers.{ending}"'
    lines = (
        list(csv.reader(io.StringIO(got.text)))[1:] if form == "csv" else [json.loads(x) for x in got.text.splitlines()]
    )
    assert len(lines) == 1
    assert "adrenaline" not in got.text, "what was asked goes out only when that is wanted"
    whole = client.get(f"/audit/export.{form}", params={"search": name, "content": "1"})
    assert "adrenaline" in whole.text or base64.b64encode(DOSE.encode()[:30]).decode() in whole.text


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/audit/bundle/ffff0000.zip", 404, "ffff0000"),
        ("/audit/bundle/%00.zip", 404, "no answer’s id"),
        ("/audit/export.xml", 404, "csv, jsonl, fhir"),
        ("/audit/export.csv?since=yesterday", 400, "2026-11-03"),
        ("/audit/export.csv?verdict=fine", 400, "verbatim"),
        ("/audit/export.csv?search=0123", 400, "search for them again"),
    ],
)
def test_what_cannot_be_made_is_a_page_with_the_remedy(client: TestClient, path: str, status: int, said: str) -> None:
    got = client.get(path, headers={"accept-language": "de"})
    assert got.status_code == status
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert said in got.text.replace("&#x27;", "’")
    assert "What to do:" in got.text
    assert "content-disposition" not in got.headers
    assert "处理办法" in client.get(path, headers={"accept-language": "zh-CN,zh;q=0.9"}).text


def test_a_damaged_log_gives_no_file_but_says_so_and_leads_to_verify(tmp_path: Path) -> None:
    desk = desk_over(tmp_path)
    record = asked(program_over(tmp_path), DOSE)
    with unguarded(tmp_path / "index" / "records.sqlite") as log:
        (sealed,) = log.execute("SELECT sealed FROM contents").fetchone()
        log.execute("UPDATE contents SET sealed = ?", (sealed[:99] + bytes([sealed[99] ^ 1]) + sealed[100:],))
    with client_of(desk) as client:
        for path in (f"/audit/bundle/{record.record_id}.zip", "/audit/export.csv?content=1"):
            got = client.get(path)
            assert got.status_code == 409, path
            assert re.search(rf"entry 1\b|{record.record_id}", got.text), got.text
            assert 'href="/audit?view=proof"' in got.text


def test_without_the_right_nothing_is_given_out_and_the_page_is_another(folder: Path) -> None:
    desk = desk_over(folder, auditor=False)
    record_id = desk.program.records.recent(1)[0].record_id
    with client_of(desk) as client:
        for path in (f"/audit/bundle/{record_id}.zip", "/audit/export.csv", "/audit/export.xml", "/audit/bundle/x.zip"):
            got = client.get(path)
            assert (got.status_code, got.text) == (404, "not found"), path
        assert client.get("/audit").headers["location"] == "/"


def test_every_page_of_the_app_has_our_frame(client: TestClient) -> None:
    """A page whose route is missing falls to Streamlit's frame, which has neither our style nor our policy's script."""
    for path in shell.PAGES:
        assert shell.asset_path("theme.css") in client.get(path).text, path
