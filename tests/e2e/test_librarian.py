"""A new edition at 16:55: plan, publish, ask, look back, take back; on the command line, with the NCCN-like editions."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

QUESTION = "How often is surveillance chest CT after resection of stage I-II non-small cell lung cancer?"
OLD, NEW = "Version 1.2026", "Version 2.2026"


class Desk:
    """A librarian's and a doctor's command lines over one library."""

    def __init__(self, folder: Path) -> None:
        self.library, self.index = folder / "library", folder / "index"
        self.library.mkdir()

    def run(self, *words: str, codes: tuple[int, ...] = (0,)) -> str:
        places = ["--index", str(self.index)]
        if words[0] in ("index", "ask"):
            places += ["--library", str(self.library)]
        command = [sys.executable, "-m", "ragmed.cli", *words, *places]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout

    def json(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
        return json.loads(self.run(*words, "--json", codes=codes))

    def ask(self, *more: str) -> Any:
        return self.json("ask", QUESTION, *more)


def words_and_editions(answer: Any) -> tuple[str, set[str], set[str]]:
    """The first sentence; the editions that are cited, and how they stand."""
    citations = [citation for claim in answer["claims"] for citation in claim["citations"]]
    return (
        answer["claims"][0]["text"],
        {citation["edition"] for citation in citations},
        {citation["status"] for citation in citations},
    )


@pytest.fixture(scope="module")
def desk(demonstration_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("librarian"))
    shutil.copyfile(demonstration_library / "nsclc-v1-2026.pdf", desk.library / "nsclc.pdf")
    shutil.copyfile(demonstration_library / "hyperkalaemia.html", desk.library / "hyperkalaemia.html")
    return desk


def test_a_new_edition_from_plan_to_rollback(desk: Desk, demonstration_library: Path) -> None:
    first = desk.json("index", "--yes")["snapshot_id"]
    before = desk.ask()
    said, editions, _ = words_and_editions(before)
    assert "every 12 months for 5 years" in said and editions == {OLD}

    shutil.copyfile(demonstration_library / "nsclc-v2-2026.pdf", desk.library / "nsclc.pdf")
    plan = desk.json("index", "--dry-run")
    assert [(file["status"], file["edition"]) for file in plan["files"] if file["source_path"] == "nsclc.pdf"] == [
        ("kept", OLD),
        ("changed", NEW),
    ]
    (change,) = plan["editions"]
    assert (change["old"]["edition"], change["new"]["edition"]) == (OLD, NEW)
    changed = [one for section in change["sections"] for one in section["changes"] if one["kind"] == "changed"]
    surveillance = next(one for one in changed if "chest CT are recommended" in one["old"]["text"])
    assert surveillance["weighty"]
    assert "6 months for 3 years" in "".join(run["text"] for run in surveillance["words"] if run["side"] == "new")
    concerned = {one["record_id"] for one in plan["impact"]}
    assert before["record_id"] in concerned, "the answer that was given from the old words is named"
    shown = desk.run("index", "--dry-run")
    assert "{+6 months for 3 years" in shown and "recorded answer" in shown
    assert desk.json("snapshots", "list")[0]["snapshot_id"] == first, "a plan changes nothing"

    second = desk.json("index", "--yes")["snapshot_id"]
    said, editions, status = words_and_editions(desk.ask())
    assert "every 6 months for 3 years" in said
    assert (editions, status) == ({NEW}, {"current"})

    said, editions, status = words_and_editions(desk.ask("--edition", OLD))
    assert "every 12 months for 5 years" in said, "the old one is reachable"
    assert (editions, status) == ({OLD}, {"superseded"}), "and marked"
    again = desk.run("show", before["record_id"])
    assert "12 months for 5 years" in again, "what was answered stays what it was"

    difference = desk.json("snapshots", "diff", "1", "2")
    assert {(one["difference"], one["document"]["edition"]) for one in difference["documents"]} == {
        ("added", NEW),
        ("superseded", OLD),
    }
    assert len(difference["editions"]) == 1

    assert desk.json("snapshots", "rollback", "1", "--by", "Wu", "--why", "wrong file")["snapshot_id"] == first
    said, editions, _ = words_and_editions(desk.ask())
    assert "every 12 months for 5 years" in said and editions == {OLD}

    kept = desk.json("snapshots", "gc", "--dry-run")
    reasons = {one["snapshot_id"]: one["reason"] for one in kept["kept"]}
    assert reasons[first] == "it is current"
    assert reasons[second] == "recorded answers cite it"
    third = desk.json("index", "--yes")
    assert third["snapshot_id"].startswith("000003-"), "the folder is published as it is"
    assert words_and_editions(desk.ask())[1] == {NEW}


def test_a_restricted_guideline_waits_for_its_permission(desk: Desk) -> None:
    notice = "This guideline may not be used with artificial intelligence tools without written permission."
    text = f"# Giant cell arteritis\n\nVersion 1.2026\n\n{notice}\n\n## Treatment\n\nGive prednisolone 60 mg at once.\n"
    (desk.library / "arteritis.md").write_text(text, "utf-8")
    report = desk.json("index", "--yes")
    assert [file["status"] for file in report["files"] if file["source_path"] == "arteritis.md"] == ["held"]
    question = ("ask", "What dose of prednisolone for giant cell arteritis?")
    assert desk.json(*question, codes=(1,))["outcome"] == "abstained"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ragmed.cli", "library", "permit", "arteritis.md", "--reference", "letter 113"),
            *("--by", "Dr Li", "--library", str(desk.library)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "letter 113" in done.stdout
    desk.run("index", "--yes")
    answer = desk.json(*question)
    citation = answer["claims"][0]["citations"][0]
    assert "60 mg" in answer["claims"][0]["text"]
    assert citation["permission"].startswith("letter 113 (Dr Li, ")
