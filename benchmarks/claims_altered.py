"""How many altered sentences the citation checks catch, and how many true ones they flag.

    python benchmarks/claims_altered.py [--data ../shared/data] [--sentences 1200] [--seed 7]

Sentences come from the guideline PDFs of the test data and from the demonstration library (the Chinese ones). Each is
checked unaltered (it has to be verbatim), altered in one way at a time (it has to fail), and restated harmlessly (it
has to hold). No language model is asked, so the alterations are mechanical: a real model errs in more ways than these.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from machine import machine, save

from ragmed.answer.citations import judge
from ragmed.answer.verbatim import shown
from ragmed.corpus.reading import file_to_read, read_file
from ragmed.records import BlockKind, Language, Verdict
from ragmed.settings import ReaderSettings
from ragmed.terms import all_terms, find_terms
from ragmed.text.language import detect_language
from ragmed.text.numbers import Quantity, quantities
from ragmed.text.sentences import sentence_spans

Alteration = Callable[[str, random.Random, list[str]], str | None]
"""(sentence, chance, other sentences of the page) → the altered sentence, None where it cannot be altered so."""

UNITS = {
    "mg": "g", "g": "mg", "mcg": "mg", "ml": "l", "mmol/l": "mg/dl", "mg/dl": "mmol/l", "mm": "cm", "cm": "mm",
    "day": "week", "week": "month", "month": "year", "year": "month", "h": "min", "min": "h", "kg": "lb",
    "mmhg": "kpa",
}  # fmt: skip
WRITTEN = {"day": "days", "week": "weeks", "month": "months", "year": "years", "h": "hours", "min": "minutes"}
CHINESE_WRITTEN = {"day": "天", "week": "周", "month": "个月", "year": "年", "h": "小时", "min": "分钟"}
FLIPS = (
    ("≥", "<"), ("≤", ">"), ("＞", "＜"), ("＜", "＞"), ("at least", "at most"), ("more than", "less than"),
    ("less than", "more than"), ("or more", "or less"), ("greater than", "less than"), ("below", "above"),
    ("above", "below"), ("超过", "不足"), ("以上", "以下"),
)  # fmt: skip
OPPOSITES = (
    ("left", "right"), ("before", "after"), ("after", "before"), ("adults", "children"), ("children", "adults"),
    ("increased", "decreased"), ("decreased", "increased"), ("high", "low"), ("positive", "negative"),
    ("women", "men"), ("acute", "chronic"), ("升高", "降低"), ("增大", "缩小"), ("阳性", "阴性"), ("口服", "静脉"),
)  # fmt: skip
MODAL = re.compile(r"\b(should|must|may|can|is|are|was|were|will)\b(?! not\b)")
DENIAL = re.compile(r"\b(not|never|no|without)\b ?|不(?=[能应宜推可得])|未|禁(?=用)")
CHINESE_MODAL = re.compile(r"应(?!用)|需|可(?!疑|能|见)|推荐")


def replaced(text: str, span: tuple[int, int], words: str) -> str:
    return text[: span[0]] + words + text[span[1] :]


def digits_of(text: str, one: Quantity) -> tuple[int, int] | None:
    found = re.search(r"\d+(?:\.\d+)?", text[one.start : one.end])
    return (one.start + found.start(), one.start + found.end()) if found else None


def chosen(text: str, chance: random.Random, fits: Callable[[Quantity], bool] = lambda _: True) -> Quantity | None:
    # the number of a list item or reference is no statement, and "00" no other number
    found = [one for one in quantities(text) if fits(one) and digits_of(text, one) and one.start > 4 and one.value]
    return chance.choice(found) if found else None


def number_changed(text: str, chance: random.Random, others: list[str]) -> str | None:
    one = chosen(text, chance)
    span = digits_of(text, one) if one else None
    if span is None:
        return None
    value = text[span[0] : span[1]]
    place = chance.randrange(len(value))
    if not value[place].isdigit():
        place = len(value) - 1
    other = chance.choice([digit for digit in "123456789" if digit != value[place]])
    return replaced(text, span, value[:place] + other + value[place + 1 :])


def decimal_shift(text: str, chance: random.Random, others: list[str]) -> str | None:
    one = chosen(text, chance, lambda q: bool(q.unit))
    span = digits_of(text, one) if one else None
    if span is None:
        return None
    value = text[span[0] : span[1]]
    return replaced(text, span, value.replace(".", "") if "." in value else value + "0")


def unit_changed(text: str, chance: random.Random, others: list[str]) -> str | None:
    one = chosen(text, chance, lambda q: q.unit in UNITS and not q.high)
    if one is None:
        return None
    span = digits_of(text, one)
    han = detect_language(text) is Language.CHINESE
    unit = UNITS[one.unit]
    written = (CHINESE_WRITTEN if han else WRITTEN).get(unit, unit)
    return replaced(text, (span[1], one.end), f" {written}") if span else None


def range_end(text: str, chance: random.Random, others: list[str]) -> str | None:
    one = chosen(text, chance, lambda q: q.high is not None)
    if one is None:
        return None
    *_, last = re.finditer(r"\d+(?:\.\d+)?", text[one.start : one.end])
    value = str(int(float(last.group())) + chance.choice((1, 2, 5)))
    return replaced(text, (one.start + last.start(), one.start + last.end()), value)


def swapped_numbers(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = [(one, span) for one in quantities(text) if (span := digits_of(text, one))]
    for number, (one, first) in enumerate(found):
        for other, second in found[number + 1 :]:
            if one.unit == other.unit and one.unit and one.key != other.key and not one.high and not other.high:
                a, b = text[first[0] : first[1]], text[second[0] : second[1]]
                if a != b:
                    return replaced(replaced(text, second, a), first, b)
    return None


def comparator_flipped(text: str, chance: random.Random, others: list[str]) -> str | None:
    compared = [one for one in quantities(text) if one.comparator in ("<", "<=", ">", ">=")]
    for one in compared:
        for words, other in FLIPS:
            if words in text[one.start : one.end]:
                return replaced(text, (one.start, one.end), text[one.start : one.end].replace(words, other, 1))
    return None


def denial_added(text: str, chance: random.Random, others: list[str]) -> str | None:
    if detect_language(text) is Language.CHINESE:
        found = list(CHINESE_MODAL.finditer(text))
        if not found or text[max(0, found[0].start() - 1)] in "不未无":
            return None
        return replaced(text, (found[0].start(), found[0].start()), "不")
    found = list(MODAL.finditer(text))
    return replaced(text, (found[0].end(), found[0].end()), " not") if found else None


def denial_removed(text: str, chance: random.Random, others: list[str]) -> str | None:
    found = [
        match
        for match in DENIAL.finditer(text)
        if not re.match(r"(?:no|not) (?:more|less) than|not only", text[match.start() :])
    ]
    return replaced(text, found[0].span(), "可" if found[0].group() == "禁" else "") if found else None


def drug_swapped(text: str, chance: random.Random, others: list[str]) -> str | None:
    drugs = [match for match in find_terms(text) if match.term.kind == "drug"]
    if not drugs:
        return None
    other = chance.choice([term for term in all_terms() if term.kind == "drug" and term.en != drugs[0].term.en])
    named = other.zh if detect_language(drugs[0].surface) is Language.CHINESE else other.en
    return replaced(text, (drugs[0].start, drugs[0].end), named)


def opposite(text: str, chance: random.Random, others: list[str]) -> str | None:
    for words, other in OPPOSITES:
        match = re.search(rf"\b{words}\b" if words.isascii() else words, text)
        if match:
            return replaced(text, match.span(), other)
    return None


def other_sentence(text: str, chance: random.Random, others: list[str]) -> str | None:
    """A true sentence of the same page with the wrong quotation."""
    distinct = [other for other in others if other != text]
    return chance.choice(distinct) if distinct else None


# --- harmless restatements ---


def respelt_unit(text: str, chance: random.Random, others: list[str]) -> str | None:
    for short, long in (("mg", "milligrams"), ("mL", "ml"), ("%", " percent"), ("mm Hg", "mmHg"), ("≥", "at least ")):
        match = re.search(rf"(?<=\d)\s?{short}(?![\w/])" if short != "≥" else "≥ ?", text)
        if match and detect_language(text) is Language.ENGLISH:
            return replaced(text, match.span(), long if short in ("%", "≥") else f" {long}")
    return None


def synonym(text: str, chance: random.Random, others: list[str]) -> str | None:
    for match in find_terms(text):
        forms = match.term.chinese if detect_language(match.surface) is Language.CHINESE else match.term.english
        rest = [form for form in forms if form.lower() != match.surface.lower()]
        if rest and match.term.kind in ("finding", "disease", "drug", "test"):
            return replaced(text, (match.start, match.end), rest[0])
    return None


def last_clause_dropped(text: str, chance: random.Random, others: list[str]) -> str | None:
    cut = max(text.rfind(", "), text.rfind("，"))
    return text[:cut] + text[-1] if cut > 30 else None


def said_otherwise(text: str, chance: random.Random, others: list[str]) -> str | None:
    for old, new in (
        ("should be ", "ought to be "),
        ("Patients ", "People "),
        ("such as", "for example"),
        ("should ", "need to "),
    ):
        if old in text:
            return "In short, " + text[0].lower() + text.replace(old, new, 1)[1:]
    return None


FALSE: tuple[Alteration, ...] = (
    number_changed, decimal_shift, unit_changed, range_end, swapped_numbers, comparator_flipped, denial_added,
    denial_removed, drug_swapped, opposite, other_sentence,
)  # fmt: skip
TRUE: tuple[Alteration, ...] = (respelt_unit, synonym, last_clause_dropped, said_otherwise)


def pages_of(files: list[Path]) -> Iterator[list[str]]:
    """The sentences of each page, furniture and table rows left out."""
    for file in files:
        for page in read_file(file_to_read(file), ReaderSettings()).pages:
            found = []
            for block in page.blocks:
                if block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
                    for start, end in sentence_spans(page.text, start=block.start, end=block.end):
                        text = shown(page.text[start:end])
                        if (40 if text.isascii() else 15) <= len(text) <= 400 and text[-1] in ".。;；":
                            found.append(text)
            if found:
                yield found


def measure(pages: list[list[str]], most: int, seed: int) -> dict[str, Any]:
    """Verdicts by alteration."""
    chance = random.Random(seed)
    every = [(sentence, page) for page in pages for sentence in page]
    sample = chance.sample(every, min(most, len(every)))
    verbatim = Counter(judge(sentence, sentence)[0] for sentence, _ in sample)
    tables: dict[str, Any] = {
        "sentences": len(sample),
        "verbatim_flagged": sum(count for verdict, count in verbatim.items() if verdict is not Verdict.VERBATIM),
    }
    for name, alterations in (("false", FALSE), ("true", TRUE)):
        tables[name] = {}
        for alter in alterations:
            verdicts: Counter[str] = Counter()
            for sentence, page in sample:
                altered = alter(sentence, chance, page)
                if altered is not None and altered != sentence:
                    verdicts[judge(altered, sentence)[0].value] += 1
                    if "-v" in sys.argv and (judge(altered, sentence)[0].holds) is (name == "false"):
                        print(
                            f"{alter.__name__}\n   {sentence}\n   {altered}\n   {judge(altered, sentence)}",
                            file=sys.stderr,
                        )
            total = sum(verdicts.values())
            held = verdicts["verbatim"] + verdicts["supported"]
            share = round(1 - held / total, 4) if total else None
            word = "caught" if name == "false" else "flagged"
            tables[name][alter.__name__] = {"cases": total, word: share, "verdicts": dict(verdicts)}
    return tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--data", type=Path, default=root.parent / "shared" / "data")
    parser.add_argument("--sentences", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("-v", action="store_true", help="print what was judged wrongly")
    asked = parser.parse_args()
    english = list(pages_of(sorted((asked.data / "guidelines").rglob("*.pdf"))))
    chinese = [
        page
        for page in pages_of(sorted(p for p in (root / "guidelines").glob("*zh*") if p.suffix in (".pdf", ".md")))
        if detect_language(page[0]) is Language.CHINESE
    ]
    result = {
        "machine": machine(),
        "seed": asked.seed,
        "english": measure(english, asked.sentences, asked.seed),
        "chinese": measure(chinese, asked.sentences, asked.seed),
    }
    if asked.v:
        return
    save("claims_altered", result)


if __name__ == "__main__":
    main()
