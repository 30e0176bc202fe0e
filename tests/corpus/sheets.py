"""Small PDFs made by the tests, each named after the fault or the layout that it shows."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from ragmed.canonical import sha256_file
from ragmed.corpus.pdf import PdfReader
from ragmed.corpus.raw import RawReading
from ragmed.records import BlockKind, Document, Language, Page
from ragmed.settings import ReaderSettings

NO_OCR = ReaderSettings(ocr="never")
Draw = Callable[[Canvas], None]


def document_of(path: Path, media_type: str = "application/pdf") -> Document:
    """A document of one page that ``path`` holds."""
    return Document(
        document_id="d-0123456789abcdef",
        series="demo",
        title="Demo",
        publisher="",
        edition="",
        published_on="",
        language=Language.ENGLISH,
        sha256=sha256_file(path),
        licence="",
        source_path=path.name,
        media_type=media_type,
        page_count=1,
    )


def sheet(path: Path, *pages: Draw, size: tuple[float, float] = A4, **options: object) -> Path:
    """A PDF with one page for each drawing."""
    canvas = Canvas(str(path), pagesize=size, invariant=1, **options)  # type: ignore[arg-type]
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return path


def column(
    canvas: Canvas,
    left: float,
    top: float,
    lines: list[str],
    *,
    size: float = 10,
    lead: float = 13,
    font: str = "Helvetica",
) -> None:
    """Lines under one another, the first with its base line at ``top`` (PDF space)."""
    canvas.setFont(font, size)
    for number, line in enumerate(lines):
        canvas.drawString(left, top - number * lead, line)


def chinese_font() -> str:
    """A CID font that every PDF viewer must have; nothing is embedded."""
    name = "STSong-Light"
    if name not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name


def read(path: Path, limits: ReaderSettings = NO_OCR) -> RawReading:
    """The file as the reader sees it, its laws checked."""
    reading = PdfReader().read(path, "d-0123456789abcdef", limits)
    for page in reading.pages:
        check(page)
    return reading


def check(page: Page) -> None:
    """The laws of a page: boxes for every code point, blocks in order over all of the text."""
    assert len(page.boxes) in (0, 8 * len(page.text))
    edge = 0
    for block in page.blocks:
        assert edge <= block.start < block.end <= len(page.text)
        assert page.text[edge : block.start].strip() == ""
        assert page.text[block.start : block.end] == page.text[block.start : block.end].strip("\n ")
        edge = block.end
    assert page.text[edge:].strip() == ""


def kinds(page: Page, kind: BlockKind) -> list[str]:
    """The texts of all blocks of one kind."""
    return [page.text[block.start : block.end] for block in page.blocks if block.kind is kind]


def flowing(page: Page) -> str:
    """The page without its furniture, a line for each block."""
    return "\n".join(page.text[b.start : b.end] for b in page.blocks if b.kind is not BlockKind.FURNITURE)


def scanned(path: Path, *texts: list[str], layer: bool = False) -> Path:
    """Pages that are pictures of text; with ``layer`` an invisible text layer lies over them."""
    import pypdfium2
    from reportlab.lib.utils import ImageReader

    blank = BytesIO()
    canvas = Canvas(blank, pagesize=A4, invariant=1)
    for lines in texts:
        column(canvas, 60, 760, lines, size=14, lead=24)
        canvas.showPage()
    canvas.save()
    printed = pypdfium2.PdfDocument(blank.getvalue())
    pictures = [printed[number].render(scale=3, grayscale=True).to_pil() for number in range(len(texts))]
    printed.close()

    def draw(canvas: Canvas, number: int) -> None:
        canvas.drawImage(ImageReader(pictures[number]), 0, 0, *A4)
        if layer:
            canvas.beginText()
            text = canvas.beginText(60, 760)
            text.setFont("Helvetica", 14, leading=24)
            text.setTextRenderMode(3)
            for line in texts[number]:
                text.textLine(line)
            canvas.drawText(text)

    return sheet(path, *(lambda canvas, n=n: draw(canvas, n) for n in range(len(texts))))


def chinese_lines(path: Path, lines: list[str]) -> Path:
    """A picture of Chinese text, drawn with the first system font that has it; skips where there is none."""
    import pytest
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader

    from ragmed.corpus.typeset import _CJK_FONTS

    found = next((font for font in _CJK_FONTS if Path(font).is_file()), None)
    if found is None:
        pytest.skip("no font with Chinese characters is installed")
    picture = Image.new("L", (1240, 1754), 255)
    for number, line in enumerate(lines):
        ImageDraw.Draw(picture).text((120, 200 + 90 * number), line, font=ImageFont.truetype(found, 48), fill=0)
    return sheet(path, lambda canvas: canvas.drawImage(ImageReader(picture), 0, 0, *A4))
