"""What happened to tuned adapters, on the Audit page: one line, and under it every change with its name and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.adapters.change import AdapterAction
from ragmed.ui.markup import Markup, el
from ragmed.ui.moments import when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.adapters.change import AdapterChange
    from ragmed.ui.words import Words


def adapter_log(changes: Sequence[AdapterChange], words: Words, zone: str | None) -> Markup | None:
    """The fold; nothing where no adapter was ever added. What went past the gate stands in its one line."""
    if not changes:
        return None
    past = [one.action for one in changes if one.overridden]
    exports = past.count(AdapterAction.EXPORT)
    said = [words.count("audit.adapters", len(changes))]
    if exports < len(past):
        said.append(words("audit.adapters.overridden", count=len(past) - exports))
    if exports:
        said.append(words("audit.adapters.left", count=exports))
    return el(
        "details",
        el("summary", words("list.then").join(said)),
        el("ul", *(_change(one, words, zone) for one in reversed(changes)), class_="rm-sources"),
        class_="rm-fold rm-adapters",
    )


def _change(one: AdapterChange, words: Words, zone: str | None) -> Markup:
    return el(
        "li",
        el(
            "p",
            el("code", one.adapter_sha256[:12], title=one.adapter_sha256),
            el("span", words(_key(one)), class_="rm-tag rm-tag-old" if one.overridden else "rm-tag"),
            el("span", one.model),
            when(one.at, words, zone),
            el("span", one.user or words("audit.unnamed")),
            class_="rm-meta",
        ),
        el("p", words(f"audit.adapters.against.{one.overridden.value}")) if one.overridden else None,
        el("p", el("code", one.exported)) if one.exported else None,
        el("p", one.why, dir="auto") if one.why else None,
    )


def _key(one: AdapterChange) -> str:
    ends = {
        AdapterAction.ADD: "add",
        AdapterAction.GATE: "passed" if one.verdict and one.verdict.passed else "refused",
        AdapterAction.PROMOTE: "past" if one.overridden else "promote",
        AdapterAction.RETIRE: "retire",
        AdapterAction.ROLL_BACK: "back" if one.back_to else "base",
        AdapterAction.EXPORT: "exported_past" if one.overridden else "export",
    }
    return f"audit.adapters.{ends[one.action]}"
