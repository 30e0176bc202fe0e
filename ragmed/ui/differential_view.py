"""The differential card: for each diagnosis what speaks for it and against it in this case, and the next test.

Every line carries its citation or says that the library has no source for it. What was recognised in the question
stands first, is bold, and says so to a screen reader. The first diagnoses, and those with something of this case, are
open; of the others the name, the warning and the citation show, and a tap opens the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.citation_keys import keys_of
from ragmed.ui.chips import chip, with_tail
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.references import cited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.records import AnswerRecord, Candidate, Finding
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words

OPEN = 3
"""Diagnoses that are open from the start."""
ROWS = (("dx.for", "supporting"), ("dx.against", "against"), ("dx.next", "next_tests"))


def differential_card(record: AnswerRecord, words: Words, shown: str = "") -> Markup | None:
    """The card, or nothing where the record has none."""
    if not record.differential:
        return None
    by_check = _by_check(record)
    rows = [
        _candidate(record, candidate, by_check, words, shown, rank=rank)
        for rank, candidate in enumerate(record.differential, start=1)
    ]
    legend = any(_in_case(candidate) for candidate in record.differential)
    return el(
        "section",
        el(
            "h2",
            words("dx.title"),
            el("span", words("dx.legend"), class_="rm-legend") if legend else None,
        ),
        el("ol", *rows, class_="rm-dx"),
        class_="rm-part",
    )


def case_findings(record: AnswerRecord, words: Words, shown: str = "") -> Markup | None:
    """What was recognised in the question, each with the library's line about it."""
    if not record.case:
        return None
    by_check = _by_check(record)
    return el(
        "section",
        el("h2", words("dx.case")),
        el(
            "ul",
            *(_finding(record, finding, by_check, words, shown, bold=False) for finding in record.case),
            class_="rm-flow",
        ),
        class_="rm-part",
    )


def _by_check(record: AnswerRecord) -> dict[int, Cited]:
    """The quote behind each of the record's checks, by the check's index."""
    items = cited(record)
    return {index: items[key] for index, key in enumerate(keys_of(record)) if key in items}


def _in_case(candidate: Candidate) -> bool:
    return any(finding.in_case for _, name in ROWS for finding in getattr(candidate, name))


def _candidate(
    record: AnswerRecord,
    candidate: Candidate,
    by_check: Mapping[int, Cited],
    words: Words,
    shown: str,
    *,
    rank: int,
) -> Markup:
    own = by_check.get(candidate.citation) if candidate.citation is not None else None
    mark = el("span", chip(record.record_id, own, words, shown=shown), class_="rm-chips") if own else None
    head = el(
        "h3",
        el("span", f"{rank}.", class_="rm-dx-rank"),
        el(
            "span",
            with_tail(candidate.diagnosis, mark),
            lang=record.language.value,
            class_="rm-dx-name",
        ),
        el("span", el("span", "⚠", aria_hidden="true"), words("dx.cannot_miss"), class_="rm-tag rm-tag-miss")
        if candidate.cannot_miss
        else None,
        None if own else el("span", words("dx.no_source"), class_="rm-unsourced"),
    )
    lines = [
        _row(record, words(name), getattr(candidate, attribute), by_check, words, shown) for name, attribute in ROWS
    ]
    return el(
        "li",
        el("details", el("summary", head), el("dl", *lines), open=rank <= OPEN or _in_case(candidate)),
        tabindex="-1",
        class_="rm-dx-row",
        data_stop=True,
    )


def _row(
    record: AnswerRecord,
    name: str,
    findings: Sequence[Finding],
    by_check: Mapping[int, Cited],
    words: Words,
    shown: str,
) -> Markup:
    ordered = sorted(findings, key=lambda finding: not finding.in_case)
    lines = [_finding(record, finding, by_check, words, shown) for finding in ordered]
    if not lines:
        lines = [el("li", words("dx.none"), class_="rm-unsourced")]
    return el("div", el("dt", name), el("dd", el("ul", *lines, class_="rm-flow")))


def _finding(
    record: AnswerRecord,
    finding: Finding,
    by_check: Mapping[int, Cited],
    words: Words,
    shown: str,
    *,
    bold: bool = True,
) -> Markup:
    item = by_check.get(finding.citation) if finding.citation is not None else None
    if item is None:
        mark = el("span", " ", words("dx.no_source"), class_="rm-unsourced")
    else:
        mark = el("span", chip(record.record_id, item, words, shown=shown), class_="rm-chips")
    if not (finding.in_case and bold):
        return el("li", el("span", with_tail(finding.text, mark) if item else join(finding.text, mark), dir="auto"))
    heard = el("span", f" ({words('dx.in_case')})", class_="rm-hear")
    said = with_tail(finding.text, join(heard, mark)) if item else join(finding.text, heard, mark)
    return el("li", el("b", said, dir="auto"), class_="rm-in-case")
