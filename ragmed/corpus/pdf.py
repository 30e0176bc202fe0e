"""The PDF reader: PDFium for text with boxes, pypdf for structure, tesseract for pictures of text.

Laws of this room: pages or a refusal, never an empty success; every page without text, every hidden word, every page
read by OCR is noted; what either library can read is read. Encrypted with an empty user password is not protected.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from ragmed.corpus.blocks import Segment, house_style, set_headings
from ragmed.corpus.fragments import fragments_of
from ragmed.corpus.furniture import find_furniture, printed_labels
from ragmed.corpus.mending import MendedPage, Vocabulary
from ragmed.corpus.ocr import INSTALL, OcrTimeoutError, Tesseract, ocr_picture
from ragmed.corpus.pdf_rules import Rules, RuleSource
from ragmed.corpus.pdf_sheet import (
    Sheet,
    blank_sheet,
    garbled_share,
    is_a_sheet,
    mended_page,
    no_glyphs,
    segments_in_order,
)
from ragmed.corpus.pdf_structure import Structure, read_structure
from ragmed.corpus.pdf_text import PDFIUM_LOCK, GlyphSource, PageFrame, PageGlyphs
from ragmed.corpus.pulse import Pulse
from ragmed.corpus.raw import FoundMetadata, RawReading
from ragmed.corpus.visibility import has_ink, hidden_runs
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import Block, NoteKind, Page, ReadNote

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ragmed.settings import ReaderSettings

_PASSWORD, _SECURITY = 4, 5
"""FPDF_GetLastError."""
_REPAIR = "print or re-save it to PDF with another program, or ask the publisher for a sound copy"
_GARBLED_SHARE = 0.3
_OCR_PAGES = 400
"""Pages of one file read by OCR; at seconds a page, more is a job for a night and for ocrmypdf."""


class PdfReader:
    """Reads one PDF (see the module's laws)."""

    suffixes: tuple[str, ...] = (".pdf",)
    media_type = "application/pdf"
    version = "4"

    def __init__(self, pulse: Pulse | None = None) -> None:
        self._pulse = pulse

    def read(self, path: Path, document_id: str, limits: ReaderSettings) -> RawReading:
        """Pages with text, boxes and blocks. Raises UnreadableFileError, LimitExceededError."""
        with PDFIUM_LOCK:
            return _Reading(path, document_id, limits, self._pulse or Pulse()).run()


class _Reading:
    def __init__(self, path: Path, document_id: str, limits: ReaderSettings, pulse: Pulse) -> None:
        from pypdfium2 import (
            PDFIUM_INFO,  # noqa: F401
            raw,  # heavy, only in the process that reads PDFs
        )

        self.raw: Any = raw
        self.path = path
        self.document_id = document_id
        self.limits = limits
        self.notes: list[ReadNote] = []
        self.pulse = pulse
        self.characters = 0
        self.ocr: Tesseract | None = None
        self.ocr_asked = False
        self.ocr_pages = 0
        self.ocr_seconds = 0.0
        self.pictures_ended = False

    def run(self) -> RawReading:
        raw = self.raw
        document = raw.FPDF_LoadDocument(str(self.path).encode("utf-8", "surrogateescape"), None)
        if not document:
            error = raw.FPDF_GetLastError()
            if error in (_PASSWORD, _SECURITY):
                self._refuse_locked(error)
            return self._by_pypdf()
        try:
            if raw.FPDF_GetPageCount(document) < 1:
                return self._by_pypdf()
            if not raw.FPDF_DocumentHasValidCrossReferenceTable(document):
                self._note(NoteKind.REPAIRED, "the file's table of objects is damaged; it was rebuilt to read the text")
            sheets = self._sheets(document)
            if not any(len(sheet.fragments) for sheet in sheets):
                return self._without_text(sheets)
            structure = read_structure(self.path, document, raw)
            self._structure_notes(structure)
            return RawReading(
                pages=self._pages(sheets, structure), notes=tuple(self.notes), metadata=_metadata(structure)
            )
        finally:
            raw.FPDF_CloseDocument(document)

    def _note(self, kind: NoteKind, message: str, page_number: int = 0) -> None:
        self.notes.append(ReadNote(kind=kind, message=message, page_number=page_number))

    def _refuse_locked(self, error: int) -> None:
        if error == _PASSWORD:
            raise UnreadableFileError(
                f"{self.path.name}: needs a password to be opened",
                remedy="save a copy without the password (the owner can) and put that into the library",
            )
        raise UnreadableFileError(f"{self.path.name}: protected in a way that cannot be read", remedy=_REPAIR)

    def _sheets(self, document: Any) -> list[Sheet]:
        count = self.raw.FPDF_GetPageCount(document)
        if count > self.limits.pages:
            self._note(
                NoteKind.LIMIT,
                f"{count} pages; only the first {self.limits.pages} were read (setting reader.pages)",
            )
            count = self.limits.pages
        glyph_source, rule_source = GlyphSource(), RuleSource(self.raw)
        sheets = []
        for index in range(count):
            sheets.append(self._sheet(document, index, glyph_source, rule_source))
            if len(sheets[-1].fragments):
                self.pulse.page()
            self.characters += len(sheets[-1].glyphs.codes)
            if self.characters > self.limits.characters:
                raise LimitExceededError(
                    f"{self.path.name}: more than {self.limits.characters} characters by page {index + 1}",
                    remedy="split the file, or raise reader.characters in the settings",
                )
        return sheets

    def _without_text(self, sheets: list[Sheet]) -> RawReading:
        """No text by PDFium: what pypdf finds on pages that PDFium could not open, else a refusal."""
        if any("could not be opened" in note.message for note in self.notes):
            try:
                return self._by_pypdf()
            except UnreadableFileError:
                self._refuse_empty(sheets)
        return self._refuse_empty(sheets)

    def _sheet(self, document: Any, index: int, glyph_source: GlyphSource, rule_source: RuleSource) -> Sheet:
        raw, number = self.raw, index + 1
        page = raw.FPDF_LoadPage(document, index)
        if not page:
            self._note(NoteKind.NO_TEXT, f"page {number} is damaged and could not be opened", number)
            return blank_sheet(612.0, 792.0)
        try:
            rules = rule_source.read(page)
            try:
                glyphs = glyph_source.read(page)
            except ValueError:
                glyphs = no_glyphs(PageFrame.of(raw, page))
            if not is_a_sheet(glyphs.width, glyphs.height):
                self._note(NoteKind.NO_TEXT, f"page {number} claims a size that no paper has; it was left out", number)
                return blank_sheet(612.0, 792.0)
            keep = self._visible(glyphs, page, rules, number)
            garbled = garbled_share(glyphs, keep)
            if garbled > _GARBLED_SHARE:
                self._note(
                    NoteKind.GARBLED,
                    f"page {number}: {garbled:.0%} of the characters have no known meaning "
                    "(fonts without a map to Unicode)",
                    number,
                )
            if not keep.any() or garbled > _GARBLED_SHARE:
                glyphs, keep = self._read_picture(page, glyphs, keep, rules, number)
            return Sheet(glyphs, keep, rules, fragments_of(glyphs, keep, rules))
        finally:
            raw.FPDF_ClosePage(page)

    def _visible(self, glyphs: PageGlyphs, page: Any, rules: Rules, number: int) -> NDArray[np.bool_]:
        hidden = hidden_runs(glyphs, self.raw, page, rules.picture_share)
        count = int((glyphs.ends - glyphs.starts)[hidden].sum())
        if count:
            words = int(hidden.sum())
            self._note(
                NoteKind.HIDDEN_TEXT,
                f"page {number}: {words} {'word' if words == 1 else 'words'} ({count} characters) that nobody "
                "sees on the page (outside it, without ink or too small) were left out",
                number,
            )
        return ~hidden

    def _read_picture(  # noqa: PLR0911  each way it can end has its own note
        self, page: Any, glyphs: PageGlyphs, keep: NDArray[np.bool_], rules: Rules, number: int
    ) -> tuple[PageGlyphs, NDArray[np.bool_]]:
        """A page without usable text: by OCR where there is something to see and the program is there."""
        if not keep.any() and rules.drawn == 0:
            self._note(NoteKind.NO_TEXT, f"page {number} is blank", number)
            return glyphs, keep
        if self.pulse.picture_seconds(self.limits.seconds) <= 0:
            self._end_of_pictures(number)
            return glyphs, keep
        if not keep.any() and not has_ink(self.raw, page, glyphs.width, glyphs.height):
            self._note(NoteKind.NO_TEXT, f"page {number} is blank, or holds only what cannot be drawn", number)
            return glyphs, keep
        what = "has no text layer" if not keep.any() else "has a text layer that cannot be read"
        if self.limits.ocr == "never":
            self._note(NoteKind.NO_TEXT, f"page {number} {what}; OCR is switched off (setting reader.ocr)", number)
            return glyphs, keep
        if not self.ocr_asked:
            self.ocr, self.ocr_asked = Tesseract.found(), True
        if self.ocr is None:
            self._note(NoteKind.OCR_MISSING, f"page {number} {what}; to read it, {INSTALL}", number)
            return glyphs, keep
        if self.ocr_pages >= _OCR_PAGES:
            self._note(NoteKind.LIMIT, f"page {number} {what}; OCR stops after {_OCR_PAGES} pages of a file", number)
            return glyphs, keep
        if self.ocr_seconds >= self.limits.ocr_seconds:
            limit = f"{self.limits.ocr_seconds:.0f} seconds of a file (setting reader.ocr_seconds)"
            self._note(NoteKind.LIMIT, f"page {number} {what}; OCR stops after {limit}", number)
            return glyphs, keep
        self.ocr_pages += 1
        read = self._recognised(self.ocr, page, glyphs, number, what)
        if read is None:
            return glyphs, keep
        self._note(NoteKind.OCR, f"page {number} {what}; it was read by OCR, check what you quote from it", number)
        return read, np.ones(len(read.starts), np.bool_)

    def _recognised(self, ocr: Tesseract, page: Any, glyphs: PageGlyphs, number: int, what: str) -> PageGlyphs | None:
        """What OCR finds on a page; None, noted, where it finds nothing in its time."""
        begun = time.monotonic()
        picture, scale = ocr_picture(self.raw, page, glyphs.width, glyphs.height, self.limits.pixels)
        limit = min(
            self.limits.ocr_seconds_per_page,
            max(self.limits.ocr_seconds - self.ocr_seconds, 0.001),
            max(self.pulse.picture_seconds(self.limits.seconds), 0.001),
        )
        try:
            read = ocr.read(picture, scale, glyphs.width, glyphs.height, limit)
        except OcrTimeoutError:
            self._note(
                NoteKind.LIMIT, f"page {number} {what}; OCR took over {limit:.0f} seconds and was stopped", number
            )
            return None
        finally:
            self.ocr_seconds += time.monotonic() - begun
        if not len(read.starts):
            self._note(NoteKind.NO_TEXT, f"page {number} {what}, and OCR found no words on it", number)
            return None
        return read

    def _end_of_pictures(self, number: int) -> None:
        """Pages without text have taken so long that the whole file would be stopped: the others are passed over."""
        if not self.pictures_ended:
            self.pictures_ended = True
            self._note(
                NoteKind.LIMIT,
                f"page {number} has no text layer, and no text has been found for so long that no more pages without "
                "it are looked at (setting reader.seconds)",
                number,
            )
        else:
            self._note(NoteKind.NO_TEXT, f"page {number} has no text layer and was not looked at", number)

    def _refuse_empty(self, sheets: list[Sheet]) -> NoReturn:
        kinds = {note.kind for note in self.notes}
        pages = f"{len(sheets)} {'page' if len(sheets) == 1 else 'pages'}"
        if NoteKind.OCR_MISSING in kinds:
            raise UnreadableFileError(f"{self.path.name}: no text layer on its {pages}", remedy=INSTALL)
        if NoteKind.HIDDEN_TEXT in kinds:
            raise UnreadableFileError(f"{self.path.name}: all text on its {pages} is hidden from view", remedy=_REPAIR)
        reason = "; ".join(dict.fromkeys(note.message for note in self.notes[:3])) or "blank pages"
        raise UnreadableFileError(
            f"{self.path.name}: no text on its {pages} ({reason})",
            remedy="check that it is the right file; a scan needs OCR (setting reader.ocr, program tesseract)",
        )

    def _structure_notes(self, structure: Structure) -> None:
        for trouble in structure.troubles[:3]:
            self._note(NoteKind.METADATA, trouble)
        if structure.scripts:
            self._note(NoteKind.SCRIPT, "the file carries JavaScript; it was not run")
        if structure.launches:
            self._note(NoteKind.SCRIPT, "the file asks to start a program or open another file; nothing was started")
        if structure.attachments:
            names = ", ".join(structure.attachments[:5])
            self._note(NoteKind.ATTACHMENT, f"{len(structure.attachments)} attached files were not read: {names}")

    def _pages(self, sheets: list[Sheet], structure: Structure) -> tuple[Page, ...]:
        fragments = [sheet.fragments for sheet in sheets]
        furniture = find_furniture(fragments)
        labels = _labels(structure, printed_labels(fragments, furniture))
        self.pulse.step()
        style = house_style(fragments, structure.outline)
        self.pulse.step()
        vocabulary = Vocabulary.of(page.text for page in fragments)
        segments: list[list[Segment]] = []
        mended: list[MendedPage] = []
        for sheet, chosen in zip(sheets, furniture, strict=True):
            self.pulse.step()
            segments.append(segments_in_order(sheet, chosen, style))
        for sheet, parts in zip(sheets, segments, strict=True):
            self.pulse.step()
            mended.append(mended_page(sheet, parts, vocabulary))
        set_headings(segments, style, [[page.text[a:b] for a, b in page.spans] for page in mended])
        self.pulse.step()
        return tuple(
            Page(
                document_id=self.document_id,
                number=at + 1,
                label=labels[at] or str(at + 1),
                text=page.text,
                boxes=page.boxes,
                width=round(sheet.glyphs.width, 2),
                height=round(sheet.glyphs.height, 2),
                blocks=tuple(
                    Block(start=start, end=end, kind=part.kind, level=part.level, heading_path=part.heading_path)
                    for part, (start, end) in zip(parts, page.spans, strict=True)
                ),
            )
            for at, (sheet, parts, page) in enumerate(zip(sheets, segments, mended, strict=True))
        )

    def _by_pypdf(self) -> RawReading:
        """PDFium could not open the file: what pypdf can make of it, without boxes."""
        from ragmed.corpus.pdf_plain import read_plain  # rarely needed

        pages, structure = read_plain(self.path, self.document_id, self.limits, self.pulse)
        self._note(NoteKind.REPAIRED, "damaged: PDFium could not open it, pypdf read its text without positions")
        self._structure_notes(structure)
        for page in pages:
            if not page.text:
                self._note(NoteKind.NO_TEXT, f"page {page.number} gave no text", page.number)
        return RawReading(pages=pages, notes=tuple(self.notes), metadata=_metadata(structure))


def _metadata(structure: Structure) -> FoundMetadata:
    return FoundMetadata(
        title=structure.title,
        author=structure.author,
        published_on=structure.published_on,
        language=structure.language,
        outline=structure.outline,
    )


def _labels(structure: Structure, printed: Sequence[str]) -> list[str]:
    """The file's own page labels; where it has none, or only counts its pages, the printed ones."""
    own = [structure.labels[at].strip() if at < len(structure.labels) else "" for at in range(len(printed))]
    counted = all(label in ("", str(at + 1)) for at, label in enumerate(own))
    return list(printed) if counted else own
