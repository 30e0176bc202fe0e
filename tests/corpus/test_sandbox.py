"""The sandbox under files that hang, crash, starve and lie; a named pipe nobody writes to is a file that hangs."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.corpus.library import FileToRead, scan_library
from ragmed.corpus.pdf import PdfReader
from ragmed.corpus.reading import file_to_read
from ragmed.corpus.sandbox import Sandbox
from ragmed.corpus.wire import decode_reading, encode_reading
from ragmed.errors import IntegrityError, NotPossibleError
from ragmed.records import Block, BlockKind, NoteKind, Page, Reading, ReadNote
from ragmed.settings import ReaderSettings
from tests.corpus.bombs import DOSE, long_outline, slow_pages
from tests.corpus.small_files import DOCUMENT_ID, document

FAST = ReaderSettings(seconds=1.5, seconds_per_page=0, workers=2, ocr="never")


def text_files(folder: Path, count: int) -> list[FileToRead]:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:03}.txt").write_text(f"Pain number {number}.", "utf-8")
    return list(scan_library([folder]).files)


def hanging(folder: Path) -> FileToRead:
    path = folder / "hangs.txt"
    os.mkfifo(path)
    return FileToRead(path=path, source_path="hangs.txt", sha256="0" * 64)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(FAST) as opened:
        yield opened


def test_readings_come_in_the_order_of_the_files(tmp_path: Path, sandbox: Sandbox) -> None:
    files = text_files(tmp_path / "many", 40)
    files.reverse()
    steps: list[tuple[str, int, int]] = []
    readings = list(sandbox.read_all(files, lambda what, done, total: steps.append((what, done, total))))
    assert [reading.source_path for reading in readings] == [file.source_path for file in files]
    assert all(reading.document is not None and reading.pages[0].text.startswith("Pain") for reading in readings)
    assert [done for _, done, _ in steps] == list(range(1, 41))
    assert steps[-1] == ("reading", 40, 40)


def test_twice_the_same_is_the_same(tmp_path: Path, sandbox: Sandbox) -> None:
    files = text_files(tmp_path / "many", 6)
    first, second = ([replace(r, seconds=0.0) for r in sandbox.read_all(files)] for _ in range(2))
    assert first == second


def test_children_are_kept_from_call_to_call(tmp_path: Path, sandbox: Sandbox) -> None:
    files = text_files(tmp_path / "many", 6)
    list(sandbox.read_all(files))
    before = set(sandbox.process_ids())
    list(sandbox.read_all(files))
    assert set(sandbox.process_ids()) & before


def test_children_of_a_large_parent_are_kept_too(tmp_path: Path) -> None:
    """The kernel hands a parent's peak memory on to its children: 800 MiB here, where 750 MiB would be too many."""
    text_files(tmp_path / "many", 4)
    program = f"""
from pathlib import Path
from ragmed.corpus.library import scan_library
from ragmed.corpus.sandbox import Sandbox
from ragmed.settings import ReaderSettings
held = bytearray(800 << 20)
held[::4096] = b"x" * len(held[::4096])
with Sandbox(ReaderSettings(workers=1, ocr="never", memory_mib=1500)) as sandbox:
    list(sandbox.read_all(scan_library([Path({str(tmp_path / "many")!r})]).files))
    assert len(sandbox.process_ids()) == 1, sandbox.process_ids()
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_hanging_file_is_refused_and_delays_no_other(tmp_path: Path, sandbox: Sandbox) -> None:
    others = text_files(tmp_path / "many", 12)
    done_before_the_hang_ended: list[int] = []
    readings = list(
        sandbox.read_all(
            [hanging(tmp_path), *others], lambda _what, done, _total: done_before_the_hang_ended.append(done)
        )
    )
    assert readings[0].document is None
    assert [note.kind for note in readings[0].notes] == [NoteKind.REFUSED, NoteKind.LIMIT]
    assert "longer than 2 s" in readings[0].notes[0].message
    assert all(reading.document is not None for reading in readings[1:])


def test_pages_with_text_earn_their_file_time(tmp_path: Path) -> None:
    """Five seconds of work: too much for three, unless each page that comes out brings some more."""
    file = file_to_read(slow_pages(tmp_path / "many_pages.pdf", 60))
    with Sandbox(ReaderSettings(seconds=3, seconds_per_page=1, workers=1, ocr="never")) as sandbox:
        (read,) = sandbox.read_all([file])
    with Sandbox(ReaderSettings(seconds=3, seconds_per_page=0, workers=1, ocr="never")) as sandbox:
        (stopped,) = sandbox.read_all([file])
    assert len(read.pages) == 60
    assert stopped.document is None
    assert [note.kind for note in stopped.notes] == [NoteKind.REFUSED, NoteKind.LIMIT]
    assert re.search(r"\d+ pages with text", stopped.notes[0].message)


def test_time_that_the_caller_takes_is_not_the_file_s(tmp_path: Path) -> None:
    """The second file is still being read when the caller comes back, long after its limit on the clock."""
    quick = text_files(tmp_path / "many", 1)
    slow = [file_to_read(slow_pages(tmp_path / f"{count}_pages.pdf", count)) for count in (12, 13, 30)]
    with Sandbox(ReaderSettings(seconds=1, seconds_per_page=1, workers=2, ocr="never")) as sandbox:
        list(sandbox.read_all(slow[:2]))  # now two children are there
        readings = sandbox.read_all([*quick, slow[2]])
        assert next(readings).document is not None
        for child in sandbox.process_ids():
            os.kill(child, signal.SIGSTOP)
        PdfReader().read(slow[2].path, DOCUMENT_ID, FAST)  # work of the caller's own, longer than the limit
        for child in sandbox.process_ids():
            os.kill(child, signal.SIGCONT)
        (read,) = readings
    assert len(read.pages) == 30


def test_pypdf_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    """Left running it would slow down every call of PDFium's that follows, for 27 s, and cost the file its text."""
    files = [file_to_read(long_outline(tmp_path / "endless_outline.pdf", 60_000)), *text_files(tmp_path / "many", 1)]
    with Sandbox(ReaderSettings(seconds=20, workers=1, ocr="never")) as sandbox:
        first, second = sandbox.read_all(files)
        assert [page.text for page in first.pages] == [DOSE]
        assert any("pypdf took over" in note.message for note in first.notes)
        assert second.document is not None
        assert len(sandbox.process_ids()) == 1


def test_a_child_with_a_thread_still_at_work_takes_no_other_file() -> None:
    """A call of C cannot be stopped: what it goes on doing would be counted against the next file."""
    program = """
import threading
from ragmed.corpus.sandbox_child import fit_for_another
from ragmed.settings import ReaderSettings
may_end = threading.Event()
at_work = threading.Thread(target=may_end.wait)
assert fit_for_another(ReaderSettings())
at_work.start()
assert not fit_for_another(ReaderSettings())
may_end.set()
at_work.join()
assert fit_for_another(ReaderSettings())
held = bytearray(300 << 20)
held[::4096] = b"x" * len(held[::4096])
assert not fit_for_another(ReaderSettings(memory_mib=512))
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_killed_child_is_a_refusal_and_is_replaced(tmp_path: Path) -> None:
    others = text_files(tmp_path / "many", 6)
    with Sandbox(ReaderSettings(seconds=60, workers=1, ocr="never")) as sandbox:
        list(sandbox.read_all(others[:1]))
        (child,) = sandbox.process_ids()

        def crash(_what: str, done: int, _total: int) -> None:
            if done == 1:
                os.kill(child, signal.SIGSEGV)

        # one child: the first file is done, then it dies with the next in its hands or before it takes it
        readings = list(sandbox.read_all([others[0], hanging(tmp_path), *others[1:]], crash))
    assert readings[1].document is None
    assert "SIGSEGV" in readings[1].notes[0].message
    assert all(reading.document is not None for place, reading in enumerate(readings) if place != 1)


def test_a_file_too_big_for_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "too_big_for_memory.txt"
    path.write_text("Pain is common. " * 3_000_000, "utf-8")
    small = text_files(tmp_path / "many", 2)
    with Sandbox(ReaderSettings(memory_mib=400, seconds=60, workers=1, ocr="never")) as sandbox:
        readings = list(sandbox.read_all([file_to_read(path), *small]))
    assert readings[0].document is None
    assert "needed more memory" in readings[0].notes[0].message
    assert all(reading.document is not None for reading in readings[1:])


def test_children_that_cannot_start_are_said_so(tmp_path: Path) -> None:
    limits = ReaderSettings.model_construct(**{**ReaderSettings().model_dump(), "memory_mib": 8, "workers": 1})
    with Sandbox(limits) as sandbox, pytest.raises(NotPossibleError, match="did not start"):
        list(sandbox.read_all(text_files(tmp_path / "many", 1)))


def test_a_caller_that_stops_early_leaves_nothing_at_work(tmp_path: Path) -> None:
    files = [*text_files(tmp_path / "many", 4), hanging(tmp_path)]
    with Sandbox(FAST) as sandbox:
        readings = sandbox.read_all(files)
        assert next(readings).document is not None
        readings.close()
        # the pool is usable again at once
        assert all(reading.document is not None for reading in sandbox.read_all(files[:3]))
        pids = sandbox.process_ids()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_children_die_with_the_parent(tmp_path: Path) -> None:
    hang = hanging(tmp_path)
    script = (
        "from pathlib import Path\nfrom ragmed.corpus.sandbox import Sandbox\nfrom ragmed.settings import ReaderSettings\n"
        "from ragmed.corpus.library import FileToRead, scan_library\nimport sys\n"
        "folder, pipe = map(Path, sys.argv[1:])\nfiles = list(scan_library([folder]).files)\n"
        "hang = FileToRead(path=pipe, source_path='hangs.txt', sha256='0' * 64)\n"
        "with Sandbox(ReaderSettings(seconds=200, workers=1)) as sandbox:\n"
        "    for reading in sandbox.read_all([*files, hang]):\n"
        "        print(*sandbox.process_ids(), flush=True)\n"
    )
    text_files(tmp_path / "many", 1)
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "many"), str(hang.path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline().split()[0])
    # opening the pipe waits until the child has opened it too: now it hangs on it, and would not notice that its input ended
    pipe = os.open(hang.path, os.O_WRONLY)
    watch = os.pidfd_open(child)
    try:
        parent.kill()
        parent.wait()
        ended, _, _ = select.select([watch], [], [], 30)
        assert ended, "the child outlived its parent"
    finally:
        os.close(watch)
        os.close(pipe)
        parent.stdout.close()


def test_a_file_that_changed_since_the_scan_is_refused(tmp_path: Path, sandbox: Sandbox) -> None:
    files = text_files(tmp_path / "many", 1)
    files[0].path.write_text("Other words.")
    (reading,) = sandbox.read_all(files)
    assert reading.document is None
    assert "changed" in reading.notes[0].message


def test_no_files_no_readings(sandbox: Sandbox) -> None:
    assert list(sandbox.read_all([])) == []


@pytest.mark.data
def test_every_textbook_section_is_read(data: Path) -> None:
    scan = scan_library([data / "textbooks"])
    with Sandbox(ReaderSettings(workers=2, ocr="never")) as sandbox:
        readings = list(sandbox.read_all(scan.files))
    assert len(readings) == 481
    assert [reading.notes for reading in readings if reading.document is None] == []
    for reading in readings:
        for page in reading.pages:
            assert page.text.strip()
            for block in page.blocks:
                text = page.text[block.start : block.end]
                assert text
                assert text == text.strip()


# what comes over the pipe


def reading_of(text: str, label: str = "1") -> Reading:
    blocks = (Block(start=0, end=len(text), kind=BlockKind.PARAGRAPH, heading_path=("A",)),) if text else ()
    page = Page(
        document_id=DOCUMENT_ID,
        number=1,
        label=label,
        text=text,
        boxes=bytes(8 * len(text)),
        width=595.0,
        blocks=blocks,
    )
    note = ReadNote(kind=NoteKind.HIDDEN_TEXT, message=label, page_number=1)
    return Reading(
        document=document(), pages=(page,), notes=(note,), source_path="pain.html", sha256="0" * 64, seconds=0.5
    )


@given(st.text(st.characters(exclude_categories=("Cs",))), st.text(st.characters(exclude_categories=("Cs",))))
def test_a_reading_survives_the_pipe(text: str, label: str) -> None:
    reading = reading_of(text, label)
    assert decode_reading(encode_reading(reading)) == reading


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(IntegrityError):
        decode_reading(encode_reading(reading_of("a\ud800b")))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"paragraph"', b'"paragraf!"'),
        (b"[0,4,", b"[0,9,"),
        (b"[0,4,", b"[3,2,"),
        (b'"Dose",32', b'"Dose",24'),
        (b'"Dose",32', b'"Dose",-8'),
        (b'"Dose",32', b'"Dos",32 '),
        (b'"page_count":1', b'"page_count":"'),
        (b'"page_count":1', b'"xage_count":1'),
        (b'"language":"en"', b'"language":"xx"'),
        (b'"hidden_text"', b'"hidden_tex!"'),
        (b'"seconds":0.5', b'"seconds":NaN'),
        (b'"seconds":0.5', b'"seconds":1e9'),
        (b'"d-0123456789abcdef",1,', b'"d-0123456789abcdeX",1,'),
        (b'"d-0123456789abcdef",1,', b'"d-0123456789abcdef",2,'),
    ],
)
def test_an_answer_that_was_tampered_with_is_refused(before: bytes, after: bytes) -> None:
    payload = encode_reading(reading_of("Dose"))
    assert before in payload
    assert len(before) == len(after)
    with pytest.raises(IntegrityError, match="not a reading"):
        decode_reading(payload.replace(before, after))


@given(st.binary(max_size=60))
def test_rubbish_is_refused(payload: bytes) -> None:
    with pytest.raises(IntegrityError):
        decode_reading(payload)


def test_an_answer_with_bytes_left_over_or_missing_is_refused() -> None:
    payload = encode_reading(reading_of("Dose"))
    for wrong in (payload + b"\0", payload[:-1]):
        with pytest.raises(IntegrityError):
            decode_reading(wrong)
