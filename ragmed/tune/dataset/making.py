"""``ragmed tune dataset``: library, reviewed feedback and files → rows on three sides → a folder with its card."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed import __version__
from ragmed.canonical import plain, sha256_bytes, sha256_file
from ragmed.errors import BadInputError
from ragmed.generate.prompt import REVISION
from ragmed.index.disk import new_building_folder, publish_folder, room_for_writing, sync_tree, write_file
from ragmed.interfaces import no_progress
from ragmed.tune.dataset.card import Placed, Told, card_of, markdown
from ragmed.tune.dataset.exports import exported, lines_of
from ragmed.tune.dataset.feedback import feedback_rows
from ragmed.tune.dataset.files import read_rows
from ragmed.tune.dataset.identifiers import Scrubber
from ragmed.tune.dataset.library import ABSTENTIONS, library_rows
from ragmed.tune.dataset.problems import Problem
from ragmed.tune.dataset.rows import Form, Split, json_of
from ragmed.tune.dataset.usable import usable

if TYPE_CHECKING:
    from ragmed.audit.log import SqliteLog
    from ragmed.index.snapshot import Snapshot
    from ragmed.interfaces import Progress, Retriever

CARD, CARD_TEXT, PROBLEMS = "card.json", "card.md", "problems.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a dataset is to be made of."""

    out: Path
    seed: int = 7
    passages: int = 8
    """Of a prompt made from the library."""
    most: int = 0
    """Questions of the library at most (0: all)."""
    abstentions: int = ABSTENTIONS
    """Every so manieth question of the library is asked again without its passages."""
    library: bool = True
    feedback: bool = True
    files: tuple[Path, ...] = ()
    across: bool = False
    """Also questions in the other language than the page's."""
    permitted: tuple[str, ...] = ()
    """Restricted documents that may be trained on."""
    formats: tuple[str, ...] = ()
    """``ms-swift``, ``llama-factory``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What was made."""

    out: Path
    card: Mapping[str, Any]
    problems: tuple[Problem, ...]

    def report(self) -> dict[str, Any]:
        """What is printed."""
        return {"folder": self.out.name, **self.card, "problems": [plain(one) for one in self.problems]}


def make_dataset(
    wanted: Wanted,
    snapshot: Snapshot,
    retriever: Retriever | None,
    log: SqliteLog,
    progress: Progress = no_progress,
) -> Dataset:
    """Make the rows and write ``wanted.out``. ``retriever``: needed for the library's own questions.

    Raises BadInputError (``out`` is taken, a file is in no known format, nothing to make rows of), NotPossibleError
    (the disk takes no more); nothing is left behind then.
    """
    _check(wanted)
    scrub = Scrubber()
    found = usable(snapshot, wanted.seed, wanted.permitted)
    rows: list[Placed] = []
    problems: list[Problem] = []
    passed_over: Mapping[str, int] = {}
    told: Mapping[str, int] = {}
    sources: list[Mapping[str, Any]] = []
    if wanted.library and retriever is not None:
        made = library_rows(
            found,
            snapshot,
            retriever,
            passages=wanted.passages,
            seed=wanted.seed,
            most=wanted.most,
            across=wanted.across,
            abstentions=wanted.abstentions,
            progress=progress,
        )
        rows += made.rows
        passed_over = made.passed_over
    if wanted.feedback:
        given = feedback_rows(log, found, snapshot, scrub)
        rows += given.rows
        problems += given.problems
        told = given.told
    if wanted.files:
        read = read_rows(wanted.files, found, snapshot, scrub)
        rows += read.rows
        problems += read.problems
        sources = [{"name": path.name, "sha256": sha256_file(path), **read.told[path]} for path in wanted.files]
    given_twice = len(rows)
    rows = _once(rows)
    if not rows and not problems:
        raise BadInputError(
            "there is nothing to make rows of",
            remedy="index documents with headings and running text, review feedback, or name files with --from",
        )
    card_told = Told(
        snapshot_id=snapshot.snapshot_id,
        prompt_revision=REVISION,
        code_version=__version__,
        seed=wanted.seed,
        passages=wanted.passages,
        abstentions=wanted.abstentions,
        library=found,
        passed_over=passed_over,
        feedback=told,
        sources=sources,
        removed=scrub.removed,
        finder=scrub.finder,
        problems=problems,
        repeated=given_twice - len(rows),
    )
    card = _write(wanted, rows, card_told)
    return Dataset(out=wanted.out, card=card, problems=tuple(problems))


def _check(wanted: Wanted) -> None:
    out = wanted.out
    if out.exists():
        raise BadInputError(f"{out}: there is something already", remedy="give --out a folder that does not exist yet")
    if not out.parent.is_dir():
        raise BadInputError(f"{out.parent}: no such folder", remedy="make it, or give --out another place")
    for path in wanted.files:
        if not path.is_file():
            raise BadInputError(f"{path}: no such file", remedy="name a JSON Lines or JSON file with --from")


def _once(rows: Sequence[Placed]) -> list[Placed]:
    """Every row once, in order: library, feedback, files."""
    return list({row.meta.row_id: (split, row) for split, row in reversed(rows)}.values())[::-1]


def _write(wanted: Wanted, rows: Sequence[Placed], told: Told) -> Mapping[str, Any]:
    """The folder, whole or not at all, readable by its owner alone; returns the card."""
    files: dict[str, bytes] = {}
    for form in Form:
        if form is not Form.SFT and not any(row.form is form for _, row in rows):
            continue
        for split in Split:
            own = [json_of(row) for side, row in rows if side is split and row.form is form]
            files[f"{form.value}/{split.value}.jsonl"] = lines_of(own)
    for name in wanted.formats:
        files |= exported(rows, name)
    files[PROBLEMS] = lines_of([plain(one) for one in told.problems])
    card = card_of(rows, told, {name: sha256_bytes(content) for name, content in files.items()})
    files[CARD] = f"{json.dumps(card, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()
    files[CARD_TEXT] = markdown(card, told.problems).encode("utf-8")
    with room_for_writing(wanted.out.parent, remedy="make room, or give --out another folder, and run it again"):
        building = new_building_folder(wanted.out.parent)
        try:
            building.chmod(0o700)  # words of doctors are in it
            for name, content in files.items():
                (building / name).parent.mkdir(exist_ok=True)
                write_file(building / name, content)
            sync_tree(building)
            _check(wanted)
            publish_folder(building, wanted.out)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return card
