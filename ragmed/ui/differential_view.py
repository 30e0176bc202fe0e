"""The differential card: for each diagnosis what speaks for it and against it in this case, and the next test.

Every line carries its citation or says that the library has no source for it. What was recognised in the question is
bold and says so to a screen reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.ui.evidence_view import chip, with_tail
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.references import cited, keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.records import AnswerRecord, Candidate, Finding
    from ragmed.ui.references import Cited
    from ragmed.ui.words import Words


def differential_card(record: AnswerRecord, words: Words, shown: str = "") -> Markup | None:
    """The card, or nothing where the record has none."""
    if not record.differential:
        return None
    keys, items = keys_of(record), cited(record)
    by_check = {index: items[key] for index, key in enumerate(keys) if key in items}
    rows = [_candidate(record, candidate, by_check, words, shown) for candidate in record.differential]
    any_in_case = any(
        finding.in_case
        for candidate in record.differential
        for finding in (*candidate.supporting, *candidate.against, *candidate.next_tests)
    )
    return el(
        "section",
        el(
            "h2",
            words("dx.title"),
            el("span", words("dx.legend"), class_="rm-legend") if any_in_case else None,
        ),
        el("ol", *rows, class_="rm-dx"),
        class_="rm-part",
    )


def _candidate(
    record: AnswerRecord, candidate: Candidate, by_check: Mapping[int, Cited], words: Words, shown: str
) -> Markup:
    own = by_check.get(candidate.citation) if candidate.citation is not None else None
    language = record.language.value
    return el(
        "li",
        el(
            "h3",
            el("span", candidate.diagnosis, lang=language, class_="rm-dx-name"),
            el("span", el("span", "⚠", aria_hidden="true"), words("dx.cannot_miss"), class_="rm-tag rm-tag-miss")
            if candidate.cannot_miss
            else None,
            chip(record.record_id, own, words, shown=shown)
            if own
            else el("span", words("dx.no_source"), class_="rm-unsourced"),
        ),
        el(
            "dl",
            *(
                _row(record, words(name), findings, by_check, words, shown)
                for name, findings in (
                    ("dx.for", candidate.supporting),
                    ("dx.against", candidate.against),
                    ("dx.next", candidate.next_tests),
                )
            ),
        ),
        tabindex="-1",
        class_="rm-dx-row",
        data_stop=True,
    )


def _row(
    record: AnswerRecord,
    name: str,
    findings: tuple[Finding, ...],
    by_check: Mapping[int, Cited],
    words: Words,
    shown: str,
) -> Markup:
    if not findings:
        lines: list[Markup] = [el("li", words("dx.none"), class_="rm-unsourced")]
    else:
        lines = [_finding(record, finding, by_check, words, shown) for finding in findings]
    return el("div", el("dt", name), el("dd", el("ul", *lines)))


def _finding(record: AnswerRecord, finding: Finding, by_check: Mapping[int, Cited], words: Words, shown: str) -> Markup:
    item = by_check.get(finding.citation) if finding.citation is not None else None
    if item is None:
        mark = el("span", " ", words("dx.no_source"), class_="rm-unsourced")
    else:
        mark = el("span", chip(record.record_id, item, words, shown=shown), class_="rm-chips")
    if not finding.in_case:
        return el("li", el("span", with_tail(finding.text, mark) if item else join(finding.text, mark), dir="auto"))
    heard = el("span", f" ({words('dx.in_case')})", class_="rm-hear")
    said = with_tail(finding.text, join(heard, mark)) if item else join(finding.text, heard, mark)
    return el("li", el("b", said, dir="auto"))
