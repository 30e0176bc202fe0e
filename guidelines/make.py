"""Builds the demonstration library: `guidelines/source/*.md` into the files that `guidelines/` ships.

    python guidelines/make.py              build all and rewrite what changed
    python guidelines/make.py --check      build in memory; exit 1 and name the files that differ
    python guidelines/make.py --only NAME  build the sources whose name contains NAME

The same sources, fonts, reportlab and zlib give the same bytes. `source/built.json` keeps what the shipped files were
built with, so that a difference can be told from a change of tools. Exit codes: 0 done, 1 differs, 3 cannot build here.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SOURCE = FOLDER / "source"
STAMP = SOURCE / "built.json"
sys.path.insert(0, str(FOLDER))

try:
    from press import fonts, office, panels, sheets, web
    from press.markup import Digest, SourceError, read_digest
except ModuleNotFoundError as missing:
    print(f"cannot build here: no module {missing.name!r}; pip install -e '.[dev]' brings it", file=sys.stderr)
    sys.exit(3)

LAYOUTS: dict[str, Callable[[Digest], bytes]] = {
    "single": sheets.render,
    "columns": sheets.render,
    "panels": panels.render,
    "docx": office.render,
    "html": web.render_html,
    "markdown": web.render_markdown,
}


def digests(only: str = "") -> list[Digest]:
    """Every source text in file order; raises SourceError where one is malformed or two share a file."""
    found = [read_digest(path) for path in sorted(SOURCE.glob("*.md")) if only in path.name]
    files = [digest.file for digest in found]
    for digest in found:
        if digest.layout not in LAYOUTS:
            raise SourceError(f"{digest.path.name}: layout must be one of {', '.join(LAYOUTS)}")
        if files.count(digest.file) > 1:
            raise SourceError(f"{digest.path.name}: another source also makes {digest.file}")
    return found


def build(digest: Digest) -> bytes:
    """The bytes that `digest.file` ships."""
    return LAYOUTS[digest.layout](digest)


def toolchain() -> dict[str, str]:
    """What the bytes depend on besides the sources."""
    made = {f"font {name}": _sha256(path.read_bytes()) for name, path in fonts.font_files().items()}
    versions = {name: importlib.metadata.version(name) for name in ("reportlab", "python-docx")}
    return {**versions, "zlib": zlib.ZLIB_RUNTIME_VERSION, **made}


def main(arguments: list[str] | None = None) -> int:
    """Builds as the arguments say, and returns the exit code."""
    parser = argparse.ArgumentParser(description="Builds the demonstration library.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a shipped file differs")
    parser.add_argument("--only", default="", help="only the sources whose file name contains this")
    choice = parser.parse_args(arguments)
    try:
        fonts.register()
        made = {digest.file: build(digest) for digest in digests(choice.only)}
    except fonts.FontMissingError as fault:
        print(f"cannot build here: {fault}", file=sys.stderr)
        return 3
    except SourceError as fault:
        print(f"bad source: {fault}", file=sys.stderr)
        return 2
    differing = [name for name, content in made.items() if not _same(FOLDER / name, content)]
    if not choice.check:
        for name in differing:
            (FOLDER / name).write_bytes(made[name])
        if not choice.only:
            _stamp(made)
    for name in differing:
        print(f"{'differs' if choice.check else 'wrote'} {name} ({len(made[name]):,} bytes)")
    print(f"{len(made)} files, {len(differing)} {'differ' if choice.check else 'written'}")
    return 1 if choice.check and differing else 0


def _same(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content


def _stamp(made: dict[str, bytes]) -> None:
    stamp = {
        "built_with": toolchain(),
        "sources": {path.name: _sha256(path.read_bytes()) for path in sorted(SOURCE.glob("*.md"))},
        "files": {name: _sha256(content) for name, content in sorted(made.items())},
    }
    STAMP.write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
