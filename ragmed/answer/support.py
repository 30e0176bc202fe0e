"""Do the words of a claim stand in the cited words? Content words, concepts of the term table, drugs, opposites.

Laws of this room: pure functions of two texts and the shipped tables. Words are compared by stem, and through the term
table also by concept ("haemoptysis" and 咯血 are one). A drug named in the claim must be named on the page: no score
makes up for it. Headings of the passage help content words only, never drugs, numbers or denials.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ragmed.answer.polarity import clauses, partner
from ragmed.terms import find_abbreviations, find_terms
from ragmed.text.language import HAN
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
_OPPOSITES = tuple(
    (tuple(one.split("|")), tuple(other.split("|")))
    for one, other in (
        ("left", "right"),
        ("左(?!右)", "(?<!左)右"),
        ("before|prior", "after|following"),
        ("(?<!目)前(?![列壁臂庭驱])", "(?<![预然])后(?![壁颅])"),
        ("adult|adults", "child|children|paediatric|pediatric|infant|infants"),
        ("成人|成年", "儿童|小儿|婴儿|患儿"),
        (
            "increase|increases|increased|increasing|raise|raised",
            "decrease|decreases|decreased|decreasing|reduce|reduced|lower|lowered",
        ),
        ("增加|增大|升高|上调|提高", "减少|缩小|降低|下降|下调"),
        ("high|higher", "low|lower"),
        ("高", "低"),
        ("start|begin|initiate", "stop|discontinue"),
        ("开始|启用", "停止|停用"),
        ("positive", "negative"),
        ("阳性", "阴性"),
        ("benign", "malignant"),
        ("良性", "恶性"),
        ("oral|orally", "intravenous|intravenously|iv|intramuscular|intramuscularly|subcutaneous|subcutaneously"),
        ("口服", "静脉|肌注|皮下"),
        ("men|man|male|males", "women|woman|female|females"),
        ("男", "女"),
        ("acute", "chronic"),
        ("急性", "慢性"),
        ("systolic", "diastolic"),
        ("收缩压", "舒张压"),
        ("upper", "lower"),
        ("上叶|上肺|上肢", "下叶|下肺|下肢"),
        ("minimum", "maximum"),
        ("first", "last"),
        ("fast|rapid|rapidly|quickly", "slow|slowly"),
        ("improve|improves|improved", "worsen|worsens|worsened"),
        ("好转", "恶化"),
        ("more", "less|fewer"),
        ("sensitivity", "specificity"),
        ("敏感性", "特异性"),
        ("inpatient|inpatients", "outpatient|outpatients"),
        ("住院", "门诊"),
        ("morning", "evening|night"),
        ("arterial", "venous"),
        ("动脉", "静脉"),
        ("stable", "unstable"),
        ("type 1", "type 2"),
        ("safe", "unsafe|dangerous"),
        ("recommended", "discouraged"),
    )
)
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
_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis", "contra", "mal")


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """Stems of the content words, numbers left out: they are checked on their own."""
    return frozenset(word for word in words(text) if not _NUMBER_WORD.fullmatch(word))


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
    wanted = content_words(claim)
    if not wanted:
        return 0.0
    stands = content_words(evidence)
    covered = {
        word for match in find_terms(claim) if match.term.en.lower() in there for word in content_words(match.surface)
    }
    return len(wanted & (stands | covered)) / len(wanted)


def missing_drug(claim: str, evidence: str) -> str | None:
    """A drug that the claim names and the evidence does not, as the claim writes it."""
    there = concepts(evidence)
    plain = evidence.lower()
    for match in find_terms(claim):
        if match.term.kind == "drug" and match.term.en.lower() not in there and match.surface.lower() not in plain:
            return match.surface
    known = {match.surface.lower() for match in find_terms(claim)}
    for named in _DRUG_ENDING.finditer(claim):
        word = named.group().lower()
        if word not in known and word not in _NO_DRUG and not content_words(word) <= content_words(evidence):
            return named.group()
    return None


def missing_group(claim: str, evidence: str) -> str | None:
    """A group of patients that the claim names and the evidence does not, as the claim writes it."""
    for pattern in _GROUPS:
        named = pattern.search(claim)
        if named and not pattern.search(evidence):
            return named.group()
    return None


def opposite(claim: str, evidence: str) -> tuple[str, str] | None:
    """(the claim's word, the page's opposite) where a clause of the claim turns its partner on the page round."""
    there = clauses(evidence, content_words)
    for clause in clauses(claim, content_words):
        other = partner(clause, there)
        if other is None:
            continue
        turned = _turned(clause.text.lower(), other.text.lower()) or _prefixed(clause.words, other.words)
        if turned:
            return turned
    return None


def _turned(claim: str, page: str) -> tuple[str, str] | None:
    """One word of a pair stands more often in the claim than on the page, and the other less often."""
    for pair in _OPPOSITES:
        for mine, theirs in (pair, pair[::-1]):
            said, page_said = _all(mine, claim), _all(mine, page)
            if len(said) > len(page_said):
                instead = _all(theirs, page)
                if len(instead) > len(_all(theirs, claim)):
                    return said[0], instead[0]
    return None


def _all(alternatives: tuple[str, ...], text: str) -> list[str]:
    """Every place of the patterns in ``text``, as it stands there; Latin words as whole words."""
    return [
        match.group()
        for word in alternatives
        for match in re.finditer(rf"\b{word}\b" if word.isascii() and word[0].isalpha() else word, text)
    ]


def _prefixed(claim: frozenset[str], page: frozenset[str]) -> tuple[str, str] | None:
    """ "stable" against "unstable", "hypotension" against "hypertension"."""
    for mine in sorted(claim - page):
        for theirs in sorted(page - claim):
            longer, shorter = sorted((mine, theirs), key=len, reverse=True)
            if len(shorter) >= 4 and any(longer == prefix + shorter for prefix in _PREFIXES):
                return mine, theirs
            bases = {word[5:] if word.startswith("hyper") else word[4:] for word in (mine, theirs)}
            if len(bases) == 1 and {mine[:4], theirs[:4]} == {"hype", "hypo"}:
                return mine, theirs
    return None
