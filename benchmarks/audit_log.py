"""The log of answers at a million entries: append, proofs, finding, verifying.

    python benchmarks/audit_log.py [--entries 1000000] [--appends 2000] [--scratch DIR]

The log is filled by the program's own code (commitments, keys, seals, hashes, search rows), with one transaction for
each 2,000 answers instead of each; the file is the same as if each had been appended. Answers are small (a question,
a claim with its citation, one passage found), so that what is measured is the log, not the size of an answer.

Appends are then timed one by one, as a doctor's question makes them: the commit waits for the disk. ``commit_alone``
is what an SQLite commit of 8 KiB takes on the same disk at the same time, between the appends: what is left is the
log's own cost. With ``--scratch`` in memory (``/dev/shm``) the disk is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from machine import machine, save

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ragmed.audit import merkle, stored
from ragmed.audit.log import SqliteLog
from ragmed.canonical import canonical_json, plain
from ragmed.entries import RecordFilter
from ragmed.records import Outcome, Verdict
from tests.audit.logs import GUIDES, answer

TARGET_MS = 5.0
TOGETHER = 2000


def fill(log: SqliteLog, entries: int) -> float:
    """Answers up to ``entries``, many in one transaction; seconds."""
    began = time.perf_counter()
    template = [plain(answer(number)) for number in range(420)]
    number = log.size()
    while number < entries:
        with log.database.writing() as connection:
            for _ in range(min(TOGETHER, entries - number)):
                made = {
                    **template[number % 420],
                    "record_id": f"{number:016x}",
                    "snapshot_id": f"{number // 50000:06}-0",
                }
                made["asked_at"] = f"20{20 + number // 170_000:02}-{1 + number // 14_000 % 12:02}-01T10:00:00.000Z"
                log._append_answer(connection, made, canonical_json(made))  # what ``append`` does, many times
                number += 1
        if number % 100_000 == 0:
            print(f"{number} entries, {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return time.perf_counter() - began


def quantiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        "ms_p50": round(1000 * statistics.median(ordered), 3),
        "ms_p95": round(1000 * ordered[int(0.95 * len(ordered))], 3),
        "ms_p99": round(1000 * ordered[int(0.99 * len(ordered))], 3),
        "ms_max": round(1000 * ordered[-1], 3),
    }


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def appends(log: SqliteLog, count: int, pause: float) -> dict[str, object]:
    """Appends one by one, ``pause`` seconds apart, and a bare commit between each two."""
    bare = sqlite3.connect(log.path.with_name("bare.sqlite"), isolation_level=None)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=FULL")
    bare.execute("CREATE TABLE IF NOT EXISTS one (number INTEGER PRIMARY KEY, body BLOB)")

    def commit() -> None:
        bare.execute("INSERT INTO one (body) VALUES (randomblob(8000))")

    begin = log.size()
    taken, alone, computing = [], [], []
    for number in range(begin, begin + count):
        record = replace(answer(number), asked_at="2026-12-01T10:00:00.000Z")
        before = time.thread_time()
        taken.append(timed(lambda record=record: log.append(record)))
        computing.append(time.thread_time() - before)
        time.sleep(pause)
        alone.append(timed(commit))
        time.sleep(pause)
    bare.close()
    log.checkpoints.settle()
    return {
        "append": quantiles(taken),
        "append_processor_time": quantiles(computing),
        "commit_alone": quantiles(alone),
        "appends": count,
        "pause_ms": 1000 * pause,
    }


def proofs(log: SqliteLog, chance: random.Random) -> dict[str, object]:
    size, root = log.size(), log.root()
    made, checked, bytes_read = [], [], 0
    for _ in range(1000):
        number = chance.randrange(1, size + 1)
        leaf = merkle.leaf_hash(stored.leaf_of(log.entry(number)))
        began = time.perf_counter()
        path = log.inclusion_proof(number, size)
        between = time.perf_counter()
        merkle.check_inclusion(leaf, number - 1, size, path, root)
        made.append(between - began)
        checked.append(time.perf_counter() - between)
        bytes_read = max(bytes_read, 32 * len(path))
    consistency = [timed(lambda: log.consistency_proof(chance.randrange(1, size), size)) for _ in range(200)]
    return {
        "inclusion_made": quantiles(made),
        "inclusion_verified": quantiles(checked),
        "longest_path_bytes": bytes_read,
        "consistency_made": quantiles(consistency),
    }


def finding(log: SqliteLog) -> dict[str, object]:
    filters = {
        "newest": RecordFilter(),
        "user": RecordFilter(user="dr-lee"),
        "document": RecordFilter(document_id=GUIDES[2].document_id),
        "series and edition": RecordFilter(series="guide3", edition="Version 3.2026"),
        "verdict withheld": RecordFilter(verdict=Verdict.NUMBER_MISMATCH),
        "a month years ago": RecordFilter(since="2021-03", until="2021-03"),
        "a year and an outcome": RecordFilter(since="2021", until="2021", outcome=Outcome.ABSTAINED),
        "document, outcome and user": RecordFilter(
            document_id=GUIDES[1].document_id, outcome=Outcome.ANSWERED, user="dr-owen"
        ),
        "nobody": RecordFilter(user="nobody"),
    }
    return {
        name: quantiles([timed(lambda wanted=wanted: log.find(wanted, limit=50)) for _ in range(7)])["ms_p50"]
        for name, wanted in filters.items()
    }


def verified(path: Path) -> dict[str, object]:
    """In a process of its own, for its peak memory."""
    script = (
        "import json, resource, sys\nfrom pathlib import Path\nfrom ragmed.audit.log import SqliteLog\n"
        "found = SqliteLog(Path(sys.argv[1])).verify()\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "print(json.dumps({'entries': found.entries, 'faults': len(found.faults), 'seconds': round(found.seconds, 1),"
        " 'peak_mib': round(peak)}))\n"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=root, check=True, capture_output=True, text=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--appends", type=int, default=2000)
    parser.add_argument("--pause", type=float, default=0.01, help="seconds between two appends")
    parser.add_argument("--scratch", type=Path)
    parser.add_argument(
        "--log", type=Path, help="a log filled before, or the place for one to keep; default: a new one"
    )
    parser.add_argument("--keep-as", default="audit_log", help="name of the result")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
        log = SqliteLog(given.log or Path(folder) / "records.sqlite")
        little = SqliteLog(Path(folder) / "little" / "records.sqlite")
        fill(little, 10_000)
        seconds = fill(log, given.entries)
        log.checkpoint()
        log.database.truncate_log()
        figures = {
            "entries": given.entries,
            "bytes_an_entry": round(log.path.stat().st_size / given.entries),
            "filled_s": round(seconds) or None,
            "appending": appends(log, given.appends, given.pause),
            "appending_without_pause": appends(log, given.appends, 0.0),
            "target_append_ms_p95": TARGET_MS,
            "proofs": proofs(log, random.Random(7)),
            "target_inclusion_ms": TARGET_MS,
            "finding_ms": finding(log),
            "verify": [verified(little.path), verified(log.path)],
            "peak_mib_of_this_program": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    save(given.keep_as, {"machine": machine(), "load_average": os.getloadavg(), "figures": figures})


if __name__ == "__main__":
    main()
