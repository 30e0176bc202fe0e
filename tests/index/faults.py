"""Run as a program: publish, roll back and collect while every file operation in turn fails, and readers look on.

    python -m tests.index.faults --runs 2000 --seed 1

Live runs share one index folder, as in life: a child does a publish, a rollback or a collection and is killed, or told
ENOSPC or EIO, at its n-th step, for n = 1, 2, …; what it leaves is what the next one finds. Eight reader processes open the
current snapshot all the while and look whether it is one of those that were meant, whole, and not mixed. After each run
the current snapshot is the old one or the new one and every byte verifies; an error told after the pointer had moved is the
new one. The first publish runs in folders of its own; power cuts on copies (``tests.index.faulty.cut_power``), each
followed by a publish that must get through and a verification of every snapshot. ``--every 3`` takes each third step of
these two only, but for a kill in the first publish, which comes at each.

Prints one JSON object: how many runs of each kind, how many reads, and every finding. Exit status 1 if there is one.
Tells how far it is on the error stream, every thousand runs.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ragmed.errors import NoIndexError
from ragmed.index.collect import Retention
from ragmed.index.folder_store import FolderStore
from ragmed.index.history import SNAPSHOTS, published_ids
from ragmed.interfaces import WeightedText
from ragmed.records import Filters, Reading
from tests.index.faulty import DONE, TOLD, Fault, cut_power, inodes, met, run_with_fault, steps_in, told
from tests.index.support import EMBEDDER, library, publish, reading

READERS = 8
NOTHING_KEPT = Retention(keep_days=0, keep_last=1, cited=frozenset())
EVERYTHING = Filters(include_superseded=True)
KEY = "changing.txt"


def changed_library(number: int) -> tuple[Reading, ...]:
    """Two guidelines that stay, and one whose text is new each time, so that its segment is written each time."""
    text = [f"Dose number {number} is {number} mg.", f"On page two of {number}, wait {number} minutes."]
    return (*library()[:2], reading(KEY, text))


class Course:
    """The runs, what they found, and how many there were."""

    def __init__(self, scratch: Path, seed: int) -> None:
        self.scratch = scratch
        self.chance = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.findings: list[str] = []
        self._log = scratch / "steps.jsonl"
        self._numbers = itertools.count(1)

    def total(self) -> int:
        return sum(self.counts.values())

    def _count(self, kind: str) -> None:
        self.counts[kind] += 1
        if self.total() % 1000 == 0:
            print(f"{self.total()} runs, {len(self.findings)} findings", file=sys.stderr, flush=True)

    # ---- runs over one live folder ------------------------------------------------------------------------------

    def live(self, index: Path, runs: int) -> None:
        """At least so many runs, faults of each kind at each step of each kind of work."""
        publish(index, changed_library(0))
        step: Counter[tuple[str, Fault]] = Counter()
        kinds = itertools.cycle(itertools.product(("publish", "publish", "rollback", "collect"), Fault))
        begin = self.total()
        for kind, fault in kinds:
            if self.total() - begin >= runs:
                return
            for _ in range(6):
                step[kind, fault] += 1
                self._live_run(index, kind, step[kind, fault], fault)
                if not met(self._log):
                    step[kind, fault] = 0
                    break

    def _live_run(self, index: Path, kind: str, at: int, fault: Fault) -> None:
        old = identity(index)
        work, new = self._work(index, kind)
        status = run_with_fault(work, index, at, fault, self._log)
        self._count(f"{kind} {fault}")
        found = identity(index)
        where = f"{kind}, {fault} at step {at}"
        if status not in (DONE, TOLD, -9):
            self.findings.append(f"{where}: ended with status {status}")
        if found not in (old, new) or (status == DONE and found != new):
            self.findings.append(f"{where}: {found} is current, neither {old} nor {new} (status {status})")
        self.findings.extend(f"{where}: {fault}" for fault in self._untrue(old, new, found))
        self._verify(index, where)

    def _untrue(self, old: str, new: str, found: str) -> Iterator[str]:
        """An error behind the pointer says that the new snapshot answers; one before it does not."""
        text = told(self._log)
        if text and old != new and ("answers now" in text) != (found == new):
            yield f"told {text!r}, and {found} is current"

    def _work(self, index: Path, kind: str) -> tuple[Callable[[], object], str]:
        """The work, and what is current after it."""
        if kind == "publish":
            number = next(self._numbers)
            return (lambda: publish(index, changed_library(number)) and None), f"number {number}"
        store = FolderStore(index)
        if kind == "rollback":
            others = [name for name in published_ids(index) if name != store.current().snapshot_id]
            if not others:
                return (lambda: None), identity(index)
            target = others[-1]
            new = meant_by(store.get(target))
            return (lambda: FolderStore(index).rollback(target, by="test")), new
        return (lambda: FolderStore(index).collect(NOTHING_KEPT, dry_run=False)), identity(index)

    def _verify(self, index: Path, where: str) -> None:
        try:
            faults = FolderStore(index).verify().faults
        except NoIndexError:
            return
        self.findings.extend(f"{where}: {fault}" for fault in faults)

    # ---- the first publish of all -------------------------------------------------------------------------------

    def first(self, fault: Fault, every: int) -> None:
        """A publish into an empty folder with the fault at each (or each so manieth) of its steps."""
        index = self.scratch / "first"
        for at in itertools.count(1, every):
            shutil.rmtree(index, ignore_errors=True)
            index.mkdir()
            status = run_with_fault(lambda: publish(index, changed_library(1)) and None, index, at, fault, self._log)
            self._count(f"first publish {fault}")
            where = f"first publish, {fault} at step {at}"
            found = identity(index)
            if status not in (DONE, TOLD, -9) or found not in ("", "number 1") or (status == DONE and not found):
                self.findings.append(f"{where}: {found!r} is current (status {status})")
            self.findings.extend(f"{where}: {one}" for one in self._untrue("", "number 1", found))
            self._recovers(index, where)
            if not met(self._log):
                return

    # ---- power cuts ---------------------------------------------------------------------------------------------

    def power(self, kind: str, cuts: int, every: int) -> None:
        """Kill at each (or each so manieth) step, then lose what was not on the disk: everything once, random parts ``cuts`` times."""
        base = self.scratch / "base"
        shutil.rmtree(base, ignore_errors=True)
        if kind == "first publish":
            base.mkdir()
        else:
            for number in (1, 2, 3):
                publish(base, changed_library(number))
        for at in itertools.count(1, every):
            for cut in range(cuts + 1):
                self._power_run(base, kind, at, all_lost=cut == 0)
            if not met(self._log):
                return

    def _power_run(self, base: Path, kind: str, at: int, *, all_lost: bool) -> None:
        index = self.scratch / "cut"
        shutil.rmtree(index, ignore_errors=True)
        shutil.copytree(base, index)
        old = identity(index)
        works: dict[str, tuple[Callable[[], object], str]] = {
            "publish": (lambda: publish(index, changed_library(4)) and None, "number 4"),
            "first publish": (lambda: publish(index, changed_library(4)) and None, "number 4"),
            "rollback": (lambda: FolderStore(index).rollback("2", by="test"), "number 2"),
            "collect": (lambda: FolderStore(index).collect(NOTHING_KEPT, dry_run=False), old),
        }
        work, new = works[kind]
        known = inodes(index)
        status = run_with_fault(work, index, at, Fault.KILL, self._log)
        through = not met(self._log)
        cut_power(index, base, known, steps_in(self._log), self.chance, all_lost=all_lost)
        self._count(f"{kind} power cut")
        where = f"{kind}, power cut at step {at}{', all lost' if all_lost else ''}"
        try:
            found = identity(index)
        except Exception as error:  # noqa: BLE001 - whatever a reader meets after a power cut is the finding
            self.findings.append(f"{where}: {type(error).__name__}: {error}")
            return
        if found not in (old, new) or (through and found != new):
            self.findings.append(f"{where}: {found!r} is current, neither {old!r} nor {new!r} (status {status})")
        self._recovers(index, where)

    def _recovers(self, index: Path, where: str) -> None:
        """Publishing again gets through, every snapshot that is left is whole, and nothing lies about."""
        try:
            publish(index, changed_library(99))
            store = FolderStore(index)
            for name in published_ids(index):
                self.findings.extend(f"{where}, then {name}: {fault}" for fault in store.verify(name).faults)
            if identity(index) != "number 99":
                self.findings.append(f"{where}: publishing again did not")
            left = [path for path in index.rglob("*") if path.name.startswith(".building") or ".part" in path.name]
            if left:
                self.findings.append(f"{where}: left over {left}")
            if {path.name for path in (index / SNAPSHOTS).iterdir()} != set(published_ids(index)):
                self.findings.append(f"{where}: a snapshot that nobody published")
        except Exception as error:  # noqa: BLE001 - see above
            self.findings.append(f"{where}: publishing again: {type(error).__name__}: {error}")


def meant_by(snapshot: Any) -> str:
    """Which library a snapshot is of, after a look at all of it: ``number 7``; anything else is a torn one."""
    documents = {document.source_path: document for document in snapshot.documents()}
    if set(documents) != {KEY, *(one.source_path for one in library()[:2])}:
        return f"documents {sorted(documents)}"
    changing = documents[KEY].document_id
    number = snapshot.page(changing, 1).text.split()[2]
    wanted = next(one for one in changed_library(int(number)) if one.source_path == KEY)
    if any(snapshot.page(changing, page.number).text != page.text for page in wanted.pages):
        return f"pages of several libraries, {number} among them"
    question = f"Dose number {number}"
    dense, _ = snapshot.dense(EMBEDDER.embed_queries([question])[0], 3, EVERYTHING)
    lexical, _ = snapshot.lexical([WeightedText(text=question)], 3, EVERYTHING)
    for chunk in snapshot.chunks([int(row) for row in (*dense, *lexical)]):
        page = snapshot.page(chunk.document_id, chunk.page_number)
        if page.text[chunk.start : chunk.end] != chunk.text:
            return f"a hit that is not its page's text: {chunk.chunk_id}"
    return f"number {number}"


def identity(index: Path) -> str:
    """Which library the current snapshot is of; empty before the first."""
    try:
        return meant_by(FolderStore(index).current())
    except NoIndexError:
        return ""


def read_on(index: Path, connection: Connection) -> None:
    """A reader: opens what is current and looks at all of it, until it is told to stop."""
    store, reads, findings = FolderStore(index), 0, []
    parent = os.getppid()
    while not connection.poll(0.1) and os.getppid() == parent:
        try:
            snapshot = store.current()
            said = meant_by(snapshot)
            if not said.startswith("number "):
                findings.append(f"reader: {said}")
            reads += 1
        except Exception as error:  # noqa: BLE001 - a reader meets no error, whatever the writers do
            findings.append(f"reader: {type(error).__name__}: {error}")
    connection.send((reads, findings))


def with_readers(index: Path, work: Callable[[], None]) -> Iterator[tuple[int, list[str]]]:
    """Does ``work`` while readers read; gives what each of them saw."""
    pipes = []
    context = multiprocessing.get_context("fork")
    for _ in range(READERS):
        ours, theirs = multiprocessing.Pipe()
        process = context.Process(target=read_on, args=(index, theirs), daemon=True)
        process.start()
        pipes.append((ours, process))
    work()
    for ours, process in pipes:
        ours.send("stop")
        yield ours.recv()
        process.join()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = Course(Path(folder), asked.seed)
        for fault in Fault:
            course.first(fault, 1 if fault is Fault.KILL else asked.every)
        cuts = max(1, asked.runs // 2000)
        for kind in ("first publish", "publish", "rollback", "collect"):
            course.power(kind, cuts, asked.every)
        index = course.scratch / "live"
        publish(index, changed_library(0))
        seen = list(with_readers(index, lambda: course.live(index, max(1, asked.runs - course.total()))))
        findings = [*course.findings, *(finding for _, found in seen for finding in found)]
    counts = dict(sorted(course.counts.items()))
    result = {"runs": course.total(), "by_kind": counts, "reads": sum(reads for reads, _ in seen), "findings": findings}
    print(json.dumps(result, indent=1))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
