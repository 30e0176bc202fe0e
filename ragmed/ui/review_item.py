"""One feedback under review: what the doctor saw, what she said of it, and what it would become."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ragmed.entries import ReviewDecision
from ragmed.foreseen import Part, Shortfall
from ragmed.records import Outcome, Verdict
from ragmed.ui.answer_view import body
from ragmed.ui.assumed_view import assumed
from ragmed.ui.audit_filters import link
from ragmed.ui.conflict_view import conflict_box
from ragmed.ui.differential_view import differential_card
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.moments import when
from ragmed.ui.review_words import REVIEW
from ragmed.ui.sources_view import source_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ragmed.entries import Review
    from ragmed.foreseen import Foreseen, ForeseenRow, Identifier, Short
    from ragmed.records import AnswerRecord, Document
    from ragmed.reviewer import InReview
    from ragmed.ui.main import View
    from ragmed.ui.words import Words


def head(one: InReview, view: View, identifiers: Iterable[Identifier], waiting: int) -> Markup:
    """The question, the doctor's word, who and when. ``waiting``: how many wait, where this is the first of them."""
    words, feedback = view.words, one.reviewed.feedback
    asked = (each for each in identifiers if each.part is Part.QUESTION)
    return el(
        "header",
        el("p", words.count("review.place", waiting), class_="rm-meta") if waiting else None,
        el("h2", marked(one.record.question, asked, words), lang=one.record.language.value, dir="auto"),
        el(
            "p",
            el("span", words(f"feedback.kind.{feedback.kind.value}"), class_="rm-tag rm-tag-now"),
            el("span", words("review.of_citation", citation=feedback.citation_key)) if feedback.citation_key else None,
            el("span", feedback.user or words("audit.unnamed")),
            when(feedback.at, words, view.zone),
            None if waiting else el("span", state(one.reviewed.review, words)),
            class_="rm-meta",
        ),
        class_="rm-review-head",
        tabindex="-1",
        data_item=feedback.feedback_id,
    )


def state(review: Review | None, words: Words) -> str:
    """Where it stands, in words."""
    if review is None:
        return words("review.state.waiting")
    return words(f"review.state.{review.decision.value}", user=review.user or words("audit.unnamed"))


def seen(record: AnswerRecord, words: Words, current: Mapping[str, Document], shown: str) -> Markup:
    """The answer as the doctor saw it, with its markers and pages, and the way to its record.

    ``current``: the library of today by document id, so that an edition that answers no more says so.
    """
    answered = record.outcome is Outcome.ANSWERED
    return el(
        "article",
        el("h3", words("review.seen"), class_="rm-small-title"),
        assumed(record, words, 0),
        body(record, words, shown),
        conflict_box(record, words, shown) if answered else None,
        differential_card(record, words, shown) if answered else None,
        source_list(record, words, current, shown),
        el(
            "p",
            el(
                "a",
                words("review.record"),
                href=link("/audit", {"record": record.record_id, "lang": words.tongue}),
                target="_blank",
            ),
            class_="rm-meta",
        ),
        class_="rm-answer",
        id="answer",
        data_record=record.record_id,
    )


def said(one: InReview, words: Words, identifiers: Iterable[Identifier]) -> Markup:
    """The correction and the note, as they were written."""
    feedback = one.reviewed.feedback
    kind = words(f"feedback.kind.{feedback.kind.value}")
    theirs = identifiers if one.reviewed.correction == feedback.correction else ()
    found = (each for each in theirs if each.part is Part.CORRECTION)
    return el(
        "section",
        el("h3", words("review.said"), class_="rm-small-title"),
        el("blockquote", marked(feedback.correction, found, words), dir="auto", class_="rm-review-words")
        if feedback.correction
        else el("p", words("review.said.nothing", kind=kind)),
        el("p", words("review.note"), " ", el("span", feedback.note, dir="auto"), class_="rm-meta")
        if feedback.note
        else None,
    )


def marked(text: str, identifiers: Iterable[Identifier], words: Words) -> Markup:
    """The text with the identifiers in it marked; the kind stands in the mark's title, and in ``becomes`` in words."""
    pieces: list[Markup | str] = []
    reached = 0
    for one in identifiers:
        pieces += [
            text[reached : one.start],
            el("mark", text[one.start : one.end], title=identifier(one.kind, words), class_="rm-identifier"),
        ]
        reached = one.end
    return join(*pieces, text[reached:])


def becomes(found: Foreseen, texts: Mapping[Part, str], words: Words, *, edited: bool = False) -> Markup:
    """Rows, or what falls short; then what would be taken out. ``texts``: what the identifiers' places count in."""
    return el(
        "section",
        el("h3", words("review.becomes.edited" if edited else "review.becomes"), class_="rm-small-title"),
        _rows(found.rows, words) if found.short is None else _short(found.short, words),
        _taken(found.identifiers, texts, words),
        class_="rm-becomes",
        role="status",
    )


def _rows(rows: tuple[ForeseenRow, ...], words: Words) -> Markup:
    counts = Counter(row.form for row in rows)
    lead = words("list.and").join(words.count("review.rows", n, form=form.upper()) for form, n in counts.items())
    return join(
        el("p", el("strong", lead)),
        el(
            "ul",
            *(
                el(
                    "li",
                    el("span", row.form.upper(), class_="rm-tag rm-tag-now"),
                    el("span", words(_row_key(row))),
                    el("span", words(f"review.split.{row.split}")),
                    class_="rm-meta",
                )
                for row in rows
            ),
        ),
    )


def _row_key(row: ForeseenRow) -> str:
    if row.form == "kto":
        return "review.row.kto.wanted" if row.wanted else "review.row.kto.unwanted"
    return f"review.row.{row.form}"


def _short(short: Short, words: Words) -> Markup:
    verdict = words(f"verdict.{short.verdict.value}") if short.verdict else ""
    plain = short.message if short.kind is Shortfall.OTHER else ""
    kind = "unsupported" if short.verdict is Verdict.UNSUPPORTED else short.kind.value
    why = words(f"review.short.{kind}", verdict=verdict, title=short.document, message=plain)
    return el(
        "div",
        el("p", el("strong", words("review.short"))),
        el("p", why),
        el("blockquote", short.sentence, dir="auto", class_="rm-review-words") if short.sentence else None,
        el("p", words.count("review.short.since", short.gone), class_="rm-meta") if short.gone else None,
        class_="rm-short",
    )


def _taken(identifiers: tuple[Identifier, ...], texts: Mapping[Part, str], words: Words) -> Markup:
    if not identifiers:
        return el("p", words("review.taken.none"), class_="rm-meta")
    return join(
        el("p", words("review.taken")),
        el(
            "ul",
            *(
                el(
                    "li",
                    el("mark", texts[one.part][one.start : one.end], class_="rm-identifier", dir="auto"),
                    el("span", identifier(one.kind, words)),
                    el("span", words(f"review.part.{one.part.value}")),
                    class_="rm-meta",
                )
                for one in identifiers
            ),
        ),
    )


def identifier(kind: str, words: Words) -> str:
    """A kind of identifier in words."""
    key = f"review.identifier.{kind}"
    return words(key if key in REVIEW else "review.identifier.other")


def history(reviews: Iterable[Review], view: View) -> Markup | None:
    """The reviews so far, the one that counts first."""
    words = view.words
    rows = [
        el(
            "li",
            el(
                "p",
                el("span", state(one, words)),
                when(one.at, words, view.zone),
                class_="rm-meta",
            ),
            el("p", words("review.history.words"), class_="rm-meta") if one.correction else None,
            el("blockquote", one.correction, dir="auto", class_="rm-review-words")
            if one.decision is ReviewDecision.EDIT
            else None,
            el("p", one.note, dir="auto") if one.note else None,
        )
        for one in reversed(tuple(reviews))
    ]
    if not rows:
        return None
    title = el("h3", words("review.history"), class_="rm-small-title")
    return el("section", title, el("ul", *rows, class_="rm-sources"))
