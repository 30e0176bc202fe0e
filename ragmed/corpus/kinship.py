"""Documents that share most of their text under different series: editions of one guideline, or two guidelines?

Laws of this room: what is sure is done and said, what is not is asked, and in doubt it is not sure. Sure is a newer
edition of about the same length that shares ``SAME`` of its text, of one publisher, whose title names no other
patients, part or readers. A person's decision, that two documents are distinct or to which series a file belongs, is
never gone against and never asked about again. Documents in different languages are never kin. One title alone does
not make two documents editions of each other where their text has next to nothing in common.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from ragmed.changes import OpenQuestion, QuestionKind
from ragmed.corpus.likeness import FEWEST, Fingerprint, share, shares
from ragmed.records import Document, NoteKind, ReadNote

SAME = 0.8
"""Share of the smaller text from which two documents are surely editions of one guideline.

Measured on 515 documents (guidelines, textbook sections, digests): of 130,000 pairs of different ones none shares more
than 0.52. Real texts with 5 % of their sentences replaced keep 0.85 and more in 95 of 100 cases, with 20 % 0.64.
"""
ASK = 0.25
"""Share from which a person decides: with 40 % of the sentences replaced 95 of 100 keep 0.44, with 60 % 0.23; of the
different pairs of at least a page 7 in 130,000 reach it."""
ASK_SHORT = 0.5
"""The same for documents under a page, in which one form or notice is much of the text."""
SHORT = 300
"""Runs of words under which a document is short: about a page."""
MOST_QUESTIONS = 3
"""Asked at once about one series."""
_SAME_LENGTH = 0.5
"""The shorter of two editions has at least this share of the longer one's runs; a digest of a guideline has less."""

_TELLING = re.compile(
    r"\b(?:adults?|child(?:ren)?|pa?ediatrics?|neonat\w*|newborns?|infants?|adolescents?|young|older|elderly|pregnan\w*"
    r"|maternal|wom[ae]n|m[ae]n|males?|females?|over|under|acute|chronic|early|advanced|metastatic|inpatients?"
    r"|outpatients?|hospital|community|primary|secondary|summary|full|quick|short|pocket|patients?|public|professionals?"
    r"|(?:part|volume|type|stage|module|chapter)\s+(?:\d{1,2}|[ivx]{1,4})|small|large|non)\b"
    r"|成人|儿童|小儿|新生儿|婴儿|青少年|老年|孕\S?|妊娠|男性|女性|急性|慢性|早期|晚期|转移性|住院|门诊|社区|医院|简版"
    r"|患者版|基层|摘要|[上中下]册|第?[一二三四五1-5](?:部分|型)",
    re.IGNORECASE,
)
"""Words of a title by which two guidelines with much common text are told apart."""
_NUMBERED = re.compile(r"[a-z]+-[a-z]{2,3}\d+")
"""A series that is the publisher's own number of a guideline (``nice-ng253``): another number, another guideline."""

IsNewer = Callable[[Document, Document], bool]
"""Whether the first is a later edition than the second beyond doubt."""
AreDistinct = Callable[[str, str], bool]
"""Whether a person said of two document ids that they are two guidelines."""
STRANGERS = 0.1
"""Share of the smaller text under which two documents of one title, but not of one named publisher, are not taken for
editions of each other: two hospitals have a "Sepsis" each. Of texts with 60 % of their sentences replaced 95 in 100
keep 0.23."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kinship:
    """A document that surely belongs to another series than its title gave it."""

    document_id: str
    source_path: str
    series: str
    """The series that it joins."""
    note: ReadNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """What is sure and what must be asked."""

    joined: tuple[Kinship, ...] = ()
    questions: tuple[OpenQuestion, ...] = ()
    strangers: frozenset[frozenset[str]] = frozenset()
    """Pairs of document ids of one series that may be two guidelines: each is asked about, and until then neither
    replaces the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    share: float
    newer: Document
    older: Document
    doubt: str
    """Why it is not sure; empty: it is."""
    short: bool


def find_kin(
    documents: Sequence[Document],
    fingerprints: Mapping[str, Fingerprint],
    *,
    is_newer: IsNewer,
    are_distinct: AreDistinct,
    placed: Collection[str] = (),
) -> Kin:
    """Which documents of different series belong together, and which may.

    ``fingerprints``: by document id; a document without one is kin of nobody. ``placed``: source paths whose series a
    person gave (register, sidecar). Documents that share a language and series are settled already.
    """
    pairs = _pairs(documents, fingerprints, is_newer)
    pairs = [
        pair
        for pair in pairs
        if not are_distinct(pair.newer.document_id, pair.older.document_id)
        and not (pair.newer.source_path in placed and pair.older.source_path in placed)
    ]
    leads = _joined(documents, [pair for pair in pairs if not pair.doubt], placed, are_distinct)
    joined = []
    for document in documents:
        series = leads(document)
        if series != document.series:
            partner = next(
                pair
                for pair in pairs
                if not pair.doubt
                and document.language is pair.newer.language
                and document.series in (pair.newer.series, pair.older.series)
            )
            joined.append(_kinship(document, series, partner))
    strangers = [
        pair
        for pair in _strangers(documents, fingerprints, is_newer, placed)
        if not are_distinct(pair.newer.document_id, pair.older.document_id)
    ]
    return Kin(
        joined=tuple(joined),
        questions=(*_questions(pairs, leads), *_asked_of(strangers)),
        strangers=frozenset(frozenset((pair.newer.document_id, pair.older.document_id)) for pair in strangers),
    )


def _pairs(documents: Sequence[Document], fingerprints: Mapping[str, Fingerprint], is_newer: IsNewer) -> list[_Pair]:
    """Every two documents of one language and different series that are alike, the most alike first."""
    languages: dict[str, list[Document]] = {}
    for document in sorted(documents, key=lambda one: one.source_path):
        if document.document_id in fingerprints:
            languages.setdefault(document.language.value, []).append(document)
    found = []
    for group in languages.values():
        by_id = {document.document_id: document for document in group}
        own = {name: fingerprints[name] for name in by_id}
        for (a, b), value in shares(own, least=ASK).items():
            one, other = by_id[a], by_id[b]
            if one.series == other.series:
                continue
            if is_newer(other, one):
                one, other = other, one
            sizes = sorted((own[a].size, own[b].size))
            doubt = _doubt(one, other, value, sizes[0] / sizes[1], ordered=is_newer(one, other))
            short = sizes[0] < SHORT
            if not short or value >= ASK_SHORT:
                doubt = doubt or ("there is too little text to be sure" if short else "")
                found.append(_Pair(share=value, newer=one, older=other, doubt=doubt, short=short))
    return sorted(found, key=lambda pair: (-round(pair.share, 6), pair.newer.source_path, pair.older.source_path))


def _strangers(
    documents: Sequence[Document],
    fingerprints: Mapping[str, Fingerprint],
    is_newer: IsNewer,
    placed: Collection[str],
) -> Iterator[_Pair]:
    """Every two documents of one language and series, given by their titles alone, that share next to no text."""
    families: dict[tuple[str, str], list[Document]] = {}
    for document in sorted(documents, key=lambda one: one.source_path):
        known = fingerprints.get(document.document_id)
        if known and known.size >= FEWEST and document.source_path not in placed:
            families.setdefault((document.language.value, document.series), []).append(document)
    for (_, series), family in families.items():
        for one, other in () if _NUMBERED.fullmatch(series) else combinations(family, 2):
            if one.publisher and one.publisher == other.publisher:
                continue
            if one.source_path == other.source_path:
                continue  # to write a file over is to say that it replaces what lay there
            value = share(fingerprints[one.document_id], fingerprints[other.document_id])
            if value < STRANGERS:
                newer, older = (other, one) if is_newer(other, one) else (one, other)
                doubt = _publishers(one, other) or "they do not both name their publisher"
                yield _Pair(share=value, newer=newer, older=older, doubt=doubt, short=False)


def _publishers(one: Document, other: Document) -> str:
    if one.publisher and other.publisher and one.publisher != other.publisher:
        return f"one is published by {one.publisher}, the other by {other.publisher}"
    return ""


def _doubt(newer: Document, older: Document, share: float, lengths: float, *, ordered: bool) -> str:
    """What speaks against one guideline, in words; empty where nothing does."""
    apart = _telling(newer.title) ^ _telling(older.title)
    doubts = (
        (
            _NUMBERED.fullmatch(newer.series) is not None and _NUMBERED.fullmatch(older.series) is not None,
            f"their publisher numbers them {newer.series} and {older.series}",
        ),
        (bool(_publishers(newer, older)), _publishers(newer, older)),
        (bool(apart), f"only one title says {', '.join(f'“{word}”' for word in sorted(apart))}"),
        (lengths < _SAME_LENGTH, f"one is {lengths:.0%} as long as the other, as a digest would be"),
        (not ordered, "neither edition nor date tells which is newer"),
        (share < SAME, "much of the text differs"),
    )
    return "; ".join(words for holds, words in doubts if holds)


@lru_cache(maxsize=4096)
def _telling(title: str) -> frozenset[str]:
    return frozenset(" ".join(match.group().lower().split()) for match in _TELLING.finditer(title))


def _joined(
    documents: Sequence[Document], sure: Sequence[_Pair], placed: Collection[str], are_distinct: AreDistinct
) -> Callable[[Document], str]:
    """The series that each document belongs to when the sure pairs are joined: the older's, or one a person gave."""
    fixed = {(document.language, document.series) for document in documents if document.source_path in placed}
    members: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        members.setdefault((document.language.value, document.series), []).append(document)
    root = {key: key for key in members}
    for pair in sure:
        language = pair.newer.language
        newer, older = (root[language.value, one.series] for one in (pair.newer, pair.older))
        if newer == older or any(
            are_distinct(one.document_id, other.document_id) for one in members[newer] for other in members[older]
        ):
            continue
        if (language, newer[1]) in fixed:
            if (language, older[1]) in fixed:
                continue
            newer, older = older, newer
        members[older] += members.pop(newer)
        root = {key: older if value == newer else value for key, value in root.items()}
    return lambda document: root[document.language.value, document.series][1]


def _kinship(document: Document, series: str, pair: _Pair) -> Kinship:
    other = pair.older if document.series == pair.newer.series else pair.newer
    message = (
        f"{pair.share:.0%} of its text stands in {other.source_path} ({_named(other)}): taken for an edition of the "
        f"same guideline, series {series!r}; if they are two: ragmed library distinct {document.source_path} "
        f"{other.source_path}"
    )
    return Kinship(
        document_id=document.document_id,
        source_path=document.source_path,
        series=series,
        note=ReadNote(kind=NoteKind.METADATA, message=message),
    )


def _questions(pairs: Sequence[_Pair], leads: Callable[[Document], str]) -> tuple[OpenQuestion, ...]:
    """A question for each two series that may be one, about their most alike documents; the most alike first.

    Of a series at most ``MOST_QUESTIONS`` are asked at once: forms that all look alike would bury the plan. The others
    follow when these are answered.
    """
    asked: set[frozenset[str]] = set()
    counts: Counter[str] = Counter()
    found = []
    for pair in pairs:
        series = frozenset((leads(pair.newer), leads(pair.older)))
        if len(series) == 2 and series not in asked and max(counts[one] for one in series) < MOST_QUESTIONS:
            asked.add(series)
            counts.update(series)
            found.append(_question(pair))
    return tuple(found)


def _asked_of(strangers: Sequence[_Pair]) -> Iterator[OpenQuestion]:
    """One question for each document that shares its title with a stranger, about the most alike of them."""
    asked: set[str] = set()
    for pair in sorted(strangers, key=lambda one: (-round(one.share, 6), one.newer.source_path)):
        ids = {pair.newer.document_id, pair.older.document_id}
        if not ids <= asked:
            asked |= ids
            yield _stranger_question(pair)


def _stranger_question(pair: _Pair) -> OpenQuestion:
    names = " and ".join(f"{one.source_path} ({_named(one)})" for one in (pair.newer, pair.older))
    return _open(
        pair,
        f"Are {names} editions of one guideline? They have one title, but {pair.share:.0%} of the shorter text stands "
        f"in the other and {pair.doubt}. Until that is said, both answer.",
    )


def _question(pair: _Pair) -> OpenQuestion:
    names = " and ".join(f"{one.source_path} ({_named(one)})" for one in (pair.newer, pair.older))
    against = pair.doubt or "a document of its series was said to be distinct from one of the other's"
    return _open(
        pair,
        f"Are {names} editions of one guideline? {pair.share:.0%} of the shorter text stands in the other; "
        f"but {against}.",
    )


def _open(pair: _Pair, text: str) -> OpenQuestion:
    documents = (pair.newer, pair.older)
    return OpenQuestion(
        kind=QuestionKind.SAME_SERIES,
        document_ids=tuple(one.document_id for one in documents),
        source_paths=tuple(one.source_path for one in documents),
        series=tuple(one.series for one in documents),
        text=text,
        likeness=round(pair.share, 3),
    )


def _named(document: Document) -> str:
    return ", ".join(part for part in (document.title, document.edition, document.published_on) if part)
