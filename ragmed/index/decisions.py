"""Writing what a librarian decided into ``register.toml``.

The laws of the room:

* A decision is added; what else the file says, comments included, stays as it is.
* What comes out is read back before it replaces the file: a register that ``read_register`` refuses is never written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ragmed.canonical import write_atomic
from ragmed.errors import BadInputError
from ragmed.index.register import AcceptedPages, Distinct, Permission, RegisteredEdition, read_register

_SERIES = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")


def permit(path: Path, permission: Permission, *, file: str = "") -> None:
    """Add a permission to the register at ``path``. ``file`` is kept for people beside the document's id."""
    entry: dict[str, Any] = {"document": permission.document, "series": permission.series, "file": file}
    entry |= {"by": permission.by, "on": _date(permission.on), "reference": permission.reference}
    _add(path, "permission", entry)


def accept_pages(path: Path, accepted: AcceptedPages, *, file: str = "") -> None:
    """Add accepted pages."""
    entry = {"document": accepted.document, "file": file, "pages": sorted(accepted.pages), "by": accepted.by}
    _add(path, "accepted", entry | {"on": _date(accepted.on)})


def mark_distinct(path: Path, distinct: Distinct) -> None:
    """Add that documents are no editions of each other."""
    entry = {"documents": sorted(distinct.documents), "by": distinct.by, "on": _date(distinct.on)}
    _add(path, "distinct", entry)


def place_edition(path: Path, edition: RegisteredEdition) -> None:
    """Say to which series a file belongs, its edition and date, or that it is withdrawn.

    An entry for exactly this file is replaced, wherever it stands; fields left empty keep what the entry said.
    """
    import tomlkit

    if not _SERIES.match(edition.series):
        raise BadInputError(
            f"the series cannot be {edition.series!r}", remedy="write it in small letters, digits and hyphens: nsclc"
        )

    def change(table: Any) -> None:
        entry = tomlkit.table()
        entry["file"] = edition.file
        for series in table.get("series", ()):
            for index, known in enumerate(series.get("edition", ())):
                if known.get("file") == edition.file:
                    entry = known
                    del series["edition"][index]
                    break
        if edition.edition:
            entry["edition"] = edition.edition
        if edition.published_on:
            entry["date"] = _date(edition.published_on)
        if edition.withdrawn:
            entry["withdrawn"] = True
        elif "withdrawn" in entry:
            del entry["withdrawn"]
        for series in table.get("series", ()):
            if series.get("id") == edition.series:
                series.setdefault("edition", tomlkit.aot()).append(entry)
                return
        added = tomlkit.table()
        added["id"] = edition.series
        editions = tomlkit.aot()
        editions.append(entry)
        added["edition"] = editions
        table.setdefault("series", tomlkit.aot()).append(added)

    _change(path, change)


def _add(path: Path, key: str, entry: Mapping[str, Any]) -> None:
    import tomlkit

    def change(table: Any) -> None:
        added = tomlkit.table()
        for name, value in entry.items():
            if value:
                added[name] = value
        table.setdefault(key, tomlkit.aot()).append(added)

    _change(path, change)


def _change(path: Path, change: Callable[[Any], None]) -> None:
    """Read, change and replace the register; what comes out must be one that ``read_register`` takes."""
    import tomlkit

    before = path.read_text("utf-8") if path.is_file() else ""
    read_register(path)
    table = tomlkit.parse(before)
    change(table)
    after = tomlkit.dumps(table)
    beside = path.with_name(f".{path.name}.checked")
    try:
        write_atomic(beside, after.encode())
        read_register(beside)
    finally:
        beside.unlink(missing_ok=True)
    write_atomic(path, after.encode())


def _date(day: str) -> date | str:
    """A TOML date where the day is whole, else the text, which reading the register judges."""
    if len(day) != len("2026-03-02"):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise BadInputError(f"{day!r} is no day", remedy='write 2026-03-02, or "2026-03"') from None
