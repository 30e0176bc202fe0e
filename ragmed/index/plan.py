"""What a person should know before a library changes: what newer editions say otherwise, and whom that concerns.

The law of the room: nothing is decided here. What the program cannot know is a question of the plan, and the report
carries it until somebody has answered it in the register.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.changes import AnswerImpact, CitedQuote, EditionChange, LicenceNotice, OpenQuestion, QuarantinedPage
from ragmed.corpus.edition_diff import compare_editions, placed_pieces
from ragmed.index.editions import settle
from ragmed.index.impact import Fate, impact
from ragmed.records import DocumentStatus

if TYPE_CHECKING:
    from ragmed.index.editions import Standing
    from ragmed.index.work import Work

Citing = Callable[[frozenset[str]], Iterable[CitedQuote]]
"""Document ids → the quotes of recorded answers from them."""


def nobody_cites(document_ids: frozenset[str]) -> Iterable[CitedQuote]:
    """A Citing for a library without recorded answers."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The part of a report that is looked at before publishing."""

    editions: tuple[EditionChange, ...]
    quarantine: tuple[QuarantinedPage, ...]
    licences: tuple[LicenceNotice, ...]
    questions: tuple[OpenQuestion, ...]
    impact: tuple[AnswerImpact, ...]


def findings_of(work: Work, standing: Standing, citing: Citing) -> Findings:
    """Everything that this run would change or has to ask."""
    changes = tuple(_editions(work))
    return Findings(
        editions=changes,
        quarantine=tuple(work.quarantine(standing)),
        licences=tuple(notice for outcome in work.outcomes.values() for notice in outcome.notices),
        questions=standing.questions,
        impact=_impact(work, standing, changes, citing),
    )


def _editions(work: Work) -> Iterable[EditionChange]:
    """Newer editions beside those that they replace now and did not in the snapshot before; held ones too, since
    whoever decides on their licence wants to know what they change."""
    before = {(item.document.supersedes, item.document.document_id) for item in work.items_before().values()}
    documents = [outcome.document for outcome in work.outcomes.values() if outcome.document is not None]
    standing = settle(documents, work.register, work.gone(), work.strangers)
    everyone = {document.document_id: document for document in standing.documents}
    for document in everyone.values():
        older = everyone.get(document.supersedes or "")
        if older is not None and (older.document_id, document.document_id) not in before:
            old_pages, new_pages = work.pages_of(older.document_id), work.pages_of(document.document_id)
            yield compare_editions(older, old_pages, document, new_pages)


def _impact(
    work: Work, standing: Standing, changes: Iterable[EditionChange], citing: Citing
) -> tuple[AnswerImpact, ...]:
    """Recorded answers from documents that answered in the snapshot before and will not any more."""
    after = {document.document_id: document for document in standing.documents}
    by_old = {change.old.document_id: change for change in changes}
    fates: dict[str, Fate] = {}
    for key, item in work.items_before().items():
        now = after.get(key)
        if item.document.status is not DocumentStatus.CURRENT or (now and now.status is DocumentStatus.CURRENT):
            continue
        new = after.get(now.superseded_by or "") if now else None
        if new is None:
            fates[key] = Fate(old=item.document)
        else:
            pieces = tuple(placed.piece for placed in placed_pieces(work.pages_of(new.document_id)))
            fates[key] = Fate(old=item.document, new=new, pieces=pieces, change=by_old.get(key))
    return impact(citing(frozenset(fates)), fates) if fates else ()
