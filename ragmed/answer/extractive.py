"""Answers without a language model: the sentences that answer, word for word.

Laws of this room: every claim is a contiguous stretch of a page with its offsets; the same passages give the same
answer (ties are broken by place); no sentence is better than a wrong one: where nothing fits, the draft is empty and
the assistant abstains. Choosing has two stages: words and concepts over all sentences of the passages, then the
embedder over the best ``DENSE_CANDIDATES`` of them, so that a question costs one batch.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.answer import support
from ragmed.answer.asks import Asks, asked_for
from ragmed.answer.entries import is_entry_line
from ragmed.answer.excerpts import Excerpt, excerpts
from ragmed.answer.fitting import answers, fit
from ragmed.answer.recognising import diagnoses, standing
from ragmed.drafts import Draft
from ragmed.records import Generation, Language, Mode, Passage, Query
from ragmed.terms import find_terms, gloss_to_english
from ragmed.text.language import detect_language
from ragmed.text.numbers import quantities

if TYPE_CHECKING:
    from ragmed.interfaces import Embedder

REVISION = "4"
"""Changes whenever the same passages may give another answer."""
DENSE_CANDIDATES = 12
_EMBEDDED_CHARACTERS = 240
"""Of a long excerpt this much is embedded: about 55 tokens, where the time of a question goes."""

_LEXICAL, _DENSE, _RANK, _SAME_LANGUAGE = 0.42, 0.60, 0.25, 0.12
"""Weights of a sentence's score. Measured on the on-call development questions (docs/adr/0006-citation-checks.md)."""
_ASKING = support.content_words(
    "dose doses dosage change changes suggest suggests show shows confirm confirms repeat repeated take taken give"
    " given"
    " first start starting initial hour hours day days week weeks month months minute minutes long often soon level"
    " limit"
    " test tests diagnosis examination treatment management therapy sign signs symptom symptoms cause causes feature"
    " features criteria choice line need needed use used mean meaning recommended patient adult time rate route"
    " 剂量 用量 首选 检查 诊断 治疗 处理 复查 随访 表现 症状 标准 时间 多久 多少 什么 哪些 情况 患者 成人"
)
_ASKING_CONCEPTS = support.concepts("test, blood test, diagnosis, examination, treatment, management, symptom, dose")
_ASKING_WEIGHT = 0.4
"""Weight of the words that ask, beside those that say what is asked about: the kind of sentence answers them."""
_HEADING = 0.3
"""Weight of a question word that stands only in the headings above the sentence."""
_TITLE = 0.2
"""What a caption or title loses against a statement."""
_ROW = 0.08
"""What a row of a table loses against a sentence: it is taken where it answers better than any."""
_ROW_NAMED = 0.15
"""What a row gains whose first cell is a number of the question, or a range that holds it ("boy of 12")."""
_LEANS = 0.06
"""What a sentence loses that leans on the one before it."""
LEANING = re.compile(
    r"(?:However|But|Thus|Therefore|Moreover|Furthermore|In addition|This|These|Such|但|然而|此外|因此)\b,?"
)
"""How a sentence begins that leans on the one before it."""
_ROW_IN_CASE = 0.25
"""The same beside a card: a row of a score says not what to think of."""
_FRAGMENT = 0.25
"""What a line of a differential card ("Next test: …") loses against a sentence."""
_FLOOR = 0.62
"""Sentences under this share of the best one's score are not part of the answer."""
_FEW = 4
"""Claims at most where the best sentence is of the kind asked for."""
_LEAST_LEXICAL, _LEAST_DENSE = 0.12, 0.35
"""A sentence under both answers nothing."""
_CASE_FLOOR = 0.65
"""The same beside a card, which says the rest."""
_NEAR_DUPLICATE = 0.7
_CLAIMS_OF_PASSAGE = 3


@dataclass(frozen=True, slots=True)
class _Scored:
    excerpt: Excerpt
    lexical: float
    score: float
    words: frozenset[str]


class ExtractiveGenerator:
    """A ``Generator`` that quotes. Without an embedder it goes by words and concepts alone."""

    kind = "extractive"

    def __init__(self, embedder: Embedder | None = None, *, max_claims: int = 7, multilingual: bool = False) -> None:
        self._embedder = embedder
        self._max_claims = max_claims
        self._multilingual = multilingual

    def generate(self, query: Query, mode: Mode, passages: Sequence[Passage]) -> Generator[Draft, None, None]:
        """The draft, at once: one claim a line, each ending with its marker; ``quotes`` has the offsets of each.

        Empty: nothing answers.
        """
        asks = asked_for(query.text, query.english)
        scored = self._scored(query, mode, passages, asks)
        chosen = _ordered(_chosen(scored, *self._extent(scored, mode, asks)))
        lines = [f"{one.excerpt.text} [{one.excerpt.passage.marker}]" for one in chosen]
        model = "words+concepts" if self._embedder is None else f"words+concepts+{self._embedder.name}"
        generation = Generation(text="\n".join(lines), kind=self.kind, model_id=model, revision=REVISION)
        quotes = tuple((one.excerpt.passage.marker, one.excerpt.start, one.excerpt.end) for one in chosen)
        yield Draft(generation=generation, quotes=quotes)

    def _extent(self, scored: Sequence[_Scored], mode: Mode, asks: Asks) -> tuple[int, float]:
        """How many claims at most, and the share of the best one's score that each needs: few where the best one is of
        the kind asked for, more for a list, a case, or where no sentence is clearly the answer."""
        if mode is Mode.DIFFERENTIAL:
            return min(_FEW + 1, self._max_claims), _CASE_FLOOR
        if asks.wants_list or not scored:
            return self._max_claims, _FLOOR
        best = scored[0].excerpt
        return min(_FEW, self._max_claims) if answers(best.text, asks, _headings(best)) else self._max_claims, _FLOOR

    def _scored(self, query: Query, mode: Mode, passages: Sequence[Passage], asks: Asks) -> list[_Scored]:
        """The best candidates by words, then with the embedder's view of them; best first."""
        candidates = list({one.key: one for passage in passages for one in excerpts(passage)}.values())
        candidates = [one for one in candidates if not one.is_reference]
        if mode is Mode.DIFFERENTIAL:
            candidates = [one for one in candidates if not is_entry_line(one.text)]
        wanted = _Wanted.of(query, [one.text for one in candidates])
        asked_numbers = {number.value for number in quantities(query.text)}
        wanted_diagnoses = diagnoses(query, passages)
        first = []
        for excerpt in (one for one in candidates if not one.is_caption):
            words = support.content_words(excerpt.text)
            lexical = wanted.share(excerpt, words)
            extra = _rank_prior(excerpt, passages) + _language_bonus(excerpt, query)
            if mode is Mode.DIFFERENTIAL:
                extra += standing(excerpt.text, wanted_diagnoses)
            else:
                extra += fit(excerpt.text, asks, _headings(excerpt))
            extra -= _TITLE if excerpt.is_title else 0.0
            if excerpt.is_row:
                extra -= _ROW_IN_CASE if mode is Mode.DIFFERENTIAL else _ROW
                extra += _ROW_NAMED if excerpt.row_number_in(asked_numbers) else 0.0
            extra -= _LEANS if LEANING.match(excerpt.text) else 0.0
            extra -= _FRAGMENT if is_entry_line(excerpt.text) else 0.0
            first.append(_Scored(excerpt, lexical, _LEXICAL * lexical + extra, words))
        first.sort(key=_best_first)
        return self._with_dense(query, first[:DENSE_CANDIDATES])

    def _with_dense(self, query: Query, candidates: list[_Scored]) -> list[_Scored]:
        if self._embedder is None or not candidates:
            # the words carry the embedder's share too
            scored = [
                _Scored(one.excerpt, one.lexical, one.score + _DENSE * one.lexical, one.words) for one in candidates
            ]
            return sorted((one for one in scored if one.lexical >= _LEAST_LEXICAL), key=_best_first)
        texts = [_embeddable(one.excerpt, multilingual=self._multilingual) for one in candidates]
        vectors = self._embedder.embed_passages(texts)
        asked = query.text if self._multilingual else query.english or query.text
        question = self._embedder.embed_queries([asked])[0]
        scored = []
        for one, similarity in zip(candidates, (vectors @ question).tolist(), strict=True):
            if one.lexical >= _LEAST_LEXICAL or similarity >= _LEAST_DENSE:
                score = one.score + _DENSE * max(0.0, similarity)
                scored.append(_Scored(one.excerpt, one.lexical, score, one.words))
        return sorted(scored, key=_best_first)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the question asks about: words and concepts with their weights (rare ones weigh more)."""

    words: dict[str, float]
    concepts: dict[str, float]

    @classmethod
    def of(cls, query: Query, texts: Sequence[str]) -> _Wanted:
        own = support.content_words(query.text) | support.content_words(query.english)
        named = {one.english.lower() for one in query.expansions if one.reason != "intent"} | support.concepts(
            query.text
        )
        said: Counter[str] = Counter()
        meant: Counter[str] = Counter()
        for text in texts:
            said.update(support.content_words(text) & own)
            meant.update(support.concepts(text) & named)

        def weight(count: int) -> float:
            return math.log(1 + (len(texts) + 1) / (count + 0.5))

        asking = _ASKING.union(
            *(
                support.content_words(match.surface)
                for match in find_terms(query.text)
                if match.term.en.lower() in _ASKING_CONCEPTS
            )
        )
        # a word of the question that no sentence has tells them not apart
        words = {
            word: weight(said[word]) * (_ASKING_WEIGHT if word in asking else 1.0) for word in sorted(own) if said[word]
        }
        concepts = {
            name: weight(meant[name]) * (_ASKING_WEIGHT if name in _ASKING_CONCEPTS else 1.0)
            for name in sorted(named)
            if meant[name]
        }
        return cls(words, concepts)

    def share(self, excerpt: Excerpt, words: frozenset[str]) -> float:
        """How much of what is wanted the sentence holds, 0 to 1; the headings above count for a part."""
        total = sum(self.words.values()) + sum(self.concepts.values())
        if not total:
            return 0.0
        headings = " ".join(excerpt.passage.chunk.heading_path)
        above, there = support.content_words(headings), support.concepts(excerpt.text)
        meant_above = support.concepts(headings)
        got = sum(w * (1.0 if word in words else _HEADING * (word in above)) for word, w in self.words.items())
        got += sum(
            w * (1.0 if name in there else _HEADING * (name in meant_above)) for name, w in self.concepts.items()
        )
        return got / total


def _best_first(one: _Scored) -> tuple[float, tuple[str, int, int, int]]:
    """Best score first; of equals the first on the page, and a whole list before its first items."""
    document_id, page, start, end = one.excerpt.key
    return -round(one.score, 9), (document_id, page, start, -end)


def _rank_prior(excerpt: Excerpt, passages: Sequence[Passage]) -> float:
    """The search's own opinion of the passage, 0 to ``_RANK``."""
    best = max((passage.hit.score for passage in passages), default=0.0)
    return _RANK * (excerpt.passage.hit.score / best) if best > 0 else 0.0


def _language_bonus(excerpt: Excerpt, query: Query) -> float:
    return _SAME_LANGUAGE if excerpt.passage.chunk.language is query.language else 0.0


def _embeddable(excerpt: Excerpt, *, multilingual: bool) -> str:
    """The sentence under its nearest heading; a Chinese one, for an English model, through its gloss, as in the
    index."""
    heading = excerpt.passage.chunk.heading_path[-1:] or (excerpt.passage.document.title,)
    text = f"{heading[0]}: {excerpt.text[:_EMBEDDED_CHARACTERS]}"
    if multilingual or detect_language(text) is not Language.CHINESE:
        return text
    return gloss_to_english(text) or text


def _headings(excerpt: Excerpt) -> str:
    return " ".join(excerpt.passage.chunk.heading_path)


def _chosen(scored: Sequence[_Scored], most: int, floor: float) -> list[_Scored]:
    """The best sentences, near duplicates and the far weaker ones left out."""
    chosen: list[_Scored] = []
    of_passage: Counter[str] = Counter()
    for one in scored:
        if len(chosen) == most or one.score < floor * scored[0].score:
            break
        chunk_id = one.excerpt.passage.chunk.chunk_id
        if of_passage[chunk_id] < _CLAIMS_OF_PASSAGE and not any(_repeats(one, other) for other in chosen):
            chosen.append(one)
            of_passage[chunk_id] += 1
    return chosen


def _repeats(one: _Scored, other: _Scored) -> bool:
    mine, theirs = one.excerpt, other.excerpt
    same_page = mine.key[:2] == theirs.key[:2]
    if same_page and mine.own[0] < theirs.end and theirs.own[0] < mine.end:
        return True
    if mine.text == theirs.text:
        return True
    if mine.passage.document.language is not theirs.passage.document.language:
        return False
    both = len(one.words & other.words)
    return both / max(1, len(one.words | other.words)) > _NEAR_DUPLICATE


def _ordered(chosen: Sequence[_Scored]) -> list[_Scored]:
    """Grouped by document and section, the best group first; in a group the best sentence, then reading order."""
    groups: dict[tuple[str, tuple[str, ...]], list[_Scored]] = {}
    for one in chosen:
        chunk = one.excerpt.passage.chunk
        groups.setdefault((chunk.document_id, chunk.heading_path), []).append(one)
    return [
        one
        for group in groups.values()  # made in order of their best sentence
        for one in (group[0], *sorted(group[1:], key=lambda other: other.excerpt.key))
    ]
