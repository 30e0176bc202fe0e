"""Questions to the demonstration library for replays: English and Chinese, cases, uncovered ones, rejected ones."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.records import Language

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader

ROOT = Path(__file__).resolve().parent.parent.parent
CASES = (
    "68-year-old man, CT shows multiple ground-glass nodules in the lungs, tumour markers normal, long-term smoker: "
    "which differential diagnoses should be considered first?",
    "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?",
    "A 24-year-old woman has fever, neck stiffness and a rash that does not blanch. What should I think of?",
    "55-year-old man with crushing chest pain for an hour, sweating, ST elevation: what are the differentials?",
    "患者女,32岁,突发呼吸困难、胸痛,D-二聚体升高,近期长途飞行:应考虑哪些诊断?",
    "70-year-old with fever, confusion and blood pressure 82/40 after a urinary infection: what could it be?",
)
REJECTED = ("", "?!", "。。。", "   ", "how " * 1200, "问" * 4100)
WORDED = (
    "What does the guideline say about {}?",
    "{}: what should I do first?",
    "When is {} needed?",
)
WORDED_ZH = ("{}有哪些要点?", "{}应如何处理?")


def questions(snapshot: SnapshotReader, count: int) -> list[str]:
    """``count`` questions, every kind from the beginning on; fewer where the library has too few headings."""
    kinds = (
        list(CASES),
        _column("tests/retrieve/coverage_questions.tsv"),
        list(_of_headings(snapshot)),
        list(REJECTED),
    )
    uncovered = _column("benchmarks/uncovered_questions.tsv")
    mixed = [one for row in zip_longest(*kinds, uncovered) for one in row if one is not None]
    return list(dict.fromkeys(mixed))[:count]


def _column(path: str) -> list[str]:
    with (ROOT / path).open(encoding="utf-8", newline="") as file:
        return [row["question"] for row in csv.DictReader(file, delimiter="\t")]


def _of_headings(snapshot: SnapshotReader) -> Iterator[str]:
    seen: set[str] = set()
    chunks = snapshot.chunks(range(snapshot.chunk_count()))
    for number, chunk in enumerate(chunks):
        heading = chunk.heading_path[-1] if chunk.heading_path else ""
        if not heading or heading in seen:
            continue
        seen.add(heading)
        worded = WORDED_ZH if chunk.language is Language.CHINESE else WORDED
        yield worded[number % len(worded)].format(heading)
