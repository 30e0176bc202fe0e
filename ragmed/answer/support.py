"""Do the words of a claim stand in the cited words? Content words, concepts of the term table, drugs, routes, patients.

Laws of this room: pure functions of two texts and the shipped tables. Words are compared by stem, and through the term
table also by concept ("haemoptysis" and 咯血 are one). A drug named in the claim must be named on the page: no score
makes up for it. Headings of the passage help content words only, never drugs, numbers or denials.
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from ragmed.answer.plain_words import plain
from ragmed.terms import find_abbreviations, find_terms, look_alike_pattern
from ragmed.text.language import HAN
from ragmed.text.numbers import quantities
from ragmed.text.words import words

_NUMBER_WORD = re.compile(r"[\d.,/%]+|\d+[a-z]*")
_HAN_CHARACTER = re.compile(f"[{HAN}]")
_DRUG_ENDING = re.compile(
    r"(?i)\b[a-z]{3,}(?:mab|tinib|ciclib|rafenib|pril|sartan|olol|statin|cillin|mycin|micin|conazole|oxacin"
    r"|tidine|dipine"
    r"|gliptin|gliflozin|glutide|parin|xaban|gatran|afil|setron|vir|cycline|prazole|triptan|dronate|thiazide"
    r"|zepam|zolam"
    r"|caine|curium|floxacin|penem|sulfa|profen|coxib|lukast|terol|tropium|sone|solone|platin|taxel|rubicin|azole"
    r"|formin"
    r"|glitazone|semide|lactone|oxetine|azepine|toin|barbital|fentanil|thyroxine|grel|plase)s?\b"
)
_NO_DRUG = frozenset(
    (
        *("april", "caine", "comparison", "jettison", "lesson", "nirvana", "person", "poison", "prison", "reason"),
        *("season", "survivor", "unison", "venison"),
    )
)
"""Words that end like a drug and are none."""
_ROUTES = tuple(
    (re.compile(claim), re.compile(rf"{claim}|{evidence}" if evidence else claim))
    for claim, evidence in (
        (
            r"(?i:\bby mouth\b|\boral(?:ly)?\b"
            r"(?! (?:temp|contracept|anticoag|muco|cavity|hygiene|health|hypogly|gluc|exam))"
            r")"
            r"|\bPO\b(?! ?2)|口服(?!避孕|抗凝)",
            r"(?i:\boral|\bmouth|\btablets?\b|\bcapsules?\b|\bswallow|\bingest)|\bp\.?o\.|口服|嚼服|顿服|片|胶囊",
        ),
        (
            r"(?<!stage )(?<!grade )(?<!class )(?<!type )(?<!phase )(?<!level )\b(?:IV|iv|i\.v\.)(?![\w-])"
            r"|(?i:\bintravenous(?:ly)?\b)|静脉(?=[注滴输给推使用])|静滴|静推",
            r"(?i:\binfus|\bbolus|\bdrip|\bintraven)|静脉|静滴|静推|静注|输注|输液|滴注",
        ),
        (r"\b(?:IM|i\.m\.)(?!\w)|(?i:\bintramuscular(?:ly)?\b)|肌内|肌注|肌肉注射", r"(?i:\bintramusc)|肌"),
        (r"\b(?:SC|s\.c\.)(?!\w)|(?i:\bsubcutaneous(?:ly)?\b)|皮下注射", r"(?i:\bsubcut)|皮下"),
        (
            r"(?i:\brectal(?:ly)?\b(?= (?:dose|dia|admin|route))|\bsuppositor\w+)|直肠给药|栓剂",
            r"(?i:\brect|\bsupposit)|直肠|栓",
        ),
        (r"(?i:\bintrathecal(?:ly)?\b)|鞘内", ""),
        (r"(?i:\bsublingual(?:ly)?\b)|舌下", r"(?i:under the tongue)|含服"),
        (r"(?i:\bintranasal(?:ly)?\b)|鼻喷|鼻内", r"(?i:\bnasal|nose)|鼻"),
    )
)
"""(as a claim names a route, as a page may name it)."""
_ROUTE_NAMES = ("oral", "intravenous", "intramuscular", "subcutaneous", "rectal", "intrathecal", "sublingual", "nasal")
_TOLD_LOOSELY = frozenset({"intravenous", "sublingual"})
"""Routes that a page's own words for them name no less: "infuse", "under the tongue"."""
ADULTS = "adults"
_GROUPS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\badults?\b|成人|成年(?!前)",
        r"\bchild(?:ren)?\b|\bp(?:a)?ediatric|儿童|小儿|患儿|儿科",
        r"\binfants?\b|\bbab(?:y|ies)\b|婴儿|婴幼儿",
        r"\bneonat\w+|\bnewborns?\b|新生儿",
        r"\badolescents?\b|\bteenagers?\b|青少年",
        r"\bpregnan\w+|\bgestation\w*|妊娠|孕妇|怀孕|孕期",
        r"\bbreast-?\s?feeding\b|\blactat\w+|哺乳",
        r"\belderly\b|\bolder (?:adults?|people|patients?|persons?)\b|老年|高龄",
    )
)

_CHILD = frozenset({"child", "children", "儿童", "小儿", "患儿"})
DEEDS = frozenset({"procedure", "test"})
"""Kinds of terms that name what is done to a patient."""
SUBJECTS = frozenset({"disease", "organism"})
"""Kinds of terms that a statement can be about another one of."""
_DIGRAPH = re.compile(r"(?<=[a-z])[ao]e(?=[a-z])|\b[ao]e(?=[a-z])", re.IGNORECASE)
"""British spelling: haemorrhage, oedema."""
_OF_AGE = 18
"""Years from which on nobody is a child."""
_GROUP_NAMES = (ADULTS, "children", "infants", "newborns", "adolescents", "pregnancy", "breastfeeding", "the old")


_SAME_VERB = {
    word: base
    for base, forms in {
        "give": "given gave", "keep": "kept", "fall": "fallen fell", "rise": "risen rose", "begin": "began begun",
        "take": "taken took", "hold": "held", "bleed": "bled", "lie": "lay lain", "feed": "fed", "lose": "lost",
        "show": "shown", "find": "found", "make": "made", "lead": "led", "know": "known", "choos": "chose chosen",
        "see": "seen saw", "grow": "grown grew", "get": "got gotten", "die": "death dead",
    }.items()
    for word in forms.split()
}  # fmt: skip
"""Irregular forms to the stem of their verb."""
_FRAME = frozenset(
    (
        *("give", "use", "recommend", "consid", "need", "requir", "receiv", "patient", "peopl", "person", "case"),
        *("order", "short", "患者", "病人", "患", "总之"),
    )
)
"""Stems that frame a statement and say nothing of it: they never count against a claim."""


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """Stems of the content words, numbers left out: they are checked on their own."""
    return frozenset(word for word in words(text) if not _NUMBER_WORD.fullmatch(word))


@lru_cache(maxsize=4096)
def claim_words(text: str) -> frozenset[str]:
    """Content words as claims are compared by: forms of an irregular verb ("kept") and plain words for one thing
    ("start", "begin") are one."""
    return frozenset(plain(_SAME_VERB.get(word, word)) for word in content_words(text))


@lru_cache(maxsize=4096)
def concepts(text: str) -> frozenset[str]:
    """The concepts named in ``text``, as their preferred English words, abbreviations resolved."""
    found = {match.term.en.lower() for match in find_terms(text)}
    for abbreviation in find_abbreviations(text):
        named = find_terms(abbreviation.sense.expansion)
        found.update(match.term.en.lower() for match in named)
        found.add(abbreviation.sense.expansion.lower())
    return frozenset(found)


def same_script(one: str, other: str) -> bool:
    """Whether both texts are Chinese or both are not: only then can their words be compared."""
    return _is_chinese(one) == _is_chinese(other)


def _is_chinese(text: str) -> bool:
    return len(_HAN_CHARACTER.findall(text)) * 4 > len(re.findall(r"\w", text)) * 1


def share(claim: str, evidence: str) -> float:
    """How much of the claim stands in the evidence: words by stem or concept, 0 to 1.

    Across languages the share of the claim's concepts; a claim that names none there has 0.
    """
    there = concepts(evidence)
    if not same_script(claim, evidence):
        named = concepts(claim)
        return len(named & there) / len(named) if named else 0.0
    wanted = claim_words(claim)
    if not wanted:
        return 0.0
    stands = claim_words(evidence)
    covered = {
        word for match in find_terms(claim) if match.term.en.lower() in there for word in claim_words(match.surface)
    }
    borne_out = wanted & (stands | covered)
    asked = (wanted - _FRAME) | borne_out
    return len(borne_out) / len(asked) if asked else 0.0


def kept(phrase: str, text: str) -> float | None:
    """How much of a phrase stands in ``text`` however it is put there, 0 to 1; None where it says nothing.

    By stem or concept, and Chinese by single characters: a pair of them does not outlive a synonym (高钾血症, 血钾高).
    """
    wanted = _loose_words(phrase) - _FRAME
    if not wanted:
        return None
    there = concepts(text)
    named = [match.surface for match in find_terms(phrase)] + [match.surface for match in find_abbreviations(phrase)]
    covered = {word for surface in named if concepts(surface) & there for word in _loose_words(surface)}
    return len(wanted & (_loose_words(text) | covered)) / len(wanted)


@lru_cache(maxsize=4096)
def _loose_words(text: str) -> frozenset[str]:
    return frozenset(part for word in claim_words(text) for part in (_HAN_CHARACTER.findall(word) or [word]))


def missing_drug(claim: str, evidence: str) -> str | None:
    """A drug that the claim names and the evidence does not, as the claim writes it."""
    there = concepts(evidence)
    found = find_terms(claim)
    for match in found:
        if match.term.kind == "drug" and match.term.en.lower() not in there and not _names(evidence, match.surface):
            return match.surface
    # a name inside a longer term that the evidence has: "methicillin-resistant Staphylococcus aureus" for MRSA
    inside = [(match.start, match.end) for match in found if match.term.en.lower() in there]
    known = {match.surface.lower() for match in found}
    for named in (*_DRUG_ENDING.finditer(claim), *look_alike_pattern().finditer(claim)):
        word = named.group().lower()
        if (
            word not in known
            and word not in _NO_DRUG
            and not any(start <= named.start() and named.end() <= end for start, end in inside)
            and not any(word in concept for concept in there)
            and not claim_words(word) <= claim_words(evidence)
        ):
            return named.group()
    return None


def _names(evidence: str, surface: str) -> bool:
    """Whether the evidence writes a drug so, as a whole name: adrenaline is not named by "noradrenaline".

    The word for a class ("抗凝药") is named by its stem ("抗凝").
    """
    if surface.isascii():
        return re.search(rf"(?<![A-Za-z]){re.escape(surface)}(?![A-Za-z])", evidence, re.IGNORECASE) is not None
    stem = surface.rstrip("药剂类") if len(surface) > 2 else surface
    longer = [match for match in find_terms(evidence) if match.term.kind == "drug" and stem in match.surface]
    if any(match.surface.startswith(stem) for match in longer):
        return True
    spans = [(match.start, match.end) for match in longer]
    return any(
        all(not start <= place.start() < end for start, end in spans)
        for place in re.finditer(re.escape(stem), evidence)
    )


def missing_route(claim: str, evidence: str) -> str | None:
    """A route of giving that the claim names and the evidence does not, as the claim writes it."""
    for here, there in _ROUTES:
        named = here.search(claim)
        if named and not there.search(evidence):
            return named.group()
    return None


def missing_term(claim: str, evidence: str, kinds: Set[str]) -> str | None:
    """A term of one of these kinds that the claim names and the evidence does not, as the claim writes it."""
    named = concepts(evidence)
    words_there = _loose_words(_one_spelling(evidence))
    for match in find_terms(claim):
        if match.term.kind in kinds and match.term.en.lower() not in named:
            names = (_loose_words(_one_spelling(name)) for name in (match.surface, match.term.en))
            if not any(name and name <= words_there for name in names):
                return match.surface
    return None


def _one_spelling(text: str) -> str:
    return _DIGRAPH.sub("e", text)


def missing_group(claim: str, evidence: str) -> str | None:
    """A group of patients that the claim names and the evidence does not, as the claim writes it."""
    for pattern in _GROUPS:
        named = pattern.search(claim)
        if named and not pattern.search(evidence) and not (named.group().lower() in _CHILD and _a_childs_age(evidence)):
            return named.group()
    return None


def _a_childs_age(text: str) -> bool:
    """Whether the text speaks of people under some age that only children have."""
    return any(
        one.unit == "year" and one.comparator in ("<", "<=") and one.value <= _OF_AGE for one in quantities(text)
    )


def routes(text: str) -> frozenset[str]:
    """The routes of giving that a text names."""
    return frozenset(
        name
        for name, (here, there) in zip(_ROUTE_NAMES, _ROUTES, strict=True)
        if (there if name in _TOLD_LOOSELY else here).search(text)
    )


def groups(text: str) -> frozenset[str]:
    """The groups of patients that a text names."""
    return frozenset(name for name, pattern in zip(_GROUP_NAMES, _GROUPS, strict=True) if pattern.search(text))
