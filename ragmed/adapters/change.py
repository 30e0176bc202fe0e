"""What can happen to an adapter, as the register and the audit log keep it.

A change bears no patient text: it stays readable for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ragmed.adapters.verdict import GateVerdict
from ragmed.canonical import plain, sha256_of


class AdapterState(StrEnum):
    """Where an adapter stands."""

    CANDIDATE = "candidate"
    GATED = "gated"
    """The gate let it through."""
    REFUSED = "refused"
    """The gate did not."""
    PROMOTED = "promoted"
    """It writes the answers of its model: one a model and revision."""
    RETIRED = "retired"


class AdapterAction(StrEnum):
    """What happened."""

    ADD = "add"
    GATE = "gate"
    PROMOTE = "promote"
    RETIRE = "retire"
    ROLL_BACK = "roll back"
    EXPORT = "export"
    """Its weights were written into a folder for other programs, where no register decides what writes."""


class Obstacle(StrEnum):
    """What stands against a promotion or an export, where the gate did not let it through."""

    UNGATED = "ungated"
    REFUSED = "refused"
    RETIRED = "retired"
    OTHER_CURRENT = "other_current"
    OTHER_PROMPT = "other_prompt"

    @property
    def words(self) -> str:
        """In English, of the adapter; the verdict tells more."""
        return _OBSTACLES[self]


_OBSTACLES = {
    Obstacle.UNGATED: "it has not been through the gate",
    Obstacle.REFUSED: "the gate refused it",
    Obstacle.RETIRED: "it was retired",
    Obstacle.OTHER_CURRENT: "the gate compared it with another one than writes now",
    Obstacle.OTHER_PROMPT: "the gate asked with another prompt than answers are written from",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterChange:
    """One link of the register's chain; the content of one entry of the audit log."""

    number: int
    """From 1, without gaps."""
    previous: str
    """``sha256`` of the change before; empty for the first one."""
    action: AdapterAction
    adapter_sha256: str
    """The adapter that it happened to; of a rollback the one that comes back, or, where the base model does, leaves."""
    model: str
    revision: str
    at: str
    user: str
    why: str = ""
    made_by: str = ""
    """Of an addition: SHA-256 of the training run's manifest; empty where there is none."""
    verdict: GateVerdict | None = None
    """Of a gate; of a promotion or an export the one that it rests on."""
    former: str = ""
    """Of a promotion or a rollback: the adapter that wrote until then; empty: the base model."""
    overridden: Obstacle | None = None
    """Of a promotion or an export that the gate did not let through: what stood against it."""
    back_to: str = ""
    """Of a rollback: the adapter that comes back; empty: the base model."""
    exported: str = ""
    """Of an export: its form, and what the folder is called."""

    @property
    def sha256(self) -> str:
        """Of the whole change, the one before it included; a field that came later and is empty is left out, so that
        chains from before it hold."""
        stated = plain(self)
        if not self.exported:
            del stated["exported"]
        return sha256_of(stated)


class Journal(Protocol):
    """Where a change is written down before it is in force: the audit log."""

    def append_adapter(self, change: AdapterChange) -> object:
        """Keep it for good. Raises BusyError, NotPossibleError; IntegrityError where it does not follow the last."""
        ...

    def adapter_changes(self, after: int = 0) -> Iterable[AdapterChange]:
        """In order, from number ``after`` + 1."""
        ...
