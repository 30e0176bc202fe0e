"""The guard: what the model knew before must not be lost for what it learned.

A test collection in the BEIR layout that has nothing to do with the library, dense search alone, before and after. This
is not about gains: asked is whether a loss larger than ``MOST_LOST`` can be excluded.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ragmed.evaluate.beir import BeirDocument, BeirQuery, Collection, Judgment, read_collection
from ragmed.evaluate.measures import ndcg_by_query
from ragmed.evaluate.resampling import Comparison, compare
from ragmed.interfaces import Progress, no_progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ragmed.interfaces import Embedder

MOST_LOST = 0.02
"""nDCG@10: as much as fusing both halves gained on medquad (docs/adr/0004-fusion.md); the lower end of the difference's
95 % interval must lie above it."""
MOST_QUERIES = 400
MOST_DOCUMENTS = 1500
"""Of a larger collection a sample: the relevant documents first, then others. Two minutes a model on two cores."""
_DEPTH = 100

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSet:
    """The questions that the model was not tuned on, with as many documents as take part."""

    name: str
    documents: tuple[BeirDocument, ...]
    queries: tuple[BeirQuery, ...]
    judgments: tuple[Judgment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The guard's figures."""

    name: str
    documents: int
    comparison: Comparison

    @property
    def held(self) -> bool:
        return self.comparison.low > -MOST_LOST

    def named(self) -> dict[str, Any]:
        """By the names that are printed."""
        return {
            "collection": self.name,
            "documents": self.documents,
            "most_lost": MOST_LOST,
            **self.comparison.named(),
        }


def read_guard(folder: Path, seed: int) -> GuardSet:
    """The collection in ``folder``, or a seeded sample of it. Raises BadInputError where it is not in the layout."""
    return _sample(read_collection(folder), random.Random(f"{seed}:guard"))


def _sample(collection: Collection, draw: random.Random) -> GuardSet:
    queries = _some(collection.queries, MOST_QUERIES, draw)
    asked = {query.query_id for query in queries}
    judgments = tuple(judgment for judgment in collection.judgments if judgment.query_id in asked)
    judged = {judgment.document_id for judgment in judgments}
    first = tuple(document for document in collection.documents if document.document_id in judged)
    others = tuple(document for document in collection.documents if document.document_id not in judged)
    return GuardSet(
        name=collection.name,
        documents=(*first, *_some(others, max(0, MOST_DOCUMENTS - len(first)), draw)),
        queries=queries,
        judgments=judgments,
    )


def _some(items: tuple[_T, ...], most: int, draw: random.Random) -> tuple[_T, ...]:
    """At most so many of them, in their order."""
    if len(items) <= most:
        return items
    return tuple(items[place] for place in sorted(draw.sample(range(len(items)), most)))


def guard(found: GuardSet, before: Embedder, after: Embedder, progress: Progress = no_progress) -> Guarded:
    """Ask both models. A document is read as far as the model reads (its first tokens)."""
    theirs, ours = (
        ndcg_by_query(found.judgments, _run(found, embedder, f"guard, {side}", progress))
        for side, embedder in (("untuned", before), ("tuned", after))
    )
    return Guarded(
        name=found.name, documents=len(found.documents), comparison=compare("untuned", "ndcg@10", ours, theirs)
    )


def _run(found: GuardSet, embedder: Embedder, what: str, progress: Progress) -> dict[str, list[str]]:
    texts = [f"{one.title}\n{one.text}".strip() for one in found.documents]
    passages = embedder.embed_passages(texts, lambda _, done, total: progress(what, done, total))
    queries: NDArray[np.float32] = embedder.embed_queries([query.text for query in found.queries])
    order = np.argsort(-(queries @ passages.T), axis=1, kind="stable")[:, :_DEPTH]
    return {
        query.query_id: [found.documents[place].document_id for place in best]
        for query, best in zip(found.queries, order, strict=True)
    }
