"""How sure the search is that the library covers a question at all.

Laws of this room: coverage lies in [0, 1], depends on the question and the best few passages alone, and grows with the
cosine and with the subject, and falls with the scatter. Three signs were kept, all measured in
docs/adr/0005-abstention.md: how near the nearest passage is (the cosine), how much of what the question is *about* (its
clinical terms, the rare ones more) stands together in one passage, and over how many documents the best passages are
scattered: what a library covers, it has a document for; what it only mentions, it mentions here and there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ragmed.records import Query
from ragmed.terms import Term, find_terms
from ragmed.text.words import words

EVIDENCE = 5
"""Passages that coverage looks at."""

KIND_WEIGHTS = {
    "disease": 1.0,
    "drug": 1.0,
    "organism": 1.0,
    "procedure": 1.0,
    "test": 1.0,
    "finding": 0.6,
    "anatomy": 0.5,
    "general": 0.15,
}
"""How much a term of each kind says of what a question is about."""

SUBJECT = frozenset({"disease", "drug", "organism", "procedure", "test"})
"""Kinds whose absence is worth telling the reader."""

COSINE_WEIGHT, SUBJECT_WEIGHT, SCATTER_WEIGHT, BIAS = 8.195, 3.667, -2.152, -4.486
"""Logistic regression on the development half of the questions (docs/adr/0005-abstention.md). The bias is moved so that
at 0.5 no more than three in a hundred answerable ones of that half are abstained from."""

UNTOLD = 0.5
"""Scatter where it cannot be told: one passage, or fewer documents in reach of the search than passages looked at."""

PRIOR = 1.0
"""Weight of an assumed term that is half there: a question that names no clinical term, or only general ones, is
neither for nor against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one passage has to say: how near it is, its words with those of its headings, and its document."""

    cosine: float
    held: frozenset[str]
    document_id: str

    @classmethod
    def of(cls, cosine: float, text: str, headings: Sequence[str] = (), *, document_id: str = "") -> Evidence:
        """``headings`` with the document's title."""
        return cls(cosine=cosine, held=frozenset(words("\n".join((*headings, text)))), document_id=document_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What coverage goes by, each in [0, 1] but the cosine, which lies in [-1, 1]."""

    cosine: float
    """Of the nearest passage."""
    subject: float
    """``subject_share`` of the one passage that has most."""
    scatter: float
    """0 where all passages are of one document, 1 where each is of another."""


def coverage(signs: Signs | None) -> float:
    """Chance, in [0, 1], that a question with these signs is answered by the library; 0 where nothing was found."""
    if signs is None:
        return 0.0
    told = COSINE_WEIGHT * signs.cosine + SUBJECT_WEIGHT * signs.subject + SCATTER_WEIGHT * signs.scatter
    return 1 / (1 + math.exp(-(told + BIAS)))


def signs_of(
    query: Query, found: Sequence[Evidence], frequency: Callable[[str], int], chunks: int, *, documents: int
) -> Signs | None:
    """What the best passages tell; None where there are none.

    ``frequency``: chunks that hold a word, of ``chunks``. ``documents``: how many the search reached.
    """
    if not found:
        return None
    distinct = len({one.document_id for one in found})
    told = len(found) > 1 and documents >= len(found)
    return Signs(
        cosine=max(one.cosine for one in found),
        subject=max(subject_share(query, (one,), frequency, chunks) for one in found),
        scatter=(distinct - 1) / (len(found) - 1) if told else UNTOLD,
    )


def subject_share(query: Query, found: Sequence[Evidence], frequency: Callable[[str], int], chunks: int) -> float:
    """Share of the question's clinical terms that stand in ``found``, each weighted by its kind and its rarity."""
    total, present = PRIOR, PRIOR / 2
    for subject in _subjects(query):
        rarity = max((_rarity(frequency(word), chunks) for word in words(subject.term.en)), default=0.0)
        weight = KIND_WEIGHTS[subject.term.kind] * rarity
        total += weight
        present += weight * subject.stands_in(found)
    return present / total


def missing_terms(query: Query, found: Sequence[Evidence]) -> tuple[str, ...]:
    """The diseases, drugs, organisms, procedures and tests of the question that no passage names, as written there."""
    return tuple(
        subject.surface for subject in _subjects(query) if subject.term.kind in SUBJECT and not subject.stands_in(found)
    )


@dataclass(frozen=True, slots=True)
class _Subject:
    """A term of the question, and how it was written there: in full, abbreviated or misspelt."""

    term: Term
    surface: str

    def stands_in(self, found: Sequence[Evidence]) -> bool:
        """Whether one passage holds all words of one form of the term, in either language."""
        wanted = {_form(self.surface), *_forms(self.term)}
        return any(form and form <= one.held for one in found for form in wanted)


def _subjects(query: Query) -> tuple[_Subject, ...]:
    """Each clinical term of the question once."""
    named = [_Subject(match.term, match.surface) for match in find_terms(query.text)]
    for one in query.expansions:
        if one.reason in ("abbreviation", "spelling"):
            named += [_Subject(match.term, one.surface) for match in find_terms(one.english)]
    return tuple({subject.term.en: subject for subject in reversed(named)}.values())[::-1]


@lru_cache(maxsize=4096)
def _forms(term: Term) -> tuple[frozenset[str], ...]:
    """The words of each form of a term of the table."""
    return tuple(_form(form) for form in (*term.english, *term.chinese))


def _form(form: str) -> frozenset[str]:
    return frozenset(words(form))


def _rarity(frequency: int, chunks: int) -> float:
    """BM25's inverse document frequency."""
    return math.log(1 + (chunks - frequency + 0.5) / (frequency + 0.5))
