"""The same statement in other words, by rule: what the checks must let pass."""

from __future__ import annotations

import random
import re

from ragmed.terms import find_abbreviations, find_terms

from .edits import is_chinese, like, replaced

_SMALL = {
    2: "two",
    3: "three",
    4: "four",
    5: "five",
    6: "six",
    7: "seven",
    8: "eight",
    9: "nine",
    10: "ten",
    12: "twelve",
}
_VALUES = {word: str(value) for value, word in _SMALL.items()}
_COUNTED = (
    r"(?:days?|weeks?|months?|years?|hours?|minutes?|doses?|tablets?|times|points?|patients|people|steps|types|groups)"
)
_DIGIT = re.compile(rf"(?<=[a-z] )(?<!type )(?<!stage )(?<!to )(?:[2-9]|10|12)(?= {_COUNTED}\b)")
_WORD = re.compile(rf"\b(?:{'|'.join(_VALUES)})\b(?=\s(?!of\b|to\b|or\b|and\b)[a-z])")
_SIGNS = (
    (re.compile(r"≥\s?(?=\d)"), "at least "), (re.compile(r"≤\s?(?=\d)"), "no more than "),
    (re.compile(r"(?<![<-])>\s?(?=\d)"), "more than "), (re.compile(r"<\s?(?=\d)"), "less than "),
    (re.compile(r"\bat least (?=\d)"), "≥"), (re.compile(r"\b(?<!no )(?<!not )(?:more|greater) than (?=\d)"), ">"),
    (re.compile(r"\b(?<!no )(?<!not )less than (?=\d)"), "<"), (re.compile(r"\bno more than (?=\d)"), "up to "),
)  # fmt: skip
_CHINESE_SIGNS = (
    (re.compile(r"≥\s?(?=\d)"), "不低于"), (re.compile(r"[＞>]\s?(?=\d)"), "大于"),
    (re.compile(r"[＜<]\s?(?=\d)"), "低于"),
    (re.compile(r"≤\s?(?=\d)"), "不超过"), (re.compile(r"超过(?=\d)"), "大于"),
)  # fmt: skip
_FREQUENCIES = (
    ("twice daily", "two times a day"), ("twice a day", "twice daily"), ("three times daily", "three times a day"),
    ("three times a day", "three times daily"), ("four times daily", "four times a day"), ("once daily", "once a day"),
    ("once a day", "once daily"), ("every day", "daily"), ("twice a week", "twice weekly"),
    ("once weekly", "once a week"),
    ("每日1次", "一日一次"), ("每日2次", "每日两次"), ("每日3次", "每天三次"),
    ("每日2次", "一日2次"), ("每日两次", "每天2次"),
)  # fmt: skip
_UNITS = (
    (r"(?<=\d)\s?mg(?![\w/])", " milligrams"), (r"(?<=\d)\s?mL(?![\w/])", " ml"), (r"(?<=\d)\s?%", " percent"),
    (r"(?<=\d)\s?percent\b", "%"), (r"(?<=\d)\s?mm Hg", " mmHg"), (r"(?<=\d)\s?µg(?![\w/])", " mcg"),
    (r"(?<=\d)\s?mcg(?![\w/])", " micrograms"), (r"(?<=\d)\s?hours\b", " h"), (r"(?<=\d) minutes\b", " min"),
    (r"(?<=\d)\s?kg(?![\w/])", " kilograms"),
)  # fmt: skip
_CHINESE_UNITS = (
    (r"(?<=\d)\s?mg(?![\w/])", "毫克"), (r"(?<=\d)\s?mL(?![\w/])", "毫升"), (r"(?<=\d)\s?mm(?![\w/H])", "毫米"),
    (r"(?<=\d)\s?mmHg", "毫米汞柱"), (r"(?<=\d)小时(?!\d)", " h"), (r"(?<=\d)\s?g(?![\w/])", "克"),
)  # fmt: skip
_CONTRACTIONS = (
    ("do not", "don't"), ("does not", "doesn't"), ("did not", "didn't"), ("should not", "shouldn't"),
    ("cannot", "can't"),
    ("are not", "aren't"), ("is not", "isn't"), ("was not", "wasn't"), ("will not", "won't"), ("don't", "do not"),
    ("can't", "cannot"), ("has not", "hasn't"), ("have not", "haven't"),
)  # fmt: skip
_PROHIBITIONS = (
    ("should not", "must not"), ("must not", "should not"), ("should be avoided", "should not be used"),
    ("is contraindicated", "should not be used"), ("are contraindicated", "should not be used"),
    ("is not recommended", "should not be used"), ("不应使用", "避免使用"),
    ("避免使用", "不应使用"), ("禁用", "不得使用"),
    ("不推荐", "不建议"), ("不宜", "不应"), ("不能排除", "不能除外"), ("不必", "无需"),
)  # fmt: skip
_PHRASES = (
    ("should be ", "ought to be "), ("Patients ", "People "), ("such as", "for example"), ("should ", "need to "),
    ("because", "since"), ("in order to", "to"), ("however", "but"), ("might", "may"), ("people", "persons"),
    ("应(?![当用激答])", "应当"), ("可(?![以疑能见])", "可以"), ("需(?!要)", "需要"),
)  # fmt: skip
_VERBS = {
    "causes": "caused", "cause": "caused", "increases": "increased", "increase": "increased", "reduces": "reduced",
    "reduce": "reduced", "decreases": "decreased", "decrease": "decreased", "inhibits": "inhibited",
    "inhibit": "inhibited", "blocks": "blocked", "block": "blocked", "stimulates": "stimulated",
    "affects": "affected", "affect": "affected", "produces": "produced", "prevents": "prevented",
    "requires": "required", "require": "required", "controls": "controlled", "excludes": "excluded",
    "suggests": "suggested", "supports": "supported",
}  # fmt: skip
_ACTIVE = re.compile(rf"(?P<who>[A-Z][\w'’ -]{{3,60}}) (?P<does>{'|'.join(_VERBS)}) (?P<what>[\w'’ -]{{4,70}})\.")
_NO_SUBJECT = re.compile(
    r"\b(?:that|which|who|and|or|to|can|may|will|should|must|not|also|would|could|do|does|often|only|no|if|when|is|are)\b",
    re.IGNORECASE,
)
_RECEIVE = re.compile(r"(?P<who>[A-Z][^,;.]{3,90}) (?:should|must) receive (?P<what>[^,;.]{3,90})\.")
_GIVEN = re.compile(r"(?P<what>[A-Z][^,;.]{3,60}) should be given to (?P<who>[^,;.]{3,90})\.")
_RECOMMENDED = re.compile(r"(?P<what>[A-Z][^,;.]{3,60}) (?:is|are) recommended (?P<rest>[^,;]{3,120})\.")
_FRONTED = re.compile(
    r"(?P<if>(?:If|When|After|Before|Because|During|In|For|Although|While) [^,;:]{8,120}), "
    r"(?P<then>[A-Za-z][^,;:]{15,160})\."
)
_TRAILING = re.compile(r"(?P<then>[A-Z][^,;:]{15,160}),? (?P<if>(?:if|when|because|although|unless) [^,;:]{8,120})\.")
_RESTRICTS = re.compile(
    r"\b(?:unless|except|only|if|when|until|but|not|no|without|never|provided|whereas|while|or|rather|instead)\b"
    r"|除非|除外|仅|只|若|如|不|未|无|者|时|或|但"
)


def _first(text: str, pairs: tuple[tuple[str, str], ...], chance: random.Random, *, words: bool = True) -> str | None:
    found = []
    for old, new in pairs:
        pattern = rf"\b{old}\b" if words and old.isascii() else old
        found += [(match, new) for match in re.finditer(pattern, text, re.IGNORECASE if words else 0)]
    if not found:
        return None
    match, new = chance.choice(found)
    return replaced(text, match.span(), like(match.group(), new))


def _small(text: str) -> str:
    """``text`` as it stands inside a sentence: a plain word loses its capital, ``CT`` and ``NICE`` keep it."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _tall(text: str) -> str:
    return text[:1].upper() + text[1:]


def unit_respelt(text: str, chance: random.Random, others: list[str]) -> str | None:
    return _first(text, _CHINESE_UNITS if is_chinese(text) else _UNITS, chance, words=False)


def sign_in_words(text: str, chance: random.Random, others: list[str]) -> str | None:
    """ "More than 5" for ">5" and back."""
    signs = _CHINESE_SIGNS if is_chinese(text) else _SIGNS
    found = [(match, new) for pattern, new in signs for match in pattern.finditer(text)]
    if not found:
        return None
    match, new = chance.choice(found)
    return replaced(text, match.span(), like(match.group(), new))


def frequency_reworded(text: str, chance: random.Random, others: list[str]) -> str | None:
    return _first(text, _FREQUENCIES, chance)


def number_in_words(text: str, chance: random.Random, others: list[str]) -> str | None:
    """ "Five" for 5 and back."""
    found = [(match, _SMALL[int(match.group())]) for match in _DIGIT.finditer(text)]
    found += [(match, _VALUES[match.group()]) for match in _WORD.finditer(text)]
    if not found:
        return None
    match, new = chance.choice(found)
    return replaced(text, match.span(), new)


def synonym(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = []
    for match in find_terms(text):
        forms = match.term.chinese if is_chinese(match.surface) else match.term.english
        rest = [form for form in forms if form.lower() != match.surface.lower()]
        if rest and match.term.kind in ("finding", "disease", "drug", "test"):
            found.append((match, rest))
    if not found:
        return None
    match, rest = chance.choice(found)
    return replaced(text, (match.start, match.end), like(match.surface, chance.choice(rest)))


def abbreviation_spelt_out(text: str, chance: random.Random, others: list[str]) -> str | None:
    """Only where the table knows one sense: another might not be the page's."""
    found = [match for match in find_abbreviations(text) if not match.alternatives]
    if not found:
        return None
    match = chance.choice(found)
    return replaced(text, (match.start, match.end), match.sense.zh if is_chinese(text) else match.sense.expansion)


def contracted(text: str, chance: random.Random, others: list[str]) -> str | None:
    return _first(text, _CONTRACTIONS, chance)


def prohibition_reworded(text: str, chance: random.Random, others: list[str]) -> str | None:
    return _first(text, _PROHIBITIONS, chance)


def phrase_reworded(text: str, chance: random.Random, others: list[str]) -> str | None:
    changed = _first(text, _PHRASES, chance, words=False)
    if changed is None:
        return None
    return ("总之，" if is_chinese(text) else "In short, ") + _small(changed)


def last_clause_dropped(text: str, chance: random.Random, others: list[str]) -> str | None:
    """What is left out neither denies, nor limits, nor makes an exception, nor is one of several alternatives."""
    cut = max(text.rfind(", "), text.rfind("，"))
    if (
        cut <= (10 if is_chinese(text) else 30)
        or _RESTRICTS.search(text[cut:])
        or text[:cut].count("(") > text[:cut].count(")")
    ):
        return None
    return text[:cut] + text[-1]


def clause_moved(text: str, chance: random.Random, others: list[str]) -> str | None:
    """ "If A, B." for "B if A." and back."""
    if (match := _FRONTED.fullmatch(text)) and not re.match(r"(?:and|but|or)\b", match["then"]):
        return f"{_tall(match['then'])} {_small(match['if'])}."
    if match := _TRAILING.fullmatch(text):
        return f"{_tall(match['if'])}, {_small(match['then'])}."
    return None


def voice_turned(text: str, chance: random.Random, others: list[str]) -> str | None:
    """Active for passive and back, in sentences simple enough to be turned by rule."""
    if match := _RECEIVE.fullmatch(text):
        return f"{_tall(match['what'])} should be given to {_small(match['who'])}."
    if match := _GIVEN.fullmatch(text):
        return f"{_tall(match['who'])} should receive {_small(match['what'])}."
    if (match := _RECOMMENDED.fullmatch(text)) and " not" not in match["what"]:
        return f"We recommend {_small(match['what'])} {match['rest']}."
    if (match := _ACTIVE.fullmatch(text)) and not _NO_SUBJECT.search(match["who"] + " " + match["what"]):
        verb = "are" if match["what"].endswith("s") else "is"
        return f"{_tall(match['what'])} {verb} {_VERBS[match['does']]} by {_small(match['who'])}."
    return None


FAITHFUL = (
    unit_respelt, sign_in_words, frequency_reworded, number_in_words, synonym, abbreviation_spelt_out, contracted,
    prohibition_reworded, phrase_reworded, last_clause_dropped, clause_moved, voice_turned,
)  # fmt: skip
