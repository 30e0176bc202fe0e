"""Left for right, before for after, adults for children: words of the claim that stand for their opposite on the page.

Laws of this room: pure functions of two texts. A pair is looked for in a clause of the claim and the clause of the page
that shares most with it, in sentences that say much the same, and in words that stand at one place in both; numbers
with their "more than" are blanked out, for they are checked on their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ragmed.answer.alignment import Replacement
from ragmed.answer.polarity import Words, clauses, overlap, partner, sentences
from ragmed.terms import find_terms
from ragmed.text.numbers import quantities

_UP = r"increas\w*|rais(?:e|es|ed|ing)|elevat\w*|rises?|rising|rose"
_DOWN = r"decreas\w*|reduc\w*|lower(?:s|ed|ing)?|declin\w*|drops?|dropped|falls?|fell|falling"
_PAIRS = (
    ("left", "right"),
    ("左(?!右)", "(?<!左)右"),
    ("before|prior", "after|following|afterwards"),
    ("(?<!目)(?<!以)前(?![列壁臂庭驱])", "(?<![预然])后(?![壁颅])"),
    ("adults?", "child(?:ren)?|pa?ediatric|infants?"),
    ("成人|成年(?!前)", "儿童|小儿|婴儿|患儿"),
    (_UP, _DOWN),
    ("增加|增大|升高|上调|提高", "减少|缩小|降低|下降|下调"),
    ("high|higher", "low|lower"),
    ("高", "低"),
    (
        r"start(?:s|ed|ing)?|begin(?:s|ning)?|began|initiat\w*|continu(?:e|es|ed|ing)",
        r"stop(?:s|ped|ping)?|discontinu\w*|withh[eo]ld\w*",
    ),
    ("开始|启用|继续|启动", "停止|停用|停药"),
    ("positive", "negative"),
    ("阳性", "阴性"),
    ("benign", r"malignant|cancer|\w*carcinoma"),
    ("良性", "恶性|癌"),
    ("rul(?:e|es|ed|ing) in", "rul(?:e|es|ed|ing) out|exclud(?:e|es|ed|ing)"),
    ("at home|outpatients?", "inpatients?|admission|admitted|in hospital"),
    ("门诊", "住院"),
    ("more likely", "less likely"),
    ("men|man|males?", "wom[ae]n|females?"),
    ("father|fathers|paternal", "mother|mothers|maternal"),
    ("男", "女"),
    ("acute", "chronic"),
    ("急性", "慢性"),
    ("systolic", "diastolic"),
    ("收缩压", "舒张压"),
    ("upper", "lower"),
    ("上叶|上肺|上肢", "下叶|下肺|下肢"),
    ("minimum", "maximum"),
    ("at least", "at most"),
    ("above", "below|under|underneath"),
    ("first|first-choice|first-line", "second|second-choice|second-line|third|last|latest"),
    ("首选|一线", "次选|二线"),
    ("primary", "secondary"),
    ("早期", "晚期"),
    ("early|earlier", "late|later"),
    ("high|high-risk", "intermediate|moderate"),
    ("low|low-risk", "intermediate|moderate"),
    ("severe", "mild|moderate"),
    ("mild", "moderate"),
    ("重度|(?<!非)重症", "轻度|轻症|中度"),
    ("高危", "低危|中危"),
    ("including|includes?", "except|excluding|excludes?"),
    ("flat|supine", "upright|sitting|prone"),
    ("half|halved", "full"),
    ("success(?:ful|fully)?|succeed(?:s|ed)?", "fail(?:s|ed|ing|ure)?|unsuccessful(?:ly)?"),
    ("成功", "失败"),
    ("延长", "缩短"),
    ("(?<= )内(?![科镜])", "(?<= )后"),
    ("首次", "末次|最近一次"),
    ("normal", rf"abnormal|low|high|{_UP}|{_DOWN}"),
    ("persistent", "transient|intermittent|temporary"),
    ("peripheral", "central"),
    ("外周", "中央"),
    ("放宽", "从严|收紧"),
    ("原发", "转移|继发"),
    ("纯磨玻璃", "部分实性"),
    ("pure", "part-solid|mixed"),
    ("complete|completely", "partial|partially|incomplete"),
    ("single", "multiple"),
    ("isch[a]?emic", "h[a]?emorrhagic"),
    ("bacterial", "viral|fungal"),
    (r"(?<!may )(?<!can )(?<!often )present(?!\s+(?:only\s+)?with\b)|presence", "absent|absence"),
    ("the same|identical|equal", "differ(?:s|ent|ently|ing)?|unequal"),
    ("deep", "superficial"),
    ("focal", "diffuse|generali[sz]ed"),
    ("local", "systemic|distant"),
    ("anterior", "posterior"),
    ("proximal", "distal"),
    ("superior", "inferior"),
    ("internal", "external"),
    ("unilateral", "bilateral"),
    ("agonists?", "antagonists?"),
    ("elective", "emergency"),
    ("inspir(?:ation|atory)|inhal(?:e|ation)", "expir(?:ation|atory)|exhal(?:e|ation)"),
    (r"constrict(?:s|ed|ion|ing)?|vasoconstrict\w*", r"dilat(?:e|es|ed|ion|ing)|vasodilat\w*"),
    (r"stimulat\w*|activat\w*", r"inhibit\w*|block(?:s|ed|ing)?"),
    ("gains?", "loss|loses?"),
    ("deficien(?:t|cy)", "excess(?:ive)?"),
    ("fasting", "fed|postprandial"),
    ("shorter", "longer"),
    ("younger", "older"),
    ("outside", "inside|during"),
    ("arrival|admission", "onset|discharge"),
    ("入院", "出院|发病"),
    ("fast|rapid|rapidly|quickly", "slow|slowly"),
    ("improve[sd]?|improving|improvement", "worsen(?:s|ed|ing)?"),
    ("好转", "恶化"),
    ("more", "less|fewer"),
    ("greater", "less|smaller"),
    ("sensitivity", "specificity"),
    ("敏感性", "特异性"),
    ("inpatients?", "outpatients?"),
    ("住院", "门诊"),
    ("morning", "evening|night"),
    ("arterial", "venous"),
    ("动脉", "静脉"),
    ("stable", "unstable"),
    ("type 1", "type 2"),
    ("safe", "unsafe|dangerous"),
    ("recommended", "discouraged"),
)
_OPPOSITES = tuple(
    tuple(re.compile(rf"\b(?:{words})\b" if words.isascii() else words) for words in pair) for pair in _PAIRS
)
_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis", "contra", "mal")
_PREFIX_PAIRS = (("hyper", "hypo"), ("tachy", "brady"), ("pre", "post"), ("over", "under"), ("intra", "extra"))
_NO_OPPOSITES = frozenset({("unless", "less"), ("less", "unless")})
_JOINERS = frozenset({("and", "or"), ("or", "and"), ("和", "或"), ("或", "和"), ("且", "或"), ("或", "且")})
_KINDS = frozenset({"disease", "test", "organism", "procedure"})
_SAME = 0.6
"""Overlap from which two sentences are held to be about one thing, whatever their clauses."""


def opposite(claim: str, page: str, words: Words, aligned: tuple[Replacement, ...] = ()) -> tuple[str, str] | None:
    """(the claim's word, the page's opposite) where the claim turns the page round."""
    for one in aligned:
        if (one.claim.lower(), one.page.lower()) in _JOINERS:
            return one.claim, one.page
        turned = _turned(without_numbers(one.claim), without_numbers(one.page))
        turned = turned or _prefixed(words(one.claim), words(one.page)) or _another(one, page)
        if turned:
            return turned
    for mine, theirs, mine_words, their_words in _pairs(claim, page, words):
        turned = _turned(without_numbers(mine), without_numbers(theirs)) or _prefixed(mine_words, their_words)
        if turned:
            return turned
    return None


def _another(one: Replacement, page: str) -> tuple[str, str] | None:
    """A disease, test, organism or procedure that the page never names, at the place of another one."""
    for match in find_terms(one.claim):
        if match.term.kind in _KINDS and all(match.term is not other.term for other in find_terms(page)):
            for theirs in find_terms(one.page):
                if theirs.term.kind == match.term.kind and match.surface.lower() not in page.lower():
                    return match.surface, theirs.surface
    return None


def _pairs(claim: str, page: str, words: Words) -> Iterator[tuple[str, str, frozenset[str], frozenset[str]]]:
    """Clauses and sentences of the claim with those of the page that they are to be compared with."""
    there = clauses(page, words)
    for clause in clauses(claim, words):
        other = partner(clause, there)
        if other is not None:
            yield clause.text, other.text, clause.words, other.words
    for sentence in sentences(claim, semicolons=False):
        mine = words(sentence)
        best = max(sentences(page, semicolons=False), key=lambda other: overlap(mine, words(other)), default="")
        if overlap(mine, words(best)) >= _SAME:
            yield sentence, best, mine, words(best)


@lru_cache(maxsize=4096)
def without_numbers(text: str) -> str:
    """``text`` in lower case, numbers with their comparators and units blanked out."""
    plain = list(text)
    for one in quantities(text):
        plain[one.start : one.end] = " " * (one.end - one.start)
    return "".join(plain).lower()


def _turned(claim: str, page: str) -> tuple[str, str] | None:
    """One word of a pair stands more often in the claim than on the page, and the other less often."""
    for pair in _OPPOSITES:
        for mine, theirs in (pair, pair[::-1]):
            said, page_said = mine.findall(claim), mine.findall(page)
            if len(said) > len(page_said):
                instead = theirs.findall(page)
                if len(instead) > len(theirs.findall(claim)):
                    return str(said[0]), str(instead[0])
    return None


def _prefixed(claim: frozenset[str], page: frozenset[str]) -> tuple[str, str] | None:
    """ "stable" against "unstable", "hypotension" against "hypertension"."""
    for mine in sorted(claim - page):
        for theirs in sorted(page - claim):
            longer, shorter = sorted((mine, theirs), key=len, reverse=True)
            if (
                len(shorter) >= 4
                and (mine, theirs) not in _NO_OPPOSITES
                and any(longer == prefix + shorter for prefix in _PREFIXES)
            ):
                return mine, theirs
            for one, other in _PREFIX_PAIRS:
                if {mine, theirs} == {one + (rest := longer.removeprefix(one).removeprefix(other)), other + rest}:
                    return mine, theirs
    return None
