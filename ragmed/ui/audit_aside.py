"""Beside an answer: what its citations are worth today, its log entries, what doctors said, how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.adapters.pinned import pinned_name
from ragmed.citation_keys import check_for, page_label
from ragmed.second_checks import second_checks
from ragmed.ui.answer_foot import snapshot_number
from ragmed.ui.answer_view import written_by
from ragmed.ui.audit_filters import link
from ragmed.ui.diff_view import tracked
from ragmed.ui.markup import Markup, el, join
from ragmed.ui.moments import when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ragmed.auditor import Opened
    from ragmed.entries import AuditEntry, CitationToday, Feedback
    from ragmed.records import AnswerRecord, Generation, Passage, Prompt, RefusedDraft
    from ragmed.ui.main import View
    from ragmed.ui.words import Words


def aside(opened: Opened, view: View) -> Markup:
    """The column. Of an erased answer: its entries alone."""
    words, record = view.words, opened.record
    return el(
        "div",
        _worth(opened, record, words) if record else None,
        _part(words("audit.entry"), (_entry(entry, view) for entry in opened.entries)),
        _part(words("audit.said"), (_said(one, view) for one in opened.feedback)) if opened.feedback else None,
        _made(record, view) if record else None,
        class_="rm-aside",
    )


def _part(title: str, items: Iterable[Markup]) -> Markup:
    return el("section", el("h2", title), el("ul", *items, class_="rm-sources"), class_="rm-part")


def _worth(opened: Opened, record: AnswerRecord, words: Words) -> Markup:
    each = {one.key: one for one in opened.today}.values()
    if not each:
        nothing = el("p", words("audit.today.none"), class_="rm-meta")
        return el("section", el("h2", words("audit.today")), nothing, class_="rm-part")
    return _part(words("audit.today"), (_today(one, record, words) for one in each))


def _today(one: CitationToday, record: AnswerRecord, words: Words) -> Markup:
    """A citation; its link opens the page with the quote over the answer."""
    check = check_for(record, one.key)
    document = next((item for item in record.documents if item.document_id == check.citation.document_id), None)
    said = one.worth.value
    return el(
        "li",
        el(
            "p",
            el(
                "a",
                f"[{one.key}] {document.title if document else check.citation.document_id}",
                href=link("/audit", {"record": record.record_id, "cite": one.key}),
                data_cite=one.key,
            ),
            class_="rm-source-title",
        ),
        el(
            "p",
            el("span", words("audit.page", label=page_label(record, check))),
            el("span", words(f"verdict.{check.verdict.value}")),
            el("span", words(f"audit.today.{said}"), class_="rm-tag" if said == "said" else "rm-tag rm-tag-old"),
            el("span", words("audit.today.in", edition=one.new_edition)) if one.new_edition else None,
            class_="rm-meta",
        ),
        el("blockquote", tracked(one.words), class_="rm-tracked") if one.words else None,
    )


def _entry(entry: AuditEntry, view: View) -> Markup:
    words = view.words
    return el(
        "li",
        el(
            "p",
            el("span", words("audit.entry.number", number=entry.number)),
            el("span", words(f"audit.entry.{entry.kind.value}")),
            when(entry.at, words, view.zone),
            el("span", entry.user or words("audit.unnamed")),
            class_="rm-meta",
        ),
        el("p", el("code", entry.commitment, title="SHA-256"), class_="rm-hash"),
    )


def _said(one: Feedback, view: View) -> Markup:
    words = view.words
    return el(
        "li",
        el(
            "p",
            el("span", words(f"feedback.kind.{one.kind.value}"), class_="rm-tag"),
            el("span", f"[{one.citation_key}]") if one.citation_key else None,
            el("span", one.user or words("audit.unnamed")),
            when(one.at, words, view.zone),
            class_="rm-meta",
        ),
        el("p", one.correction, dir="auto") if one.correction else None,
        el("p", one.note, dir="auto") if one.note else None,
    )


def _made(record: AnswerRecord, view: View) -> Markup:
    words, retrieval = view.words, record.retrieval
    asked = words("audit.made.asked", user=record.user or words("audit.unnamed"))
    number = snapshot_number(record.snapshot_id)
    program = record.code_version or words("audit.made.unknown")
    settings = record.settings_sha256[:12] or words("audit.made.unknown")
    took = {name: f"{getattr(record.timings_ms, name):.0f}" for name in ("analyse", "retrieve", "generate", "verify")}
    return el(
        "section",
        el("h2", words("audit.made")),
        el(
            "ul",
            el("li", el("span", asked), " ", when(record.asked_at, words, view.zone)),
            el("li", words("audit.made.program", version=program, settings=settings)),
            *(
                el("li", said)
                for said in (*model(record.generation, words), *_pinned(record, record.generation, words))
            ),
            *(el("li", said) for said in second(record, words)),
            el("li", words("snapshot.short", number=number), title=record.snapshot_id) if record.snapshot_id else None,
            el("li", words("audit.made.coverage", coverage=f"{retrieval.coverage:.2f}")),
            el("li", words("audit.made.took", **took)),
            class_="rm-facts",
        ),
        _fold(words.count("audit.made.hits", len(retrieval.passages)), hits(retrieval.passages, words))
        if retrieval.passages
        else None,
        _fold(words("audit.made.prompt"), _prompt(record.prompt)) if record.prompt else None,
        _refused(record, record.refused, words) if record.refused else None,
        class_="rm-part",
    )


def model(generation: Generation, words: Words) -> tuple[str, ...]:
    """What wrote it, and then exactly enough to have it write the same again."""
    exactly = (
        words("audit.made.revision", revision=generation.revision[:12]) if generation.revision else "",
        generation.quantisation,
        generation.sampling,
        "" if generation.seed is None else words("audit.made.seed", seed=generation.seed),
    )
    told = words("list.then").join(filter(None, exactly))
    return (written_by(generation, words), *([told] if told else []))


def second(record: AnswerRecord, words: Words) -> tuple[str, ...]:
    """What checked sentences a second time, how many and with what result."""
    return tuple(
        words(
            "audit.made.second",
            model=one.model_id,
            revision=one.revision[:12],
            asked=one.asked,
            withheld=one.withheld,
        )
        for one in second_checks(record)
    )


def hits(passages: Iterable[Passage], words: Words) -> Markup:
    """What the search found, in its order, with the scores that it was ordered by."""
    return el(
        "ol",
        *(
            el(
                "li",
                el("p", f"{one.hit.rank}. {one.document.title}"),
                el(
                    "p",
                    el("span", words("audit.page", label=one.page_label)),
                    el("span", words("audit.made.score", score=f"{one.hit.score:.3f}")),
                    *(el("span", f"{part.name} {part.score:.3f} (#{part.rank})") for part in one.hit.parts),
                    class_="rm-meta",
                ),
            )
            for one in sorted(passages, key=lambda one: one.hit.rank)
        ),
        class_="rm-sources",
    )


def _pinned(record: AnswerRecord, generation: Generation, words: Words) -> tuple[str, ...]:
    """That the adapter did not come from the register."""
    name = pinned_name(record, generation)
    return (words("audit.made.pinned", name=name),) if name else ()


def _refused(record: AnswerRecord, refused: RefusedDraft, words: Words) -> Markup:
    """The draft that was not shown: what wrote it, from which prompt, and all of it as it was written."""
    said_of = (*model(refused.generation, words), *_pinned(record, refused.generation, words))
    return _fold(
        words("audit.made.refused"),
        join(
            el("ul", *(el("li", said) for said in said_of), class_="rm-facts"),
            el("div", el("pre", refused.generation.text), class_="rm-prompt") if refused.generation.text else None,
            _prompt(refused.prompt) if refused.prompt else None,
        ),
    )


def _prompt(prompt: Prompt) -> Markup:
    return el("div", el("pre", prompt.system), el("pre", prompt.user), class_="rm-prompt")


def _fold(title: str, inside: Markup) -> Markup:
    return el("details", el("summary", title), inside, class_="rm-fold")
