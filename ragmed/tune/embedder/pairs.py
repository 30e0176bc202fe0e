"""Queries that a library holds itself, each with the passage that answers it.

============  ==========================================================  ============================
kind          query                                                       taken out of the positive
============  ==========================================================  ============================
``heading``   the nearest heading with the one above it, or alone         that heading
``question``  a heading or a sentence of the text that asks something     that heading or sentence
``sentence``  a sentence of the passage, whole or its content words       that sentence
``terms``     the known terms of a sentence, as in the gloss of a         that sentence
              Chinese question
============  ==========================================================  ============================

``sentence`` is the inverse cloze task (Lee et al. 2019, "Latent Retrieval for Weakly Supervised Open Domain Question
Answering"). A Chinese chunk gives English glosses on both sides, as in the index and in search.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ragmed.records import Chunk, Language
from ragmed.terms import find_terms, gloss_to_chinese, gloss_to_english
from ragmed.text.passages import embedding_text
from ragmed.text.sentences import sentence_spans
from ragmed.text.stop_words import ENGLISH_STOP_WORDS
from ragmed.tune.embedder.rows import LibraryRows

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
_LINK = re.compile(r"https?:|www\.|\bdoi\b", re.IGNORECASE)
LEAST_WORDS = 3
"""Content words of a query: the on-call questions of the development set have four or more."""
MOST_WORDS = 40
"""Words of a query; beyond them a "sentence" is a table's row or a list that lost its breaks."""
LEAST_LEFT = 15
"""Content words left in the positive: fewer than that cannot answer anything."""


class Kind(StrEnum):
    """Where a query comes from; see the module."""

    HEADING = "heading"
    QUESTION = "question"
    SENTENCE = "sentence"
    TERMS = "terms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A query and the row that answers it, ``positive`` being that row's text without the query."""

    kind: Kind
    query: str
    positive: str
    row: int
    headless: bool
    """The nearest heading is taken out of the positive."""


def pairs_of(rows: LibraryRows, row: int, seed: int) -> tuple[Pair, ...]:
    """At most one pair of each kind; which sentence and which form depends on seed and chunk alone."""
    chunk, title = rows.chunks[row], rows.titles[row]
    draw = random.Random(f"{seed}:{chunk.chunk_id}")
    if len(_LINK.findall(chunk.text)) > 1:
        return ()  # a list of references: it names what others say, and answers nothing
    made = (*_of_headings(chunk, title, row, draw), *_of_sentences(chunk, title, row, draw))
    found: dict[Kind, Pair] = {}
    for pair in made:
        found.setdefault(pair.kind, pair)
    return tuple(found.values())


def without_heading(chunk: Chunk, title: str) -> str:
    """What the embedder reads of the chunk when its nearest heading (or, having none, its title) is not there."""
    near = chunk.heading_path[-1] if chunk.heading_path else title
    text = chunk.text
    words = near.split()
    if words and (line := re.match(r"\s*" + r"\s+".join(map(re.escape, words)) + r"\s*", text)):
        text = text[line.end() :]  # a chunk may take the line of its heading along
    bare = replace(chunk, text=text, heading_path=chunk.heading_path[:-1])
    return _read(bare, title if chunk.heading_path else "")


def unambiguous(pairs: Sequence[Pair], rows: LibraryRows) -> list[Pair]:
    """The pairs whose query no other section has too: what stands everywhere asks for nothing in particular."""
    sections: dict[str, set[int]] = {}
    for pair in pairs:
        sections.setdefault(pair.query.casefold(), set()).add(int(rows.sections[pair.row]))
    return [pair for pair in pairs if len(sections[pair.query.casefold()]) == 1]


def content_words(text: str) -> list[str]:
    """The words that say what a text is about, in order."""
    return [word for word in _WORD.findall(text) if word.lower() not in ENGLISH_STOP_WORDS]


def _of_headings(chunk: Chunk, title: str, row: int, draw: random.Random) -> Iterator[Pair]:
    path = list(dict.fromkeys(" ".join(part.split()) for part in (title, *chunk.heading_path) if part.strip()))
    if not path or _too_short(chunk.text, chunk.language):
        return
    near, above = path[-1], path[-2] if len(path) > 1 else ""
    forms = [f"{above}: {near}", f"{near}, {above}"] if above else [near]
    if above and len(content_words(near)) >= LEAST_WORDS:
        forms.append(near)
    asks = near.endswith(("?", "？"))
    query = _query(near if asks else draw.choice(forms), chunk.language)
    positive = without_heading(chunk, title)
    if query and query.casefold() not in positive.casefold():
        kind = Kind.QUESTION if asks else Kind.HEADING
        yield Pair(kind=kind, query=query, positive=positive, row=row, headless=True)


def _of_sentences(chunk: Chunk, title: str, row: int, draw: random.Random) -> Iterator[Pair]:
    spans = list(sentence_spans(chunk.text, line_ends=False))
    draw.shuffle(spans)
    for start, end in spans:
        sentence = " ".join(chunk.text[start:end].split())
        if len(sentence.split()) > MOST_WORDS or _LINK.search(sentence):
            continue
        rest = f"{chunk.text[:start].rstrip()} {chunk.text[end:].lstrip()}".strip()
        if _too_short(rest, chunk.language) or sentence in rest:
            continue
        positive = _read(replace(chunk, text=rest), title)
        for kind, said in _forms(sentence, draw):
            query = _query(said, chunk.language)
            if query:
                yield Pair(kind=kind, query=query, positive=positive, row=row, headless=False)


def _forms(sentence: str, draw: random.Random) -> Iterator[tuple[Kind, str]]:
    if sentence.endswith(("?", "？")):
        yield Kind.QUESTION, sentence
        return
    yield Kind.SENTENCE, sentence if draw.random() < 0.5 else " ".join(content_words(sentence))
    if len(find_terms(sentence)) > 1:
        yield Kind.TERMS, gloss_to_english(gloss_to_chinese(sentence))


def _query(text: str, language: Language) -> str:
    """The query as search would embed it; empty where too little is left to look for."""
    said = _english(text, language)
    return said if len(content_words(said)) >= LEAST_WORDS else ""


def _too_short(text: str, language: Language) -> bool:
    return len(content_words(_english(text, language))) < LEAST_LEFT


def _english(text: str, language: Language) -> str:
    return gloss_to_english(text) if language is Language.CHINESE else text


def _read(chunk: Chunk, title: str) -> str:
    text = embedding_text(chunk, title)
    return _english(text, chunk.language) or text
