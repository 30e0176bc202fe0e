"""The key that signs checkpoints: one line in a file that its owner alone may read, made when it is first needed.

Laws of this room: a key that is there is never replaced; of two processes that make one at once, both use the one that
got there first. The form is the C2SP one: ``PRIVATE+KEY+NAME+HASH+KEY``.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

from ragmed.audit.note import ED25519, Verifier, check_name, checkpoint_text, signature_line
from ragmed.canonical import sync_folder
from ragmed.entries import Checkpoint
from ragmed.errors import IntegrityError, NotPossibleError

_PREFIX = "PRIVATE+KEY+"
_SEED_BYTES = 32


class Signer:
    """Signs for one log."""

    def __init__(self, name: str, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name=name, key=self._key.public_key().public_bytes_raw())

    def checkpoint(self, size: int, root: bytes) -> Checkpoint:
        """A signed statement of the log's size and root."""
        name = self.verifier.name
        text = checkpoint_text(name, size, root)
        line = signature_line(name, self.verifier.key_hash, self._key.sign(text.encode("utf-8")))
        return Checkpoint(origin=name, size=size, root=root, note=f"{text}\n{line}")


def load_signer(path: Path, name: str, *, make: bool = True) -> Signer:
    """The signer of the file; made where there is none and ``make`` is set.

    Raises BadInputError (the name), NotPossibleError (there is none and none may be made), IntegrityError (the file).
    """
    check_name(name)
    try:
        if not path.exists():
            if not make:
                raise NotPossibleError(
                    f"{path}: no key to sign with yet", remedy="one is made when the first answer is kept"
                )
            _make(path, name)
        line = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotPossibleError(
            f"{path}: the key that signs checkpoints cannot be read or made: {error.strerror}",
            remedy="make the file readable, or name another with audit.key",
        ) from error
    return _parse(path, name, line)


def _parse(path: Path, name: str, line: str) -> Signer:
    known, _, rest = line.removeprefix(_PREFIX).partition("+")
    given, _, encoded = rest.partition("+")
    try:
        packed = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        packed = b""
    if not line.startswith(_PREFIX) or packed[:1] != ED25519 or len(packed) != 1 + _SEED_BYTES:
        raise IntegrityError(f"{path}: not a key that signs checkpoints", remedy="restore it from a backup")
    if known != name:
        raise IntegrityError(
            f"{path}: signs for {known}, and audit.origin is {name}",
            remedy="set audit.origin back; a log that is to have a new name needs a new key file and checkpoint folder",
        )
    signer = Signer(name, packed[1:])
    if signer.verifier.key_hash.hex() != given:
        raise IntegrityError(f"{path}: the key is damaged", remedy="restore it from a backup")
    return signer


def _make(path: Path, name: str) -> None:
    seed = secrets.token_bytes(_SEED_BYTES)
    hashed = Signer(name, seed).verifier.key_hash.hex()
    encoded = base64.b64encode(ED25519 + seed).decode("ascii")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(f"{_PREFIX}{name}+{hashed}+{encoded}\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)  # fails where another was quicker
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
