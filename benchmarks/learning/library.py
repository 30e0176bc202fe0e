"""A library of invented guidelines, its index and its rows: what tuning learns from and what is held out.

The rows are the program's own (``ragmed tune dataset``): real passages of a real snapshot, whole series on one side of
the split. Diseases, tests and signs stand in one series only; known drugs, which the program asks after by name, on
one side only. So no question of the test side speaks of anything that was trained on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from learning.words import Guideline, Words
from ragmed.assemble import build_index
from ragmed.settings import Settings, load_settings
from ragmed.terms import all_terms
from ragmed.tune.dataset.library import ABSTENTIONS
from ragmed.tune.dataset.making import Dataset, Wanted
from ragmed.tune.dataset.rows import Split
from ragmed.tune.dataset.sides import library_sides
from ragmed.tuning import tune_dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the library is."""

    series: int = 140
    sections: int = 10
    """Of a guideline."""
    passages: int = 3
    """Of a prompt."""
    most: int = 0
    """Questions at most (0: all)."""
    seed: int = 7


def known_drugs() -> dict[Split, tuple[str, ...]]:
    """Drugs of the program's term table, each on one side."""
    names = sorted({term.en for term in all_terms() if term.kind == "drug" and term.en.isalpha() and term.en.islower()})
    return {
        Split.TEST: tuple(names[0::4]),
        Split.VALIDATION: tuple(names[1::8]),
        Split.TRAIN: tuple(name for place, name in enumerate(names) if place % 4 and place % 8 != 1),
    }


def write_library(folder: Path, plan: Plan) -> None:
    """Markdown files with a register that names their series, so that none is taken for another's edition."""
    series = [f"protocol-{number:03}" for number in range(plan.series)]
    sides = library_sides(dict.fromkeys(series, "en"), plan.seed)
    drugs = known_drugs()
    invented = Words(f"{plan.seed}:library")
    folder.mkdir(parents=True)
    register: list[str] = []
    for name in series:
        guideline = invented.guideline(plan.sections, drugs=drugs[sides[name]])
        (folder / f"{name}.md").write_text(_markdown(guideline), "utf-8")
        register.append(
            f'[[series]]\nid = "{name}"\ntitle = "{guideline.title}"\n\n'
            f'[[series.edition]]\nfile = "{name}.md"\nedition = "{guideline.edition}"\n'
        )
    (folder / "register.toml").write_text("\n".join(register), "utf-8")


def _markdown(guideline: Guideline) -> str:
    parts = [f"# {guideline.title}", f"Edition: {guideline.edition}"]
    for section in guideline.sections:
        parts += [f"## {section.heading}", " ".join(section.sentences)]
    return "\n\n".join(parts) + "\n"


def index_library(library: Path, index: Path) -> Settings:
    """The settings under which the library has a published snapshot; its short sections stay chunks of their own."""
    settings = load_settings(
        flags={"library": library, "index": index, "chunk": {"min_tokens": 8}, "embedder": {"engine": "fp32"}}
    )
    build_index(settings)
    return settings


def make_rows(
    settings: Settings, out: Path, plan: Plan, permitted: Sequence[str] = (), abstentions: int = ABSTENTIONS
) -> Dataset:
    """The program's rows of the snapshot, in a new folder."""
    wanted = Wanted(
        out=out,
        seed=plan.seed,
        passages=plan.passages,
        most=plan.most,
        feedback=False,
        permitted=tuple(permitted),
        abstentions=abstentions,
    )
    return tune_dataset(settings, wanted)
