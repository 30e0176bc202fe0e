"""An answer as its record says it: claims with their chips, conflicts, the differential, what was withheld, sources.

Nothing here decides anything: what holds and what does not is in the record's checks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragmed.answer.notices import unstated_in
from ragmed.citation_keys import keys_of
from ragmed.records import Outcome
from ragmed.ui.answer_foot import answer_foot
from ragmed.ui.assumed_view import assumed
from ragmed.ui.chips import chip, shape, with_tail
from ragmed.ui.conflict_view import conflict_box
from ragmed.ui.differential_view import case_findings, differential_card
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.moments import when
from ragmed.ui.references import cited
from ragmed.ui.sources_view import source_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.records import AnswerRecord, Document, Generation, Verdict
    from ragmed.ui.words import Words

SENTENCE_END = re.compile(r"[.。](?=\s|[^\s0-9]|$)")
AUTHORSHIP = re.compile(r".*?(?:language model|语言模型)[^.。]*[.。]", re.DOTALL)


def answer(
    record: AnswerRecord,
    words: Words,
    current: Mapping[str, Document],
    *,
    shown: str = "",
    zone: str | None = None,
    published_at: str | None = None,
    current_snapshot: str = "",
    pressable: int = 0,
) -> Markup:
    """The whole left column for ``record``.

    ``current`` is the library of today by document id, ``shown`` the citation in the viewer, ``published_at`` when the
    record's snapshot was published (``None`` where it is no longer kept), ``pressable`` the most characters of a
    question that the assumptions, as buttons, may ask (0: they are words).
    """
    return el(
        "article",
        _head(record, words, zone, pressable),
        _instead(record, words),
        body(record, words, shown),
        conflict_box(record, words, shown) if record.outcome is Outcome.ANSWERED else None,
        case_findings(record, words, shown) if record.outcome is Outcome.ANSWERED else None,
        differential_card(record, words, shown) if record.outcome is Outcome.ANSWERED else None,
        _missing(record, words) if record.outcome is Outcome.ANSWERED else None,
        _withheld(record, words),
        source_list(record, words, current, shown),
        answer_foot(record, words, current, zone, published_at, current_snapshot),
        class_="rm-answer",
        id="answer",
        data_record=record.record_id,
    )


def written_by(generation: Generation, words: Words) -> str:
    """What wrote the prose, in words."""
    if generation.kind == "extractive":
        return words("answer.extractive")
    if not generation.model_id:
        return words("answer.unwritten")
    how = generation.quantisation
    if generation.adapter_sha256:
        adapter = words("answer.adapter", adapter=generation.adapter_sha256[:8])
        how = words("list.then").join(filter(None, (how, adapter)))
    return words("answer.model", model=f"{generation.model_id} ({how})" if how else generation.model_id)


def _head(record: AnswerRecord, words: Words, zone: str | None, pressable: int) -> Markup:
    return el(
        "header",
        el("h1", record.question, lang=record.language.value, dir="auto", class_="rm-question"),
        el(
            "p",
            el("span", words("answer.asked"), when(record.asked_at, words, zone)),
            el("span", words(f"answer.kind.{record.mode.value}")),
            class_="rm-meta",
        ),
        assumed(record, words, pressable),
    )


def body(record: AnswerRecord, words: Words, shown: str) -> Markup:
    """The claims with their chips; of an abstention or a rejection what was said instead."""
    if record.outcome is Outcome.ABSTAINED:
        return _abstention(record, words)
    if record.outcome is Outcome.REJECTED:
        stopped = record.generation.finish_reason == "stopped"
        title = words("stopped.title" if stopped else "reject.title")
        draft = el("p", record.generation.text, dir="auto", class_="rm-draft") if stopped else None
        return el("section", el("h2", title), _notice(record), draft, class_="rm-calm")
    keys, items = keys_of(record), cited(record)
    rows = []
    for index, claim in enumerate(record.claims):
        own = dict.fromkeys(
            key
            for key, check in zip(keys, record.checks, strict=True)
            if check.citation.claim == index and key in items
        )
        rows.append(
            el(
                "li",
                el(
                    "span",
                    with_tail(
                        claim.text,
                        el(
                            "span",
                            *(chip(record.record_id, items[key], words, shown=shown) for key in own),
                            class_="rm-chips",
                        ),
                    ),
                    dir="auto",
                    lang=record.language.value,
                )
                if own
                else join(claim.text, " ", el("span", words("answer.uncited"), class_="rm-unsourced")),
                class_="rm-claim",
                tabindex="-1",
                data_stop=True,
            )
        )
    return join(
        el(
            "section",
            el("h2", words("answer.title")),
            _unstated(record),
            el("ol" if len(rows) > 1 else "ul", *rows, class_="rm-claims"),
            _verdict_key(record, words),
            class_="rm-part",
        )
        if rows
        else el("p", written_by(record.generation, words), class_="rm-written"),
    )


def _unstated(record: AnswerRecord) -> Markup | None:
    """That no sentence states the number asked for: read before the sentences, not after them."""
    said = unstated_in(record.notice, record.language)
    return el("p", said, dir="auto", lang=record.language.value, class_="rm-unstated") if said else None


def _verdict_key(record: AnswerRecord, words: Words) -> Markup:
    """What wrote this, and the chips' shapes in words, those only that occur."""
    seen: dict[Verdict, None] = dict.fromkeys(check.verdict for check in record.checks)
    marks = [
        el(
            "span",
            shape(verdict),
            words(f"verdict.{verdict.value}"),
        )
        for verdict in seen
    ]
    more = _beyond_authorship(_own_notice(record)).replace(unstated_in(record.notice, record.language), "").strip()
    return join(
        el("p", el("span", written_by(record.generation, words)), *marks, class_="rm-written"),
        el("p", more, dir="auto", lang=record.language.value, class_="rm-missing") if more else None,
    )


def _abstention(record: AnswerRecord, words: Words) -> Markup:
    titles = record.retrieval.nearest_titles
    # why, as the record says it, where the reader has that language
    said = _first_sentence(_own_notice(record)) if record.language.value == words.tongue else ""
    note = words("abstain.librarian.text", question=record.question)
    return el(
        "section",
        el("h2", said or words("abstain.title"), dir="auto"),
        _missing(record, words),
        join(el("h3", words("abstain.nearest")), el("ul", *(el("li", title, dir="auto") for title in titles)))
        if titles
        else None,
        el(
            "p",
            el(
                "button",
                words("abstain.librarian"),
                type="button",
                class_="rm-button",
                data_copy=f"{note}\nRagMed · {words('answer.record')} {record.record_id} · {record.asked_at}",
                data_done=words("answer.copied"),
            ),
        ),
        class_="rm-calm",
    )


def _instead(record: AnswerRecord, words: Words) -> Markup | None:
    """Why not the language model, whose answer was wanted."""
    if record.refused is None:
        return None
    reason = el("p", record.refused.reason, dir="auto", lang=record.language.value)
    rows = [
        el("li", el("s", claim.text, dir="auto"), el("p", claim.reason, class_="rm-meta"))
        for claim in record.refused.withheld
    ]
    fold = el("details", el("summary", words("instead.draft")), el("ul", *rows), class_="rm-fold rm-withheld")
    return el("section", el("h2", words("instead.title")), reason, fold if rows else None, class_="rm-calm rm-instead")


def _own_notice(record: AnswerRecord) -> str:
    """The notice without the reason for which a model's draft is not shown, which has a place of its own."""
    reason = record.refused.reason if record.refused else ""
    return record.notice.removeprefix(reason).strip()


def _first_sentence(notice: str) -> str:
    """The notice's first sentence: what follows it (terms, titles) the page lays out from the record itself."""
    found = SENTENCE_END.search(notice)
    return notice[: found.end()].strip() if found else notice.strip()


def _beyond_authorship(notice: str) -> str:
    """The notice without its opening words on what wrote the answer, which the page says in the reader's language."""
    found = AUTHORSHIP.match(notice)
    return notice[found.end() :].strip() if found else notice


def _notice(record: AnswerRecord) -> Markup | None:
    return el("p", record.notice, dir="auto", lang=record.language.value) if record.notice else None


def _missing(record: AnswerRecord, words: Words) -> Markup | None:
    terms = record.retrieval.missing_terms
    if not terms:
        return None
    return el("p", words("answer.missing"), " ", el("span", words("list.and").join(terms)), class_="rm-missing")


def _withheld(record: AnswerRecord, words: Words) -> Markup | None:
    if not record.withheld:
        return None
    rows = [
        el(
            "li",
            el("s", claim.text, dir="auto"),
            el(
                "p",
                shape(claim.verdict),
                words(f"verdict.{claim.verdict.value}"),
                f": {claim.reason}" if claim.reason else None,
                class_="rm-meta",
            ),
        )
        for claim in record.withheld
    ]
    return el(
        "details",
        el("summary", words.count("answer.withheld", len(rows))),
        el("p", words("answer.withheld.why"), class_="rm-meta"),
        el("ul", *rows),
        class_="rm-fold rm-withheld",
    )
