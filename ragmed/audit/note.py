"""Signed notes and checkpoints as the C2SP specifications write them (signed-note, tlog-checkpoint), with Ed25519.

A note is text that ends with a newline, an empty line, and a line for each signature: ``— NAME BASE64``, where the
bytes are four of the key's hash and the signature of the text. A checkpoint's text is three lines: the log's origin,
its size, and its root in Base64.

Laws of this room: parsing is strict, what parses is written again byte for byte; a signature by another key is passed
over, one by our key that does not hold is refused, and so is a note without one by our key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from ragmed.audit.merkle import HASH_BYTES
from ragmed.entries import Checkpoint
from ragmed.errors import BadInputError, IntegrityError

ED25519 = b"\x01"
"""The type of key that goes before the public key in its hash and in its text form."""
MOST_BYTES = 1 << 16
"""No checkpoint is longer; what claims to be one is not read further."""
_HASH_BYTES = 4
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)\Z")
_SIZE = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")
_NAME = re.compile(r"[^\s+]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """A public key and the name that it signs under."""

    name: str
    key: bytes
    """32 bytes."""

    @property
    def key_hash(self) -> bytes:
        return key_hash(self.name, self.key)

    def __str__(self) -> str:
        """``NAME+HASH+KEY``, the form that is handed to others."""
        return f"{self.name}+{self.key_hash.hex()}+{_base64(ED25519 + self.key)}"

    def check(self, text: str, signature: bytes) -> None:
        """Raises IntegrityError unless this key signed ``text``."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode("utf-8"))
        except InvalidSignature:
            raise IntegrityError(f"the signature of {self.name} does not hold") from None


def check_name(name: str) -> str:
    """``name``, where it may stand in a note. Raises BadInputError."""
    if not _NAME.match(name):
        raise BadInputError(
            f"audit.origin: {name!r} cannot name a log", remedy="use a name without spaces and plus signs"
        )
    return name


def key_hash(name: str, key: bytes) -> bytes:
    """First four bytes of SHA-256 over the name, a newline, the type of key and the key."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + ED25519 + key).digest()[:_HASH_BYTES]


def parse_verifier(text: str) -> Verifier:
    """The inverse of ``str(verifier)``. Raises BadInputError."""
    name, _, rest = text.strip().partition("+")
    given, _, encoded = rest.partition("+")
    try:
        packed = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        packed = b""
    found = Verifier(name=name, key=packed[1:])
    if not _NAME.match(name) or packed[:1] != ED25519 or len(packed) != 33 or found.key_hash.hex() != given:
        raise BadInputError("that is no public key of a log", remedy="it looks like NAME+HASH+KEY, on one line")
    return found


def signature_line(name: str, hashed: bytes, signature: bytes) -> str:
    """The line of one signature, its newline included."""
    return f"— {name} {_base64(hashed + signature)}\n"


def open_note(note: bytes, verifier: Verifier) -> str:
    """The text that ``verifier`` signed. Raises IntegrityError where it did not, or where this is no note."""
    text, signatures = _split(note)
    held = False
    for name, blob in signatures:
        if name != verifier.name or blob[:_HASH_BYTES] != verifier.key_hash:
            continue
        verifier.check(text, blob[_HASH_BYTES:])
        held = True
    if not held:
        raise IntegrityError(f"no signature by {verifier.name} ({verifier.key_hash.hex()})")
    return text


def _split(note: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > MOST_BYTES:
        raise IntegrityError("too long for a signed note")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError:
        raise IntegrityError("not a signed note: no UTF-8") from None
    if any(ord(letter) < 0x20 and letter != "\n" for letter in whole):
        raise IntegrityError("not a signed note: it holds control characters")
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise IntegrityError("not a signed note: no signature lines at its end")
    signatures = []
    for line in tail[:-1].split("\n"):
        found = _SIGNATURE.match(line)
        blob = _unbase64(found[2]) if found else b""
        if found is None or len(blob) <= _HASH_BYTES:
            raise IntegrityError("not a signed note: a signature line is not in its form")
        signatures.append((found[1], blob))
    return text + "\n", signatures


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """What is signed."""
    return f"{origin}\n{size}\n{_base64(root)}\n"


def parse_checkpoint(note: bytes, verifier: Verifier) -> Checkpoint:
    """A checkpoint signed by ``verifier``, its origin being the signer's name. Raises IntegrityError."""
    text = open_note(note, verifier)
    lines = text[:-1].split("\n")
    if len(lines) < 3 or not all(lines):
        raise IntegrityError("not a checkpoint: it needs origin, size and root")
    origin, size, root = lines[:3]
    if origin != verifier.name:
        raise IntegrityError(f"a checkpoint of another log ({origin})")
    hashed = _unbase64(root)
    if not _SIZE.match(size) or len(hashed) != HASH_BYTES:
        raise IntegrityError("not a checkpoint: size or root is not in its form")
    return Checkpoint(origin=origin, size=int(size), root=hashed, note=note.decode("utf-8"))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _unbase64(text: str) -> bytes:
    """Raises IntegrityError for text that would not come out again as it is (other padding, spare bits)."""
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error:
        found = b""
    if not found or _base64(found) != text:
        raise IntegrityError("not in standard Base64")
    return found
