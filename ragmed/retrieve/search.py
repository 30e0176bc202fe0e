"""Question → passages: both halves of the search, fused, without repeats, with how sure we are that they cover it.

Laws of this room: the question is embedded once; superseded editions answer only where the filters ask for them; the
same text is shown once; coverage does not depend on how many passages the caller wants; no question is kept anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragmed.errors import SettingsError
from ragmed.interfaces import WeightedText
from ragmed.records import Chunk, Hit, Language, Passage, Query, Retrieval, ScorePart
from ragmed.retrieve.analyse import PARTS, Analyser
from ragmed.retrieve.coverage import EVIDENCE, Evidence, Signs, coverage, missing_terms, signs_of
from ragmed.retrieve.fusion import Fused, fuse, supported

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragmed.interfaces import Embedder, SnapshotReader, Snapshots
    from ragmed.records import Filters
    from ragmed.settings import RetrieveSettings

Half = tuple["NDArray[np.int64]", "NDArray[np.float32]"]

GLOSS_WEIGHT = 1.0
"""English words for a Chinese question, among English pages; the other way round ``OTHER_LANGUAGE_WEIGHT``."""
OTHER_LANGUAGE_WEIGHT = 0.4
SAME_THING_WEIGHT = 0.7
"""What an abbreviation stands for, and mended slips."""
SYNONYM_WEIGHT = 0.3
INTENT_WEIGHT = 0.8
"""All measured in docs/adr/0004-fusion.md."""

_TITLES = 3


WINDOW_WEIGHT = 0.7
"""Share of a chunk's best window in its nearness, the chunk as a whole has the rest (docs/adr/0011-windows.md)."""

WINDOWS, SUPPORT = "windows", "support"
"""The names under which comparing windows and the lift by a document's other hits can be left out."""

ALL_PARTS = (*PARTS, WINDOWS, SUPPORT)
"""All that can be left out, to measure what it is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Rows of one snapshot for one query: each half, best first, and both fused."""

    dense: Half
    """By the chunks' own vectors."""
    near: Half
    """What either half found, by chunk and best window together; as ``dense`` where windows are left out."""
    lexical: Half
    fused: Fused
    cosines: Mapping[int, float]
    """Of the chunks' own vectors, of every row that was compared."""


class HybridRetriever:
    """A ``Retriever`` over the current snapshot. Safe to share between threads."""

    def __init__(
        self,
        snapshots: Snapshots,
        embedder: Embedder,
        settings: RetrieveSettings,
        *,
        multilingual: bool = False,
        without: frozenset[str] = frozenset(),
    ) -> None:
        """``multilingual``: the embedder reads Chinese itself, and a Chinese question needs no gloss.

        ``without``: of ``ALL_PARTS``, those to leave out, to measure what they are worth.
        """
        self._multilingual = multilingual
        self._without = without
        self._snapshots = snapshots
        self._embedder = embedder
        self._settings = settings

    def analyse(self, question: str, language: Language | None, filters: Filters) -> Query:
        """The query for a question; words that the library does not hold are mended where they are clear slips."""
        analyser = Analyser(self._snapshots.current().document_frequency, without=self._without & set(PARTS))
        return analyser.analyse(question, language, filters)

    def retrieve(self, query: Query, k: int) -> Retrieval:
        """At most ``k`` passages, best first, marked 1, 2, …

        Raises NoIndexError, IntegrityError, and SettingsError where the index was made with another embedder.
        """
        snapshot = self._snapshots.current()
        ranking = self.rank(snapshot, query)
        signs = self.signs(snapshot, query, ranking)
        if SUPPORT not in self._without:
            rows = ranking.fused.rows.tolist()
            ranking = replace(ranking, fused=supported(ranking.fused, snapshot.document_numbers(rows)))
        found = tuple(_distinct(snapshot, ranking, max(k, _TITLES)))
        passages = tuple(passage for passage, _ in found)
        return Retrieval(
            query=query,
            passages=passages[:k],
            coverage=coverage(signs),
            missing_terms=missing_terms(query, [_evidence(*one) for one in found[:k]]),
            nearest_titles=tuple(dict.fromkeys(passage.document.title for passage in passages))[:_TITLES],
        )

    def signs(self, snapshot: SnapshotReader, query: Query, ranking: Ranking) -> Signs | None:
        """The signs of coverage. They are a matter of the nearest chunks, as ``rank`` has them: the lift by a
        document's other hits says nothing of it."""
        nearest = [_evidence(*one) for one in _distinct(snapshot, ranking, EVIDENCE)]
        reached = set(snapshot.document_numbers(ranking.fused.rows.tolist()).tolist())
        return signs_of(query, nearest, snapshot.document_frequency, snapshot.chunk_count(), documents=len(reached))

    def rank(self, snapshot: SnapshotReader, query: Query) -> Ranking:
        """The chunk rows of ``snapshot`` for a query, each by itself: not yet read, lifted or rid of repeats."""
        if snapshot.embedder_name != self._embedder.name:
            raise SettingsError(
                f"the index was made with the embedder {snapshot.embedder_name!r}, the settings name "
                f"{self._embedder.name!r}",
                remedy="run `ragmed index`, or set embedder.model back",
            )
        if snapshot.embedder_revision != self._embedder.revision:
            raise SettingsError(
                f"the index was made with the weights {snapshot.embedder_revision[:12]} of {snapshot.embedder_name!r}, "
                f"the settings name a folder of that name with the weights {self._embedder.revision[:12]}",
                remedy="run `ragmed index`, or set embedder.model back",
            )
        depth = self._settings.depth
        chinese = self._multilingual and query.language is Language.CHINESE
        vector = self._embedder.embed_queries([query.text if chinese else query.english])[0]
        dense = snapshot.dense(vector, depth, query.filters)
        lexical = snapshot.lexical(lexical_texts(query), depth, query.filters)
        near, cosines = dense, dict(zip(dense[0].tolist(), dense[1].tolist(), strict=True))
        if WINDOWS not in self._without:
            near, cosines = _nearest(snapshot, vector, dense, lexical, depth)
        return Ranking(dense=dense, near=near, lexical=lexical, fused=fuse(near, lexical, depth=depth), cosines=cosines)


def _nearest(
    snapshot: SnapshotReader, vector: NDArray[np.float32], dense: Half, lexical: Half, depth: int
) -> tuple[Half, dict[int, float]]:
    """The ``depth`` nearest of the rows that either half found, and the cosine of each row's chunk as a whole."""
    import numpy as np

    rows = np.union1d(dense[0], lexical[0]).astype(np.int64)
    whole, best = snapshot.nearness(vector, rows.tolist())
    scores = ((1 - WINDOW_WEIGHT) * whole + WINDOW_WEIGHT * best).astype(np.float32)
    order = np.lexsort((rows, -scores))[:depth]
    return (rows[order], scores[order]), dict(zip(rows.tolist(), whole.tolist(), strict=True))


def lexical_texts(query: Query) -> tuple[WeightedText, ...]:
    """The words of the lexical half: the user's own at weight 1, what was put beside them at less."""
    texts = [WeightedText(text=query.text)]
    said: dict[str, list[str]] = {}
    for one in query.expansions:
        said.setdefault(one.reason, []).append(one.english)
    if query.language is Language.CHINESE:
        # the gloss holds the terms already, and what is asked about them
        texts.append(WeightedText(text=query.english, weight=GLOSS_WEIGHT))
    else:
        same = [*said.get("abbreviation", ()), *said.get("spelling", ())]
        weighted = (
            (same, SAME_THING_WEIGHT),
            (said.get("synonym", []), SYNONYM_WEIGHT),
            (said.get("intent", []), INTENT_WEIGHT),
            ([query.chinese], OTHER_LANGUAGE_WEIGHT),
        )
        texts += [WeightedText(text=" ".join(words), weight=weight) for words, weight in weighted if any(words)]
    return tuple(texts)


def _distinct(snapshot: SnapshotReader, ranking: Ranking, wanted: int) -> Iterator[tuple[Passage, float]]:
    """The best ``wanted`` rows as passages with their cosine (0 where nothing compared them), repeats left out."""
    shown: list[Chunk] = []
    fused = ranking.fused
    for start in range(0, len(fused.rows), 2 * wanted):
        rows = [int(row) for row in fused.rows[start : start + 2 * wanted]]
        for place, chunk in enumerate(snapshot.chunks(rows), start):
            if any(_repeats(chunk, earlier) for earlier in shown):
                continue
            shown.append(chunk)
            yield _passage(snapshot, chunk, fused, place, len(shown)), ranking.cosines.get(rows[place - start], 0.0)
            if len(shown) == wanted:
                return


def _evidence(passage: Passage, cosine: float) -> Evidence:
    chunk = passage.chunk
    return Evidence.of(cosine, chunk.text, (passage.document.title, *chunk.heading_path), document_id=chunk.document_id)


def _repeats(chunk: Chunk, earlier: Chunk) -> bool:
    """The same words again, or a span that lies mostly (by half of the shorter) over one shown before."""
    if chunk.document_id == earlier.document_id and chunk.page_number == earlier.page_number:
        overlap = min(chunk.end, earlier.end) - max(chunk.start, earlier.start)
        if 2 * overlap > min(chunk.end - chunk.start, earlier.end - earlier.start):
            return True
    return len(chunk.text.split()) == len(earlier.text.split()) and _plain(chunk.text) == _plain(earlier.text)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _passage(snapshot: SnapshotReader, chunk: Chunk, fused: Fused, place: int, marker: int) -> Passage:
    parts: Sequence[tuple[str, float, int]] = (
        ("dense", float(fused.dense[place]), int(fused.dense_ranks[place])),
        ("lexical", float(fused.lexical[place]), int(fused.lexical_ranks[place])),
    )
    return Passage(
        marker=marker,
        hit=Hit(
            chunk_id=chunk.chunk_id,
            rank=marker,
            score=float(fused.scores[place]),
            parts=tuple(ScorePart(name=name, score=score, rank=rank) for name, score, rank in parts if rank),
        ),
        chunk=chunk,
        document=snapshot.document(chunk.document_id),
        page_label=snapshot.page_label(chunk.document_id, chunk.page_number),
    )
