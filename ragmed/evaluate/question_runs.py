"""Runs over questions: pages in place of documents, in TREC form, and the baselines' pages.

Laws of this room: a page is written ``path#page``, the path percent-encoded so that a line has six fields; a
question that a saved run lacks found nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from ragmed.canonical import write_atomic
from ragmed.errors import BadInputError
from ragmed.evaluate.baselines import baseline_rows, require_baseline
from ragmed.evaluate.measures import read_trec, trec_lines
from ragmed.evaluate.question_file import Question
from ragmed.evaluate.questions import PLACES, Asked, Place, places_of
from ragmed.records import Filters

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader, Snapshots
    from ragmed.retrieve.search import HybridRetriever


def baseline_of(
    name: str, retriever: HybridRetriever, snapshots: Snapshots, depth: int
) -> Callable[[Question], Sequence[Place]]:
    """The pages that the named baseline, or the saved run of that file, has for a question.

    Raises BadInputError where ``name`` is neither.
    """
    saved = require_baseline(name)
    if saved:
        run = read_places(saved)
        return lambda question: run.get(question.question_id, ())

    def places(question: Question) -> Sequence[Place]:
        snapshot = snapshots.current()
        found = retriever.rank(snapshot, retriever.analyse(question.text, None, Filters()))
        return places_of(_places(snapshot, baseline_rows(name, found, depth)))

    return places


def _places(snapshot: SnapshotReader, rows: Sequence[int]) -> Iterable[Place]:
    for chunk in snapshot.chunks(rows):
        yield snapshot.document(chunk.document_id).source_path, chunk.page_number


def write_places(file: Path, asked: Sequence[Asked]) -> None:
    """Save what was found, in TREC form."""
    run = {quote(one.question.question_id, safe=""): [_name(place) for place in one.places] for one in asked}
    write_atomic(file, trec_lines(run, "ragmed-questions").encode("utf-8"))


def read_places(file: Path) -> dict[str, tuple[Place, ...]]:
    """A saved run: question → at most ten pages. Raises BadInputError where a name is no page."""
    return {
        unquote(question): tuple(_place(file, name) for name in names[:PLACES])
        for question, names in read_trec(file).items()
    }


def _name(place: Place) -> str:
    path, page = place
    return f"{quote(path)}#{page}"


def _place(file: Path, name: str) -> Place:
    path, _, page = name.rpartition("#")
    if not path or not page.isdigit():
        raise BadInputError(f"{file}: {name!r} is no page", remedy="a run of `ragmed eval questions --run`: path#page")
    return unquote(path), int(page)
