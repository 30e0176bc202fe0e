"""Signed notes and checkpoints: their exact form, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ragmed.audit.note import Verifier, open_note, parse_checkpoint, parse_verifier, signature_line
from ragmed.audit.signing import Signer, load_signer
from ragmed.errors import BadInputError, IntegrityError, NotPossibleError

NAME = "ragmed.test/audit"
SIGNER = Signer(NAME, bytes(range(32)))
ROOT = hashlib.sha256(b"root").digest()


def test_a_checkpoint_has_the_form_of_the_specification() -> None:
    note = SIGNER.checkpoint(20852163, ROOT).note
    origin, size, root, empty, signed, end = note.split("\n")
    assert (origin, size, root, empty, end) == (NAME, "20852163", base64.b64encode(ROOT).decode(), "", "")
    dash, name, encoded = signed.split(" ")
    assert (dash, name) == ("\u2014", NAME)
    key = SIGNER.verifier.key
    hashed, signature = base64.b64decode(encoded)[:4], base64.b64decode(encoded)[4:]
    assert hashed == hashlib.sha256(NAME.encode() + b"\n\x01" + key).digest()[:4]
    # checked here without the module's own checker: the text up to and including its last newline is signed
    Ed25519PublicKey.from_public_bytes(key).verify(signature, f"{origin}\n{size}\n{root}\n".encode())


def test_it_comes_back_as_it_was_written() -> None:
    for size in (0, 1, 10**18):
        written = SIGNER.checkpoint(size, ROOT)
        assert parse_checkpoint(written.note.encode(), SIGNER.verifier) == written


def test_every_changed_bit_is_refused() -> None:
    note = SIGNER.checkpoint(17, ROOT).note.encode()
    for place in range(8 * len(note)):
        changed = bytearray(note)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(IntegrityError):
            parse_checkpoint(bytes(changed), SIGNER.verifier)


def signed(text: str) -> bytes:
    verifier = SIGNER.verifier
    signature = SIGNER._key.sign(text.encode())  # a text that the signer itself would never sign
    return f"{text}\n{signature_line(NAME, verifier.key_hash, signature)}".encode()


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME}\n017\n{base64.b64encode(ROOT).decode()}\n",
        f"{NAME}\n-1\n{base64.b64encode(ROOT).decode()}\n",
        f"{NAME}\n17\n{base64.b64encode(ROOT[:31]).decode()}\n",
        f"{NAME}\n17\n{base64.b64encode(ROOT).decode()[:-1]}\n",
        f"{NAME}\n17\n",
        f"other\n17\n{base64.b64encode(ROOT).decode()}\n",
        f"{NAME}\n17\n{base64.b64encode(ROOT).decode()}\n\nmore\n",
        f"{NAME}\n17\r\n{base64.b64encode(ROOT).decode()}\n",
    ],
)
def test_what_is_signed_and_no_checkpoint_of_this_log_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError):
        parse_checkpoint(signed(text), SIGNER.verifier)


def test_lines_behind_the_root_are_allowed() -> None:
    assert parse_checkpoint(signed(f"{NAME}\n3\n{base64.b64encode(ROOT).decode()}\nmore\n"), SIGNER.verifier).size == 3


def test_signatures_of_others_are_passed_over_and_ours_must_be_there() -> None:
    note = SIGNER.checkpoint(17, ROOT).note
    other = Signer("witness.test", bytes(32))
    text = note.split("\n\n")[0] + "\n"
    witness = signature_line("witness.test", other.verifier.key_hash, b"not even a signature")
    assert parse_checkpoint((note + witness).encode(), SIGNER.verifier).size == 17
    assert parse_checkpoint(f"{text}\n{witness}{note.split(chr(10) * 2)[1]}".encode(), SIGNER.verifier).size == 17
    with pytest.raises(IntegrityError, match="no signature by"):
        parse_checkpoint(f"{text}\n{witness}".encode(), SIGNER.verifier)
    same_name = Signer(NAME, bytes(32)).checkpoint(17, ROOT).note
    with pytest.raises(IntegrityError, match="no signature by"):
        parse_checkpoint(same_name.encode(), SIGNER.verifier)
    ours_twice = note + signature_line(NAME, SIGNER.verifier.key_hash, bytes(64))
    with pytest.raises(IntegrityError, match="does not hold"):
        parse_checkpoint(ours_twice.encode(), SIGNER.verifier)


@pytest.mark.parametrize("note", [b"", b"\n\n", b"text\n", b"text\n\n", b"\xff\n\n\xff\n", b"a\n\nb\n", b"x" * 70_000])
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(IntegrityError):
        open_note(note, SIGNER.verifier)


def test_the_public_key_in_its_form_for_others() -> None:
    text = str(SIGNER.verifier)
    name, hashed, encoded = text.split("+", 2)
    assert name == NAME
    assert base64.b64decode(encoded) == b"\x01" + SIGNER.verifier.key
    assert bytes.fromhex(hashed) == SIGNER.verifier.key_hash
    assert parse_verifier(text) == SIGNER.verifier
    for wrong in (text[:-4], text.replace(hashed, "00000000"), text.replace(NAME, "other"), "", f"{name}+{hashed}"):
        with pytest.raises(BadInputError):
            parse_verifier(wrong)


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "records.ed25519"
    with pytest.raises(NotPossibleError):
        load_signer(path, NAME, make=False)
    first = load_signer(path, NAME)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_signer(path, NAME).verifier == first.verifier
    assert [one.name for one in path.parent.iterdir()] == ["records.ed25519"]


def test_a_key_of_another_name_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    load_signer(path, NAME)
    with pytest.raises(IntegrityError, match=r"audit\.origin"):
        load_signer(path, "other")
    line = path.read_text()
    for wrong in (line[:-6], line.replace("PRIVATE", "PUBLIC"), "", line.replace(line.split("+")[3], "00000000")):
        path.write_text(wrong)
        with pytest.raises(IntegrityError):
            load_signer(path, NAME)
    for name in ("", "two words", "a+b"):
        with pytest.raises(BadInputError):
            load_signer(tmp_path / "new", name)


def test_a_verifier_holds_no_secret() -> None:
    assert bytes(range(32)).hex() not in str(Verifier(name=NAME, key=SIGNER.verifier.key)).encode().hex()
