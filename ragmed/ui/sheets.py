"""The picture of a page that is held, quarantined or only planned, and the address that it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ragmed.index.report import BuildReport
from ragmed.librarian import Plan
from ragmed.ui.markup import Markup, el

if TYPE_CHECKING:
    from ragmed.ui.desk import Desk
    from ragmed.ui.words import Words

DOCUMENT_ID = re.compile(r"d-[0-9a-f]{16}\Z")
WIDTH = 1100
"""Pixels: sharp in half a desk's width, readable over a phone's."""


def plan_of(desk: Desk) -> Plan | None:
    """The plan at hand."""
    found = desk.jobs.result("plan")
    return found if isinstance(found, Plan) else None


def published(desk: Desk) -> BuildReport | None:
    """What the last publish of this process came to, until something else is planned."""
    found = desk.jobs.result("publish")
    return found if isinstance(found, BuildReport) else None


def sheet_path(document_id: str, number: int, *, notice: bool = False) -> str:
    """Where the picture of a page is served; with ``notice``, its licence notice marked."""
    return f"/library/page/{document_id}/{number}.png?w={WIDTH}{'&notice=1' if notice else ''}"


def notice_words(desk: Desk, document_id: str, number: int) -> str:
    """The licence notice on the page, as the plan or the snapshot has it; empty where there is none."""
    plan = plan_of(desk)
    notices = [
        *(plan.report.licences if plan else ()),
        *(notice for file in desk.program.librarian.held() for notice in file.notices),
    ]
    found = (one.words for one in notices if (one.document_id, one.page_number) == (document_id, number))
    return next(found, "")


def sheet(document_id: str, title: str, number: int, words: Words, *, notice: bool = False) -> Markup:
    """The picture, fetched when it comes into view."""
    path = sheet_path(document_id, number, notice=notice)
    return el(
        "figure",
        el("img", src=path, alt=words("sheet.alt", number=number, title=title), loading="lazy"),
        el("p", words("sheet.failed"), class_="rm-paper-failed", hidden=True),
        el("figcaption", el("span", words("sheet.page", number=number)), el("a", words("view.open"), href=path)),
        class_="rm-sheet rm-paper",
    )
