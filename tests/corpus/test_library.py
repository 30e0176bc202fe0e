"""Which files of a folder are read, and what is said of the others; sidecars."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ragmed.corpus.library import SUFFIXES, scan_library
from ragmed.corpus.reading import _readers
from ragmed.corpus.sidecar import read_sidecar
from ragmed.errors import BadInputError, NotFoundError, UnreadableFileError


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}", "utf-8")
    return folder


def names(folder: Path) -> list[str]:
    return [file.source_path for file in scan_library([folder]).files]


def reasons(folder: Path) -> dict[str, str]:
    return {one.source_path: one.reason for one in scan_library([folder]).passed_over}


def test_every_suffix_has_a_reader_and_every_reader_a_suffix() -> None:
    assert {suffix for reader in _readers() for suffix in reader.suffixes} == SUFFIXES


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    fill(tmp_path, "b.txt", "a/z.md", "a/b.html", "c.PDF")
    assert names(tmp_path) == ["a/b.html", "a/z.md", "b.txt", "c.PDF"]


def test_what_is_not_a_document_is_passed_over_with_a_reason(tmp_path: Path) -> None:
    fill(
        tmp_path,
        "a.txt",
        ".hidden.txt",
        "_draft.txt",
        "README.md",
        "LICENSE-thing.md",
        "register.toml",
        "x.xlsx",
        "make.py",
        "LICENSE",
    )
    assert names(tmp_path) == ["a.txt"]
    assert set(reasons(tmp_path)) == {"README.md", "LICENSE-thing.md", "x.xlsx", "make.py", "LICENSE"}
    assert "xlsx" in reasons(tmp_path)["x.xlsx"]


def test_ignore_files_name_what_is_left_out(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt", "source/a.md", "old/b.txt", "c-draft.txt", "private/d.txt")
    (tmp_path / ".ragmedignore").write_text("# not these\nsource\n*-draft.txt\n")
    (tmp_path / "private" / ".ragmedignore").write_text("")
    assert names(tmp_path) == ["a.txt", "old/b.txt"]
    assert set(reasons(tmp_path)) == {"source", "c-draft.txt", "private/"}


def test_links_out_of_the_library_are_not_followed(tmp_path: Path) -> None:
    library = fill(tmp_path / "library", "a.txt")
    outside = fill(tmp_path / "outside", "secret.txt")
    (library / "out.txt").symlink_to(outside / "secret.txt")
    (library / "folder").symlink_to(outside)
    (library / "broken.txt").symlink_to(library / "nowhere.txt")
    (library / "loop").symlink_to(library)
    assert names(library) == ["a.txt"]
    assert set(reasons(library)) == {"out.txt", "folder", "broken.txt", "loop"}


def test_the_same_bytes_under_two_names_are_one_document(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    (tmp_path / "b.txt").write_bytes((tmp_path / "a.txt").read_bytes())
    scan = scan_library([tmp_path])
    assert [(file.source_path, file.also_at) for file in scan.files] == [("a.txt", ("b.txt",))]
    assert "a.txt" in scan.passed_over[0].reason


def test_several_folders_keep_their_names(tmp_path: Path) -> None:
    one, two = fill(tmp_path / "one", "a.txt"), fill(tmp_path / "two", "sub/a.txt")
    scan = scan_library([one, two, fill(tmp_path, "lone.txt") / "lone.txt"])
    assert [file.source_path for file in scan.files] == ["lone.txt", "one/a.txt", "two/sub/a.txt"]


def test_a_missing_or_empty_library_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        scan_library([tmp_path / "none"])
    with pytest.raises(BadInputError, match="no file that RagMed reads"):
        scan_library([tmp_path])


def test_a_sidecar_changes_the_address(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    before = scan_library([tmp_path]).files[0]
    (tmp_path / "a.toml").write_text("title = 'Pain'\n")
    after = scan_library([tmp_path]).files[0]
    assert before.address != after.address
    assert before.document_id == after.document_id


def test_a_sidecar_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        "title = 'Pain'\npublished_on = '2026-03'\nlanguage = 'zh'\npage_label_offset = -2\nseries = 'pain-adults'\n"
    )
    sidecar = read_sidecar(path)
    assert (sidecar.title, sidecar.published_on, sidecar.language, sidecar.page_label_offset) == (
        "Pain",
        "2026-03",
        "zh",
        -2,
    )
    assert sidecar.publisher is None


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("publishd_on = '2026'", "publishd_on"),
        ("published_on = 'May 2026'", "published_on"),
        ("published_on = 2026-05-01", "published_on"),
        ("page_label_offset = '3'", "page_label_offset"),
        ("page_label_offset = true", "page_label_offset"),
        ("language = 'english'", "language"),
        ("series = 'My Series'", "series"),
        ("title = ", "TOML"),
    ],
)
def test_a_wrong_sidecar_names_file_and_key(tmp_path: Path, line: str, word: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(line + "\n")
    with pytest.raises(UnreadableFileError, match=word) as caught:
        read_sidecar(path)
    assert "a.toml" in str(caught.value)
    assert caught.value.remedy


def test_the_demonstration_library_holds_documents_only(demonstration_library: Path) -> None:
    found = names(demonstration_library)
    assert "pulmonary-nodules.pdf" in found
    assert not any(name.startswith(("source/", "press/")) or name == "make.py" for name in found)


# a folder that was filled by an enemy: nothing of it may break or delay the look at the others


def hole(path: Path) -> None:
    with path.open("wb") as target:
        target.truncate(1 << 40)


def nested(folder: Path, name: str, times: int) -> None:
    """Folders in folders, made step by step: their path is longer than the system opens."""
    back = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        for _ in range(times):
            Path(name).mkdir()
            os.chdir(name)
        Path("b.txt").write_text("deep", "utf-8")
    finally:
        os.chdir(back)
        os.close(back)


def test_a_sidecar_with_an_endless_hole_is_not_read(tmp_path: Path) -> None:
    hole(fill(tmp_path, "a.txt") / "a.txt.toml")
    (file,) = scan_library([tmp_path]).files
    assert (file.source_path, file.sidecar) == ("a.txt", None)
    assert reasons(tmp_path) == {"a.txt.toml": "larger than 64 KiB, which no sidecar is"}


def test_an_ignore_file_with_an_endless_hole_closes_its_folder_only(tmp_path: Path) -> None:
    hole(fill(tmp_path, "a.txt", "old/b.txt") / "old" / ".ragmedignore")
    assert names(tmp_path) == ["a.txt"]
    assert reasons(tmp_path) == {"old/": "its .ragmedignore is larger than 64 KiB"}


@pytest.mark.parametrize(("name", "times", "reason"), [("x", 70, "64 folders deep"), ("y" * 250, 20, "too long")])
def test_folders_without_end_are_not_walked_to_their_end(tmp_path: Path, name: str, times: int, reason: str) -> None:
    nested(fill(tmp_path, "a.txt"), name, times)
    try:
        assert names(tmp_path) == ["a.txt"]
        (told,) = reasons(tmp_path).values()
        assert reason in told
    finally:
        shutil.rmtree(tmp_path / name)


@pytest.mark.parametrize("length", [3990, 4000, 4079, 4081, 4090, 4095, 4096, 4200])
def test_a_folder_of_any_length_is_walked_or_told(tmp_path: Path, length: int) -> None:
    """Between the longest path that opens and the longest whose ignore file still does lie a few that only half do."""
    fill(tmp_path, "a.txt")
    name, times = "y" * 200, (length - len(str(tmp_path))) // 201
    nested(tmp_path, name, times)
    last = length - len(str(tmp_path)) - 201 * times - 1
    if last > 0:
        back = os.open(".", os.O_RDONLY)
        try:
            os.chdir(tmp_path)
            for _ in range(times):
                os.chdir(name)
            Path("z" * last).mkdir()
        finally:
            os.chdir(back)
            os.close(back)
    try:
        assert "a.txt" in names(tmp_path)
        assert all(reason == "its path is too long to be opened" for reason in reasons(tmp_path).values())
    finally:
        shutil.rmtree(tmp_path / name)


def test_a_ring_of_links_is_passed_over(tmp_path: Path) -> None:
    (fill(tmp_path, "a.txt") / "ring").symlink_to(tmp_path / "ring")
    assert names(tmp_path) == ["a.txt"]
    assert set(reasons(tmp_path)) == {"ring"}


def test_a_sidecar_that_is_a_link_out_of_the_library_is_not_read(tmp_path: Path) -> None:
    library = fill(tmp_path / "library", "a.txt", "b.txt", "shared/one.toml")
    (fill(tmp_path, "secret.toml") / "library" / "a.toml").symlink_to(tmp_path / "secret.toml")
    (library / "b.toml").symlink_to(library / "shared" / "one.toml")
    assert [file.sidecar for file in scan_library([library]).files] == [None, library / "b.toml"]
    assert set(reasons(library)) == {"a.toml"}


def test_a_name_that_is_no_text_is_told_in_text(tmp_path: Path) -> None:
    fill(tmp_path, "a.txt")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.txt")).write_text("words", "utf-8")
    assert names(tmp_path) == ["a.txt"]
    assert reasons(tmp_path) == {"b?.txt": "its name is no text (not UTF-8); rename it"}


@pytest.mark.parametrize("value", ["[" * 5000, "1" * 5000], ids=["nested", "long"])
def test_a_sidecar_made_to_break_its_reader_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "a.toml").write_text(f"page_label_offset = {value}\n", "utf-8")
    with pytest.raises(UnreadableFileError, match=r"a\.toml: not valid TOML"):
        read_sidecar(tmp_path / "a.toml")
