"""The typefaces of the library and where they come from. They are needed to rebuild, never to read.

DejaVu Sans Condensed (Bitstream Vera and public-domain terms) sets Latin text, figures and signs such as "≥", which
the fonts built into PDF lack. Droid Sans Fallback (Apache-2.0) sets Chinese; it holds no Latin letters, so Chinese
pages mix both, character by character. Both are embedded as subsets.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

LATIN, LATIN_BOLD, LATIN_ITALIC, HAN = "DejaVu", "DejaVu-Bold", "DejaVu-Italic", "Droid"
FOLDER = Path("/usr/share/fonts/truetype")
PACKAGES = {
    LATIN: ("dejavu/DejaVuSansCondensed.ttf", "fonts-dejavu-extra"),
    LATIN_BOLD: ("dejavu/DejaVuSansCondensed-Bold.ttf", "fonts-dejavu-extra"),
    LATIN_ITALIC: ("dejavu/DejaVuSansCondensed-Oblique.ttf", "fonts-dejavu-extra"),
    HAN: ("droid/DroidSansFallbackFull.ttf", "fonts-droid-fallback"),
}


class FontMissingError(RuntimeError):
    """A typeface is not installed; the message names the Debian package that brings it."""


def font_files() -> dict[str, Path]:
    """Font name to file, all present; raises FontMissingError naming each package that is not installed."""
    found = {name: FOLDER / file for name, (file, _) in PACKAGES.items()}
    absent = {PACKAGES[name][1]: path for name, path in found.items() if not path.is_file()}
    if absent:
        packages = " ".join(sorted(absent))
        paths = ", ".join(str(path) for path in absent.values())
        raise FontMissingError(f"no font file at {paths}; install it with: apt-get install {packages}")
    return found


def register() -> None:
    """Makes the typefaces known to reportlab."""
    for name, path in font_files().items():
        pdfmetrics.registerFont(TTFont(name, str(path)))
    pdfmetrics.registerFontFamily(LATIN, LATIN, LATIN_BOLD, LATIN_ITALIC, LATIN_BOLD)


def has_glyph(name: str, character: str) -> bool:
    """Whether the registered typeface `name` can draw `character`."""
    return ord(character) in pdfmetrics.getFont(name).face.charToGlyph


def marked_up(text: str) -> str:
    """`text` escaped for reportlab, Chinese runs in the Chinese typeface; ValueError for a sign that none can draw."""
    parts: list[str] = []
    run, in_han = "", False
    for character in text:
        han = not has_glyph(LATIN, character)
        if han and not has_glyph(HAN, character):
            raise ValueError(f"no typeface here draws U+{ord(character):04X} {character!r} in {text[:60]!r}")
        if han != in_han and run:
            parts.append(_run(run, in_han))
            run = ""
        run, in_han = run + character, han
    return "".join(parts) + (_run(run, in_han) if run else "")


def _run(text: str, han: bool) -> str:
    return f'<font name="{HAN}">{escape(text)}</font>' if han else escape(text)
