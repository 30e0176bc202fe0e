"""A chain of changes → where every adapter stands, and which one writes.

Laws: a chain with a gap, or with a link that does not follow the one before, stands for nothing. What answers of a
model and revision is the top of a pile: a promotion lays one on it, a rollback takes the top away, and what a person
retired is taken out of it, so that no rollback brings it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ragmed.adapters.change import AdapterAction, AdapterChange, AdapterState, Obstacle
from ragmed.adapters.verdict import GateVerdict
from ragmed.errors import NotFoundError

Base = tuple[str, str]
"""A model's name and its revision."""
BASE_MODEL = ""
"""In a pile: no adapter."""
SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """Where one adapter stands, and how it came there."""

    sha256: str
    model: str
    revision: str
    state: AdapterState
    added_at: str
    made_by: str = ""
    verdict: GateVerdict | None = None
    """The last one."""
    changed_at: str
    changed_by: str
    why: str = ""
    overridden: Obstacle | None = None
    """What stood against its last promotion, where a person promoted it without the gate."""

    @property
    def base(self) -> Base:
        return self.model, self.revision


@dataclass(slots=True)
class Standing:
    """Where all of them stand after ``changes``."""

    changes: tuple[AdapterChange, ...] = ()
    adapters: dict[str, Stood] = field(default_factory=dict)
    _piles: dict[Base, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, changes: Iterable[AdapterChange]) -> Standing:
        """Raises ValueError for what is no chain."""
        found = cls()
        for change in changes:
            found.take(change)
        return found

    @property
    def head(self) -> str:
        """Hash of the last change; empty where there is none."""
        return self.changes[-1].sha256 if self.changes else ""

    def take(self, change: AdapterChange) -> None:
        """One more change. Raises ValueError where it does not follow."""
        if (change.number, change.previous) != (len(self.changes) + 1, self.head):
            raise ValueError(f"change {change.number} does not follow change {len(self.changes)}")
        if change.action is not AdapterAction.ADD and change.adapter_sha256 not in self.adapters:
            raise ValueError(f"change {change.number} is of an adapter that was never added")
        {
            AdapterAction.ADD: self._add,
            AdapterAction.GATE: self._gate,
            AdapterAction.PROMOTE: self._promote,
            AdapterAction.RETIRE: self._retire,
            AdapterAction.ROLL_BACK: self._roll_back,
            AdapterAction.EXPORT: self._export,
        }[change.action](change)
        self.changes = (*self.changes, change)

    def promoted(self, base: Base) -> Stood | None:
        """What writes; None: the base model."""
        return self.adapters.get(self._pile(base)[-1])

    def before(self, base: Base) -> str | None:
        """What wrote before, to go back to; None: nothing did."""
        pile = self._pile(base)
        return pile[-2] if len(pile) > 1 else None

    def in_pile(self, one: Stood) -> bool:
        """Whether it writes, or a rollback could bring it back."""
        return one.sha256 in self._pile(one.base)

    def revision_of(self, model: str) -> str:
        """The revision of this model that was changed last; empty where none was."""
        turns = (AdapterAction.PROMOTE, AdapterAction.RETIRE, AdapterAction.ROLL_BACK)
        found = (one.revision for one in reversed(self.changes) if one.model == model and one.action in turns)
        return next(found, "")

    def _pile(self, base: Base) -> list[str]:
        return self._piles.setdefault(base, [BASE_MODEL])

    def _add(self, change: AdapterChange) -> None:
        if change.adapter_sha256 in self.adapters:
            raise ValueError(f"change {change.number} adds an adapter again")
        self.adapters[change.adapter_sha256] = Stood(
            sha256=change.adapter_sha256,
            model=change.model,
            revision=change.revision,
            state=AdapterState.CANDIDATE,
            added_at=change.at,
            made_by=change.made_by,
            changed_at=change.at,
            changed_by=change.user,
            why=change.why,
        )

    def _gate(self, change: AdapterChange) -> None:
        one = self.adapters[change.adapter_sha256]
        if change.verdict is None:
            raise ValueError(f"change {change.number} is a gate's without its verdict")
        one = replace(one, verdict=change.verdict)
        if one.state is AdapterState.PROMOTED:
            self.adapters[one.sha256] = one  # it writes on: whether it should is for people to say
        else:
            self._to(one, change, AdapterState.GATED if change.verdict.passed else AdapterState.REFUSED)

    def _promote(self, change: AdapterChange) -> None:
        one = self.adapters[change.adapter_sha256]
        self._leave(change)
        self._to(replace(one, overridden=change.overridden), change, AdapterState.PROMOTED)
        pile = self._pile(one.base)
        pile[1:] = [each for each in pile[1:] if each != one.sha256]
        pile.append(one.sha256)

    def _retire(self, change: AdapterChange) -> None:
        one = self.adapters[change.adapter_sha256]
        pile = self._pile(one.base)
        wrote = pile[-1] == one.sha256
        left = [each for each in pile if each != one.sha256]
        pile[:] = [each for place, each in enumerate(left) if not place or each != left[place - 1]]
        if wrote and pile[-1] != BASE_MODEL:
            pile.append(BASE_MODEL)  # the base model writes; what wrote before waits for a rollback
        self._to(one, change, AdapterState.RETIRED)

    def _roll_back(self, change: AdapterChange) -> None:
        base = change.model, change.revision
        if self.before(base) != change.back_to:
            raise ValueError(f"change {change.number} goes back to what was not before")
        self._leave(change)
        self._pile(base).pop()
        if change.back_to != BASE_MODEL:
            self._to(self.adapters[change.back_to], change, AdapterState.PROMOTED)

    def _export(self, change: AdapterChange) -> None:
        """It stands where it stood."""

    def _leave(self, change: AdapterChange) -> None:
        """What wrote until this change writes no longer."""
        former = self.promoted((change.model, change.revision))
        if (former.sha256 if former else BASE_MODEL) != change.former:
            raise ValueError(f"change {change.number} follows another adapter than the promoted one")
        if former is not None:
            self._to(former, change, AdapterState.RETIRED)

    def _to(self, one: Stood, change: AdapterChange, state: AdapterState) -> None:
        self.adapters[one.sha256] = replace(
            one, state=state, changed_at=change.at, changed_by=change.user, why=change.why
        )


def found_in(standing: Standing, beginning: str) -> Stood:
    """By the hash or an unambiguous beginning of it. Raises NotFoundError."""
    beginning = beginning.strip().lower()
    found = [one for sha256, one in standing.adapters.items() if sha256.startswith(beginning)]
    if len(beginning) < SHORTEST_PREFIX or not found:
        raise NotFoundError(
            f"no adapter {beginning or '(an empty name)'} in the register",
            remedy=f"`ragmed tune adapters list` names them; {SHORTEST_PREFIX} characters of the hash at least",
        )
    if len(found) > 1:
        raise NotFoundError(f"more than one adapter begins with {beginning}", remedy="give more of its hash")
    return found[0]
