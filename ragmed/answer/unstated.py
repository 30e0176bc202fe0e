"""What is asked for and no sentence of the answer says: a dose or a time, which the reader is told of, or any kind of
answer, for which a model's draft is left for a quotation that has it.

Laws of this room: pure functions of the question and of what is shown; they never take a sentence away. The note
speaks only where *no* sentence has a number of the kind at all (or doses of other drugs alone), so that what it says
can be seen to be true; whether a number that is there is the right one it does not judge.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragmed.answer import notices
from ragmed.answer.asks import Kind, asked_for
from ragmed.answer.fitting import answers, dose_of_what_is_asked, has_number_of_kind
from ragmed.answer.whom import about_whom
from ragmed.text.numbers import quantities

if TYPE_CHECKING:
    from ragmed.answer.asks import Asks
    from ragmed.answer.judging import Held
    from ragmed.records import Passage, Query

KINDS = (Kind.DOSE, Kind.DURATION, Kind.TIMING, Kind.INTERVAL, Kind.THRESHOLD)
"""Those that a number answers, in the order in which one of several is told."""
_FLUID = re.compile(r"\bfluids?\b|\bcrystalloids?\b|[补输][^，。？?]{0,4}液|液体|晶体液", re.IGNORECASE)
_VOLUME = re.compile(r"^m?l(?:/(?:kg|h|m2|day))*$")


def unstated(query: Query, sentences: Sequence[tuple[str, str]]) -> Kind | None:
    """The kind of number that is asked for and that none of ``sentences`` (each with the headings above it) states;
    None where one states it, or no number is asked for."""
    asks = asked_for(query.text, query.english)
    wanted = [kind for kind in KINDS if kind in asks.kinds]
    if not wanted or not sentences:
        return None
    fluid = not asks.drugs and _FLUID.search(query.text) is not None
    if any(_states(text, headings, kind, asks, fluid=fluid) for text, headings in sentences for kind in wanted):
        return None
    return wanted[0]


def _states(text: str, headings: str, kind: Kind, asks: Asks, *, fluid: bool) -> bool:
    if kind is not Kind.DOSE:
        return has_number_of_kind(text, kind, asks)
    if asks.drugs:
        return dose_of_what_is_asked(text, headings, asks)
    numbers = quantities(text)
    return any(_VOLUME.match(one.unit) for one in numbers) if fluid else bool(numbers)


def not_stated(query: Query, held: Sequence[Held], passages: Sequence[Passage]) -> str:
    """What the reader of these claims is told of it, in the question's language; "" where nothing has to be told."""
    kind = unstated(query, _under_headings(held, passages))
    return notices.said(f"unstated_{kind.value}", query.language) if kind else ""


def says_what_is_asked(query: Query, held: Sequence[Held], passages: Sequence[Passage]) -> bool:
    """Whether one of these claims is wholly of a kind that is asked for, about the patient who is asked about.

    True where no kind is asked for. A sentence about a circumstance that the question does not name, or a grade of
    illness other than its own, is of no use as the only one: a child's dose, what is given in a milder disease.
    """
    asks = asked_for(query.text, query.english)
    if not asks.kinds:
        return True
    return any(
        answers(text, asks, headings) and about_whom(text, asks) >= 0
        for text, headings in _under_headings(held, passages)
    )


def _under_headings(held: Sequence[Held], passages: Sequence[Passage]) -> list[tuple[str, str]]:
    headings = {passage.chunk.chunk_id: " ".join(passage.chunk.heading_path) for passage in passages}
    return [
        (claim.text, " ".join(headings.get(check.citation.chunk_id, "") for check in found)) for claim, found in held
    ]
