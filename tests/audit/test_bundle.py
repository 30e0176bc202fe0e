"""Evidence bundles: what goes in, what never does, and that they reproduce."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

from ragmed.audit.bundle import bundle_bytes, bundle_name, write_bundle
from ragmed.audit.verifier.verify import read_zip
from ragmed.entries import Feedback, FeedbackKind
from ragmed.errors import IntegrityError, NotFoundError
from ragmed.records import AnswerRecord
from tests.answer.records import a_record
from tests.audit.small_evidence import QUOTE, SECRET, KeptSnapshots, small_evidence, small_library
from tests.audit.small_log import SmallLog

FEEDBACK = Feedback(
    feedback_id="f1",
    record_id="0123456789abcdef0123456789abcdef",
    at="2026-11-24T09:00:00.000Z",
    user="dr l",
    kind=FeedbackKind.WRONG_CITATION,
    citation_key="1",
    correction="<b>4 litres</b>",
)


@pytest.fixture
def library(tmp_path: Path) -> tuple[KeptSnapshots, AnswerRecord]:
    return small_library(tmp_path)


def a_log(record: AnswerRecord, *, others: int = 9) -> SmallLog:
    log = SmallLog()
    for number in range(others):
        log.append(a_record(f"other-{number:02}"))
    log.append(record)
    log.append_feedback(FEEDBACK)
    log.append(a_record("afterwards"))
    return log


def test_a_bundle_holds_record_pages_proofs_and_verifier(library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    files = read_zip(bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id))
    document = record.documents[0].document_id
    assert sorted(files) == sorted(
        [
            "LICENCES.txt",
            "MANIFEST.sha256",
            "README.txt",
            "answer.html",
            "bundle.json",
            "checkpoint.txt",
            "feedback-000011/content.json",
            "feedback-000011/entry.json",
            "feedback-000011/proof.json",
            "feedback-000011/salt.txt",
            "key.txt",
            f"pages/{document}-p2.json",
            f"pages/{document}-p2.pdf",
            "pictures/1.png",
            "pictures/1b.png",
            "record/content.json",
            "record/entry.json",
            "record/proof.json",
            "record/salt.txt",
            "verify.py",
        ]
    )
    assert json.loads(files["bundle.json"])["missing"] == []
    assert json.loads(files["record/content.json"])["question"] == record.question
    assert files["pictures/1.png"].startswith(b"\x89PNG") and files["pictures/1.png"] != files["pictures/1b.png"]
    assert b"CC-BY-4.0" in files["LICENCES.txt"] and record.documents[0].sha256.encode() in files["LICENCES.txt"]


def test_the_same_log_gives_the_same_bytes(tmp_path: Path, library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    first = bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id, sources=True)
    assert first == bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id, sources=True)


def test_only_the_cited_page_goes_in(library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    files = read_zip(bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id))
    (pdf,) = [content for name, content in files.items() if name.endswith(".pdf")]
    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) == 1
    assert QUOTE in pages[0].extract_text()
    assert not [name for name, content in files.items() if SECRET.encode() in content]


def test_a_whole_document_goes_in_where_it_was_asked_for_and_is_allowed(tmp_path: Path) -> None:
    for permission, licence, goes in (("", "CC-BY-4.0", True), ("by letter", "CC-BY-4.0", False), ("", "", False)):
        snapshots, record = small_library(tmp_path, licence=licence, permission=permission)
        files = read_zip(bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id, sources=True))
        document = record.documents[0]
        name = f"sources/{document.document_id}.pdf"
        assert (name in files) == goes
        if goes:
            assert hashlib.sha256(files[name]).hexdigest() == document.sha256
        else:
            (missing,) = json.loads(files["bundle.json"])["missing"]
            assert missing["what"] == name and "licence" in missing["reason"]


def test_a_collected_snapshot_is_told_and_the_record_still_goes(library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    snapshots.collect()
    files = read_zip(bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id))
    missing = {one["what"]: one["reason"] for one in json.loads(files["bundle.json"])["missing"]}
    document = record.documents[0].document_id
    assert set(missing) == {
        f"pages/{document}-p2.json",
        f"pages/{document}-p2.pdf",
        "pictures/1.png",
        "pictures/1b.png",
    }
    assert all("removed" in reason for reason in missing.values())
    assert b"pictures/1b.png: the snapshot" in files["README.txt"]
    assert "record/content.json" in files


def test_a_source_that_was_exchanged_is_told(tmp_path: Path, library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    (tmp_path / "oxygen.pdf").write_bytes(b"%PDF-1.4 another one")
    files = read_zip(bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id))
    missing = {one["what"]: one["reason"] for one in json.loads(files["bundle.json"])["missing"]}
    assert "NOT as it was indexed" in missing["pictures/1.png"]
    assert [name for name in missing if name.endswith(".pdf")]
    assert str(tmp_path) not in files["README.txt"].decode() + files["bundle.json"].decode()


def test_an_erased_answer_has_a_bundle_without_content(library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    log = a_log(record)
    log.erase(record.record_id, user="dpo", reason="request 7")
    content = bundle_bytes(log, small_evidence(snapshots), record.record_id)
    files = read_zip(content)
    assert "record/entry.json" in files and "record/content.json" not in files
    assert "feedback-000011/content.json" not in files
    assert json.loads(files["erasure-000013/content.json"])["reason"] == "request 7"
    assert b"destroyed on request" in files["README.txt"]
    assert record.question.encode() not in content and QUOTE.encode() not in content


def test_a_log_that_does_not_bear_the_answer_out_gives_no_bundle(library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    log = a_log(record)
    other = replace(record, text="Give 20 litres a minute. [1]")
    log.forge_content(10, log.opening(10).content.replace(b"Give oxygen. [1]", other.text.encode()))  # type: ignore[union-attr]
    with pytest.raises(IntegrityError, match="not what the log committed to") as caught:
        bundle_bytes(log, small_evidence(snapshots), record.record_id)
    assert "20 litres" not in str(caught.value)


def test_no_such_answer(library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    snapshots, record = library
    with pytest.raises(NotFoundError):
        bundle_bytes(a_log(record), small_evidence(snapshots), "unknown")


def test_a_bundle_on_the_disk_is_private_and_named_by_the_id_alone(
    tmp_path: Path, library: tuple[KeptSnapshots, AnswerRecord]
) -> None:
    snapshots, record = library
    folder = tmp_path / "out"
    folder.mkdir()
    path = write_bundle(a_log(record), small_evidence(snapshots), record.record_id, folder)
    assert path == folder / bundle_name(record.record_id)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in folder.iterdir()] == [path.name]
    with ZipFile(path) as archive:  # any other program can open it, too
        assert archive.testzip() is None


def test_the_answer_reads_as_it_was_shown_and_nothing_in_it_is_markup(
    library: tuple[KeptSnapshots, AnswerRecord],
) -> None:
    snapshots, record = library
    record = replace(record, question="<script>alert(1)</script> \u202egnp", user="<img src=x>")
    page = read_zip(bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id))["answer.html"].decode()
    assert "<script" not in page and "<img src=x" not in page and "\u202e" not in page
    assert "&lt;script&gt;" in page and "default-src 'none'" in page
    for shown in ("Give oxygen. [1]", QUOTE, "Hypoxia", "blue lips", "Give 5 g.", "number_mismatch", "wrong_citation"):
        assert shown in page
    assert "&lt;b&gt;4 litres&lt;/b&gt;" in page
    assert 'href="pictures/1b.png"' in page


def test_a_chinese_answer_is_set_in_chinese(library: tuple[KeptSnapshots, AnswerRecord]) -> None:
    from ragmed.records import Language

    snapshots, record = library
    record = replace(record, question="给多少氧气？", language=Language.CHINESE)
    page = read_zip(bundle_bytes(a_log(record), small_evidence(snapshots), record.record_id))["answer.html"].decode()
    assert "给多少氧气？" in page and "鉴别诊断" in page and '<html lang="zh">' in page
