"""What a reader sees of a sentence that a model wrote: as it was written, the page's own in its place, or nothing.

A checker that flags a faithful sentence does no harm where the page's own stands in its place; one that lets a wrong
sentence pass does none where that is shown as the page has it. So this is counted beside the verdicts: each
restatement is written with a true sentence before it (a draft of which nothing holds is not shown at all), over a page
that has the sentence it was made of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ragmed.answer.judging import judge_draft
from ragmed.answer.whole import made_whole
from ragmed.drafts import Draft
from ragmed.records import Generation
from ragmed.text.language import detect_language
from tests.answer.small_library import SmallSnapshot, document, passages_of, plain_page

from .measure import wilson

WAYS = ("as written", "page's own", "nothing")
BESIDE = "Wash your hands before every patient."


def as_shown(rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Of ``same`` (faithful) and ``other`` (wrong) sentences, by batch, how many are shown in which way."""
    counts: dict[str, dict[str, Counter[str]]] = {"same": {}, "other": {}}
    for row in rows:
        for says, of in counts.items():
            way = _way(row[says], row["sentence"])
            for batch in ("all", row["batch"]):
                of.setdefault(batch, Counter())[way] += 1
    return {says: {batch: _report(count) for batch, count in sorted(of.items())} for says, of in counts.items()}


def _way(claim: str, sentence: str) -> str:
    guide = document("guide", title="Guide")
    pages = [plain_page(guide, BESIDE, number=1), plain_page(guide, " ".join(sentence.split()), number=2)]
    snapshot = SmallSnapshot([guide], pages)
    passages = passages_of(snapshot)
    line = " ".join(claim.split())
    written = Generation(text=f"{BESIDE} [1]\n{line} [2]", kind="scripted", model_id="m", revision="1")
    judged = judge_draft(Draft(generation=written), passages, snapshot)
    shown = made_whole(judged, passages, snapshot, detect_language(claim)).held[1:]
    if not shown:
        return "nothing"
    mine = {one.text for one in judged.drafted}
    return "as written" if all(one.text in mine for one, _ in shown) else "page's own"


def _report(count: Counter[str]) -> dict[str, Any]:
    cases = count.total()
    return {"cases": cases} | {
        way: {"share": round(count[way] / cases, 4), "ci95": wilson(count[way], cases)} for way in WAYS
    }
