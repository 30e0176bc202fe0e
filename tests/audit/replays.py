"""Answers over the demonstration library, asked again in a process of their own: the same, bit for bit, or what differs.

    python -m tests.audit.replays [--questions 200] [--index FOLDER]

Asks in one process, replays in another, and says how many came out the same. Exit 1 if one did not.
"""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ragmed import assemble
from ragmed.interfaces import Finished
from ragmed.settings import load_settings
from tests.audit.questions import ROOT, questions


def ask(index: Path, count: int) -> collections.Counter[str]:
    """Ask ``count`` questions; how they ended, by language and mode."""
    program = assemble.open_program(load_settings(flags={"index": index}), user="tests")
    ended: collections.Counter[str] = collections.Counter()
    for question in questions(program.snapshots.current(), count):
        *_, last = program.assistant.ask(question)
        assert isinstance(last, Finished)
        ended[f"{last.record.outcome.value} {last.record.language.value} {last.record.mode.value}"] += 1
    return ended


def replay_elsewhere(index: Path, *words: str) -> tuple[list[dict[str, object]], str]:
    """``ragmed audit replay`` in a new process: what it found, and what it said besides."""
    command = [sys.executable, "-m", "ragmed.cli", "audit", "replay", *(words or ("--all",)), "--index", str(index)]
    done = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found, done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--index", type=Path, help="an index of the demonstration library without answers")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        index = chosen.index or Path(folder) / "index"
        if chosen.index is None:
            assemble.build_index(load_settings(flags={"library": ROOT / "guidelines", "index": index}))
        ended = ask(index, chosen.questions)
        began = time.perf_counter()
        found, _ = replay_elsewhere(index)
    same = sum(one["same"] is True for one in found)
    for kind, count in sorted(ended.items()):
        print(f"{count:>5}  {kind}")
    print(f"{len(found)} asked again in a new process in {time.perf_counter() - began:.1f} s: {same} the same")
    for one in found:
        if not one["same"]:
            print(one["record_id"], one["differences"])
    return 0 if same == len(found) == chosen.questions else 1


if __name__ == "__main__":
    sys.exit(main())
