"""The dataset card: what is in a dataset, where it comes from, what was left out, and the hash of every file.

Nothing in it changes from one making to the next: no time, no machine, no path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ragmed.tune.dataset.problems import Problem
from ragmed.tune.dataset.rows import Form, Row, Split
from ragmed.tune.dataset.usable import Usable

FORMAT = 1
Placed = tuple[Split, Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the card tells beside the rows themselves."""

    snapshot_id: str
    prompt_revision: str
    code_version: str
    seed: int
    passages: int
    """Of a prompt made from the library."""
    abstentions: int
    """Every so manieth question of the library was asked again without its passages."""
    library: Usable
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """Why questions of the library gave no row."""
    feedback: Mapping[str, int] = field(default_factory=dict)
    """Reviewed, waiting, refused."""
    sources: Sequence[Mapping[str, Any]] = ()
    """Files that rows were read from: name, SHA-256, format, rows."""
    removed: Mapping[str, int] = field(default_factory=dict)
    """Kind of identifier → places that it was taken out of."""
    finder: str = ""
    """What looked for identifiers beside the patterns."""
    problems: Sequence[Problem] = ()
    repeated: int = 0
    """Rows that were the same as another one, and are written once."""


def card_of(rows: Sequence[Placed], told: Told, files: Mapping[str, str]) -> dict[str, Any]:
    """The card as JSON; ``files``: name → SHA-256."""
    used = _used(rows, told)
    return {
        "format": FORMAT,
        "snapshot_id": told.snapshot_id,
        "prompt_revision": told.prompt_revision,
        "ragmed": told.code_version,
        "seed": told.seed,
        "passages": told.passages,
        "abstentions": told.abstentions,
        "counts": _counts(rows),
        "splits": _splits(rows),
        "answer_markers": _markers(rows),
        "repeated": told.repeated,
        "unchecked": sum(_unchecked(row) for _, row in rows),
        "documents": used,
        "left_out": [
            {
                "document_id": one.document.document_id,
                "series": one.document.series,
                "title": one.document.title,
                "edition": one.document.edition,
                "licence": one.document.licence,
                "reason": one.reason,
            }
            for one in told.library.left_out
        ],
        "shared_chunks": told.library.shared_chunks,
        "passed_over": dict(sorted(told.passed_over.items())),
        "feedback": dict(told.feedback),
        "sources": [dict(one) for one in told.sources],
        "identifiers": {"removed": dict(sorted(told.removed.items())), "finder": told.finder},
        "problems": len(told.problems),
        "files": dict(sorted(files.items())),
    }


def _counts(rows: Sequence[Placed]) -> list[dict[str, Any]]:
    found = Counter(
        (row.form.value, split.value, row.meta.source.value, row.meta.kind, row.meta.language, row.meta.answerable)
        for split, row in rows
    )
    names = ("form", "split", "source", "kind", "language", "answerable")
    return [{**dict(zip(names, key, strict=True)), "rows": count} for key, count in sorted(found.items())]


def _splits(rows: Sequence[Placed]) -> dict[str, Any]:
    return {
        split.value: {
            "rows": {form.value: sum(one is split and row.form is form for one, row in rows) for form in Form},
            "series": sorted({name for one, row in rows if one is split for name in row.meta.series}),
        }
        for split in Split
    }


def _markers(rows: Sequence[Placed]) -> dict[str, dict[str, int]]:
    """Of each split, how often each marker is the right one: what "always [1]" would get."""
    return {
        split.value: {
            str(marker): count
            for marker, count in sorted(
                Counter(one.marker for side, row in rows if side is split for one in row.meta.expected).items()
            )
        }
        for split in Split
    }


def _unchecked(row: Row) -> bool:
    """Whether the row teaches something that stands on no known page."""
    wanted = row.form is not Form.KTO or row.label
    return wanted and row.meta.answerable and not row.meta.expected


def _used(rows: Sequence[Placed], told: Told) -> list[dict[str, Any]]:
    in_rows = {document_id for _, row in rows for document_id in row.meta.document_ids}
    return [
        {
            "document_id": one.document.document_id,
            "series": one.document.series,
            "title": one.document.title,
            "publisher": one.document.publisher,
            "edition": one.document.edition,
            "language": one.document.language.value,
            "licence": one.document.licence,
            "permission": one.document.permission,
            "restricted_but_permitted": one.permitted,
            "sha256": one.document.sha256,
            "split": one.split.value,
        }
        for one in told.library.used
        if one.document.document_id in in_rows
    ]


def markdown(card: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    """The card for people."""
    lines = [
        "# Dataset card",
        "",
        f"Made by ragmed {card['ragmed']} from snapshot `{card['snapshot_id']}` with prompt revision "
        f"{card['prompt_revision']}, seed {card['seed']}, {card['passages']} passages a prompt, "
        f"one question in {card['abstentions']} asked again without them.",
        "",
        "Treat this folder as you treat the library and the log of answers: it holds their words.",
        "",
        "## Rows",
        "",
        *_table(("form", "split", "source", "kind", "language", "answerable", "rows"), card["counts"]),
        "",
        f"Rows whose answer stands on no known page, so that it could not be checked: {card['unchecked']}. "
        f"Rows that came more than once, and are written once: {card['repeated']}.",
        "",
        "## Where the right passage stands",
        "",
        *_table(
            ("split", "markers"),
            [
                {"split": split, "markers": ", ".join(f"[{marker}] {count}" for marker, count in found.items()) or "–"}
                for split, found in card["answer_markers"].items()
            ],
        ),
        "",
        "## Documents",
        "",
        *_table(("title", "edition", "language", "split", "licence", "permission", "document_id"), card["documents"]),
        "",
        "## Left out",
        "",
        *_table(("title", "edition", "licence", "reason", "document_id"), card["left_out"]),
        "",
        f"Passages that stand in two series, and are used on no side: {card['shared_chunks']}.",
        "",
        *_table(
            ("question passed over because", "questions"),
            _pairs(card["passed_over"], "question passed over because", "questions"),
        ),
        "",
        "## Feedback and files",
        "",
        *_table(("feedback", "entries"), _pairs(card["feedback"], "feedback", "entries")),
        "",
        *_table(("name", "format", "rows", "sha256"), card["sources"]),
        "",
        "## Patient identifiers taken out",
        "",
        *_table(("kind", "places"), _pairs(card["identifiers"]["removed"], "kind", "places")),
        "",
        f"Beside the patterns looked: {card['identifiers']['finder'] or 'nothing'}.",
        "",
        "## What fell short",
        "",
        *_table(
            ("where", "line", "reason"),
            [{"where": one.where, "line": one.line, "reason": one.reason} for one in problems],
        ),
        "",
        "## Files",
        "",
        *_table(("file", "sha256"), _pairs(card["files"], "file", "sha256")),
        "",
    ]
    return "\n".join(lines)


def _pairs(found: Mapping[str, Any], key: str, value: str) -> list[dict[str, Any]]:
    return [{key: name, value: held} for name, held in found.items()]


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return ["None."]
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return head + [f"| {' | '.join(_cell(row.get(column, '')) for column in columns)} |" for row in rows]


def _cell(value: object) -> str:
    said = {True: "yes", False: "no", "": "not stated"}.get(value, value) if isinstance(value, bool | str) else value
    return " ".join(str(said).split()).replace("|", "\\|")
