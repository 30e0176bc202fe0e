"""Run as a program: thousands of damaged files through the real sandbox, none of which may take it down.

    python -m tests.corpus.mutants --files 2000 --seed 1

Small whole files of every format are made in code, then spoiled by a seeded rule: bytes flipped, stretches cut out, doubled,
swapped between files, numbers of PDF objects and lengths replaced, headers of ZIP archives edited, tags nested a
thousandfold. Every file must come back as exactly one Reading, a document with pages or a refusal with its reason, in
the order asked for, and none may take longer than the limit. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ragmed.corpus.library import FileToRead
from ragmed.corpus.reading import file_to_read
from ragmed.corpus.sandbox import Sandbox
from ragmed.records import NoteKind, Reading
from ragmed.settings import ReaderSettings
from tests.corpus.sheets import column, sheet
from tests.corpus.small_files import write_docx, write_epub

LIMITS = ReaderSettings(ocr="never", seconds=30.0, memory_mib=2048)
SENTENCES = (
    "Give 5 mg at once.",
    "Measure lactate; repeat it after 2 hours.",
    "Do not give it to children under 2 years.",
)
_OVER_TIME = "reading it took"
"""Words of the sandbox where a file was stopped at its limit of time."""
Spoil = Callable[[bytearray, random.Random, list[bytes]], bytearray]


def whole_files(folder: Path) -> dict[str, bytes]:
    """A whole file of each format, by suffix; the PDF with an outline, a link, a script and an attachment's name."""
    folder.mkdir(parents=True, exist_ok=True)

    def first(canvas: object) -> None:
        column(canvas, 60, 760, ["Pain in adults", *SENTENCES], size=11)  # type: ignore[arg-type]

    def second(canvas: object) -> None:
        column(canvas, 60, 760, list(SENTENCES) * 6)  # type: ignore[arg-type]
        column(canvas, 320, 760, list(SENTENCES) * 6)  # type: ignore[arg-type]

    paragraphs = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in SENTENCES)
    table = (
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Drug</w:t></w:r></w:p></w:tc>"
        "<w:tc><w:p><w:r><w:t>5 mg</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    )
    body = f"<h1>Pain</h1><p>{'</p><p>'.join(SENTENCES)}</p><table><tr><th>Drug</th><td>5 mg</td></tr></table>"
    html = f"<!doctype html><html lang='en'><head><title>Pain</title></head><body>{body}</body></html>"
    xhtml = f"<html xmlns='http://www.w3.org/1999/xhtml'><head><title>Pain</title></head><body>{body}</body></html>"
    plain, packed = sheet(folder / "a.pdf", first, second), sheet(folder / "b.pdf", first, second, pageCompression=1)
    return {
        ".pdf": plain.read_bytes(),
        ".packed.pdf": packed.read_bytes(),
        ".docx": write_docx(folder / "a.docx", paragraphs + table).read_bytes(),
        ".epub": write_epub(folder / "a.epub", {"one.xhtml": xhtml, "two.xhtml": xhtml}).read_bytes(),
        ".html": html.encode(),
        ".md": ("# Pain\n\n" + "\n\n".join(SENTENCES) + "\n\n| Drug | Dose |\n|---|---|\n| A | 5 mg |\n").encode(),
        ".txt": "\n".join(SENTENCES).encode(),
    }


def flip(content: bytearray, chance: random.Random, _: list[bytes]) -> bytearray:
    for _ in range(chance.choice((1, 4, 16, 64))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return content


def cut(content: bytearray, chance: random.Random, _: list[bytes]) -> bytearray:
    start = chance.randrange(len(content))
    del content[start : start + chance.randint(1, max(1, len(content) // 3))]
    return content or bytearray(b"x")


def cut_off(content: bytearray, chance: random.Random, _: list[bytes]) -> bytearray:
    return content[: chance.randint(1, len(content))]


def double(content: bytearray, chance: random.Random, _: list[bytes]) -> bytearray:
    start = chance.randrange(len(content))
    piece = content[start : start + chance.randint(1, 400)]
    return content[:start] + piece * chance.choice((2, 10, 200)) + content[start:]


def splice(content: bytearray, chance: random.Random, others: list[bytes]) -> bytearray:
    other = chance.choice(others)
    return content[: chance.randrange(len(content))] + other[chance.randrange(len(other)) :]


def renumber(content: bytearray, chance: random.Random, _: list[bytes]) -> bytearray:
    """Numbers replaced by others: object numbers, offsets, lengths, counts, font sizes."""
    numbers = list(re.finditer(rb"\d+", content))
    for match in sorted(chance.sample(numbers, min(len(numbers), chance.choice((1, 3, 12)))), key=lambda m: -m.start()):
        value = chance.choice((b"0", b"1", b"-1", b"65536", b"4294967296", b"99999999999999999999", b"3"))
        content[match.start() : match.end()] = value
    return content


def zip_lies(content: bytearray, chance: random.Random, _: list[bytes]) -> bytearray:
    """Sizes, flags and offsets of an archive's headers; in other files the same as ``flip``."""
    heads = [match.start() for match in re.finditer(rb"PK(?:\x01\x02|\x03\x04|\x05\x06)", content)]
    if not heads:
        return flip(content, chance, [])
    for _ in range(chance.choice((1, 2, 5))):
        place = chance.choice(heads) + 4 + chance.randrange(26)
        content[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\1\0\0\0", b"\xff\xff\xff\x7f"))
    return content


def nest(content: bytearray, chance: random.Random, _: list[bytes]) -> bytearray:
    """Something opened thousands of times and never closed."""
    opened = chance.choice(
        (b"<div>", b"<table><tr><td>", b"[", b"<<", b"(", b"> ", b"* ", b"<b><i>", b"<w:tbl><w:tr><w:tc>")
    )
    place = chance.randrange(len(content))
    return content[:place] + opened * chance.choice((50, 2000, 20000)) + content[place:]


RULES: tuple[Spoil, ...] = (flip, cut, cut_off, double, splice, renumber, zip_lies, nest)


def mutants(folder: Path, count: int, seed: int) -> Iterator[FileToRead]:
    """So many spoiled files, each format and rule in turn."""
    chance = random.Random(seed)
    whole = whole_files(folder / "whole")
    others = list(whole.values())
    target = folder / "mutants"
    target.mkdir()
    names = list(whole)
    for number in range(count):
        suffix = names[number % len(names)]
        rule = RULES[number // len(names) % len(RULES)]
        content = rule(bytearray(whole[suffix]), chance, others)
        if chance.random() < 0.3:
            content = chance.choice(RULES)(content or bytearray(b"x"), chance, others)
        path = target / f"{number:06}-{rule.__name__}{suffix}"
        path.write_bytes(content)
        yield file_to_read(path)


def finding(file: FileToRead, reading: Reading) -> str:
    """What is wrong with an outcome; empty where nothing is."""
    if (reading.source_path, reading.sha256) != (file.source_path, file.sha256):
        return f"{file.source_path}: the reading is of {reading.source_path}"
    if reading.document is None:
        refused = [note for note in reading.notes if note.kind is NoteKind.REFUSED]
        if not refused or not refused[0].message:
            return f"{file.source_path}: refused without a reason"
        # the reading of a file that was stopped has no seconds of its own
        return refused[0].message if _OVER_TIME in refused[0].message else ""
    if not reading.pages:
        return f"{file.source_path}: a document without pages"
    if reading.seconds > LIMITS.seconds:
        return f"{file.source_path}: {reading.seconds:.0f} s"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begin = time.monotonic()
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    findings: list[str] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, Sandbox(LIMITS) as sandbox:
        files = list(mutants(Path(folder), asked.files, asked.seed))
        readings = list(sandbox.read_all(files))
        for file, reading in zip(files, readings, strict=True):
            findings.extend(filter(None, [finding(file, reading)]))
            slowest = max(slowest, reading.seconds)
            counts["read" if reading.document else "refused"] += 1
            for note in reading.notes:
                if note.kind is NoteKind.REFUSED and re.search(
                    r"crashed|failed on it|memory|longer than", note.message
                ):
                    reasons[note.message[:200]] += 1
    result = {
        "files": sum(counts.values()),
        **counts,
        "seconds": round(time.monotonic() - begin, 1),
        "slowest_s": round(slowest, 2),
        "stopped_or_crashed": dict(reasons.most_common(20)),
        "findings": findings,
    }
    print(json.dumps(result, indent=1, ensure_ascii=False))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
