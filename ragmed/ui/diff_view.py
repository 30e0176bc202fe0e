"""What a newer edition says otherwise, as on a page with tracked changes: what weighs first, the rest folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.changes import ChangeKind, Side
from ragmed.ui.markup import Markup, el, join

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ragmed.changes import EditionChange, PieceChange, WordRun
    from ragmed.records import Document
    from ragmed.ui.words import Words

MOST = 150
"""Differences of one fold that are shown; the counts tell of all."""


def edition_change(change: EditionChange, words: Words, *, opened: bool) -> Markup:
    """Two editions side by side, folded unless ``opened``."""
    everything = [(section.heading_path, one) for section in change.sections for one in section.changes]
    weighty = [pair for pair in everything if pair[1].weighty]
    others = [pair for pair in everything if not pair[1].weighty]
    return el(
        "details",
        el(
            "summary",
            el("span", change.new.title, class_="rm-diff-title", lang=change.new.language.value),
            el("span", f"{_edition(change.old, words)} → {_edition(change.new, words)}"),
            el("span", words.count("diff.weighty", len(weighty)), class_="rm-tag rm-tag-miss") if weighty else None,
        ),
        el("p", _counts(change, words), class_="rm-meta"),
        _sections(weighty, words),
        _folded(others, words) if weighty and others else _sections(others, words),
        el("p", words("diff.none")) if not everything else None,
        class_="rm-fold rm-diff",
        open=opened,
    )


def tracked(runs: Iterable[WordRun]) -> Markup:
    """Words of both editions: the old ones struck through, the new ones underlined."""
    return join(*(_run(run) for run in runs))


def _run(run: WordRun) -> Markup:
    """The white space around marked words is not marked."""
    words = run.text.strip()
    if run.side is Side.BOTH or not words:
        return join(run.text)
    before, _, after = run.text.partition(words)
    return join(before, el("del" if run.side is Side.OLD else "ins", words), after)


def _counts(change: EditionChange, words: Words) -> str:
    counts = {kind.value: change.count(kind) for kind in ChangeKind}
    return words("diff.counts", same=change.same, **counts)


def _edition(document: Document, words: Words) -> str:
    return document.edition or document.published_on or words("source.edition.none")


def _folded(pairs: Sequence[tuple[tuple[str, ...], PieceChange]], words: Words) -> Markup:
    return el(
        "details",
        el("summary", words.count("diff.others", len(pairs))),
        _sections(pairs, words),
        class_="rm-fold",
    )


def _sections(pairs: Sequence[tuple[tuple[str, ...], PieceChange]], words: Words) -> Markup:
    """The differences under their headings, in their order."""
    grouped: list[tuple[tuple[str, ...], list[PieceChange]]] = []
    for path, change in pairs[:MOST]:
        if not grouped or grouped[-1][0] != path:
            grouped.append((path, []))
        grouped[-1][1].append(change)
    return join(
        *(
            el(
                "section",
                el("h4", " › ".join(path) or words("diff.no_heading")),
                *(_piece(change, words) for change in changes),
                class_="rm-diff-section",
            )
            for path, changes in grouped
        ),
        el("p", words.count("plan.more", len(pairs) - MOST), class_="rm-meta") if len(pairs) > MOST else None,
    )


def _piece(change: PieceChange, words: Words) -> Markup:
    if change.kind is ChangeKind.CHANGED:
        text = tracked(change.words)
    elif change.new is not None:
        text = el("ins", change.new.text)
    else:
        text = el("del", change.old.text if change.old else "")
    return el(
        "div",
        el("p", text, class_="rm-tracked"),
        el(
            "p",
            el("span", words(f"diff.{change.kind.value}")),
            el("span", _pages(change, words)),
            class_="rm-meta",
        ),
        class_=f"rm-change rm-change-{change.kind.value}",
    )


def _pages(change: PieceChange, words: Words) -> str:
    labels = [piece.page_label for piece in (change.old, change.new) if piece is not None]
    if len(set(labels)) == 1:
        return words("source.page", label=labels[0])
    return words("diff.pages", old=labels[0], new=labels[-1])
