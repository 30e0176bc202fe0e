"""Checkpoints follow the answers, stop nothing, never go back, and are evidence that stays."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import threading
import time
from pathlib import Path

import pytest

from ragmed.audit import merkle
from ragmed.audit.checkpoints import LATEST, PUBLIC_KEY, Background
from ragmed.audit.log import SqliteLog
from ragmed.audit.note import parse_checkpoint, parse_verifier
from ragmed.entries import Checkpoint
from ragmed.errors import IntegrityError, NotPossibleError
from ragmed.settings import AuditSettings
from tests.audit.damage import cut_off, unguarded
from tests.audit.logs import answer, at_rest, copied, filled


def latest(folder: Path) -> Checkpoint:
    verifier = parse_verifier((folder / PUBLIC_KEY).read_text())
    return parse_checkpoint((folder / LATEST).read_bytes(), verifier)


def test_a_checkpoint_follows_each_answer(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "index" / "records.sqlite", AuditSettings(checkpoints=tmp_path / "far"))
    for number in range(3):
        log.append(answer(number))
        assert log.checkpoints.settle()
        found = latest(tmp_path / "far")
        assert (found.size, found.root) == (number + 1, log.root())
    assert "3 entries, a checkpoint of 3" in log.standing().found
    assert log.public_key() == (tmp_path / "far" / PUBLIC_KEY).read_text().strip()
    assert stat.S_IMODE((tmp_path / "index" / "records.ed25519").stat().st_mode) == 0o600
    assert not (tmp_path / "index" / "checkpoints").exists()


def test_one_is_kept_each_hundred_entries_and_all_go_on_from_each_other(tmp_path: Path) -> None:
    log = filled(tmp_path, 310)
    verifier = log.checkpoints.signer().verifier
    names = log.checkpoints.names()
    assert names[-1] == LATEST
    sizes = [int(name.split("-")[-1].split(".")[0]) for name in names[:-1]]
    assert {size // 100 for size in sizes} == {0, 1, 2, 3}
    read = [log.checkpoints.read(name, verifier) for name in names]
    assert [one.size for one in read[:-1]] == sizes
    for old, new in itertools.pairwise(read):
        merkle.check_consistency(old.size, new.size, old.root, new.root, log.consistency_proof(old.size, new.size))


def test_one_is_kept_each_day(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    log.append(answer(1))
    log.checkpoint()
    yesterday = time.time() - 86_400
    os.utime(log.checkpoints.folder / LATEST, (yesterday, yesterday))
    log.append(answer(2))
    log.checkpoint()
    assert [int(name.split("-")[-1].split(".")[0]) for name in log.checkpoints.names()[:-1]] == [1, 2]


def test_every_so_many_entries(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite", AuditSettings(checkpoint_every=5))
    sizes = []
    for number in range(11):
        log.append(answer(number))
        log.checkpoints.settle()
        sizes.append(latest(log.checkpoints.folder).size if (log.checkpoints.folder / LATEST).exists() else 0)
    assert sizes == [0, 0, 0, 0, 5, 5, 5, 5, 5, 10, 10]


def test_a_folder_out_of_reach_stops_nothing_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "far").write_text("a file where the folder should be")
    log = SqliteLog(tmp_path / "records.sqlite", AuditSettings(checkpoints=tmp_path / "far" / "folder"))
    for number in range(3):
        log.append(answer(number))
        log.checkpoints.settle()
    assert log.get(answer(2).record_id) == answer(2)
    unreached = log.checkpoints.unreached()
    assert unreached is not None
    assert unreached.since.startswith("20")
    with pytest.raises(NotPossibleError) as caught:
        log.checkpoint()
    assert "audit.checkpoints" in caught.value.remedy
    assert log.checkpoints.unreached() == unreached, "since the first time"
    found = log.verify()
    assert found.sound
    assert any(unreached.since in note for note in found.notes)
    assert log.standing().unreached == unreached
    (tmp_path / "far").unlink()
    log.append(answer(3))
    log.checkpoints.settle()
    assert log.checkpoints.unreached() is None
    assert latest(tmp_path / "far" / "folder").size == 4
    assert log.verify().notes == ()


def test_a_folder_that_hangs_holds_up_no_answer(tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.mkdir()
    os.mkfifo(far / LATEST)  # whoever opens it waits for a writer that never comes
    log = SqliteLog(tmp_path / "records.sqlite", AuditSettings(checkpoints=far))
    log.append(answer(1))
    log.append(answer(2))
    assert log.get(answer(2).record_id) == answer(2)
    assert not log.checkpoints.settle(0.05)
    writer = os.open(far / LATEST, os.O_RDWR)
    (far / LATEST).unlink()
    os.close(writer)  # lets the reader go
    assert log.checkpoints.settle()


def test_a_log_that_was_cut_goes_on_and_the_evidence_stays(tmp_path: Path) -> None:
    folder = at_rest(filled(tmp_path / "whole", 30))
    log = copied(folder, tmp_path / "cut")
    with unguarded(log.path) as connection:
        cut_off(connection, 25)
    evidence = (log.checkpoints.folder / LATEST).read_bytes()
    for number in range(20):  # past the size that was signed
        log.append(answer(500 + number))
        log.checkpoints.settle()
        assert (log.checkpoints.folder / LATEST).read_bytes() == evidence
        found = log.verify()
        kinds = {fault.what for fault in found.faults}
        assert kinds == ({"truncated"} if number < 5 else {"checkpoint"}), number
        if number < 5:
            (fault,) = found.faults
            assert fault.number == 26 + number, "the first that is missing"
            assert "30" in fault.message
        assert any("written since" in note for note in found.notes)
        with pytest.raises(IntegrityError, match="its end was cut off" if number < 5 else "not the one"):
            log.standing()
    assert log.get(answer(519).record_id) == answer(519)
    with pytest.raises(IntegrityError, match="not the one"):
        log.checkpoint()


def test_a_checkpoint_by_another_key_is_evidence_too(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "a" / "records.sqlite", AuditSettings(checkpoints=tmp_path / "far"))
    log.append(answer(1))
    log.checkpoints.settle()
    evidence = (tmp_path / "far" / LATEST).read_bytes()
    other = SqliteLog(tmp_path / "b" / "records.sqlite", AuditSettings(checkpoints=tmp_path / "far"))
    for number in range(3):
        other.append(answer(number))
    other.checkpoints.settle()
    assert (tmp_path / "far" / LATEST).read_bytes() == evidence
    assert {fault.what for fault in other.verify().faults} == {"checkpoint"}
    assert log.verify().sound


def test_a_lost_key_is_a_fault_and_no_new_history_begins(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    log.append(answer(1))
    log.checkpoints.settle()
    (tmp_path / "records.ed25519").unlink()
    assert any("not checked" in note for note in log.verify().notes)
    log.append(answer(2))
    log.checkpoints.settle()
    found = log.verify()
    assert {fault.what for fault in found.faults} == {"checkpoint"}


def test_a_folder_that_was_emptied_is_told(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite")
    log.append(answer(1))
    log.checkpoints.settle()
    shutil.rmtree(log.checkpoints.folder)
    found = log.verify()
    assert found.sound
    assert any("one of 1 entries was written" in note for note in found.notes)


def test_only_the_latest_removed_is_a_fault(tmp_path: Path) -> None:
    log = filled(tmp_path, 20)
    (log.checkpoints.folder / LATEST).unlink()
    (fault,) = log.verify().faults
    assert (fault.what, fault.subject) == ("checkpoint", LATEST)


def test_entries_behind_the_newest_checkpoint_are_told_and_no_fault(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "records.sqlite", AuditSettings(checkpoint_every=5))
    for number in range(7):
        log.append(answer(number))
        log.checkpoints.settle()
    found = log.verify()
    assert found.sound
    assert found.notes == ("entries 6 to 7 are in no checkpoint yet",)


def test_a_program_that_ends_writes_its_last_checkpoint(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys\nfrom pathlib import Path\nfrom ragmed.audit.log import SqliteLog\n"
        "from tests.audit.logs import answer\n"
        "log = SqliteLog(Path(sys.argv[1]))\n"
        "for number in range(5): log.append(answer(number))\n"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "records.sqlite")], cwd=root, check=True)
    assert latest(tmp_path / "checkpoints").size == 5


def test_work_in_the_background_is_done_once_more_after_the_last_word() -> None:
    seen: list[int] = []
    asked = []
    gate = threading.Event()

    def work() -> None:
        gate.wait(5)
        seen.append(len(asked))

    background = Background(work)
    background.ask()
    for _ in range(3):
        asked.append(True)
        background.ask()
    gate.set()
    assert background.settle(5)
    assert seen[-1] == 3
    assert len(seen) <= 3
