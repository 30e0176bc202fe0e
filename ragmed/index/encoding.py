"""Records to JSON and back, for the files of segments and snapshots.

Writing is ``canonical_json``; reading is strict, so that a file of a later format is an IntegrityError that names the
file, and not a half-read record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ragmed.canonical import plain, rebuild
from ragmed.errors import IntegrityError
from ragmed.records import Document, DocumentStatus, Page

_T = TypeVar("_T")
_REMEDY = "restore the index folder from a backup, or delete it and run `ragmed index` again"


def parse_object(content: bytes, where: str) -> dict[str, Any]:
    """A JSON object, or an IntegrityError that names the file."""
    try:
        value = json.loads(content)
    except ValueError as error:
        raise IntegrityError(f"{where}: not valid JSON: {error}", remedy=_REMEDY) from None
    if not isinstance(value, dict):
        raise IntegrityError(f"{where}: not a JSON object", remedy=_REMEDY)
    return value


def parse_record(kind: type[_T], value: object, where: str) -> _T:
    """The record of its canonical form, or an IntegrityError that names the file and the field."""
    try:
        return rebuild(kind, value)
    except ValueError as error:
        raise IntegrityError(f"{where}: {error}", remedy=_REMEDY) from None


def placeless(document: Document) -> Document:
    """The document as its bytes alone give it: without the place and the standing that a library lends it."""
    return replace(
        document, source_path="", status=DocumentStatus.CURRENT, supersedes=None, superseded_by=None, permission=""
    )


def page_json(page: Page) -> dict[str, Any]:
    """The page without its boxes, which are kept beside it as bytes."""
    value: dict[str, Any] = plain(replace(page, boxes=b""))
    del value["boxes"]
    return value


def page_from(value: Mapping[str, Any], boxes: bytes, where: str) -> Page:
    """The Page of ``page_json`` and its boxes."""
    return replace(parse_record(Page, value, where), boxes=boxes)
