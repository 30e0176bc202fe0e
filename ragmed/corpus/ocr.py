"""Pages that are pictures: read by the ``tesseract`` program where it is installed.

Laws of this room: nothing is guessed silently: every page read this way is noted by the caller; a page on which
tesseract fails, times out or finds nothing gives None or no runs, and the caller says so. No shell, no temporary
files: the picture goes in by a pipe and words with boxes (TSV) come out by another.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from ragmed.corpus.pdf_text import PageGlyphs, is_han
from ragmed.corpus.visibility import picture_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DPI = 300
_MAX_PIXELS = 16_000_000
"""A4 at 300 dpi has 8.7 million; larger sheets are read at a lower resolution."""
_LEAST_CONFIDENCE = 20.0
_LANGUAGES = ("chi_sim", "eng")
"""In this order: with English first, tesseract 5 reads some Chinese lines as Latin garbage."""
_HAN_END = re.compile("[\u2e80-\u9fff\uff00-\uffef]{2}")
INSTALL = "install tesseract with its English and simplified Chinese data (Debian: tesseract-ocr tesseract-ocr-chi-sim)"


class OcrTimeoutError(Exception):
    """tesseract took longer than the limit for one page."""


@dataclass(frozen=True, slots=True)
class Tesseract:
    """An installed tesseract and the languages it has of those that RagMed asks for."""

    program: str
    languages: str

    @classmethod
    def found(cls) -> Tesseract | None:
        """The program on the PATH, or None."""
        program = shutil.which("tesseract")
        if program is None:
            return None
        try:
            listed = subprocess.run([program, "--list-langs"], capture_output=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        installed = set(listed.stdout.decode("utf-8", "replace").split())
        chosen = [language for language in _LANGUAGES if language in installed]
        return cls(program, "+".join(chosen)) if chosen else None

    def read(self, picture: bytes, pixels_per_point: float, width: float, height: float, seconds: float) -> PageGlyphs:
        """The words of a PNG of a page of ``width`` by ``height`` points. Raises OcrTimeoutError."""
        command = [self.program, "stdin", "stdout", "-l", self.languages, "--psm", "3", "tsv"]
        try:
            done = subprocess.run(
                command,
                input=picture,
                capture_output=True,
                timeout=seconds,
                check=False,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
        except subprocess.TimeoutExpired:
            raise OcrTimeoutError from None
        return _glyphs(done.stdout.decode("utf-8", "replace"), pixels_per_point, width, height)


def ocr_picture(raw: Any, page: Any, width: float, height: float, pixel_limit: int) -> tuple[bytes, float]:
    """A grey PNG of a loaded page for reading, and its pixels to the point."""
    from PIL import Image

    scale = min(_DPI / 72, (min(pixel_limit, _MAX_PIXELS) / max(width * height, 1.0)) ** 0.5)
    grey = picture_of(raw, page, width, height, scale)
    stream = BytesIO()
    Image.fromarray(grey).save(stream, "PNG", compress_level=1)
    return stream.getvalue(), scale


def _glyphs(table: str, scale: float, width: float, height: float) -> PageGlyphs:
    """tesseract's TSV (level, page, block, par, line, word, left, top, width, height, conf, text) as characters."""
    texts: list[str] = []
    boxes: list[tuple[float, float, float, float]] = []
    last_line: tuple[str, ...] = ()
    tops: dict[tuple[str, ...], tuple[float, float]] = {}
    rows = [row.split("\t") for row in table.splitlines()[1:]]
    words = [row for row in rows if len(row) == 12 and row[0] == "5" and row[11].strip()]
    for row in words:
        line = tuple(row[1:5])
        low, high = float(row[7]), float(row[7]) + float(row[9])
        known = tops.get(line, (low, high))
        tops[line] = (min(low, known[0]), max(high, known[1]))
    usual = median(high - low for low, high in tops.values()) if tops else 0.0
    for row in words:
        if float(row[10]) < _LEAST_CONFIDENCE:
            continue
        line = tuple(row[1:5])
        left, wide = float(row[6]), float(row[8])
        # one height for all lines of nearly one: without ascenders or descenders they would look like a smaller size
        high = tops[line][1] - tops[line][0]
        middle, half = sum(tops[line]) / 2, (usual if 0.7 * usual < high < 1.35 * usual else high) / 2
        top, bottom = middle - half, middle + half
        word = row[11].strip()
        # tesseract parts Chinese into words; the page has no space there
        joined = bool(texts) and _HAN_END.match(texts[-1][-1] + word[0]) is not None
        gap = "\n" if line != last_line else "" if joined else " "
        texts.append((gap if texts else "") + word)
        boxes.append((left / scale, top / scale, (left + wide) / scale, bottom / scale))
        last_line = line
    return glyphs_of_words(texts, boxes, width, height)


def glyphs_of_words(
    words: list[str], boxes: list[tuple[float, float, float, float]], width: float, height: float
) -> PageGlyphs:
    """Words, each with its leading blank, and their boxes in displayed points, as a page's characters."""
    text = "".join(words)
    codes: NDArray[np.uint32] = np.frombuffer(text.encode("utf-32-le"), np.uint32).copy()
    per_character = np.zeros((len(text), 4), np.float32)
    starts, ends, runs = [], [], []
    at = 0
    for word, box in zip(words, boxes, strict=True):
        length = len(word.strip())
        start = at + len(word) - length
        at += len(word)
        # full-width and other characters part as runs do everywhere else
        kinds = is_han(codes[start:at])
        cuts = [0, *(np.flatnonzero(np.diff(kinds.astype(np.int8))) + 1).tolist(), length]
        edges = np.linspace(box[0], box[2], length + 1)
        per_character[start:at, 0], per_character[start:at, 2] = edges[:-1], edges[1:]
        per_character[start:at, 1], per_character[start:at, 3] = box[1], box[3]
        for low, high in pairwise(cuts):
            starts.append(start + low)
            ends.append(start + high)
            runs.append((edges[low], box[1], edges[high], box[3]))
    count = len(starts)
    return PageGlyphs(
        codes=codes,
        boxes=per_character,
        starts=np.array(starts, np.int64),
        ends=np.array(ends, np.int64),
        run_boxes=np.array(runs, np.float32).reshape(-1, 4),
        bold=np.zeros(count, np.bool_),
        faint=np.zeros(count, np.bool_),
        inkless=np.zeros(count, np.bool_),
        upright=np.ones(count, np.bool_),
        width=width,
        height=height,
    )
