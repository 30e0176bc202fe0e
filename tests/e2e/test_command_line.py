"""The command line as its users meet it: real processes over the demonstration library."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASE_ZH = "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?"
CASE_EN = (
    "68-year-old man, CT shows multiple ground-glass nodules in the lungs, tumour markers normal, long-term smoker: "
    "which differential diagnoses should be considered first?"
)
ASK_KEYS = {
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
CITATION_KEYS = {
    "marker",
    "document_id",
    "series",
    "title",
    "edition",
    "page_number",
    "page_label",
    "quote",
    "verdict",
    "source_path",
    "source_sha256",
}


@pytest.fixture(scope="session")
def index(demonstration_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, because asking writes records."""
    folder = tmp_path_factory.mktemp("command-line") / "index"
    shutil.copytree(demonstration_index, folder)
    return folder


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragmed.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=240)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def ask(index: Path, *arguments: str) -> dict[str, object]:
    done = run("ask", *arguments, "--index", index, "--json")
    assert done.returncode in (0, 1), done.stderr
    answer = json.loads(done.stdout)
    assert answer.keys() >= ASK_KEYS
    return answer


@pytest.mark.parametrize(
    ("case", "groups"),
    [
        (
            CASE_EN,
            [
                ("adenocarcinoma",),
                ("infect", "pneumonia"),
                ("inflammat", "organising", "granulomatous", "sarcoid", "hypersensitivity", "tuberculosis"),
            ],
        ),
        (CASE_ZH, [("腺癌",), ("感染",), ("炎", "肉芽肿", "结节病", "结核")]),
    ],
    ids=["en", "zh"],
)
def test_the_reference_case_gets_its_differential_with_sources(
    index: Path, case: str, groups: list[tuple[str, ...]]
) -> None:
    answer = ask(index, case)
    assert answer["outcome"] == "answered"
    card = answer["differential"]
    assert card
    first = [entry["diagnosis"].lower() for entry in card[:6]]
    for group in groups:
        assert any(word in diagnosis for word in group for diagnosis in first), (group, first)
    assert any(line["in_case"] for entry in card for line in entry["supporting"])
    cited = [citation for claim in answer["claims"] for citation in claim["citations"]]
    assert cited
    for citation in cited:
        assert citation.keys() >= CITATION_KEYS
        assert citation["verdict"] in ("verbatim", "supported")
    follow_up = answer["text"]
    assert any(word in follow_up for word in ("months", "个月"))


def test_a_dose_is_quoted_with_its_page(index: Path) -> None:
    answer = ask(index, "What is the first dose of adrenaline for an adult with anaphylaxis?")
    assert answer["outcome"] == "answered"
    assert "0.5 mg" in answer["text"]
    assert answer["claims"][0]["citations"][0]["verdict"] == "verbatim"


@pytest.mark.parametrize(
    "question",
    ["Who won the football world cup in 2018?", "How should malaria in pregnancy be treated?", "怎么做红烧肉?"],
)
def test_what_the_library_does_not_cover_is_said(index: Path, question: str) -> None:
    done = run("ask", question, "--index", index, "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["outcome"]) == (1, "abstained")
    assert answer["claims"] == []


def test_the_newer_edition_answers_and_the_older_is_kept(index: Path) -> None:
    listing = json.loads(run("snapshots", "show", "1", "--index", index, "--json").stdout)
    editions = {
        item["edition"]: item for item in listing["documents"] if item["series"] == "nsclc" or "NSCL" in item["title"]
    }
    statuses = {item["status"] for item in listing["documents"]}
    assert {"current", "superseded"} <= statuses, editions


def test_show_draws_the_cited_page(index: Path, tmp_path: Path) -> None:
    record = ask(index, "What is the first dose of adrenaline for an adult with anaphylaxis?")["record_id"]
    picture = tmp_path / "page.png"
    done = run("show", f"{record}:1", "--index", index, "-o", picture)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run("show", record, "--index", index).returncode == 0


def test_every_quote_of_a_case_is_reachable_by_its_key(index: Path, tmp_path: Path) -> None:
    answer = ask(index, CASE_EN)
    record, card = answer["record_id"], answer["differential"]
    lines = [
        *(entry for entry in card),  # type: ignore[attr-defined]
        *(line for entry in card for name in ("supporting", "against", "next_tests") for line in entry[name]),  # type: ignore[attr-defined]
    ]
    cited = [line["citation"] for line in lines if line["citation"]]
    assert len({citation["key"] for citation in cited}) > 20
    assert {citation["key"] for citation in cited} <= set(answer["citation_keys"])  # type: ignore[call-overload]
    lettered = next(citation for citation in cited if citation["key"][-1].isalpha())
    done = run("show", f"{record}:{lettered['key']}", "--index", index, "--json", "-o", tmp_path / "page.png")
    opened = json.loads(done.stdout)
    assert (opened["key"], opened["check"]["citation"]["quote"]) == (lettered["key"], lettered["quote"])
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
    printed = run("show", record, "--index", index).stdout
    assert f"[{lettered['key']}]" in printed


def test_search_gives_rank_score_document_edition_page_and_text(index: Path) -> None:
    found = json.loads(run("search", "potassium 6.5 ECG changes", "--index", index, "-k", "3", "--json").stdout)
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert {"score", "document_id", "edition", "page_number", "page_label", "text"} <= found["hits"][0].keys()
    assert "kal" in found["hits"][0]["title"].lower()


def test_search_narrows_by_date_and_publisher(index: Path) -> None:
    asked = ("search", "potassium 6.5 ECG changes", "--index", index, "--json")
    assert json.loads(run(*asked, "--published-after", "1990").stdout)["hits"]
    for flags in (("--published-after", "2100"), ("--publisher", "nobody"), ("--edition", "none such")):
        done = run(*asked, *flags)
        assert (done.returncode, json.loads(done.stdout)["hits"]) == (1, []), flags


def test_a_snapshot_verifies_and_a_changed_byte_is_named(index: Path, tmp_path: Path) -> None:
    assert run("snapshots", "verify", "--index", index).returncode == 0
    broken = tmp_path / "index"
    shutil.copytree(index, broken)
    victim = next(path for path in sorted((broken / "sources").iterdir()) if path.suffix == ".pdf")
    victim.chmod(0o644)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    done = run("snapshots", "verify", "--index", broken)
    assert done.returncode == 1
    assert victim.name in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ask", "anything", "--index", "no-such-folder"), 3, "ragmed index"),
        (("search", "anything", "--index", "no-such-folder"), 3, "ragmed index"),
        (("index", "--library", "no-such-folder", "--yes"), 2, "no-such-folder"),
        (("ask", "x", "--settings", "absent.toml"), 2, "absent.toml"),
        (("eval", "retrieval", "no-such-folder"), 2, "no-such-folder"),
    ],
)
def test_a_users_mistake_ends_in_words_and_the_right_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_an_unknown_record_and_marker_are_named(index: Path) -> None:
    done = run("show", "ffffffff", "--index", index)
    assert done.returncode == 2
    assert "ffffffff" in done.stderr
    record = ask(index, "What is the first dose of adrenaline for an adult with anaphylaxis?")["record_id"]
    done = run("show", f"{record}:99", "--index", index)
    assert done.returncode == 2
    assert "[99]" in done.stderr


def test_indexing_again_with_no_change_makes_no_snapshot(index: Path, demonstration_library: Path) -> None:
    done = run("index", "--library", demonstration_library, "--index", index, "--yes")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(run("snapshots", "list", "--index", index, "--json").stdout)) == 1


def test_a_broken_file_is_reported_and_the_rest_goes_on(tmp_path: Path, demonstration_library: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    shutil.copy(demonstration_library / "pulmonary-embolism.pdf", library)
    (library / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    done = run("index", "--library", library, "--index", tmp_path / "index", "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    refused = [item for item in report["files"] if item["status"] == "refused"]
    assert [item["source_path"] for item in refused] == ["broken.pdf"]
    assert refused[0]["reason"]
    assert report["snapshot_id"]


def test_doctor_tells_what_will_run(index: Path) -> None:
    findings = json.loads(run("doctor", "--index", index, "--json").stdout)
    assert {"Python", "CPU", "embedder", "OCR", "snapshot", "answers", "log"} <= {item["subject"] for item in findings}
    assert all(item["state"] != "fault" for item in findings)
