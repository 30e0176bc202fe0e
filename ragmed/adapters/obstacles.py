"""What stands against letting an adapter write, here or in another program: the gate's word, or its want.

Law: a promoted adapter writes on when the gate says otherwise later, but it does not leave the register for another
program then: there nobody rolls it back.
"""

from __future__ import annotations

from ragmed.adapters.change import AdapterState, Obstacle
from ragmed.adapters.standing import Standing, Stood, found_in
from ragmed.errors import BadInputError, NotPossibleError


def against_promotion(one: Stood, former: Stood | None, prompt_revision: str) -> Obstacle | None:
    """What stands against it; None where the gate let it through. ``former``: what writes now."""
    verdict, current = one.verdict, former.sha256 if former else None
    if one.state is AdapterState.RETIRED:
        return Obstacle.RETIRED
    if verdict is None:
        return Obstacle.UNGATED
    if not verdict.passed:
        return Obstacle.REFUSED
    if verdict.current_sha256 != current:
        return Obstacle.OTHER_CURRENT
    return Obstacle.OTHER_PROMPT if prompt_revision and verdict.prompt_revision != prompt_revision else None


def against_export(one: Stood, former: Stood | None, prompt_revision: str) -> Obstacle | None:
    """The same of an export. What writes now may go where the gate's last word let it through and nobody overrode it;
    anything else may go where it could be promoted."""
    if one.state is not AdapterState.PROMOTED:
        return against_promotion(one, former, prompt_revision)
    if one.verdict is None:
        return Obstacle.UNGATED
    return one.overridden if one.verdict.passed else Obstacle.REFUSED


def may_leave(
    standing: Standing, beginning: str, why: str, override: bool, prompt_revision: str
) -> tuple[Stood, Obstacle | None]:
    """The adapter whose hash begins so, and what an export of it overrides.

    Raises NotFoundError, BadInputError (no reason for an ``override``), NotPossibleError (not let through).
    """
    if override and not why.strip():
        raise BadInputError("an export past the gate needs a reason", remedy="give one with --why")
    one = found_in(standing, beginning)
    former = standing.promoted(one.base)
    against = against_export(one, former, prompt_revision)
    if against and not override:
        raise not_let_through(against, one, former, prompt_revision, "exported")
    return one, against


def not_let_through(
    obstacle: Obstacle, one: Stood, former: Stood | None, prompt_revision: str, what: str = "promoted"
) -> NotPossibleError:
    """In words, with what to do about it; ``what`` is not done to it."""
    said, remedy, verdict = obstacle.words, "run `ragmed tune gate` again", one.verdict
    if obstacle is Obstacle.UNGATED:
        remedy = "run `ragmed tune gate`"
    elif obstacle is Obstacle.RETIRED:
        remedy += "; or `ragmed tune rollback` to what wrote before"
    elif obstacle is Obstacle.REFUSED and verdict is not None:
        said += f" ({'; '.join(verdict.reasons)})" if verdict.reasons else ""
        remedy = "train another; the report says what got worse"
    elif obstacle is Obstacle.OTHER_CURRENT and verdict is not None:
        now = _short(former.sha256 if former else None)
        said = f"the gate compared it with {_short(verdict.current_sha256)}, and {now} writes now"
    elif verdict is not None:
        said = f"the gate asked with prompt {verdict.prompt_revision}, and answers are written from {prompt_revision}"
    return NotPossibleError(f"adapter {one.sha256[:12]} is not {what}: {said}", remedy=remedy)


def _short(sha256: str | None) -> str:
    return f"adapter {sha256[:12]}" if sha256 else "the base model"
