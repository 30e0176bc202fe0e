"""The register of adapters: their bytes by hash, and the chain of what happened to them.

    FOLDER/<sha256>/       an adapter's two files, and the manifest of the run that made it
    FOLDER/register.json   the changes, oldest first; replaced in one rename by the same ones and one more

Laws:

* A change is in the audit log before it is in ``register.json``. A power cut between the two leaves the change written
  down and not in force; whoever next changes or lists the register finishes it. So the log can tell of all that was
  ever in force.
* What the log does not bear out is not in force: a register that holds other changes than the log is refused, and so
  is one that has gone while the log knows of it. Nothing of that ends in the base model's writing unasked.
* One writer at a time (``hold``), and the log takes no second change after the same one.
* A promotion wants the gate's word on that very adapter against the one that writes now, or a person's name and reason.
* Retired adapters stay: an old answer can be asked again of what wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ragmed.adapters import files
from ragmed.adapters.change import AdapterAction, AdapterChange, AdapterState, Journal, Obstacle
from ragmed.adapters.change_file import ChangeFile
from ragmed.adapters.obstacles import against_promotion, may_leave, not_let_through
from ragmed.adapters.standing import BASE_MODEL, Stood, found_in
from ragmed.adapters.verdict import GateVerdict
from ragmed.errors import BadInputError, IntegrityError, NotPossibleError

_EXPORTED = "an adapter is exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredAdapter:
    """One adapter of the register."""

    sha256: str
    """Of both files' hashes: what answers bear."""
    model: str
    revision: str
    state: AdapterState
    made_by: str
    """SHA-256 of its training run's manifest; may be empty."""
    verdict: GateVerdict | None
    """The gate's last one."""
    overridden: Obstacle | None
    """What stood against its promotion, where it was promoted without the gate."""
    added_at: str
    changed_at: str
    changed_by: str
    why: str
    folder: Path


class AdapterRegister:
    """See the module. Safe to share between threads and processes."""

    def __init__(self, folder: Path, log: Journal | None = None) -> None:
        """Nothing is opened before the first call. ``log``: the audit log; without it the register can be read only,
        and is not compared with it."""
        self.folder = folder
        self._file = ChangeFile(folder, log)

    # --- reading ---

    def all(self) -> tuple[RegisteredAdapter, ...]:
        """In the order in which they were added. Raises IntegrityError."""
        return tuple(self._shown(one) for one in self._file.standing().adapters.values())

    def changes(self) -> tuple[AdapterChange, ...]:
        """All that happened, oldest first. Raises IntegrityError."""
        return self._file.standing().changes

    def promoted(self, model: str, revision: str) -> RegisteredAdapter | None:
        """What writes the answers of this model; None: the base model does. Costs a look at one file where nothing has
        changed. Raises IntegrityError."""
        one = self._file.standing().promoted((model, revision))
        return None if one is None else self._shown(one)

    def find(self, beginning: str) -> RegisteredAdapter:
        """By the hash or an unambiguous beginning of it. Raises NotFoundError, IntegrityError."""
        return self._shown(found_in(self._file.standing(), beginning))

    def opened(self, sha256: str) -> RegisteredAdapter:
        """Like ``find``, its bytes compared with its name. Raises IntegrityError as well where they are others."""
        one = self.find(sha256)
        files.require_bytes(one.folder, one.sha256)
        return one

    def settle(self) -> None:
        """Finish a change that was cut off after it was written down. Raises BusyError, IntegrityError."""
        self._file.settle()

    # --- changing ---

    def add(self, folder: Path, *, model: str, revision: str, made_by: str = "", by: str) -> RegisteredAdapter:
        """Copy an adapter's two files in as a candidate; what is there already is no change.

        Raises BadInputError (no adapter; one of another model), IntegrityError, NotPossibleError, BusyError.
        """
        by = _named(by, "an adapter is added")
        sha256 = files.name_of(folder)
        with self._file.writing() as standing:
            known = standing.adapters.get(sha256)
            if known is not None and known.base != (model, revision):
                raise BadInputError(
                    f"adapter {sha256[:12]} is in the register as one of {known.model} {known.revision[:12]}",
                    remedy="name the model that it was tuned on in model.name",
                )
            self._keep_bytes(folder, sha256, made_by)
            if known is None:
                self._file.change(standing, AdapterAction.ADD, sha256, (model, revision), by, made_by=made_by)
            return self._shown(standing.adapters[sha256])

    def gated(self, verdict: GateVerdict, by: str = "ragmed tune gate") -> RegisteredAdapter:
        """Keep what the gate said. Raises NotFoundError, BadInputError (it speaks of another model), BusyError."""
        with self._file.writing() as standing:
            one = found_in(standing, verdict.adapter_sha256)
            if one.base != (verdict.model, verdict.revision):
                raise BadInputError(
                    f"adapter {one.sha256[:12]}: the gate asked {verdict.model} {verdict.revision[:12]}, and it is one"
                    f" of {one.model} {one.revision[:12]}",
                    remedy="run the gate with the model that the adapter was tuned on",
                )
            self._file.change(standing, AdapterAction.GATE, one.sha256, one.base, by, verdict=verdict)
            return self._shown(standing.adapters[one.sha256])

    def promote(
        self,
        sha256: str,
        by: str,
        why: str = "",
        override: bool = False,
        *,
        installed: str = "",
        prompt_revision: str = "",
    ) -> RegisteredAdapter:
        """From now on this adapter writes its model's answers, and the one that did is retired.

        ``installed`` and ``prompt_revision``: the revision of the model that is here, and of the prompt that answers
        are written from; where they are given, the verdict must be of both. ``override``: promote it although the gate
        did not let it through, which the log keeps with the name, the reason and what stood against it.

        Raises NotFoundError, BadInputError (nobody, or no reason, is named), NotPossibleError (not let through),
        IntegrityError (its bytes), BusyError.
        """
        by = _named(by, "an adapter is promoted")
        if override and not why.strip():
            raise BadInputError("a promotion without the gate needs a reason", remedy="give one with --why")
        with self._file.writing() as standing:
            one = found_in(standing, sha256)
            if one.state is AdapterState.PROMOTED:
                raise BadInputError(
                    f"adapter {one.sha256[:12]} is promoted already", remedy="see `ragmed tune adapters list`"
                )
            files.require_bytes(self.folder / one.sha256, one.sha256)
            if installed and installed != one.revision:
                raise NotPossibleError(
                    f"adapter {one.sha256[:12]} was tuned on {one.model} {one.revision[:12]}, and {installed[:12]} is"
                    " installed",
                    remedy="install that revision, or tune and gate an adapter on the one that is here",
                )
            former = standing.promoted(one.base)
            against = against_promotion(one, former, prompt_revision)
            if against and not override:
                raise not_let_through(against, one, former, prompt_revision)
            self._file.change(
                standing,
                AdapterAction.PROMOTE,
                one.sha256,
                one.base,
                by,
                why=why.strip(),
                verdict=one.verdict,
                former=former.sha256 if former else BASE_MODEL,
                overridden=against,
            )
            return self._shown(standing.adapters[one.sha256])

    def retire(self, sha256: str, by: str, why: str = "") -> RegisteredAdapter:
        """It writes no longer, and no rollback brings it back; its bytes stay. Where it was promoted, the base model
        writes. Raises NotFoundError, BadInputError, BusyError."""
        by = _named(by, "an adapter is retired")
        with self._file.writing() as standing:
            one = found_in(standing, sha256)
            if one.state is AdapterState.RETIRED and not standing.in_pile(one):
                raise BadInputError(
                    f"adapter {one.sha256[:12]} is retired already", remedy="see `ragmed tune adapters list`"
                )
            self._file.change(standing, AdapterAction.RETIRE, one.sha256, one.base, by, why=why.strip())
            return self._shown(standing.adapters[one.sha256])

    def may_leave(
        self, sha256: str, by: str, why: str = "", override: bool = False, *, prompt_revision: str = ""
    ) -> tuple[RegisteredAdapter, Obstacle | None]:
        """The adapter, if ``export`` would keep its export, and what that would override. Raises as ``export``."""
        _named(by, _EXPORTED)
        one, against = may_leave(self._file.standing(), sha256, why, override, prompt_revision)
        return self._shown(one), against

    def export(
        self,
        sha256: str,
        by: str,
        why: str = "",
        override: bool = False,
        *,
        exported: str,
        prompt_revision: str = "",
    ) -> RegisteredAdapter:
        """Keep that it is given away as ``exported`` (form and name); where it stands does not change.

        Raises NotFoundError, BadInputError (nobody, or no reason, is named), NotPossibleError (not let through, and no
        ``override``), BusyError.
        """
        by = _named(by, _EXPORTED)
        with self._file.writing() as standing:
            one, against = may_leave(standing, sha256, why, override, prompt_revision)
            self._file.change(
                standing,
                AdapterAction.EXPORT,
                one.sha256,
                one.base,
                by,
                why=why.strip(),
                verdict=one.verdict,
                overridden=against,
                exported=exported,
            )
            return self._shown(standing.adapters[one.sha256])

    def rollback(self, model: str, by: str, why: str = "", *, revision: str = "") -> RegisteredAdapter | None:
        """Back to what wrote before, at last to the base model (None). ``revision``: of the model; empty: the one that
        was changed last. Raises BadInputError (nothing wrote before), IntegrityError (its bytes), BusyError."""
        by = _named(by, "an adapter is rolled back")
        with self._file.writing() as standing:
            base = model, revision or standing.revision_of(model)
            back_to = standing.before(base)
            if back_to is None:
                raise BadInputError(
                    f"{model}: the base model writes, and nothing did before it",
                    remedy="see `ragmed tune adapters list`",
                )
            if back_to != BASE_MODEL:
                files.require_bytes(self.folder / back_to, back_to)
            former = standing.promoted(base)
            leaving = former.sha256 if former else BASE_MODEL
            self._file.change(
                standing,
                AdapterAction.ROLL_BACK,
                back_to or leaving,
                base,
                by,
                why=why.strip(),
                former=leaving,
                back_to=back_to,
            )
            now = standing.promoted(base)
            return None if now is None else self._shown(now)

    def _keep_bytes(self, folder: Path, sha256: str, made_by: str) -> None:
        place = self.folder / sha256
        try:
            files.require_bytes(place, sha256)
        except IntegrityError:
            files.keep_copy(folder, self.folder, sha256, made_by)

    def _shown(self, one: Stood) -> RegisteredAdapter:
        return RegisteredAdapter(
            sha256=one.sha256,
            model=one.model,
            revision=one.revision,
            state=one.state,
            made_by=one.made_by,
            verdict=one.verdict,
            overridden=one.overridden,
            added_at=one.added_at,
            changed_at=one.changed_at,
            changed_by=one.changed_by,
            why=one.why,
            folder=self.folder / one.sha256,
        )


def _named(by: str, what: str) -> str:
    by = " ".join(by.split())
    if not by:
        raise BadInputError(f"{what} by nobody", remedy="name the person with --by, or set audit.user")
    return by
