"""Which of the library's entries fit a case, and in what order they stand on the card.

Laws of this room: a line counts as found in the case only where all that it names is in the case, in the same state;
the order is a sum that a reader can redo (``_weight``); nothing is computed from prevalence and no model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragmed.answer import support, verbatim
from ragmed.answer.case import QUALIFIERS, Case, Facts, age_meets, facts_of
from ragmed.answer.entries import Entry, Line
from ragmed.records import Chunk, Document, Page
from ragmed.terms import find_abbreviations, find_terms

_LEAST_COVERED = 0.55
"""Share of a line's letters that the recognised findings must make up for it to count as found in the case."""
_FIRST = re.compile(
    r"\bfirst diagnos|\branked first|\bconsider(?:ed)? first|\bdiagnoses to consider|\bmost likely (?:diagnos|cause)"
    r"|优先考虑|首先考虑|应首先",
    re.IGNORECASE,
)
_ALTERNATIVES = re.compile(r"[,，、/]|\bor\b|或|及(?!其)|\bincluding\b")
_COMMON_HEADINGS = 3
_GENERIC = (
    "disease diseases disorder syndrome lesion lesions other related acute chronic early primary secondary cause "
    "causes "
    "疾病 病变 综合征 其他 相关 急性 慢性 早期 原发 继发 性病变"
)
"""Words of a diagnosis that tell it from no other."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document with the entries that were read from its pages."""

    document: Document
    pages: tuple[Page, ...]
    entries: tuple[Entry, ...]
    weight: float


def named_first(sources: Sequence[Source], related: Sequence[Chunk], case: Case) -> str:
    """The library's own sentences on what to think of first in such a case, as one text."""
    documents = {source.document.document_id for source in sources}
    concepts = {concept for concept, _ in case.facts}
    chosen = []
    for chunk in related:
        if chunk.document_id in documents:
            for sentence in re.split(r"(?<=[.。！？!?])\s*|\n", chunk.text):
                if _FIRST.search(sentence) and len(concepts & {name for name, _ in all_facts(sentence)}) > 1:
                    chosen.append(sentence)
    return "\n".join(dict.fromkeys(chosen))


def all_facts(text: str) -> Facts:
    """The facts of each of a text's alternatives."""
    return frozenset(fact for clause in _ALTERNATIVES.split(text) for fact in facts_of(clause))


def ranked(sources: Sequence[Source], case: Case, first: str) -> list[Entry]:
    """The entries, best first; a diagnosis that two documents name stands once, from the weightier one."""
    weighed: dict[str, tuple[float, int, Entry]] = {}
    number = 0
    for source in sources:
        names = [support.content_words(_bare_name(entry)) for entry in source.entries]
        common = {word for word in set().union(*names) if sum(word in name for name in names) >= _COMMON_HEADINGS}
        for place, (entry, name) in enumerate(zip(source.entries, names, strict=True)):
            telling = name - common - support.content_words(_GENERIC) - _words_of_case(_bare_name(entry), case)
            weight = _weight(entry, case, first, telling, place, len(source.entries))
            key = _concept_key(entry)
            if key not in weighed:
                weighed[key] = (weight, number, entry)
                number += 1
    return [entry for _, _, entry in sorted(weighed.values(), key=lambda one: (-one[0], one[1]))]


def _words_of_case(name: str, case: Case) -> frozenset[str]:
    """Words of a diagnosis that are findings of the case, so that their standing in a sentence tells nothing."""
    known = {concept for concept, _ in case.facts}
    found = set(support.content_words(" ".join(one.text for one in case.findings)))
    for match in find_terms(name):
        if {concept for concept, _ in facts_of(match.surface)} & known:
            found |= support.content_words(match.surface)
    return frozenset(found)


def _weight(entry: Entry, case: Case, first: str, telling: frozenset[str], place: int, count: int) -> float:
    """Lines for minus lines against in this case, at most three each; half a line more for a diagnosis that must not be
    missed, one and a half, less by place, where the library names it first for such a case, up to half a line for the
    library's order."""
    weight = float(min(3, len(matching(entry.supporting, case))) - min(3, len(matching(entry.against, case))))
    weight += 0.5 if entry.cannot_miss else 0.0
    for rank, sentence_part in enumerate(_ALTERNATIVES.split(first)):
        if telling & support.content_words(sentence_part):
            weight += max(1.0, 1.5 - 0.05 * rank)
            break
    return weight + 0.5 * (1 - place / count)


def _bare_name(entry: Entry) -> str:
    """The diagnosis without what stands in brackets."""
    return re.sub(r"[(（].*?[)）]", "", entry.name.text)


def _concept_key(entry: Entry) -> str:
    named = sorted(match.term.en.lower() for match in find_terms(_bare_name(entry)) if match.term.kind == "disease")
    return "+".join(named) or verbatim.plain(entry.name.text).lower()


def matching(lines: Iterable[Line], case: Case) -> list[Line]:
    """The lines that the case has."""
    return [line for line in lines if in_case(line.text, case)]


def in_case(text: str, case: Case) -> bool:
    """Whether the case has what a line of the library names: one of its alternatives, wholly and in the same state."""
    known = case.facts
    for alternative in _ALTERNATIVES.split(text):
        facts = facts_of(alternative)
        old_enough = age_meets(alternative, case.age)
        if facts and facts <= known and (old_enough or _covered(alternative, known) >= _LEAST_COVERED):
            return True
    return False


def _covered(text: str, known: Facts) -> float:
    """How much of a line its known facts make up, in letters: what is left ("persisting beyond 3 months") may not be in
    the case. Words that only say in which state a finding is count with it.
    """
    names = {name for name, _ in known}
    taken = [False] * len(text)
    spans = [match.span() for pattern in QUALIFIERS for match in pattern.finditer(text)]
    spans += [(short.start, short.end) for short in find_abbreviations(text)]
    for match in find_terms(text):
        concepts = {name for name, _ in facts_of(match.surface)}
        if concepts and concepts <= names:
            spans.append((match.start, match.end))
    for start, end in spans:
        taken[start:end] = [True] * (end - start)
    counted = [number for number, character in enumerate(text) if character.isalnum()]
    return sum(taken[number] for number in counted) / len(counted) if counted else 1.0
