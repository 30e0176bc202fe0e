"""A plan: what becomes of every file, each kind with its count and folded out; and whose answers it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.index.report import FileStatus
from ragmed.records import DocumentStatus
from ragmed.ui.diff_view import edition_change, tracked
from ragmed.ui.markup import Markup, el
from ragmed.ui.notes_view import refusal_lines
from ragmed.ui.references import link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ragmed.changes import AnswerImpact, EditionChange
    from ragmed.index.report import BuildReport, FileReport
    from ragmed.ui.words import Words

ORDER = (
    FileStatus.NEW,
    FileStatus.CHANGED,
    FileStatus.SUPERSEDED,
    FileStatus.RENAMED,
    FileStatus.WITHDRAWN,
    FileStatus.REMOVED,
    FileStatus.HELD,
    FileStatus.REFUSED,
    FileStatus.KEPT,
    FileStatus.DUPLICATE,
    FileStatus.PASSED_OVER,
    FileStatus.UNCHANGED,
)
"""As a plan is read: what changes, what needs her, what stays."""
MOST = 200


def counts(report: BuildReport, titles: Mapping[str, tuple[str, str]], words: Words) -> Markup:
    """Every kind of change that occurs, folded. ``titles``: document id and title by source path, as of today."""
    grouped = {status: [file for file in report.files if file.status is status] for status in ORDER}
    return el(
        "div",
        *(
            el(
                "details",
                el(
                    "summary",
                    el("b", str(len(files))),
                    f" {words(f'plan.status.{status.value}')}",
                ),
                el(
                    "ul",
                    *(_file(file, titles, words) for file in files[:MOST]),
                    el("li", words.count("plan.more", len(files) - MOST), class_="rm-meta")
                    if len(files) > MOST
                    else None,
                    class_="rm-sources",
                ),
                class_=f"rm-fold rm-group rm-group-{status.value.replace('_', '-')}",
            )
            for status, files in grouped.items()
            if files
        ),
        class_="rm-groups",
    )


def editions(changes: Sequence[EditionChange], words: Words) -> Markup:
    """What newer editions say otherwise; a single one stands open."""
    return el(
        "section",
        el("h2", words("diff.title")),
        *(edition_change(change, words, opened=len(changes) == 1) for change in changes),
        class_="rm-part",
    )


def impact(found: Sequence[AnswerImpact], words: Words) -> Markup:
    """Recorded answers whose words change, each linked."""
    return el(
        "section",
        el("h2", words("impact.title")),
        el("p", words("impact.lead"), class_="rm-meta"),
        el(
            "ul",
            *(_impact(one, words) for one in found[:MOST]),
            el("li", words.count("plan.more", len(found) - MOST), class_="rm-meta") if len(found) > MOST else None,
            class_="rm-sources",
        ),
        class_="rm-part rm-impact",
    )


def _impact(one: AnswerImpact, words: Words) -> Markup:
    said = tracked(one.words) if one.words else el("del", one.quote)
    return el(
        "li",
        el("p", said, class_="rm-tracked"),
        el(
            "p",
            el("span", words(f"impact.{one.kind.value}"), class_="rm-tag rm-tag-old"),
            el("span", one.title),
            el("span", " → ".join(edition for edition in (one.edition, one.new_edition) if edition)),
            el("span", words("answer.asked"), one.asked_at[:10]),
            el("a", words("impact.open"), href=link(one.record_id)),
            class_="rm-meta",
        ),
    )


def _file(file: FileReport, titles: Mapping[str, tuple[str, str]], words: Words) -> Markup:
    known_id, known_title = titles.get(file.source_path, ("", ""))
    replaced = file.status is FileStatus.CHANGED and known_id not in ("", file.document_id)
    older = file.status in (FileStatus.NEW, FileStatus.CHANGED) and file.standing is DocumentStatus.SUPERSEDED
    return el(
        "li",
        el("p", file.title or file.source_path, class_="rm-source-title"),
        *(refusal_lines(file.reason, file.source_path, words) if file.status is FileStatus.REFUSED else ()),
        el(
            "p",
            el("span", file.edition) if file.edition else None,
            el("span", file.source_path) if file.title else None,
            el("span", words.count("plan.pages", file.pages)) if file.pages else None,
            el("span", words("plan.renamed", name=file.renamed_from)) if file.renamed_from else None,
            el("span", words("plan.replaces", title=known_title)) if replaced and known_title != file.title else None,
            el("span", words("plan.older")) if older else None,
            el("span", words.count("quarantine.pages", len(file.held_pages)), class_="rm-tag rm-tag-old")
            if file.held_pages
            else None,
            el("span", file.reason, lang="en")
            if file.reason and file.status not in (FileStatus.REFUSED, FileStatus.HELD, FileStatus.KEPT)
            else None,
            class_="rm-meta",
        ),
    )
