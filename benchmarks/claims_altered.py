"""How many altered sentences the citation checks catch, and how many true ones they flag.

    python benchmarks/claims_altered.py [POPULATION …] [--data ../shared/data] [--most 300] [--seed 7] [-v]

Populations: `guidelines` (PDFs of the test data, English), `demonstration` and `demonstration-zh` (the library of this
project), `pharmacology` (a textbook): sentences that the rules were shaped on. `nutrition` and `population` (textbooks)
are held out: no rule was made or mended after looking at them. `restatements`: written by hand (tests/answer).
`paraphrases`: freer ones, written by hand (benchmarks/paraphrases.tsv), half of the documents held out. Of both,
`shown` counts what a reader gets to see of them. Without a name all are measured. No language model is asked, so the
alterations are mechanical but for those written by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from altered.measure import Wrong, by_hand, ignore, measure
from altered.texts import ROOT, Pages, demonstration, guidelines, paraphrases, restatements, textbook
from machine import RESULTS, machine, save

sys.path.insert(0, str(ROOT))
from altered.shown import as_shown

POPULATIONS = ("guidelines", "demonstration", "demonstration-zh", "pharmacology", "nutrition", "population")


def pages(name: str, data: Path) -> Pages:
    if name.startswith("demonstration"):
        return demonstration(chinese=name.endswith("-zh"))
    return guidelines(data) if name == "guidelines" else textbook(data, name)


def told(kind: str, sentence: str, edited: str, reason: str) -> None:
    print(f"{kind}\n   {sentence}\n   {edited}\n   {reason}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "populations", nargs="*", metavar="POPULATION", default=[*POPULATIONS, "restatements", "paraphrases"]
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--most", type=int, default=300, help="cases of a kind in a population")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("-v", action="store_true", help="print what was judged wrongly, and keep nothing")
    asked = parser.parse_args()
    wrong: Wrong = told if asked.v else ignore
    for name in asked.populations:
        if name == "restatements":
            found = by_hand(restatements(), wrong) | {"shown": as_shown(restatements())}
        elif name == "paraphrases":
            rows = paraphrases(asked.data)
            found = by_hand(rows, wrong) | {"shown": as_shown(rows)}
        else:
            found = measure(pages(name, asked.data), asked.most, asked.seed, wrong)
        if not asked.v:
            keep(name, found, {"machine": machine(), "seed": asked.seed, "most": asked.most})


def keep(name: str, found: dict[str, Any], terms: dict[str, Any]) -> None:
    """Put a population beside those measured on the same terms; other ones are thrown away with their terms."""
    file = RESULTS / "claims_altered.json"
    old = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    same = all(old.get(key) == value for key, value in terms.items())
    save("claims_altered", (old if same else terms) | {name: found})


if __name__ == "__main__":
    main()
