"""What the checkpoints say of the log: each signed by its key, none put back, all of its own history.

Laws of this room: a checkpoint that cannot be read or does not agree is a fault, one that cannot be reached is a note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.audit import merkle
from ragmed.audit.checkpoints import LATEST, PUBLIC_KEY, Checkpoints, public_line
from ragmed.entries import Checkpoint, Fault
from ragmed.errors import IntegrityError, RagMedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.audit.note import Verifier


class Findings:
    """Faults, and what was not checked."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.notes: list[str] = []

    def fault(self, what: str, number: int, subject: str, message: str) -> None:
        self.faults.append(Fault(what=what, number=number, subject=subject, message=message))


class Signed:
    """The checkpoints of the folder, as they were when this was made."""

    def __init__(self, checkpoints: Checkpoints, findings: Findings) -> None:
        """Reads them; what does not parse or has no signature of the log's key is a fault."""
        self._checkpoints = checkpoints
        self._findings = findings
        self.found: list[tuple[str, Checkpoint]] = []
        """File name and checkpoint."""
        unreached = checkpoints.unreached()
        if unreached is not None:
            findings.notes.append(f"no checkpoint has been written since {unreached.since}: {unreached.reason}")
        try:
            self._read(checkpoints.signer(make=False).verifier)
        except RagMedError as error:
            findings.notes.append(f"checkpoints were not checked: {error}")
        except OSError as error:
            findings.notes.append(f"checkpoints were not checked: {checkpoints.folder}: {error.strerror}")

    @property
    def sizes(self) -> set[int]:
        """Of the logs that were signed."""
        return {one.size for _, one in self.found}

    def _read(self, verifier: Verifier) -> None:
        # in the order in which they are written, turned round: what is written meanwhile is no fault
        written = self._checkpoints.last_written(verifier)
        names = self._checkpoints.names()
        public = self._checkpoints.public_key()
        for name in names:
            try:
                self.found.append((name, self._checkpoints.read(name, verifier)))
            except (IntegrityError, OSError) as error:
                self._findings.fault("checkpoint", 0, name, f"checkpoint {name}: {error}")
        if names and public != public_line(verifier):
            self._findings.fault(
                "checkpoint", 0, PUBLIC_KEY, "the public key beside the checkpoints is not that of this log"
            )
        self._put_back(written, LATEST in names)

    def _put_back(self, written: Checkpoint | None, there: bool) -> None:
        newest = dict(self.found).get(LATEST)
        known = max([*self.sizes, written.size if written else 0])
        if newest is not None and newest.size < known:
            self._findings.fault(
                "checkpoint",
                newest.size,
                LATEST,
                f"an older checkpoint was put back: it is of {newest.size} entries, and one of {known} was written",
            )
        elif newest is None and self.found and not there:
            self._findings.fault(
                "checkpoint", known, LATEST, f"the newest checkpoint is gone; one of {known} entries was written"
            )
        elif not self.found and known:
            self._findings.notes.append(f"the folder has no checkpoints; one of {known} entries was written")

    def compare(self, size: int, roots: Mapping[int, bytes]) -> None:
        """With the log's ``size`` and the roots that were worked out of it; those that could not be are not there."""
        ordered = sorted(self.found, key=lambda pair: pair[1].size)
        roots = {0: merkle.EMPTY_ROOT, **roots}
        if ordered and ordered[-1][1].size > size:
            name, one = ordered[-1]
            self._findings.fault(
                "truncated",
                size + 1,
                name,
                f"the log ends at entry {size}, and checkpoint {name} was signed of {one.size} entries",
            )
        agreed = 0
        for name, one in ordered:
            if one.size > size:
                continue
            if roots.get(one.size) == one.root:
                agreed = one.size
                continue
            reason = (
                f"an entry of {agreed + 1} to {one.size} is not the one that was signed"
                if one.size in roots
                else f"the tree cannot be worked out up to entry {one.size}"
            )
            message = f"checkpoint {name} of {one.size} entries does not agree: {reason}"
            self._findings.fault("checkpoint", one.size, name, message)
        self._tell_uncovered(size)

    def _tell_uncovered(self, size: int) -> None:
        covered = max(self.sizes, default=0)
        if size and not self.found:
            self._findings.notes.append(
                "no checkpoint was checked: it cannot be told whether the end of the log was cut off"
            )
        elif 0 < covered < size:
            self._findings.notes.append(f"entries {covered + 1} to {size} are in no checkpoint yet")
