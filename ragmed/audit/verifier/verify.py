"""Checks an evidence bundle of RagMed. Needs nothing but Python 3.8 or newer: no package, no network.

    python verify.py                      the folder that this file lies in (an unpacked bundle)
    python verify.py ragmed-answer-X.zip  a bundle as it was made, or a folder
        --key KEY           the hospital's published key (a file or the text itself): must be the bundle's
        --checkpoint FILE   a checkpoint of the log that was kept elsewhere, to compare with
        --source FILE       a document got from its publisher: is it one that the answer cites? (may be repeated)
        --show              print the question and the answer from the checked record
        --pure              check the signature with the code in this file even where `cryptography` is installed
        --json              one JSON document

Exit code: 0 all that was checked holds; 1 refused, the faults are named; 2 there is nothing to check (no such file).

Laws of this file: it imports nothing of RagMed; nothing is unpacked or written; a bundle is hostile until it is
checked; what was not checked is said. A zip must be byte for byte of the one form that RagMed writes (stored, sorted,
fixed times), so that no byte of it can change unseen, and nothing in it can unfold.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, Callable  # noqa: UP035 - this file also runs on Python 3.8

FORMAT = 1
MANIFEST, INDEX, CHECKPOINT, KEY = "MANIFEST.sha256", "bundle.json", "checkpoint.txt", "key.txt"
MOST_BYTES, MOST_FILES = 1 << 30, 10_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._-]{0,99}){0,3}\Z")
HEX32 = re.compile(r"[0-9a-f]{64}\Z")
OK, FAULT, OPEN = "ok", "FAULT", "not checked"
BAD_FORM = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError, OverflowError)


class Refused(Exception):
    """A check that fails; the message names the file or the check."""


class Report:
    """What was checked, in order, and what it came to."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []
        self.engine = ""

    def ok(self, check: str, message: str) -> None:
        self.lines.append((OK, check, message))

    def fault(self, check: str, message: str) -> None:
        self.lines.append((FAULT, check, message))

    def open(self, check: str, message: str) -> None:
        self.lines.append((OPEN, check, message))

    def run(self, check: str, step: Callable[[], str]) -> bool:
        """One check: its message, or the fault. Whatever a hostile file makes go wrong is a fault as well."""
        try:
            self.ok(check, step())
        except Refused as error:
            self.fault(check, str(error))
        except BAD_FORM as error:
            self.fault(check, f"not of the form of a bundle ({type(error).__name__})")
        else:
            return True
        return False

    def faults(self) -> list[tuple[str, str, str]]:
        return [line for line in self.lines if line[0] == FAULT]

    def count(self, status: str) -> int:
        return sum(line[0] == status for line in self.lines)


# --- reading: a zip of the one form, or a folder -----------------------------------------------------------------

LOCAL, CENTRAL, END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")
VERSION, MADE_BY, DATE = 20, 788, 33
MODE = 0o100600 << 16


def read_zip(raw: bytes) -> dict[str, bytes]:
    """The files of a bundle. Every byte of the zip is accounted for, or it is refused by name."""
    if len(raw) < END.size:
        raise Refused("no zip: too short")
    sign, disk, disks, here, count, size, start, comment = END.unpack(raw[-END.size :])
    if (sign, disk, disks, comment) != (b"PK\x05\x06", 0, 0, 0) or here != count:
        raise Refused("no zip, or its end is damaged, or something was put behind it")
    if start + size + END.size != len(raw):
        raise Refused("the end of the zip does not fit its length: bytes were put in or taken away")
    files: dict[str, bytes] = {}
    folded: set[str] = set()
    place, row = 0, start
    for number in range(1, count + 1):
        name, head, content, row = _zip_entry(raw, row, start + size, place, f"entry {number} of the zip")
        if name.lower() in folded:
            raise Refused(f"{name}: stands twice in the zip")
        if files and name <= next(reversed(list(files))):
            raise Refused(f"{name}: not in its place in the zip")
        files[name] = content
        folded.add(name.lower())
        place += head + len(content)
    if row != start + size or place != start:
        raise Refused("the zip holds bytes that belong to none of its files")
    return files


def _zip_entry(raw: bytes, row: int, end: int, place: int, what: str) -> tuple[str, int, bytes, int]:
    """(name, length of the local header, content, next row) of the central directory's entry at ``row``."""
    if row + CENTRAL.size > end:
        raise Refused(f"{what}: the directory of the zip is cut short")
    found = CENTRAL.unpack(raw[row : row + CENTRAL.size])
    sign, made, needed, flags, method, clock, date, crc, packed, size, name_len, extra, comment = found[:13]
    disk, internal, external, offset = found[13:]
    encoded = raw[row + CENTRAL.size : row + CENTRAL.size + name_len]
    try:
        name = encoded.decode("ascii")
    except UnicodeDecodeError:
        raise Refused(f"{what}: its name is not of a bundle") from None
    if not NAME.match(name):
        raise Refused(f"{what}: the name {name[:80]!a} leads elsewhere or is not of a bundle")
    if method != 0 or flags != 0 or packed != size:
        raise Refused(
            f"{name}: packed otherwise than a bundle is (only stored files are read, so that nothing unfolds); "
            "if the zip was made again by another program, unpack it and give the folder"
        )
    fixed = (sign, made, needed, clock, date, extra, comment, disk, internal, external)
    if fixed != (b"PK\x01\x02", MADE_BY, VERSION, 0, DATE, 0, 0, 0, 0, MODE) or offset != place:
        raise Refused(f"{name}: its entry in the zip's directory was changed")
    head = LOCAL.pack(b"PK\x03\x04", VERSION, 0, 0, 0, DATE, crc, size, size, name_len, 0) + encoded
    if raw[place : place + len(head)] != head:
        raise Refused(f"{name}: its header in the zip was changed")
    begin = place + len(head)
    if begin + size > len(raw):
        raise Refused(f"{name}: longer than the zip")
    content = raw[begin : begin + size]
    if zlib.crc32(content) != crc:
        raise Refused(f"{name}: its content or its check sum in the zip was changed")
    return name, len(head), content, row + CENTRAL.size + name_len


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of an unpacked bundle; links and strange names are refused."""
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Refused(f"{name!a}: a link or no ordinary file")
        if path.is_dir():
            continue
        if not NAME.match(name):
            raise Refused(f"{name[:80]!a}: not the name of a file of a bundle")
        total += path.stat().st_size
        if total > MOST_BYTES or len(files) >= MOST_FILES:
            raise Refused(f"larger than a bundle may be ({MOST_BYTES >> 20} MiB, {MOST_FILES} files)")
        files[name] = path.read_bytes()
    return files


def read_bundle(path: Path) -> dict[str, bytes]:
    """The files of a zip or a folder. Raises Refused, OSError."""
    if path.is_dir():
        return read_folder(path)
    if path.stat().st_size > MOST_BYTES:
        raise Refused(f"larger than a bundle may be ({MOST_BYTES >> 20} MiB)")
    return read_zip(path.read_bytes())


# --- Ed25519, after RFC 8032 section 5.1 -------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def point_sum(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, ...]:
    """Extended coordinates (X, Y, Z, T); the formula is complete, so it doubles as well."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * CURVE % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_times(number: int, point: tuple[int, ...]) -> tuple[int, ...]:
    """Double and add; nothing here is secret, so its time need not be constant."""
    found: tuple[int, ...] = NEUTRAL
    while number:
        if number & 1:
            found = point_sum(found, point)
        point = point_sum(point, point)
        number >>= 1
    return found


def point_of(encoded: bytes) -> tuple[int, ...] | None:
    """The point that 32 bytes stand for, or None."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(CURVE * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def bytes_of(point: tuple[int, ...]) -> bytes:
    """The 32 bytes that stand for a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def ed25519_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` (64 bytes) of ``message`` is by the owner of ``public`` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    owner = point_of(public)
    scalar = int.from_bytes(signature[32:], "little")
    if owner is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    factor = int.from_bytes(digest, "little") % ORDER
    minus = (P - owner[0], owner[1], owner[2], P - owner[3])
    return bytes_of(point_sum(point_times(scalar, BASE), point_times(factor, minus))) == signature[:32]


def signature_holds(public: bytes, signature: bytes, message: bytes, pure: bool) -> tuple[bool, str]:
    """(whether it holds, what checked it)."""
    own = ed25519_holds(public, signature, message)
    if pure:
        return own, "Ed25519 in this file"
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return own, "Ed25519 in this file (`cryptography` is not installed)"
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False, "`cryptography`"
    return own, "Ed25519 in this file and `cryptography`"


# --- the log: commitments, RFC 6962 proofs, C2SP checkpoints ------------------------------------------------------


def sha256(content: bytes) -> bytes:
    """32 bytes."""
    return hashlib.sha256(content).digest()


def root_from(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that the audit path of leaf ``index`` leads to in a tree of ``size`` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused("the entry's number lies outside the log that the checkpoint signs")
    found, first, last = sha256(b"\x00" + leaf), index, size - 1
    for sibling in path:
        if last == 0:
            raise Refused("the inclusion proof is too long")
        if first & 1 or first == last:
            found = sha256(b"\x01" + sibling + found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise Refused("the inclusion proof is too short")
    return found


def key_parts(text: str) -> tuple[str, bytes, bytes]:
    """(name, key hash, public key) of a verifier key ``name+hash+key`` (C2SP signed-note)."""
    name, _, rest = text.strip("\n").partition("+")
    digest, _, encoded = rest.partition("+")
    raw = exact_base64(encoded)
    if not name or len(raw) != 33 or raw[0] != 1:
        raise Refused("the public key is no Ed25519 key in the form name+hash+key")
    wanted = sha256(name.encode("utf-8") + b"\n" + raw)[:4]
    if digest != wanted.hex():
        raise Refused(f"the public key's hash should be {wanted.hex()} and is {digest[:16]!a}")
    return name, wanted, raw[1:]


def exact_base64(text: str) -> bytes:
    """Strict: one text for the same bytes."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Refused("not valid Base64") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise Refused("not valid Base64")
    return raw


def checkpoint_parts(note: str) -> tuple[str, int, bytes]:
    """(origin, size, root)."""
    lines = note.split("\n")
    if len(lines) < 5 or not lines[0] or not re.match(r"(0|[1-9][0-9]{0,18})\Z", lines[1]):
        raise Refused(f"{CHECKPOINT}: not a checkpoint")
    root = exact_base64(lines[2])
    if len(root) != 32:
        raise Refused(f"{CHECKPOINT}: its root is no SHA-256")
    return lines[0], int(lines[1]), root


def check_signature(note: str, key: str, pure: bool) -> str:
    """What checked it; raises where no signature of the key holds."""
    name, digest, public = key_parts(key)
    body, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Refused(f"{CHECKPOINT}: bears no signature")
    for line in signatures[:-1].split("\n"):
        head = f"\u2014 {name} "
        if not line.startswith("\u2014 "):
            raise Refused(f"{CHECKPOINT}: a line after the blank one is no signature")
        if not line.startswith(head):
            continue
        raw = exact_base64(line[len(head) :])
        if raw[:4] != digest:
            continue
        holds, engine = signature_holds(public, raw[4:], (body + "\n").encode("utf-8"), pure)
        if not holds:
            raise Refused(f"{CHECKPOINT}: the signature of {name} is false ({engine})")
        return engine
    raise Refused(f"{CHECKPOINT}: bears no signature of the key {name}+{digest.hex()}")


# --- the checks ---------------------------------------------------------------------------------------------------


class Bundle:
    """The checks of one bundle, in order; each needs only what an earlier one found sound."""

    def __init__(self, files: dict[str, bytes], report: Report, options: argparse.Namespace) -> None:
        self.files, self.report, self.options = files, report, options
        self.note = ""
        self.root, self.size = b"", 0
        self.index: dict[str, Any] = {}
        self.contents: dict[str, Any] = {}

    def check(self) -> None:
        self.report.run("manifest", self.manifest)
        signed = self.report.run("signature", self.signature)
        self.key()
        self.checkpoint()
        if not self.report.run("bundle", self.read_index):
            return
        record_id, folders = self.index["record_id"], self.index["entries"]
        entries = [(folder, self.entry(folder, record_id, signed)) for folder in folders]
        self.erasures(entries)
        self.citations()
        for one in self.index["missing"]:
            self.report.open("missing", "{}: {}".format(plain(one.get("what")), plain(one.get("reason"))))

    def read_index(self) -> str:
        """What the bundle says that it holds."""
        index = self.object_of(INDEX)
        folders = index["entries"]
        if index["format"] != FORMAT:
            raise Refused(f"{INDEX}: of another format than this program reads ({FORMAT})")
        if not folders or folders[0] != "record" or len(set(folders)) != len(folders):
            raise Refused(f"{INDEX}: the answer's own entry is not named")
        for one in index["missing"]:
            plain(one["what"] + one["reason"])
        for one in index["sources"]:
            plain(one["file"] + one["document_id"])
        self.index = index
        return f"bundle of answer {plain(index['record_id'])} with {len(folders)} entries of the log"

    # files

    def bytes_of(self, name: str) -> bytes:
        if name not in self.files:
            raise Refused(f"{plain(name)}: missing")
        return self.files[name]

    def text_of(self, name: str) -> str:
        try:
            return self.bytes_of(name).decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(f"{name}: not UTF-8") from None

    def object_of(self, name: str) -> Any:
        """The JSON object of a file, which must be in its one canonical form."""
        raw = self.bytes_of(name)
        try:
            value = json.loads(raw.decode("utf-8"))
            again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
            same = again.encode("utf-8") == raw
        except (ValueError, RecursionError):
            raise Refused(f"{name}: not valid JSON") from None
        if not same or not isinstance(value, dict):
            raise Refused(f"{name}: not an object in canonical JSON")
        return value

    def manifest(self) -> str:
        text = self.text_of(MANIFEST)
        listed: dict[str, str] = {}
        for number, line in enumerate(text.split("\n")[:-1], 1):
            digest, apart, name = line[:64], line[64:66], line[66:]
            if not HEX32.match(digest) or apart != "  " or not NAME.match(name) or name in listed:
                raise Refused(f"{MANIFEST}: line {number} was changed")
            listed[name] = digest
        if not listed or not text.endswith("\n") or list(listed) != sorted(listed):
            raise Refused(f"{MANIFEST}: cut short or out of order")
        wrong = []
        for name in sorted(set(listed) | set(self.files) - {MANIFEST}):
            if name not in self.files:
                wrong.append(f"{name}: missing")
            elif name not in listed:
                wrong.append(f"{name}: not part of the bundle")
            elif sha256(self.files[name]).hex() != listed[name]:
                wrong.append(f"{name}: changed (SHA-256 should be {listed[name]})")
        if wrong:
            raise Refused("; ".join(wrong[:20]))
        return f"{len(listed)} files are as the manifest says"

    # the signed tree

    def signature(self) -> str:
        self.note = self.text_of(CHECKPOINT)
        origin, size, root = checkpoint_parts(self.note)
        self.report.engine = check_signature(self.note, self.text_of(KEY), self.options.pure)
        self.root, self.size = root, size
        return f"checkpoint of {plain(origin)} over {size} entries, signature holds ({self.report.engine})"

    def key(self) -> None:
        given = self.options.key
        if not given:
            self.report.open(
                "key",
                "the key in the bundle proves nothing by itself: compare key.txt with the one that the hospital "
                "publishes, or give that one with --key",
            )
            return

        def same() -> str:
            published = given
            if "+" not in given or Path(given).is_file():
                published = Path(given).read_bytes().decode("utf-8").replace("\r\n", "\n")
            if key_parts(published) != key_parts(self.text_of(KEY)):
                raise Refused("the bundle is signed with another key than the one given")
            return "signed with the key that was given"

        try:
            self.report.run("key", same)
        except OSError:
            self.report.fault("key", "the key given with --key cannot be read")

    def checkpoint(self) -> None:
        if not self.options.checkpoint:
            self.report.open(
                "history",
                "one checkpoint shows the log as it was then; that nothing was cut off before or after is shown by "
                "checkpoints kept elsewhere (--checkpoint FILE, `ragmed audit verify`)",
            )
            return
        try:
            kept = Path(self.options.checkpoint).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            self.report.fault("history", "the checkpoint given with --checkpoint cannot be read")
            return

        def agrees() -> str:
            origin, size, root = checkpoint_parts(kept)
            check_signature(kept, self.text_of(KEY), self.options.pure)
            if origin != checkpoint_parts(self.note)[0]:
                raise Refused("the checkpoint kept elsewhere is of another log")
            if size == self.size and root != self.root:
                raise Refused(
                    "the checkpoint kept elsewhere signs ANOTHER log of the same length: history was rewritten"
                )
            return f"the checkpoint kept elsewhere ({size} entries) is signed with the same key"

        if self.report.run("history", agrees) and checkpoint_parts(kept)[1] != self.size:
            self.report.open(
                "history", f"it is of another length than the bundle's ({self.size}): `ragmed audit verify` compares"
            )

    # entries

    def entry(self, folder: str, record_id: str, signed: bool) -> Any:
        """The entry of one folder, its content and its place in the log checked; None where it is not sound."""
        found: list[Any] = []

        def leaf() -> str:
            if not NAME.match(folder) or "/" in folder:
                raise Refused(f"{INDEX} names a folder that is none")
            entry = self.object_of(folder + "/entry.json")
            kind = folder.split("-", maxsplit=1)[0].replace("record", "answer")
            if entry["subject"] != record_id or entry["kind"] != kind:
                raise Refused(f"{folder}/entry.json: is of another answer or of another kind")
            if not HEX32.match(entry["commitment"]):
                raise Refused(f"{folder}/entry.json: bears no commitment")
            proof = self.object_of(folder + "/proof.json")
            exact = all(HEX32.match(one) for one in proof["path"]) and sorted(proof) == ["number", "path", "size"]
            if not exact or (proof["number"], proof["size"]) != (entry["number"], self.size):
                raise Refused(f"{folder}/proof.json: is not for this entry and this checkpoint")
            path = [bytes.fromhex(one) for one in proof["path"]]
            if root_from(self.bytes_of(folder + "/entry.json"), entry["number"] - 1, self.size, path) != self.root:
                raise Refused(f"{folder}/entry.json: is not in the log that the checkpoint signs")
            found.append(entry)
            number = int(entry["number"])
            return f"entry {number} of {self.size} ({kind}, {plain(entry['at'])})"

        if not signed:
            self.report.open("entry " + folder, "no sound checkpoint to prove it against")
        elif self.report.run("entry " + folder, leaf) and folder + "/content.json" in self.files:
            self.report.run("content " + folder, lambda: self.content(folder, found[0]))
        return found[0] if found else None

    def content(self, folder: str, entry: Any) -> str:
        raw, salt = self.bytes_of(folder + "/content.json"), self.text_of(folder + "/salt.txt")
        if not HEX32.match(salt.rstrip("\n")) or salt != salt.rstrip("\n") + "\n":
            raise Refused(f"{folder}/salt.txt: no salt of 32 bytes")
        if sha256(bytes.fromhex(salt.strip()) + raw).hex() != entry["commitment"]:
            raise Refused(f"{folder}/content.json or salt.txt: not what the log committed to")
        value = self.object_of(folder + "/content.json")
        if value["record_id"] != entry["subject"]:
            raise Refused(f"{folder}/content.json: is of another answer")
        self.contents[folder] = value
        return f"{folder}/content.json is what was written into the log"

    def erasures(self, entries: list[tuple[str, Any]]) -> None:
        """Content may be missing only where a later entry of the log says that it was erased."""
        gone = [one for folder, one in entries if one and one["kind"] == "erasure" and folder in self.contents]
        for folder, entry in entries:
            if entry is None or folder + "/content.json" in self.files:
                continue
            erased = [one for one in gone if one["number"] > entry["number"]]
            if entry["kind"] == "erasure" or not erased:
                self.report.fault("content " + folder, f"{folder}/content.json: missing, and no erasure says why")
            else:
                self.report.ok(
                    "erased " + folder,
                    f"its content was destroyed on request (entry {erased[0]['number']}, "
                    f"{plain(erased[0]['at'])}); the log holds that it was there",
                )

    # citations

    def citations(self) -> None:
        record = self.contents.get("record")
        if record is None:
            self.report.open("citations", "there is no checked record to compare the pages with")
            return
        try:
            checks = list(record["checks"])
            documents = {one["document_id"]: one for one in record["documents"]}
        except BAD_FORM:
            self.report.fault("citations", "record/content.json: not of the form of an answer")
            return
        for number, one in enumerate(checks, 1):
            self.citation(f"citation {number}", one)
        for one in self.index["sources"]:
            self.report.run("source", lambda one=one: self.source(one, documents))  # type: ignore[misc]
        for path in self.options.source:
            self.foreign_source(path, documents)
        if not self.index["sources"] and not self.options.source and checks:
            self.report.open(
                "sources",
                "the documents themselves are not in the bundle: pages, PDFs and pictures are bound to it by the "
                "manifest only; get the document from its publisher and give it with --source FILE",
            )

    def citation(self, check: str, one: Any) -> None:
        try:
            cited = one["citation"]
            name = f"pages/{cited['document_id']}-p{int(cited['page_number'])}.json"
        except BAD_FORM:
            self.report.fault(check, "record/content.json: not of the form of a citation")
            return
        if name not in self.files:
            self.report.open(check, f"{plain(name)} is not in the bundle")
            return
        if one.get("verdict") == "unresolvable":
            self.report.open(check, "the record itself says that the quoted words could not be found on the page")
            return

        def quoted() -> str:
            page = self.object_of(name)
            start, end = cited["start"], cited["end"]
            if (page["document_id"], page["number"]) != (cited["document_id"], cited["page_number"]):
                raise Refused(f"{name}: is another page")
            if not 0 <= start < end <= len(page["text"]) or page["text"][start:end] != cited["quote"]:
                raise Refused(f"{name}: the quoted words do not stand at characters {start} to {end}")
            return f"the quoted words stand on the page ({name}, characters {start} to {end})"

        self.report.run(check, quoted)

    def source(self, one: Any, documents: dict[str, Any]) -> str:
        wanted = documents[one["document_id"]]["sha256"]
        if sha256(self.bytes_of(one["file"])).hex() != wanted:
            raise Refused("{}: not the file that the answer cites".format(plain(one["file"])))
        return "{} is the file that the answer cites (SHA-256 {})".format(plain(one["file"]), wanted)

    def foreign_source(self, path: str, documents: dict[str, Any]) -> None:
        try:
            digest = sha256(Path(path).read_bytes()).hex()
        except OSError:
            self.report.fault("source", f"{plain(path)} cannot be read")
            return
        for one in documents.values():
            if one.get("sha256") == digest:
                self.report.ok(
                    "source", "{} is document {} of the answer".format(plain(path), plain(one["document_id"]))
                )
                return
        self.report.fault("source", f"{plain(path)} is none of the files that the answer cites")


# --- saying it ----------------------------------------------------------------------------------------------------


def plain(value: object) -> str:
    """Text of the bundle for a terminal: nothing in it can move the cursor or hide a line."""
    text = str(value)[:2000]
    return "".join(letter if letter.isprintable() else " " for letter in text)


def sentence(report: Report, name: str) -> str:
    """The one sentence at the end."""
    faults = report.faults()
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return f"REFUSED: {plain(name)}: {faults[0][2]}{more}"
    left = report.count(OPEN)
    also = f"; {left} points were not checked, see above" if left else ""
    return f"SOUND: all {report.count(OK)} checks of {plain(name)} hold{also}."


def shown(contents: dict[str, Any]) -> list[str]:
    """The checked question and answer as lines."""
    record = contents.get("record")
    if not isinstance(record, dict):
        return []
    lines = ["", "asked {} by {}".format(record.get("asked_at"), record.get("user") or "somebody not named")]
    lines += [
        "question: {}".format(record.get("question")),
        "outcome: {}".format(record.get("outcome")),
        str(record.get("text")),
    ]
    for one in record.get("checks", []):
        cited = one["citation"]
        lines.append(
            "[{}] {}, page {}: {} ({})".format(
                cited["marker"], cited["document_id"], cited["page_number"], cited["quote"], one["verdict"]
            )
        )
    return [plain(line) for line in lines]


def options_of(arguments: list[str]) -> argparse.Namespace:
    """What was asked for; ends the program with 2 where that makes no sense."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Checks an evidence bundle of RagMed.")
    parser.add_argument("bundle", nargs="?", default=str(Path(__file__).resolve().parent))
    parser.add_argument("--key", default="", help="the hospital's published key: a file, or the text itself")
    parser.add_argument("--checkpoint", default="", help="a checkpoint of the log that was kept elsewhere")
    parser.add_argument("--source", action="append", default=[], help="a document got from its publisher")
    parser.add_argument("--show", action="store_true", help="print the checked question and answer")
    parser.add_argument("--pure", action="store_true", help="check the signature with the code in this file only")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return parser.parse_args(arguments)


def verify(path: Path, options: argparse.Namespace) -> tuple[Report, dict[str, Any]]:
    """Check the bundle at ``path``. Raises OSError where it cannot be read."""
    report = Report()
    try:
        files = read_bundle(path)
    except Refused as error:
        report.fault("zip" if path.is_file() else "folder", str(error))
        return report, {}
    report.ok("zip" if path.is_file() else "folder", f"{len(files)} files, no byte unaccounted for")
    bundle = Bundle(files, report, options)
    try:
        bundle.check()
    except BAD_FORM:
        report.fault("bundle", "not of the form of a bundle")
    return report, bundle.contents


def main(arguments: list[str]) -> int:
    """The exit code."""
    options = options_of(arguments)
    path = Path(options.bundle)
    # names and quotes may be Chinese, and a terminal may not
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        report, contents = verify(path, options)
        own = sha256(Path(__file__).read_bytes()).hex()
    except OSError as error:
        sys.stderr.write(f"{plain(options.bundle)}: cannot be read ({error.strerror})\n")
        return 2
    said = sentence(report, path.name)
    if options.json:
        checks = [{"status": status, "check": check, "message": message} for status, check, message in report.lines]
        found = {
            "sound": not report.faults(),
            "complete": not report.faults() and not report.count(OPEN),
            "signature_checked_with": report.engine,
            "checks": checks,
            "sentence": said,
            "verifier_sha256": own,
        }
        sys.stdout.write(json.dumps(found, ensure_ascii=True, indent=1) + "\n")
    else:
        for status, check, message in report.lines:
            sys.stdout.write(f"{status:12} {check:20} {message}\n")
        if options.show and not report.faults():
            sys.stdout.write("".join(line + "\n" for line in shown(contents)))
        sys.stdout.write(f"This verifier is the file with SHA-256 {own}.\n{said}\n")
    return 1 if report.faults() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
