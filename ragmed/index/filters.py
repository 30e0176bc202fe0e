"""Which documents may answer: the filters of a question, held against a document.

The laws of the room:

* Filters narrow one another: a document passes all of them or none.
* A superseded or withdrawn document answers only where it is asked for: by the filter for older editions, or by naming
  its edition (law 4).
* A date may be known to the year or the month only. It is compared as far as both dates go, so that a document of
  ``2024`` passes ``from 2024-06``: it may be of June. A document without a date never passes a filter on dates.
"""

from __future__ import annotations

from ragmed.records import Document, DocumentStatus, Filters


def passes(document: Document, filters: Filters) -> bool:
    """Whether the document may answer."""
    return (
        (filters.include_superseded or bool(filters.editions) or document.status is DocumentStatus.CURRENT)
        and (not filters.languages or document.language in filters.languages)
        and (not filters.publishers or _among(document.publisher, filters.publishers))
        and (not filters.series or document.series in filters.series)
        and (not filters.document_ids or document.document_id in filters.document_ids)
        and (not filters.editions or _among(document.edition, filters.editions))
        and published_within(document.published_on, filters.published_after, filters.published_before)
    )


def published_within(date: str, after: str, before: str) -> bool:
    """Whether a date may lie between two others, both included; all may be reduced, ``after`` and ``before`` empty."""
    if not (after or before):
        return True
    return bool(date) and date[: len(after)] >= after[: len(date)] and date[: len(before)] <= before[: len(date)]


def _among(name: str, wanted: tuple[str, ...]) -> bool:
    return name.casefold() in {one.casefold() for one in wanted}
