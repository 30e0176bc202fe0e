"""``register.toml``: what librarians decided about a library, in a file that they can read and mend by hand.

The laws of the room:

* An unknown key or a value of the wrong kind is an error that names the file and the key: a misspelt ``withdrawn``
  would leave a withdrawn edition answering.
* Permissions and accepted pages name who decided, and when. Pages are accepted of exact bytes: another file under the
  same name is looked at anew.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from types import UnionType
from typing import Any

from ragmed.errors import BadInputError
from ragmed.records import Document

REGISTER = "register.toml"

_ISO_DATE = re.compile(r"(?:\d{4}(?:-\d{2}(?:-\d{2})?)?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredEdition:
    """One ``[[series.edition]]`` of the register. Empty fields leave what the document says."""

    series: str
    file: str
    """Source path below the library; ``*`` and ``?`` stand for any characters and any one."""
    edition: str = ""
    published_on: str = ""
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One ``[[permission]]``: a restricted document, or every edition of a series, may be used here."""

    document: str = ""
    """A document id; empty where the permission is for a series."""
    series: str = ""
    by: str
    on: str
    """ISO date."""
    reference: str
    """Where the permission is written: a letter, a contract, a licence."""

    def words(self) -> str:
        """As it travels with the document: ``reference (by, on)``."""
        return f"{self.reference} ({self.by}, {self.on})"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedPages:
    """One ``[[accepted]]``: pages that a person compared with their picture and found well read."""

    document: str
    pages: tuple[int, ...]
    by: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """One ``[[distinct]]``: two documents that look alike are two guidelines, not two editions of one."""

    documents: tuple[str, ...]
    by: str
    on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """What a library's register says. Empty where there is none."""

    editions: tuple[RegisteredEdition, ...] = ()
    permissions: tuple[Permission, ...] = ()
    accepted: tuple[AcceptedPages, ...] = ()
    distinct: tuple[Distinct, ...] = ()

    def permission_for(self, document: Document) -> str:
        """The words of the first permission that covers the document, or an empty text."""
        for permission in self.permissions:
            if permission.document == document.document_id or (
                permission.series and permission.series == document.series
            ):
                return permission.words()
        return ""

    def accepted_pages(self, document_id: str) -> tuple[int, ...]:
        """Pages of the document that somebody accepted, in order."""
        return tuple(sorted({page for one in self.accepted if one.document == document_id for page in one.pages}))

    def are_distinct(self, one: str, other: str) -> bool:
        """Whether a person said that the two documents are two guidelines."""
        return any({one, other} <= set(entry.documents) for entry in self.distinct)

    def names(self, source_path: str) -> RegisteredEdition | None:
        """The first entry that names the file."""
        return next((edition for edition in self.editions if fnmatchcase(source_path, edition.file)), None)

    def below(self, folder: str) -> Register:
        """The register of one of several folders, whose source paths begin with the folder's name."""
        return replace(
            self, editions=tuple(replace(edition, file=f"{folder}/{edition.file}") for edition in self.editions)
        )

    def with_(self, other: Register) -> Register:
        """Both registers' entries."""
        return Register(
            editions=self.editions + other.editions,
            permissions=self.permissions + other.permissions,
            accepted=self.accepted + other.accepted,
            distinct=self.distinct + other.distinct,
        )


def read_register(path: Path) -> Register:
    """The register at ``path``; empty where there is none. Raises BadInputError naming the file and the key."""
    if not path.is_file():
        return Register()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{path}: not valid TOML: {error}", remedy="mend the line named") from None
    _only(path, table, {"series": list, "permission": list, "accepted": list, "distinct": list})
    found: list[RegisteredEdition] = []
    for series in table.get("series", ()):
        _only(path, series, {"id": str, "title": str, "edition": list})
        if not series.get("id"):
            raise BadInputError(f"{path}: a [[series]] without id", remedy="give each [[series]] an id")
        found.extend(_edition(path, str(series["id"]), edition) for edition in series.get("edition", ()))
    return Register(
        editions=tuple(found),
        permissions=tuple(_permission(path, entry) for entry in table.get("permission", ())),
        accepted=tuple(_accepted(path, entry) for entry in table.get("accepted", ())),
        distinct=tuple(_distinct(path, entry) for entry in table.get("distinct", ())),
    )


def _edition(path: Path, series: str, entry: Mapping[str, Any]) -> RegisteredEdition:
    _only(path, entry, {"file": str, "edition": str, "date": str | date, "withdrawn": bool})
    _need(path, entry, "[[series.edition]]", "file")
    return RegisteredEdition(
        series=series,
        file=entry["file"],
        edition=entry.get("edition", ""),
        published_on=_day(path, entry, "date"),
        withdrawn=entry.get("withdrawn", False),
    )


def _permission(path: Path, entry: Mapping[str, Any]) -> Permission:
    keys = {"document": str, "series": str, "file": str, "by": str, "on": str | date, "reference": str}
    _only(path, entry, keys)
    _need(path, entry, "[[permission]]", "by", "on", "reference")
    if bool(entry.get("document")) == bool(entry.get("series")):
        raise BadInputError(
            f"{path}: a [[permission]] names a document or a series", remedy="give one of the two, not both"
        )
    return Permission(
        document=entry.get("document", ""),
        series=entry.get("series", ""),
        by=entry["by"],
        on=_day(path, entry, "on"),
        reference=entry["reference"],
    )


def _accepted(path: Path, entry: Mapping[str, Any]) -> AcceptedPages:
    _only(path, entry, {"document": str, "file": str, "pages": list, "by": str, "on": str | date})
    _need(path, entry, "[[accepted]]", "document", "pages", "by", "on")
    if not all(type(page) is int and page > 0 for page in entry["pages"]):
        raise BadInputError(f"{path}: 'pages' cannot be {entry['pages']!r}", remedy="write pages = [3, 4]")
    return AcceptedPages(
        document=entry["document"], pages=tuple(entry["pages"]), by=entry["by"], on=_day(path, entry, "on")
    )


def _distinct(path: Path, entry: Mapping[str, Any]) -> Distinct:
    _only(path, entry, {"documents": list, "by": str, "on": str | date})
    _need(path, entry, "[[distinct]]", "documents", "by", "on")
    if len(entry["documents"]) < 2 or not all(isinstance(one, str) for one in entry["documents"]):
        raise BadInputError(f"{path}: 'documents' names two documents at least", remedy="give their document ids")
    return Distinct(documents=tuple(entry["documents"]), by=entry["by"], on=_day(path, entry, "on"))


def _day(path: Path, entry: Mapping[str, Any], key: str) -> str:
    day = str(entry.get(key, ""))
    if not _ISO_DATE.fullmatch(day):
        raise BadInputError(f"{path}: {key!r} cannot be {day!r}", remedy='write 2026-03-02, or "2026-03"')
    return day


def _need(path: Path, entry: Mapping[str, Any], what: str, *keys: str) -> None:
    for key in keys:
        if not entry.get(key):
            raise BadInputError(f"{path}: {what} without {key!r}", remedy=f"give it {key}")


def _only(path: Path, table: Mapping[str, Any], known: Mapping[str, type | UnionType]) -> None:
    for key, value in table.items():
        if key not in known:
            raise BadInputError(f"{path}: unknown key {key!r}", remedy=f"the keys here are {', '.join(sorted(known))}")
        if not isinstance(value, known[key]):
            raise BadInputError(f"{path}: {key!r} cannot be {value!r}", remedy="see docs/librarian.md")


def registers_of(roots: Sequence[Path]) -> Register:
    """The registers of library folders joined; with several, their paths begin with the folder's name, as theirs do."""
    found = Register()
    for root in roots:
        if root.is_dir():
            own = read_register(root / REGISTER)
            found = found.with_(own if len(roots) == 1 else own.below(root.resolve().name))
    return found
