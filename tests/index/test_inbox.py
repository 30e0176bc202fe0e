"""Uploads wait where they can do no harm, and none of them is lost."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ragmed.errors import BadInputError, LimitExceededError, NotFoundError, NotPossibleError
from ragmed.index.inbox import MIB, Inbox, safe_name


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "index", upload_mib=1)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("nsclc.pdf", "nsclc.pdf"),
        ("../../etc/nsclc.pdf", "nsclc.pdf"),
        ("C:\\Users\\li\\nsclc v2.PDF", "nsclc v2.PDF"),
        ("/absolute/nsclc.pdf", "nsclc.pdf"),
        (".hidden.pdf", "hidden.pdf"),
        ("._resource.pdf", "resource.pdf"),
        ("__init.md", "init.md"),
        ("肺结节诊治.pdf", "肺结节诊治.pdf"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("fdp.\u202egpj.pdf", "fdp.gpj.pdf"),
        ('what? "when": <who>.txt', "what- -when- -who-.txt"),
        ("e\u0301tude.md", "étude.md"),
        ("trailing. .pdf", "trailing.pdf"),
        ("x" * 400 + ".pdf", "x" * 176 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.parametrize(
    "name",
    ["register.toml", "nsclc.pdf.toml", "run.exe", "noextension", ".pdf", "..", "", "a/", ".ragmedignore", "x.pdf/.."],
)
def test_what_is_no_document_is_refused_with_the_kinds_that_are_read(inbox: Inbox, name: str) -> None:
    with pytest.raises(BadInputError) as refused:
        inbox.stage(name, b"x")
    assert ".pdf" in refused.value.remedy
    assert inbox.files() == ()


def test_a_staged_file_is_private_listed_and_whole(inbox: Inbox) -> None:
    staged = inbox.stage("b.md", b"# B\n")
    inbox.stage("A.md", b"# A\n")
    assert staged.path.read_bytes() == b"# B\n"
    assert stat.S_IMODE(staged.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(inbox.folder.stat().st_mode) == 0o700
    assert [(file.name, file.size) for file in inbox.files()] == [("A.md", 4), ("b.md", 4)]
    assert sorted(path.name for path in inbox.folder.iterdir()) == ["A.md", "b.md"], "nothing temporary stays"


def test_another_file_of_the_same_name_is_kept_beside_it(inbox: Inbox) -> None:
    for content in (b"one", b"two", b"three", b"two"):
        inbox.stage("guideline.md", content)
    inbox.stage("GUIDELINE.md", b"four")
    assert {file.name: file.path.read_bytes() for file in inbox.files()} == {
        "guideline.md": b"one",
        "guideline-2.md": b"two",
        "guideline-3.md": b"three",
        "GUIDELINE-4.md": b"four",
    }


def test_a_file_above_the_limit_is_refused_and_one_at_it_is_not(inbox: Inbox) -> None:
    inbox.stage("full.txt", b"x" * MIB)
    with pytest.raises(LimitExceededError, match=r"large\.txt: larger than 1 MiB") as refused:
        inbox.stage("large.txt", b"x" * (MIB + 1))
    assert "app.upload_mib" in refused.value.remedy
    assert [file.name for file in inbox.files()] == ["full.txt"]


def test_only_what_is_listed_can_be_taken_out(inbox: Inbox) -> None:
    staged = inbox.stage("a.md", b"x")
    beside = inbox.folder.parent / "CURRENT"
    beside.write_text("pointer")
    (inbox.folder / "link.md").symlink_to(beside)
    for name in ("../CURRENT", "link.md", "b.md", ".", ""):
        with pytest.raises(NotFoundError):
            inbox.remove(name)
    assert beside.read_text() == "pointer"
    inbox.remove("a.md")
    assert not staged.path.exists()
    assert inbox.files() == ()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file where the folder should be")
    with pytest.raises(NotPossibleError) as failed:
        Inbox(tmp_path / "index", upload_mib=1).stage("a.md", b"x")
    assert failed.value.remedy
