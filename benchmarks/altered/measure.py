"""Counts: cases, how many were caught or flagged, and the Wilson interval of that share."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ragmed.answer.citations import judge
from ragmed.records import Verdict

from .edits import Edit, is_chinese
from .faithful import FAITHFUL
from .figures import NUMBERS, direction_turned
from .texts import Pages
from .wording import WORDS, wrong_quotation

GROUPS: dict[str, tuple[Edit, ...]] = {
    "numbers": NUMBERS,
    "words": (direction_turned, *(edit for edit in WORDS if edit is not wrong_quotation)),
    "quotation": (wrong_quotation,),
    "faithful": FAITHFUL,
}
"""Group → kinds. The first two are the altered sentences of the issue, the last has to hold."""
Wrong = Callable[[str, str, str, str], None]
"""Told (kind, sentence, edited sentence, reason) of each case that was judged wrongly."""


def wilson(hits: int, cases: int) -> tuple[float, float] | None:
    """95 % interval of a share (Wilson 1927); None of nothing."""
    if not cases:
        return None
    z = 1.959964
    centre = (hits + z * z / 2) / (cases + z * z)
    half = z / (cases + z * z) * math.sqrt(hits * (cases - hits) / cases + z * z / 4)
    return max(round(centre - half, 4), 0.0), min(round(centre + half, 4), 1.0)


@dataclass(slots=True)
class Tally:
    """Verdicts on the cases of one kind."""

    verdicts: Counter[str] = field(default_factory=Counter)

    def add(self, verdict: Verdict) -> None:
        self.verdicts[verdict.value] += 1

    def report(self) -> dict[str, Any]:
        """``failed``: share that did not hold: what was caught of altered sentences, false alarms of faithful ones."""
        cases = self.verdicts.total()
        failed = cases - self.verdicts["verbatim"] - self.verdicts["supported"]
        share = round(failed / cases, 4) if cases else None
        return {"cases": cases, "failed": share, "ci95": wilson(failed, cases), "verdicts": dict(self.verdicts)}


def together(tallies: Iterable[Tally]) -> Tally:
    return Tally(sum((one.verdicts for one in tallies), Counter()))


def ignore(kind: str, sentence: str, edited: str, reason: str) -> None:
    """Nobody asked."""


def measure(pages: Pages, most: int, seed: int, wrong: Wrong = ignore) -> dict[str, Any]:
    """Every kind on the sentences in a seeded order, until it has ``most`` cases or the sentences end.

    Unaltered sentences, as many, have to be verbatim.
    """
    every = [(sentence, page) for page in pages for sentence in page]
    random.Random(seed).shuffle(every)
    result: dict[str, Any] = {"sentences": len(every)}
    plain = Tally()
    for sentence, _ in every[: 4 * most]:
        verdict, reason = judge(sentence, sentence)
        plain.add(verdict)
        if verdict is not Verdict.VERBATIM:
            wrong("unaltered", sentence, sentence, reason)
    result["unaltered"] = plain.report() | {"not_verbatim": plain.verdicts.total() - plain.verdicts["verbatim"]}
    for group, edits in GROUPS.items():
        tallies = {
            edit.__name__: _one_kind(every, edit, most, seed, wrong, holds=group == "faithful") for edit in edits
        }
        result[group] = {"all": together(tallies.values()).report()} | {
            name: tally.report() for name, tally in tallies.items()
        }
    return result


def _one_kind(
    every: Sequence[tuple[str, list[str]]], edit: Edit, most: int, seed: int, wrong: Wrong, *, holds: bool
) -> Tally:
    chance = random.Random(f"{seed} {edit.__name__}")
    tally = Tally()
    for sentence, page in every:
        edited = edit(sentence, chance, page)
        if edited is None or edited == sentence:
            continue
        verdict, reason = judge(edited, sentence)
        tally.add(verdict)
        if verdict.holds is not holds:
            wrong(edit.__name__, sentence, edited, reason)
        if tally.verdicts.total() >= most:
            break
    return tally


def by_hand(rows: Sequence[dict[str, str]], wrong: Wrong = ignore) -> dict[str, Any]:
    """The restatements written by hand: the same statement has to hold, the other one to fail.

    By language, by kind of mistake, and apart for each batch of rows: the second was written when the
    rules had been mended on the first, the third when they had been mended on the second.
    """
    tallies: dict[str, dict[str, Tally]] = {"same": {}, "other": {}, "mistakes": {}}
    for row in rows:
        language = "zh" if is_chinese(row["sentence"]) else "en"
        for says in ("same", "other"):
            verdict, reason = judge(row[says], row["sentence"])
            keys = [(says, "all"), (says, row["batch"]), (says, f"{row['batch']} {language}")]
            for group, key in [*keys, *([("mistakes", row["mistake"])] if says == "other" else [])]:
                tallies[group].setdefault(key, Tally()).add(verdict)
            if verdict.holds is not (says == "same"):
                wrong(f"{says} ({row['batch']})", row["sentence"], row[says], reason)
    return {group: {name: tally.report() for name, tally in sorted(kinds.items())} for group, kinds in tallies.items()}
