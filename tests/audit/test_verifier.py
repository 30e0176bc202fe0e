"""The stand-alone verifier: what it accepts, and each attack that it refuses by name."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import os
import random
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ragmed.audit.bundle import bundle_bytes, verifier_source
from ragmed.canonical import canonical_json
from ragmed.entries import Feedback, FeedbackKind
from tests.answer.records import a_record
from tests.audit.small_evidence import small_evidence, small_library
from tests.audit.small_log import SmallLog, audit_path, tree_hash

RECORD = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The file as it goes into a bundle, loaded from where RagMed is not."""
    path = tmp_path_factory.mktemp("alone") / "verify.py"
    path.write_bytes(verifier_source())
    spec = importlib.util.spec_from_file_location("verify_alone", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Made:
    """A bundle with its log and library."""

    def __init__(self, folder: Path) -> None:
        self.snapshots, self.record = small_library(folder)
        self.log = SmallLog()
        for number in range(6):
            self.log.append(a_record(f"other-{number}"))
        self.log.append(self.record)
        self.log.append_feedback(
            Feedback(
                feedback_id="f", record_id=RECORD, at="2026-11-24T09:00:00.000Z", user="l", kind=FeedbackKind.RIGHT
            )
        )
        self.log.append(a_record("afterwards"))
        self.zip = self.bundle()

    def bundle(self, *, sources: bool = False) -> bytes:
        return bundle_bytes(self.log, small_evidence(self.snapshots), RECORD, sources=sources)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("library"))


def files_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_manifest(files: dict[str, bytes]) -> dict[str, bytes]:
    """As a forger would leave it: the manifest fits again."""
    rest = {name: content for name, content in files.items() if name != "MANIFEST.sha256"}
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(rest.items())]
    return {**rest, "MANIFEST.sha256": "".join(lines).encode()}


def judged(verifier: ModuleType, files: dict[str, bytes], *arguments: str) -> Any:
    report = verifier.Report()
    verifier.Bundle(files, report, verifier.options_of(list(arguments))).check()
    return report


def faults(verifier: ModuleType, files: dict[str, bytes], *arguments: str) -> list[str]:
    return [f"{check}: {message}" for _, check, message in judged(verifier, files, *arguments).faults()]


def run_bare(folder: Path, content: bytes, *arguments: str) -> subprocess.CompletedProcess[str]:
    """In a Python without packages, without RagMed, in another folder."""
    (folder / "verify.py").write_bytes(verifier_source())
    (folder / "b.zip").write_bytes(content)
    return subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "b.zip", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"]},
    )


# accepted


def test_a_bundle_is_verified_by_a_bare_python(tmp_path: Path, made: Made) -> None:
    done = run_bare(tmp_path, made.zip)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("SOUND: all ")
    assert "Ed25519 in this file (`cryptography` is not installed)" in done.stdout
    assert "citation 2" in done.stdout and "entry 7 of 9 (answer" in done.stdout
    assert "proves nothing by itself" in done.stdout
    assert not done.stderr


def test_one_changed_byte_is_refused_by_a_bare_python_and_named(tmp_path: Path, made: Made) -> None:
    place = made.zip.index(b'"question":"What to give?"') + 12
    done = run_bare(tmp_path, made.zip[:place] + b"w" + made.zip[place + 1 :])
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("REFUSED: b.zip: record/content.json: ")


def test_an_unpacked_bundle_is_verified_from_inside(tmp_path: Path, made: Made) -> None:
    folder = tmp_path / "unpacked"
    for name, content in files_of(made.zip).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    command = [sys.executable, "-I", "-S", "verify.py", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["sound"] is True and found["complete"] is False
    assert found["verifier_sha256"] == hashlib.sha256(verifier_source()).hexdigest()
    (folder / "pictures" / "extra.png").write_bytes(b"x")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "pictures/extra.png: not part of the bundle" in done.stdout


def test_both_ways_to_check_the_signature_agree_and_are_named(verifier: ModuleType, made: Made) -> None:
    assert judged(verifier, files_of(made.zip)).engine == "Ed25519 in this file and `cryptography`"
    assert judged(verifier, files_of(made.zip), "--pure").engine == "Ed25519 in this file"


def test_the_question_is_shown_when_asked_for_and_cannot_move_the_cursor(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.log.append(replace(made.record, record_id="other", question="q"))
    made.log._records.clear()
    log = SmallLog()
    log.append(replace(made.record, question="\x1b[2JWhat\u202e?"))
    content = bundle_bytes(log, small_evidence(made.snapshots), RECORD)
    assert "What" not in run_bare(tmp_path, content).stdout
    shown = run_bare(tmp_path, content, "--show").stdout
    assert "question:  [2JWhat ?" in shown and "\x1b" not in shown


def test_nothing_there_is_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(verifier_source())
    command = [sys.executable, "-I", "-S", "verify.py", "absent.zip"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "absent.zip" in done.stderr


def test_it_is_written_for_python_3_8_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(verifier_source(), feature_version=(3, 8))
    optional = {"cryptography.exceptions", "cryptography.hazmat.primitives.asymmetric.ed25519"}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert {name for name in names if name.split(".")[0] not in sys.stdlib_module_names} <= optional
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    later = {"removeprefix", "removesuffix", "is_relative_to", "file_digest", "bit_count", "randbytes", "UTC"}
    assert not attributes & later


# what only the reader can bring


def test_the_published_key_must_be_the_bundle_s(tmp_path: Path, verifier: ModuleType, made: Made) -> None:
    files = files_of(made.zip)
    assert not faults(verifier, files, "--key", made.log.public_key())
    path = tmp_path / "published.txt"
    path.write_text(made.log.public_key() + "\n")
    assert not faults(verifier, files, "--key", str(path))
    other = SmallLog(b"\x08" * 32).public_key()
    assert faults(verifier, files, "--key", other) == ["key: the bundle is signed with another key than the one given"]
    assert faults(verifier, files, "--key", str(tmp_path / "absent"))


def test_a_checkpoint_kept_elsewhere_shows_a_rewritten_history(
    tmp_path: Path, verifier: ModuleType, made: Made
) -> None:
    kept = tmp_path / "checkpoint"
    kept.write_text(made.log.checkpoint().note, encoding="utf-8")
    assert not faults(verifier, files_of(made.zip), "--checkpoint", str(kept))
    rewritten = SmallLog()
    for number in range(6):
        rewritten.append(a_record(f"rewritten-{number}"))
    rewritten.append(made.record)
    rewritten.append(a_record("instead of the feedback"))
    rewritten.append(a_record("afterwards"))
    forged = bundle_bytes(rewritten, small_evidence(made.snapshots), RECORD)
    assert not faults(verifier, files_of(forged)), "whoever has the key can write another history"
    (fault,) = faults(verifier, files_of(forged), "--checkpoint", str(kept))
    assert "history was rewritten" in fault


def test_a_document_got_from_its_publisher_is_compared(tmp_path: Path, verifier: ModuleType, made: Made) -> None:
    files = files_of(made.bundle(sources=True))
    assert not faults(verifier, files)
    (source,) = [name for name in files if name.startswith("sources/")]
    (tmp_path / "got.pdf").write_bytes(files[source])
    (tmp_path / "other.pdf").write_bytes(files[source] + b" ")
    assert not faults(verifier, files_of(made.zip), "--source", str(tmp_path / "got.pdf"))
    (fault,) = faults(verifier, files_of(made.zip), "--source", str(tmp_path / "other.pdf"))
    assert "none of the files" in fault
    assert faults(verifier, with_manifest({**files, source: files[source] + b" "})) == [
        f"source: {source}: not the file that the answer cites"
    ]


# refused: single bits


def owners(content: bytes) -> list[str]:
    """For each byte of the zip, the file that it belongs to; empty for the end of the zip."""
    owner = [""] * len(content)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        row = archive.start_dir
        for entry in archive.infolist():
            end = entry.header_offset + 30 + len(entry.filename) + entry.file_size
            owner[entry.header_offset : end] = [entry.filename] * (end - entry.header_offset)
            length = 46 + len(entry.filename)
            owner[row : row + length] = [entry.filename] * length
            row += length
    return owner


def test_every_flipped_bit_of_a_zip_is_refused_and_its_file_named(verifier: ModuleType, made: Made) -> None:
    """A bit of 2,000 bytes over the whole zip, of every byte of its directory and end, of every third of the record."""
    content, owner = made.zip, owners(made.zip)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        directory = archive.start_dir
    chance = random.Random(5)
    flips = [(place * len(content) // 2000, chance.randrange(8)) for place in range(2000)]
    flips += [(place, chance.randrange(8)) for place in range(directory, len(content))]
    flips += [(place, chance.randrange(8)) for place in range(0, len(content), 3) if owner[place].startswith("record/")]
    for place, bit in flips:
        damaged = bytearray(content)
        damaged[place] ^= 1 << bit
        with pytest.raises(verifier.Refused) as caught:
            verifier.read_zip(bytes(damaged))
        said = str(caught.value)
        # a changed name in the directory cannot be told from another file's: the entry's number stands for it
        number = list(dict.fromkeys(owner)).index(owner[place]) + 1
        assert not owner[place] or owner[place] in said or f"entry {number} of the zip" in said or place >= directory, (
            place,
            said,
        )


def test_every_flipped_bit_of_an_unpacked_bundle_is_refused_and_its_file_named(
    verifier: ModuleType, made: Made
) -> None:
    files = files_of(made.zip)
    chance = random.Random(6)
    for name, content in files.items():
        for place in sorted(chance.sample(range(len(content)), min(len(content), 12))):
            damaged = bytearray(content)
            damaged[place] ^= 1 << chance.randrange(8)
            report = verifier.Report()
            bundle = verifier.Bundle({**files, name: bytes(damaged)}, report, verifier.options_of([]))
            report.run("manifest", bundle.manifest)
            (fault,) = report.faults()
            # where the manifest itself was changed, a file no longer fits it, and that one is named
            assert name in fault[2] or name == "MANIFEST.sha256"


@pytest.mark.parametrize(
    "prefix", ["record/entry", "record/proof", "record/salt", "record/content", "feedback-", "checkpoint", "key"]
)
def test_a_forger_who_mends_the_manifest_is_refused_by_the_log(verifier: ModuleType, made: Made, prefix: str) -> None:
    files = files_of(made.zip)
    chance = random.Random(7)
    tried = 0
    for name in files:
        if not name.startswith(prefix):
            continue
        for place in sorted(chance.sample(range(len(files[name])), min(len(files[name]), 60))):
            damaged = bytearray(files[name])
            damaged[place] ^= 1 << chance.randrange(8)
            found = faults(verifier, with_manifest({**files, name: bytes(damaged)}), "--pure")
            assert found, (name, place)
            assert not [fault for fault in found if fault.startswith("manifest")]
            tried += 1
    assert tried >= 60


# refused: forged bundles


def test_a_quote_that_does_not_stand_on_the_page_is_refused(verifier: ModuleType, made: Made) -> None:
    files = files_of(made.zip)
    (name,) = [one for one in files if one.startswith("pages/") and one.endswith(".json")]
    page = json.loads(files[name])
    page["text"] = page["text"].replace("2 litres", "9 litres")
    (fault,) = faults(verifier, with_manifest({**files, name: canonical_json(page)}))
    assert fault.startswith(f"citation 1: {name}: the quoted words do not stand at characters ")
    page = {**json.loads(files[name]), "number": 3}
    assert "is another page" in faults(verifier, with_manifest({**files, name: canonical_json(page)}))[0]


def test_a_record_that_was_never_in_the_log_is_refused(verifier: ModuleType, made: Made) -> None:
    files = files_of(made.zip)
    forged = SmallLog(b"\x09" * 32)
    forged.append(replace(made.record, text="Give 20 litres."))
    other = files_of(bundle_bytes(forged, small_evidence(made.snapshots), RECORD))
    mixed = {**files, **{name: content for name, content in other.items() if name.startswith("record/")}}
    assert "record/proof.json" in faults(verifier, with_manifest(mixed))[0]
    number, size = 7, 9
    path = [one.hex() for one in made.log.inclusion_proof(number, size)]
    mixed["record/proof.json"] = canonical_json({"number": 1, "size": size, "path": path})
    assert "record/entry.json: is not in the log" in faults(verifier, with_manifest(mixed))[0]


def test_content_may_be_missing_only_with_an_erasure(verifier: ModuleType, made: Made, tmp_path: Path) -> None:
    files = files_of(made.zip)
    for gone in ("record", "feedback-000008"):
        rest = {name: one for name, one in files.items() if name not in (f"{gone}/content.json", f"{gone}/salt.txt")}
        assert f"content {gone}: {gone}/content.json: missing, and no erasure says why" in faults(
            verifier, with_manifest(rest)
        )
    own = Made(tmp_path)
    own.log.erase(RECORD, user="dpo", reason="request 7")
    files = files_of(own.bundle())
    assert not faults(verifier, files)
    lines = judged(verifier, files).lines
    assert [line for line in lines if line[1] == "erased record" and "2026-12-01" in line[2]]
    (erasure,) = {name.split("/")[0] for name in files if name.startswith("erasure-")}
    index = json.loads(files["bundle.json"])
    index["entries"].remove(erasure)
    without = {name: one for name, one in files.items() if not name.startswith(erasure)}
    assert faults(verifier, with_manifest({**without, "bundle.json": canonical_json(index)}))


def test_an_entry_of_another_answer_is_refused(verifier: ModuleType, made: Made) -> None:
    files = files_of(made.zip)
    entry = made.log.entry(1)
    path = [one.hex() for one in made.log.inclusion_proof(1, 9)]
    files["record/entry.json"] = canonical_json(entry)
    files["record/proof.json"] = canonical_json({"number": 1, "size": 9, "path": path})
    opening = made.log.opening(1)
    assert opening is not None
    files["record/content.json"], files["record/salt.txt"] = opening.content, opening.salt.hex().encode() + b"\n"
    assert "record/entry.json: is of another answer or of another kind" in faults(verifier, with_manifest(files))[0]


def test_a_bundle_without_its_entry_is_refused(verifier: ModuleType, made: Made) -> None:
    files = files_of(made.zip)
    for index in ({"entries": []}, {"entries": ["feedback-000008"]}, {"entries": ["record", "record"]}, {"entries": 7}):
        changed = canonical_json({**json.loads(files["bundle.json"]), **index})
        assert faults(verifier, with_manifest({**files, "bundle.json": changed}))
    assert faults(verifier, {})


def test_an_older_checkpoint_does_not_cover_the_entry(verifier: ModuleType, made: Made) -> None:
    files = files_of(made.zip)
    older = SmallLog()
    for number in range(6):
        older.append(a_record(f"other-{number}"))
    replayed = with_manifest({**files, "checkpoint.txt": older.checkpoint().note.encode()})
    assert any("record/proof.json: is not for this entry" in fault for fault in faults(verifier, replayed))


@pytest.mark.parametrize(
    "raw", [b"[]", b"null", b'{"a":NaN}', b"{" * 100_000, b'{"b":1,"a":2}', b"\xff", b'{"a":1,"a":1}']
)
def test_senseless_json_is_a_fault_and_no_traceback(verifier: ModuleType, made: Made, raw: bytes) -> None:
    files = files_of(made.zip)
    for name in ("bundle.json", "record/entry.json", "record/proof.json", "record/content.json"):
        assert faults(verifier, with_manifest({**files, name: raw}))


def test_senseless_values_are_a_fault_and_no_traceback(verifier: ModuleType, made: Made) -> None:
    files = files_of(made.zip)
    for name in ("bundle.json", "record/entry.json", "record/proof.json"):
        fields = json.loads(files[name])
        for field in fields:
            for value in (None, -1, 10**30, "\x1b[2J", [], {}, ["../../x"], 1.5, True):
                if value != fields[field] and not (field in ("missing", "sources") and value in ([], {})):
                    changed = canonical_json({**fields, field: value})
                    assert faults(verifier, with_manifest({**files, name: changed})), (name, field, value)


# refused: hostile zips


def stored(*names_and_contents: tuple[str, bytes], **change: object) -> bytes:
    """A zip of the form that a bundle has, apart from what the test changes."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in names_and_contents:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100600 << 16
            for field, value in change.items():
                setattr(entry, field, value)
            archive.writestr(entry, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "a//x", "C:x", "a\\..\\x", ".hidden", "a/", "x\n", "é", "a" * 200, "a/./x"]
)
def test_zip_names_that_lead_elsewhere(verifier: ModuleType, name: str) -> None:
    with pytest.raises(verifier.Refused, match="name"):
        verifier.read_zip(stored((name, b"x")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a", "a"), ("A", "a"), ("b", "a")])
def test_zip_names_that_stand_twice_or_out_of_order(verifier: ModuleType, names: tuple[str, str]) -> None:
    with pytest.raises(verifier.Refused, match=r"twice|place"):
        verifier.read_zip(stored((names[0], b"1"), (names[1], b"2")))


def test_zip_bombs_are_not_unfolded(verifier: ModuleType) -> None:
    with pytest.raises(verifier.Refused, match="bomb: packed otherwise"):
        verifier.read_zip(stored(("bomb", b"0" * 10_000_000), compress_type=zipfile.ZIP_DEFLATED))


def test_zip_overlapping_files(verifier: ModuleType) -> None:
    content = bytearray(stored(("a", b"x" * 10), ("b", b"y" * 10)))
    second = content.rindex(b"PK\x01\x02")
    content[second + 42 : second + 46] = struct.pack("<L", 0)
    with pytest.raises(verifier.Refused, match="b: its entry"):
        verifier.read_zip(bytes(content))


@pytest.mark.parametrize(
    "change", [{"external_attr": 0o120777 << 16}, {"comment": b"hidden"}, {"extra": b"xx\x01\x00y"}]
)
def test_zip_links_comments_and_extra_fields(verifier: ModuleType, change: dict[str, object]) -> None:
    with pytest.raises(verifier.Refused, match="a: its entry"):
        verifier.read_zip(stored(("a", b"x"), **change))


def test_zip_bytes_before_behind_and_between(verifier: ModuleType) -> None:
    content = stored(("a", b"x"), ("b", b"y"))
    assert verifier.read_zip(content) == {"a": b"x", "b": b"y"}
    middle = content.index(b"PK\x03\x04", 1)
    for damaged in (b"#!" + content, content + b"\x00", content[:middle] + b"\x00" + content[middle:], content[:-1]):
        with pytest.raises(verifier.Refused):
            verifier.read_zip(damaged)
    for damaged in (b"", b"PK", b"no zip", content[:40]):
        with pytest.raises(verifier.Refused):
            verifier.read_zip(damaged)


def test_links_in_a_folder_are_not_followed(tmp_path: Path, verifier: ModuleType) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(verifier.Refused, match="link"):
        verifier.read_folder(tmp_path / "bundle")


# Ed25519 and the tree


def test_ed25519_first_vector_of_rfc_8032(verifier: ModuleType) -> None:
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert verifier.ed25519_holds(public, signature, b"")
    assert not verifier.ed25519_holds(public, signature, b"\x00")


def test_ed25519_agrees_with_cryptography(verifier: ModuleType) -> None:
    chance = random.Random(8)
    for number in range(60):
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        public, message = key.public_key().public_bytes_raw(), chance.randbytes(number)
        signature = key.sign(message)
        changed = bytearray(signature)
        changed[chance.randrange(64)] ^= 1 << chance.randrange(8)
        shifted = int.from_bytes(signature[32:], "little") + verifier.ORDER
        for one in (signature, bytes(changed), signature[:32] + shifted.to_bytes(32, "little"), bytes(64)):
            try:
                Ed25519PublicKey.from_public_bytes(public).verify(one, message)
                holds = True
            except InvalidSignature:
                holds = False
            assert verifier.ed25519_holds(public, one, message) == holds
            assert holds == (one == signature)


def test_inclusion_proofs_of_every_entry_of_small_trees(verifier: ModuleType) -> None:
    for size in range(1, 40):
        leaves = [b"leaf %d" % number for number in range(size)]
        root = tree_hash(leaves)
        for index in range(size):
            path = audit_path(index, leaves)
            assert verifier.root_from(leaves[index], index, size, path) == root
            assert verifier.root_from(b"other", index, size, path) != root
            for wrong in (path[:-1], [*path, root]):
                if wrong != path:
                    with pytest.raises(verifier.Refused):
                        verifier.root_from(leaves[index], index, size, wrong)
            if index + 1 < size:
                with pytest.raises(verifier.Refused):  # or leads elsewhere
                    if verifier.root_from(leaves[index], index + 1, size, path) != root:
                        raise verifier.Refused
    with pytest.raises(verifier.Refused):
        verifier.root_from(b"", 5, 5, [])
