"""Run as a program: a log damaged in every way, honest runs, and writers that are killed.

    python -m tests.audit.faults --flips 20000 --runs 10000 --seed 7   # all parts, about 45 minutes
    python -m tests.audit.faults --parts rows replays                  # these alone

The parts, on a log of 1,000 entries:

- ``columns``: ``--flips`` single bits of every column of every table, evenly; twenty in a copy, of entries far apart,
  each of which a verification must name. ``keys``: a fiftieth as many, of the keys of answers.
- ``bytes``: a tenth as many, of single bytes of the raw files, one in a copy: each is a fault, or changes nothing that
  can be read.
- ``checkpoints``: every bit of every checkpoint.
- ``rows``: every entry (every ``--step``-th) deleted, deleted with its leaf, swapped with the next, swapped in its
  content alone, and cut off with all behind it (eleven minutes for every entry).
- ``replays``: every older checkpoint put back, with the log as it is and with the log cut to it.
- ``honest``: ``--runs`` honest runs: a few things done, the log verified; any fault is a false alarm.
- ``kills``: four writers, one of which is killed at its n-th step (SQL statement or file operation), for n = 1, 2, …,
  and all of which are killed at a random moment, ``--kills`` times each: what ``append`` returned from is there, and
  the log verifies.

A part is left out only by not being named. Prints one JSON object; tells each part that is done on the error stream.
Exit status 1 if there is a finding.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ragmed.audit.log import SqliteLog
from ragmed.audit.signed import Findings, Signed
from ragmed.entries import Verification
from ragmed.errors import RagMedError
from tests.audit import damage
from tests.audit.kills import kill_at_random, kill_at_steps, steps_of_a_run
from tests.audit.logs import answer, at_rest, copied, feedback_on, filled

TOGETHER = 20


class Course:
    """What was done, and what was found wrong with it."""

    def __init__(self, scratch: Path, seed: int, entries: int = 1000) -> None:
        self.scratch = scratch
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.findings: list[str] = []
        self.entries = entries
        self.whole = at_rest(filled(scratch / "whole", entries))
        self.copy = scratch / "copy"
        found = SqliteLog(self.whole / "records.sqlite").verify()
        assert found.sound, found.faults
        assert not found.notes, found.notes
        at_rest(SqliteLog(self.whole / "records.sqlite"))
        self.readable = damage.readable(self.whole / "records.sqlite")
        connection = sqlite3.connect(self.whole / "records.sqlite")
        self.answer_of = dict(connection.execute("SELECT number, answer FROM judged"))
        self.erased = {number for (number,) in connection.execute("SELECT number FROM contents WHERE sealed = x''")}
        connection.close()

    def _verified(self, log: SqliteLog) -> Verification:
        found = log.verify()
        log.close()
        return found

    # ---- bits ----

    def flip_columns(self, count: int) -> None:
        """``TOGETHER`` at a time, of entries that no fault of another one could name."""
        # some would give two rows one key, which no file can hold
        wanted = damage.flips(self.whole / "records.sqlite", count + count // 25, self.chance)
        self.chance.shuffle(wanted)
        while wanted:
            batch, taken, later = [], [], []
            for one in wanted:
                first, last = one.entries()
                near = (first, last) if first <= self.entries else (0, 0)
                alone = last - first < 8 or not batch
                if len(batch) < TOGETHER and alone and all(near[1] < a - 3 or near[0] > b + 3 for a, b in taken):
                    batch.append(one)
                    taken.append(near if last - first < 8 else (0, self.entries * 2))
                else:
                    later.append(one)
            wanted = later
            self._flip_together(batch)

    def _flip_together(self, batch: list[damage.Flip]) -> None:
        log = copied(self.whole, self.copy)
        with damage.unguarded(log.path) as connection:
            done = [one for one in batch if damage.flip(connection, one)]
        self.counts["impossible"] += len(batch) - len(done)
        found = self._verified(log)
        for one in done:
            if one.named(found, self.answer_of):
                self.counts["flips"] += 1
            elif len(batch) > 1:  # another one of the batch may hide it (an erasure, what it commits to): alone, then
                self.counts["flips tried again alone"] += 1
                self._flip_together([one])
            else:
                self.findings.append(f"not named: {one}")

    def flip_keys(self, count: int) -> None:
        """Keys of answers that can still be read."""
        path = self.whole / "records.keys"
        numbers = {int(str(row[1])) for row in self._answers()} - self.erased
        for one in damage.flips(path, count * 8, self.chance, ("keys",)):
            if int(one.key[0]) not in numbers or self.counts["key flips"] >= count:
                continue
            log = copied(self.whole, self.copy)
            connection = sqlite3.connect(self.copy / "records.keys", isolation_level=None)
            connection.execute("PRAGMA ignore_check_constraints=ON")
            done = damage.flip(connection, one)
            connection.close()
            if done:
                self.counts["key flips"] += 1
                if not one.named(self._verified(log), {}):
                    self.findings.append(f"not named: {one}")

    def _answers(self) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.whole / "records.sqlite")
        found = [("", number) for (number,) in connection.execute("SELECT number FROM entries WHERE kind = 'answer'")]
        connection.close()
        return found

    def flip_raw(self, count: int) -> None:
        size = (self.whole / "records.sqlite").stat().st_size
        for number in range(count):
            place, bit = (number * size // count + self.chance.randrange(max(1, size // count))) % size, number % 8
            log = copied(self.whole, self.copy)
            damage.flip_byte(log.path, place, bit)
            self.counts["raw flips"] += 1
            try:
                found = self._verified(log)
            except Exception as error:  # noqa: BLE001 - whatever escapes is what is looked for
                self.findings.append(f"verifying failed: byte {place}, bit {bit}: {error!r}")
                continue
            if found.sound:
                if damage.readable(log.path) == self.readable:
                    self.counts["raw flips of nothing that is read"] += 1
                else:
                    self.findings.append(f"not noticed: byte {place}, bit {bit}")
            elif any(fault.number for fault in found.faults):
                self.counts["raw flips with an entry named"] += 1

    def flip_checkpoints(self, step: int = 1) -> None:
        """Every bit (or each ``step``-th) of every file of the checkpoints' folder."""
        log = copied(self.whole, self.copy)
        for path in sorted((self.copy / "checkpoints").iterdir()):
            for place in range(0, path.stat().st_size * 8, step):
                damage.flip_byte(path, place // 8, place % 8)
                findings = Findings()
                Signed(log.checkpoints, findings)
                self.counts["checkpoint flips"] += 1
                if path.name not in {fault.subject for fault in findings.faults}:
                    self.findings.append(f"not noticed: {path.name}, bit {place}")
                damage.flip_byte(path, place // 8, place % 8)
        log.close()

    # ---- rows ----

    def rows(self, step: int) -> None:
        """Each ``step``-th entry deleted, deleted with its leaf, swapped, and cut off with everything behind it."""
        for number in range(1, self.entries + 1, step):
            self._changed("deleted", number, lambda c, n: damage.delete(c, n, with_leaf=False))
            self._changed("deleted with its leaf", number, lambda c, n: damage.delete(c, n, with_leaf=True))
            self._changed("cut off", number, damage.cut_off)
            if number < self.entries:
                self._changed("swapped", number, damage.swap)
                self._changed("content swapped", number, damage.swap_contents)

    def _changed(self, what: str, number: int, change: Callable[[sqlite3.Connection, int], None]) -> None:
        log = copied(self.whole, self.copy)
        with damage.unguarded(log.path) as connection:
            change(connection, number)
        found = self._verified(log)
        self.counts[what] += 1
        named = {fault.number for fault in found.faults}
        if what == "content swapped" and {number, number + 1} <= self.erased:
            return
        if number not in named and number + 1 not in named:
            self.findings.append(f"{what}, and not named: {number}")

    def replayed(self) -> None:
        """An older checkpoint put back, with the log as it is, and with the log cut to it."""
        for name in sorted(path.name for path in (self.whole / "checkpoints").glob("*.checkpoint"))[:-1]:
            for cut in (False, True):
                log = copied(self.whole, self.copy)
                shutil.copy(self.copy / "checkpoints" / name, self.copy / "checkpoints" / "latest")
                if cut:
                    with damage.unguarded(log.path) as connection:
                        damage.cut_off(connection, int(name.split("-")[-1].split(".")[0]) + 1)
                found = self._verified(log)
                self.counts["checkpoint put back"] += 1
                wanted = {"truncated", "checkpoint"} if cut else {"checkpoint"}
                if not wanted <= {fault.what for fault in found.faults}:
                    self.findings.append(f"put back, and not noticed: {name}, cut: {cut}")

    # ---- honest runs ----

    def honest(self, runs: int) -> None:
        log, answers = SqliteLog(self.scratch / "unused"), []
        for run in range(runs):
            if run % 25 == 0:
                log.checkpoints.settle()
                log.close()
                shutil.rmtree(log.path.parent if run else self.scratch / "none", ignore_errors=True)
                log, answers = SqliteLog(self.scratch / f"honest{run}" / "records.sqlite"), []
            for _ in range(self.chance.randint(1, 3)):
                self._something(log, answers, run)
            if self.chance.random() < 0.2:
                log.close()
                log = SqliteLog(log.path)
            found = log.verify()
            self.counts["honest runs"] += 1
            if not found.sound:
                self.findings.append(f"false alarm in run {run}: {found.faults[:3]}")
        log.checkpoints.settle()

    def _something(self, log: SqliteLog, answers: list[Any], run: int) -> None:
        kind = self.chance.random()
        if kind < 0.7 or not answers:
            self.counts["answers kept"] += 1
            answers.append(answer(self.counts["answers kept"]))
            log.append(answers[-1])
        elif kind < 0.85:
            log.append_feedback(feedback_on(self.chance.choice(answers), run))
        elif kind < 0.95:
            log.erase(answers.pop(self.chance.randrange(len(answers))).record_id, user="dpo", reason="asked")
        else:
            log.checkpoint()

    # ---- kills ----

    def kills(self, steps: int, moments: int) -> None:
        scratch = self.scratch / "kills"
        fatal = range(1, steps_of_a_run(scratch) + 1, max(1, steps_of_a_run(scratch) // steps)) if steps else ()
        self.findings += [f"killed at a step: {one}" for one in kill_at_steps(scratch, fatal, self.counts)]
        self.findings += [f"killed: {one}" for one in kill_at_random(scratch, moments, self.chance, self.counts)]


PARTS: dict[str, Callable[[Course, argparse.Namespace], None]] = {
    "columns": lambda course, given: course.flip_columns(given.flips),
    "keys": lambda course, given: course.flip_keys(given.flips // 50),
    "bytes": lambda course, given: course.flip_raw(given.flips // 10),
    "checkpoints": lambda course, given: course.flip_checkpoints(),
    "rows": lambda course, given: course.rows(given.step),
    "replays": lambda course, given: course.replayed(),
    "honest": lambda course, given: course.honest(given.runs),
    "kills": lambda course, given: course.kills(given.kills, given.kills),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--flips", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=400)
    parser.add_argument("--step", type=int, default=1, help="each so manieth entry is deleted, swapped, cut off")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        course = Course(Path(scratch), given.seed)
        for name in given.parts:
            PARTS[name](course, given)
            print(f"{name}: done, {len(course.findings)} findings so far", file=sys.stderr, flush=True)
    print(json.dumps({"counts": course.counts, "findings": course.findings}, indent=2))
    return 1 if course.findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except RagMedError as error:
        sys.exit(f"{error} ({error.remedy})")
