"""Denials, drugs, sides, groups of patients, order in time and other opposites, altered; and the wrong quotation."""

from __future__ import annotations

import random
import re

from ragmed.terms import all_terms, find_terms, look_alikes

from .edits import exchanged, is_chinese, like, replaced

_MODAL = re.compile(
    r"\b(should|must|may|can|is|are|was|were|will|could|does|do)\b(?!\s+(?:not|never|only|no)\b|n['’]t)", re.IGNORECASE
)
_DENIAL = re.compile(
    r"\b(?:(?P<not>(?<!whether or )(?<!if )(?<!or )not\s)(?!only\b|(?:more|less|fewer|greater|later) than)"
    r"|(?P<never>never)\b|(?P<without>without)\b"
    r"|(?P<no>no\s)(?!matter\b|(?:more|less|fewer|longer|later) than)|(?P<cannot>cannot)\b)",
    re.IGNORECASE,
)
_AFFIRMED = {"not": "", "never": "always", "without": "with", "no": "", "cannot": "can"}
_CHINESE_MODAL = re.compile(r"(?<![不未无也])(?:应(?![用激答])|需(?!要)|可(?![疑能见以])|能(?![力量])|推荐|建议)")
_CHINESE_DENIAL = re.compile(
    r"不(?=[能应宜推可得需建])|(?<![从尚])未(?=[见用行能做予发经])|(?P<ban>禁(?=用))|(?P<none>无(?=[症发咳变溶明反改]))|(?P<avoid>应?避免)"
)
_SIDED = (
    r"(?:arms?|legs?|sides?|lungs?|heart|bundle|upper|lower|lobes?|hands?|foot|feet|kidneys?|eyes?|ears?|coronary"
    r"|breasts?|hips?|knees?|shoulders?|ventric\w+|atri\w+|hemisphere|brain|main|subclavian|iliac|colon|flank|chest"
    r"|quadrant|lateral|cerebral|hepatic|lobe|hemi\w+|ankle|wrist|middle|kidney|testis|ovary|thigh|neck)"
)
SIDES = (
    (rf"left(?=[\s-]{_SIDED})", "right"),
    (rf"right(?=[\s-]{_SIDED})", "left"),
    ("左(?![右])", "右"),
    ("(?<!左)右", "左"),
)
AGES = (
    ("adults", "children"), ("children", "adults"), ("adult", "pediatric"), ("child", "adult"), ("infants", "adults"),
    ("成人", "儿童"), ("儿童", "成人"), ("患儿", "成人患者"),
)  # fmt: skip
TIMES = (
    ("before", "after"), (r"(?<!look )(?<!looked )(?<!looking )after(?! all\b)", "before"), ("prior to", "after"),
    (r"(?<=[疗药术餐溶栓查用样集诊断脉射])前(?![列壁臂])", "后"),
    (r"(?<=[疗药术餐栓查用样诊断脉射病始植入发感])后(?![壁])", "前"),
)  # fmt: skip
OPPOSITES = (
    ("increased", "decreased"), ("decreased", "increased"), ("increases", "decreases"), ("increase", "decrease"),
    ("decreases", "increases"), ("reduces", "increases"), ("reduced", "increased"), ("high", "low"), ("low", "high"),
    ("higher", "lower"), ("lower", "higher"), ("positive", "negative"), ("negative", "positive"), ("women", "men"),
    ("acute", "chronic"), ("chronic", "acute"), ("oral", "intravenous"), ("intravenous", "oral"),
    ("orally", "intravenously"), ("systolic", "diastolic"), ("diastolic", "systolic"), ("upper", "lower"),
    ("benign", "malignant"), ("malignant", "benign"), ("stop", "start"), ("start", "stop"), ("stable", "unstable"),
    ("hypotension", "hypertension"), ("hypertension", "hypotension"), ("hyperkalemia", "hypokalemia"),
    ("hypoglycemia", "hyperglycemia"), ("minimum", "maximum"), ("maximum", "minimum"), ("morning", "evening"),
    ("升高", "降低"), ("降低", "升高"), ("增大", "缩小"), ("增加", "减少"), ("阳性", "阴性"),
    ("阴性", "阳性"), ("口服", "静脉注射"),
    ("良性", "恶性"), ("急性", "慢性"), ("上叶", "下叶"), ("住院", "门诊"), ("停用", "启用"), ("收缩压", "舒张压"),
)  # fmt: skip


def denial_added(text: str, chance: random.Random, others: list[str]) -> str | None:
    if is_chinese(text):
        found = list(_CHINESE_MODAL.finditer(text))
        return replaced(text, (chance.choice(found).start(),) * 2, "不") if found else None
    found = list(_MODAL.finditer(text))
    return replaced(text, (chance.choice(found).end(),) * 2, " not") if found else None


def denial_removed(text: str, chance: random.Random, others: list[str]) -> str | None:
    if is_chinese(text):
        found = list(_CHINESE_DENIAL.finditer(text))
        if not found:
            return None
        match = chance.choice(found)
        return replaced(text, match.span(), {"ban": "可", "none": "有", "avoid": "可"}.get(match.lastgroup or "", ""))
    found = list(_DENIAL.finditer(text))
    if not found:
        return None
    match = chance.choice(found)
    return replaced(text, match.span(), like(match.group(), _AFFIRMED[match.lastgroup or ""]))


def drug_swapped(text: str, chance: random.Random, others: list[str]) -> str | None:
    drugs = [match for match in find_terms(text) if match.term.kind == "drug"]
    if not drugs:
        return None
    named = {match.term.en for match in drugs}
    match = chance.choice(drugs)
    other = chance.choice([term for term in all_terms() if term.kind == "drug" and term.en not in named])
    return replaced(
        text, (match.start, match.end), like(match.surface, other.zh if is_chinese(match.surface) else other.en)
    )


def look_alike_drug(text: str, chance: random.Random, others: list[str]) -> str | None:
    """A drug made the one that it is taken for; not counted where both are named."""
    found = []
    for pair in look_alikes():
        for name, other in (pair, pair[::-1]):
            if other.lower() in text.lower() and other not in name:
                continue
            pattern = rf"\b{name}\b" if name.isascii() else rf"(?<![\u4e00-\u9fff]甲){name}(?!龙)"
            found += [(match, other) for match in re.finditer(pattern, text, re.IGNORECASE)]
    if not found:
        return None
    match, other = chance.choice(found)
    if not match.group().isascii() and not any(term.surface == match.group() for term in find_terms(text)):
        return None  # inside a longer name
    return replaced(text, match.span(), like(match.group(), other))


def left_right(text: str, chance: random.Random, others: list[str]) -> str | None:
    return exchanged(text, SIDES, chance)


def adult_child(text: str, chance: random.Random, others: list[str]) -> str | None:
    return exchanged(text, AGES, chance)


def before_after(text: str, chance: random.Random, others: list[str]) -> str | None:
    return exchanged(text, TIMES, chance)


def opposite(text: str, chance: random.Random, others: list[str]) -> str | None:
    return exchanged(text, OPPOSITES, chance)


def wrong_quotation(text: str, chance: random.Random, others: list[str]) -> str | None:
    """A true sentence of the same page with the wrong quotation."""
    distinct = [other for other in others if other != text]
    return chance.choice(distinct) if distinct else None


WORDS = (
    denial_added, denial_removed, drug_swapped, look_alike_drug, left_right, adult_child, before_after, opposite,
    wrong_quotation,
)  # fmt: skip
