"""Does a sentence affirm or deny, and does it say the opposite of the page?

Laws of this room: pure functions of two texts; no model. A text is cut into clauses, each clause of the claim is laid
beside the clause of the cited words that shares most with it, and the two must agree in the parity of their negations
("not", "avoid", "contraindicated", 不, 无, 禁 …). Where clauses do not agree, for they are cut or ordered otherwise,
the whole may: as many denials, each of words that the other text denies, and "not … unless" counted as none.
Comparators ("not more than 5 mg", 不超过) are numbers' business and count for nothing here; neither do words that only
look like a denial (非小细胞, 不良反应, "not only").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from ragmed.text.denials import CHINESE as _CHINESE
from ragmed.text.denials import CHINESE_NO_DENIAL as _CHINESE_NO_DENIAL
from ragmed.text.denials import ENGLISH as _ENGLISH
from ragmed.text.denials import ENGLISH_NO_DENIAL as _ENGLISH_NO_DENIAL
from ragmed.text.denials import denials

Words = Callable[[str], frozenset[str]]
"""The content words of a text, as the caller compares them."""

_BREAK = re.compile(
    r"(?<=[^\d])[,，](?=\D|\s)|(?<=\d)[,，](?=\s|[^\d])|[;；。！？!?]|(?<=[a-z)\]%”])[.](?=\s|$)|(?<=\d)\.(?=\s|$)"
    r"|(?<!\d)[:：]|[:：](?!\d)"
    r"|[()（）\[\]]|\n\s*[•·▪◦*–-]\s|\s—\s"
    r"|\b(?:but|however|although|though|whereas|while|unless|except|because|since|so that)\b"
    # "is not part of it and must not delay it" says two things
    r"|\band(?=\s+(?:must|should|may|can|cannot|is|are|was|were|will|do|does|did|has|have|had|not|never)\b)"
    r"|但|然而|除非|虽然|而(?=[^且不])|而(?=不[是宜应能])|因为|因此"
)
_SENTENCE = re.compile(r"(?<=[a-z)\]%”\d])[.](?=\s|$)|[。！？!?;；]|\n\s*[•·▪◦*–-]\s")

_EXCEPTION = re.compile(
    r"\b(?:unless|except(?:ing)?)\b|除非|(?<![能可须应需先以难未待])除外|除(?=[^，。；]{1,20}外)", re.IGNORECASE
)
_PREFERRED = re.compile(r"\bprefer\w*\s+(?:to|over)\b", re.IGNORECASE)
_RATHER = re.compile(r"\b(?:rather\s+than|instead\s+of)\b", re.IGNORECASE)
_ONLY = re.compile(r"\b(?:only|solely)\b|仅|只", re.IGNORECASE)
_PASSIVE = re.compile(
    r"avoided|contra-?indicat|withh[eo]ld|unlikely|unnecessary|inappropriate|unsafe|inadvisable|absen|none|prohibit|forbidden",
    re.IGNORECASE,
)

_PASSIVE_AFTER = re.compile(r"\s+(?:be(?:en|ing)?\s+)?[a-z]{2,}(?:ed|en|wn)\b", re.IGNORECASE)
"""Behind "not": what is denied stands before it, too ("PET-CT is not recommended")."""

_TURNS_ROUND = re.compile(r"^\s*only\b|\b(?:before|until)\b|之前|以前", re.IGNORECASE)
"""Behind a denial: what "not only" adds is affirmed, and "not before" is said without a denial ("wait for")."""
_MODAL = re.compile(r"^[应宜得能可须该要]{1,2}(?:使用|应用|给予|接受|[用给予])?")
"""Between a Chinese denial and what it denies: Chinese words are told apart by pairs of characters."""
_OR = re.compile(r"\s+or\s+|[、或]", re.IGNORECASE)

_FRAME = frozenset({"use", "give", "given", "patient", "recommend", "使用", "患者", "应用"})
"""Stems that say nothing of what is denied."""
_NOTHING = frozenset({"none"})
"""Denies, and is not what is denied: "and none after it"."""
_EDGE = " ,.;:!?()[]，。；：！？（）•·▪◦*–—-"

_CLAUSE_BEFORE = 80
_LETTER = re.compile(r"[^\W\d_]")
_FEW_LETTERS = 6

_NEAR = 0.34
"""Overlap (F1 of words) under which a clause of the claim has no partner; the content check then speaks for it."""
_LEAST_OF_A_DENIAL = 0.5
"""Share of the words behind a page's denial that a claim with the same denial needs: what it leaves out widens it."""
_MOST_OF_A_DENIAL = 0.6
"""Share of what stands behind a page's denial alone from which a claim without a denial says it."""
_SAME_SENTENCE = 0.85
"""Overlap above which two sentences are one and the same but for a few words, so that all their denials must agree."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a text with one statement."""

    text: str
    words: frozenset[str]
    denials: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A clause of the claim and the clause of the page that says otherwise."""

    claim: str
    page: str
    added: bool
    """The denial stands in the claim and not on the page."""


def clauses(text: str, words: Words) -> tuple[Clause, ...]:
    """The clauses of ``text``; one without letters enough to say anything ("Do not,") is joined to the next."""
    return _cut(text, words, _BREAK)


def _cut(text: str, words: Words, breaks: re.Pattern[str]) -> tuple[Clause, ...]:
    found: list[Clause] = []
    start = 0
    for end in (*(match.start() for match in breaks.finditer(text)), len(text)):
        piece = text[start:end]
        content = words(piece)
        if content or _says_something(piece):
            found.append(Clause(" ".join(piece.split()).lstrip(_EDGE), content, denials(piece)))
            start = end
    if start < len(text) and found and denials(text[start:]):
        last = found[-1]
        found[-1] = Clause(last.text, last.words, last.denials + denials(text[start:]))
    return tuple(found)


def _says_something(piece: str) -> bool:
    """Whether letters are left of a stretch when its negations are taken out."""
    return len(_LETTER.findall(_CHINESE.sub("", _ENGLISH.sub("", piece)))) > _FEW_LETTERS


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """F1 of two sets of words, 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def partner(clause: Clause, among: tuple[Clause, ...]) -> Clause | None:
    """The clause that shares most with ``clause``; of equals one that agrees with it, then the first."""
    best = max(
        among,
        key=lambda other: (round(overlap(clause.words, other.words), 6), clause.denials % 2 == other.denials % 2),
        default=None,
    )
    return best if best is not None and overlap(clause.words, best.words) >= _NEAR else None


def sentences(text: str, *, semicolons: bool = True) -> tuple[str, ...]:
    """The sentences of ``text``; with ``semicolons`` the parts that they part, too."""
    found, start = [], 0
    for match in (*_SENTENCE.finditer(text), None):
        if match and not semicolons and match.group() in ";；":
            continue
        end = match.end() if match else len(text)
        if piece := text[start:end].strip():
            found.append(piece)
        start = end
    return tuple(found)


def clauses_between(text: str, start: int, end: int) -> tuple[int, int]:
    """The clause around ``text[start:end]``, as a span."""
    cuts = list(_BREAK.finditer(text))
    left = max((cut.end() for cut in cuts if cut.end() <= start), default=0)
    return left, min((cut.start() for cut in cuts if cut.start() >= end), default=len(text))


def disagreement(claim: str, page: str, words: Words) -> Disagreement | None:
    """The first clause, or whole sentence, of the claim that denies what the page affirms or the other way round."""
    if (_PREFERRED.search(claim) is None) is not (_PREFERRED.search(page) is None):
        # "preferred to B" and "rather than B" are one; which of the two it is, the order says
        claim, page = _RATHER.sub("to", claim), _RATHER.sub("to", page)
    said = words(claim)
    for breaks, least in ((_BREAK, _NEAR), (_SENTENCE, _SAME_SENTENCE)):
        there = _cut(page, words, breaks)
        for clause in _cut(claim, words, breaks):
            other = partner(clause, there)
            if other is None or overlap(clause.words, other.words) < least:
                continue
            theirs = other.denials if breaks is _BREAK else len(_denied(other.text, words, said))
            if clause.denials % 2 != theirs % 2 and not _agree_as_a_whole(claim, page, words):
                return Disagreement(clause.text, other.text, added=clause.denials > theirs)
    return _elsewhere(claim, page, words)


def widened(claim: str, page: str, words: Words, kept: Callable[[str, str], float | None]) -> str:
    """The clause of the page whose denial the claim repeats without most of what it is about, "" where there is none:
    "do not give it" where the page says "do not give it intravenously outside intensive care".

    ``kept``: how much of a phrase a text still says, synonyms included; None for a phrase that says nothing."""
    there = _cut(page, words, _BREAK)
    for clause in _cut(claim, words, _BREAK):
        if clause.denials % 2 == 0:
            continue
        other = partner(clause, there)
        if other is None or other.denials % 2 == 0:
            continue
        shares = [share for about in _behind_denials(other.text) if (share := kept(about, claim)) is not None]
        if shares and max(shares) < _LEAST_OF_A_DENIAL:
            return other.text
    return ""


def affirmed(claim: str, page: str, words: Words) -> str:
    """The clause of the page that denies what a claim without any denial says, "" where there is none: "give it in
    heart failure" where the page recommends it after infarction, "and not in heart failure".

    Asked is for the first word behind the denial and for most of those that stand behind it alone: what the rest of the
    page affirms is no sign."""
    if denials(claim) or _EXCEPTION.search(claim) or (_ONLY.search(claim) and _EXCEPTION.search(page)):
        return ""
    said = words(claim)
    there = _cut(page, words, _BREAK)
    for number, clause in enumerate(there):
        if clause.denials != 1:
            continue
        elsewhere = frozenset().union(*(other.words for place, other in enumerate(there) if place != number))
        for behind in _behind_denials(clause.text):
            whole = _MODAL.sub("", behind)
            if _TURNS_ROUND.search(whole) or _first_word(whole, words) not in said:
                continue
            for denied in (whole, _OR.split(whole)[0]):
                own = words(denied) - _FRAME - elsewhere
                if own and len(own & said) >= _MOST_OF_A_DENIAL * len(own):
                    return clause.text
    return ""


def _first_word(text: str, words: Words) -> str:
    """The first word that says something, "" where none does; of a run of Chinese its first pair of characters."""
    for run in text.split():
        found = words(run) - _FRAME
        if found:
            return min(found, key=lambda word: (place if (place := run.find(word)) >= 0 else len(run), word))
    return ""


def _behind_denials(text: str) -> list[str]:
    """What stands behind each denial of ``text``."""
    plain = _CHINESE_NO_DENIAL.sub(_blank, _ENGLISH_NO_DENIAL.sub(_blank, text))
    return [text[match.end() :] for pattern in (_ENGLISH, _CHINESE) for match in pattern.finditer(plain)]


def _elsewhere(claim: str, page: str, words: Words) -> Disagreement | None:
    """A denial of the claim, all of whose words the page has and denies none of, where the page denies other ones."""
    said, there = words(claim), words(page)
    theirs = [scope - _FRAME for scope in _denied(page, words, said)]
    if not theirs:
        return None
    for one in _denied(claim, words, said):
        scope = one - _FRAME
        if scope and scope <= there and not any(scope & other for other in theirs) and all(theirs):
            return Disagreement(" ".join(sorted(scope)), page.strip(), added=True)
    return None


def _agree_as_a_whole(claim: str, page: str, words: Words) -> bool:
    """Whether claim and page deny as often, the same words, in the sentences of the page that the claim repeats."""
    said = words(claim)
    region = [one for one in sentences(page) if len(words(one) & said) * 2 >= len(words(one)) > 0]
    if not region:
        return False
    mine = _denied(claim, words, said)
    theirs = [scope for one in region for scope in _denied(one, words, said)]
    mine_free, theirs_free = _cancelled(claim, mine), _cancelled(" ".join(region), theirs)
    if len(mine) - mine_free != len(theirs) - theirs_free:
        return False
    if theirs_free and not mine_free:
        return _ONLY.search(claim) is not None
    if mine_free and not theirs_free:
        return _ONLY.search(page) is not None
    return all(_met(scope, theirs) for scope in mine) and all(_met(scope, mine) for scope in theirs)


def _cancelled(text: str, scopes: list[frozenset[str]]) -> int:
    """How many of the denials "not … unless" takes back: two, or none."""
    return 2 if _EXCEPTION.search(text) and len(scopes) >= 2 else 0


def _met(scope: frozenset[str], others: list[frozenset[str]]) -> bool:
    return not scope or any(not other or scope & other for other in others)


def _denied(text: str, words: Words, said: frozenset[str]) -> list[frozenset[str]]:
    """What each denial and exception of ``text`` is about, in clauses of which half the words are ``said``."""
    found = []
    for start, end in _spans(text):
        clause = text[start:end]
        content = words(clause)
        if len(content & said) * 2 < len(content):
            continue
        plain = _CHINESE_NO_DENIAL.sub(_blank, _ENGLISH_NO_DENIAL.sub(_blank, clause))
        for pattern in (_ENGLISH, _CHINESE, _EXCEPTION):
            for match in pattern.finditer(plain):
                if pattern is _EXCEPTION and _CHINESE.fullmatch(match.group()):
                    continue  # 除外 is among the denials
                after = words(clause[match.end() :])
                passive = _PASSIVE.search(match.group()) or _PASSIVE_AFTER.match(clause, match.end())
                whole = pattern is _CHINESE or not after or passive
                found.append((content if whole else after) - _NOTHING)
    return found


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _spans(text: str) -> list[tuple[int, int]]:
    """The clauses of ``text``; the word that parts two of them ("unless") stands in the second."""
    cuts = [0, *(match.start() for match in _BREAK.finditer(text)), len(text)]
    return [(start, end) for start, end in pairwise(cuts) if text[start:end].strip()]


def denial_before(text: str, start: int, floor: int) -> str:
    """The denial that stands in the same clause before a quotation, "" where there is none: "do **not** [give X]".

    ``floor`` is where the paragraph, item or row of the quotation begins: no clause reaches over it.
    """
    before = text[max(floor, start - _CLAUSE_BEFORE) : start]
    cut = max((match.end() for match in _BREAK.finditer(before)), default=0)
    return " ".join(before[cut:].split()) if denials(before[cut:]) else ""
