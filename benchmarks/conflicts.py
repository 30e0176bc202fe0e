"""How many conflicts between guidelines are shown, and which of the made pairs are found.

    python benchmarks/conflicts.py INDEX QUESTIONS [INDEX QUESTIONS …] [--judged FILE.tsv] [--show]

QUESTIONS: ``ragmed eval questions``' form, or a table with a column ``question``. Every question is asked as a doctor
asks it, with the settings' generator. Beside them the pairs of tests/answer/contradicting.tsv, made to contradict and
made not to. ``--show`` prints every conflict; ``--judged`` is a table of those that a person has read (columns
``first``, ``second``, ``judged``: ``true``, ``false`` or ``unclear``), from which the counts come. Only sums are kept.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from machine import machine, save

from ragmed.answer.contradicting import differences
from ragmed.answer.statements import statement
from ragmed.assemble import open_program
from ragmed.conflict_sides import conflict_sides
from ragmed.evaluate.question_file import read_questions
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord
from ragmed.settings import load_settings

PAIRS = Path(__file__).resolve().parent.parent / "tests" / "answer" / "contradicting.tsv"
Told = tuple[str, str, str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("where", type=Path, nargs="*", help="INDEX QUESTIONS, as often as wanted")
    parser.add_argument("--judged", type=Path)
    parser.add_argument("--show", action="store_true")
    asked = parser.parse_args()
    judged = {(row["first"], row["second"]): row["judged"] for row in rows(asked.judged)} if asked.judged else {}
    libraries = {}
    for index, questions in zip(asked.where[::2], asked.where[1::2], strict=True):
        libraries[questions.name] = library(index, questions, judged, show=asked.show)
    command = f"python benchmarks/conflicts.py {' '.join(path.name for path in asked.where)} --judged …"
    save("conflicts", {"command": command, "machine": machine(), "libraries": libraries, "pairs": pairs()})


def library(index: Path, questions: Path, judged: dict[tuple[str, str], str], *, show: bool) -> dict[str, Any]:
    program = open_program(load_settings(flags={"index": index}))
    told: dict[Told, int] = {}
    answered = with_conflict = 0
    texts = [one.text for one in read_questions(questions)] if questions.suffix == ".jsonl" else column(questions)
    for text in texts:
        *_, last = program.assistant.ask(text)
        assert isinstance(last, Finished)
        found = conflicts_of(last.record)
        answered += bool(last.record.checks)
        with_conflict += bool(found)
        for one in found:
            told[one] = told.get(one, 0) + 1
            if show:
                print(f"? {text}", *one, sep="\n  ", file=sys.stderr)
    words = Counter(judged.get((first, second), "not read") for first, second, _, _ in told)
    return {
        "questions": len(texts),
        "answered": answered,
        "answers with a conflict": with_conflict,
        "conflicts shown": sum(told.values()),
        "different ones": len(told),
        "judged": dict(words),
    }


def conflicts_of(record: AnswerRecord) -> list[Told]:
    """Both quotes as one line, and what differs."""
    found = []
    for sides in conflict_sides(record):
        first, second = sorted(sides, key=lambda side: " ".join(side.check.citation.quote.split()))
        quotes = (" ".join(side.check.citation.quote.split()) for side in (first, second))
        found.append(
            (*quotes, f"{first.document.title}: {first.differs}", f"{second.document.title}: {second.differs}")
        )
    return found


def pairs() -> dict[str, Any]:
    """Of each kind of made pair: how many there are, and for how many a difference is told."""
    count: dict[str, Counter[str]] = {"made to contradict": Counter(), "made not to": Counter()}
    told: dict[str, Counter[str]] = {"made to contradict": Counter(), "made not to": Counter()}
    for row in rows(PAIRS):
        group = "made to contradict" if row["contradict"] == "yes" else "made not to"
        one, other = (statement(row[side], "", row[f"{side}_title"]) for side in ("first", "second"))
        count[group][row["kind"]] += 1
        told[group][row["kind"]] += bool(one and other and differences(one, other))
    return {
        group: {
            "pairs": count[group].total(),
            "told": told[group].total(),
            "by kind": {kind: [told[group][kind], number] for kind, number in count[group].items()},
        }
        for group in count
    }


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def column(path: Path) -> list[str]:
    return [row["question"] for row in rows(path)]


if __name__ == "__main__":
    main()
