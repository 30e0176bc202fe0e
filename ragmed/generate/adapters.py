"""Which adapter writes the next answer: one that the settings name, the register's promoted one, or a recorded one.

Law: an adapter that should write and cannot is an error, never the base model in its place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ragmed.errors import IntegrityError, MissingPartError, ModelError, NotFoundError, RagMedError
from ragmed.generate.loading import Adapter

if TYPE_CHECKING:
    from ragmed.adapters.register import AdapterRegister
    from ragmed.models.store import LockedModel


class AdapterSource(Protocol):
    """Asked before each answer; safe to share between threads."""

    def adapter(self, model: LockedModel) -> Adapter | None:
        """The one that writes with this model now; None: the model alone. Raises ModelError, IntegrityError."""
        ...


class FixedAdapter:
    """Always the same one."""

    def __init__(self, adapter: Adapter | None) -> None:
        self._adapter = adapter

    def adapter(self, model: LockedModel) -> Adapter | None:
        return self._adapter


class PromotedAdapter:
    """The one that the register has promoted for the model, looked up before each answer."""

    def __init__(self, register: AdapterRegister) -> None:
        self._register = register

    def adapter(self, model: LockedModel) -> Adapter | None:
        try:
            found = self._register.promoted(model.name, model.revision)
        except IntegrityError:
            raise
        except (RagMedError, OSError) as error:  # their words may name a path, and this goes into a record
            raise ModelError(
                "the adapter register cannot be read, so that it is not known which adapter writes",
                remedy="see `ragmed doctor`",
            ) from error
        return None if found is None else Adapter(found.folder, found.sha256)


def recorded_adapter(register: AdapterRegister, pinned: Path | None, sha256: str | None) -> FixedAdapter:
    """The adapter that an old answer was written with, retired or not; ``pinned``: of ``model.adapter`` today.

    Raises MissingPartError where it is not on this machine any more, or not as it was.
    """
    if sha256 is None:
        return FixedAdapter(None)
    why = "is neither in the register nor named in model.adapter"
    try:
        return FixedAdapter(Adapter(register.opened(sha256).folder, sha256))
    except NotFoundError:
        pass
    except (RagMedError, OSError) as error:
        why = "cannot be read from the register" if isinstance(error, OSError) else str(error)
    try:
        if pinned is not None and Adapter(pinned).sha256 == sha256:
            return FixedAdapter(Adapter(pinned, sha256))
    except (ModelError, OSError):
        pass
    raise MissingPartError(
        f"adapter {sha256[:12]}, which wrote this, {why}",
        remedy="`ragmed tune adapters add` with its folder, where there is a copy of it",
    )
