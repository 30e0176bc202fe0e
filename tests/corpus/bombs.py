"""One attack of each kind on the readers, built in code and small on disk, and what has to become of it.

Each function writes one file ``b.*`` into a folder of its own; the tables at the end say which are refused and with
which reason, and which may be read because they are harmless here.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.corpus.small_files import W, write_docx, write_epub, write_zip

Make = Callable[[Path], None]
DOSE = "Give 5 mg of the drug at once."
_PARAGRAPH = f"<w:p><w:r><w:t>{DOSE}</w:t></w:r></w:p>"


# PDF


def pdf(path: Path, objects: Sequence[bytes], *, trailer: bytes = b"") -> Path:
    """A PDF of these objects, numbered from 1; the first is its catalog."""
    content = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    content += b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    path.write_bytes(bytes(content))
    return path


def stream(content: bytes, *filters: bytes, more: bytes = b"") -> bytes:
    named = b"/Filter[%s]" % b"".join(filters) if filters else b""
    return b"<<%s%s/Length %d>>\nstream\n" % (named, more, len(content)) + content + b"\nendstream"


_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%s>>>>"
_WORDS = b"BT /F1 12 Tf 72 700 Td (" + DOSE.encode() + b") Tj ET\n"


def one_page(path: Path, contents: bytes, *further: bytes, resources: bytes = b"", catalog: bytes = _CATALOG) -> Path:
    """A page with these contents; ``further`` objects are numbered from 6."""
    return pdf(path, [catalog, _PAGES, _PAGE % resources, contents, _FONT, *further])


def deflated(block: bytes, mebibytes: int, times: int = 1) -> bytes:
    """``block`` again and again, so many MiB, packed ``times`` over. One MiB is packed, the others are its copies."""
    unit = block * ((1 << 20) // len(block))
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(unit) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(mebibytes):
        check = zlib.adler32(unit, check)
    packed = b"\x78\xda" + piece * mebibytes + b"\x03\x00" + struct.pack(">I", check)
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    return packed


def pdf_stream_of_blanks(folder: Path) -> None:
    one_page(folder / "b.pdf", stream(deflated(b" ", 1100), b"/FlateDecode"))


def pdf_chained_filters(folder: Path) -> None:
    packed = deflated(b"\n", 1100, times=3)
    one_page(folder / "b.pdf", stream(packed, b"/FlateDecode", b"/FlateDecode", b"/FlateDecode"))


def pdf_endless_drawing(folder: Path) -> None:
    one_page(folder / "b.pdf", stream(deflated(b"0 0 m 9 9 l S\n", 300), b"/FlateDecode"))


def pdf_endless_words(folder: Path) -> None:
    one_page(folder / "b.pdf", stream(deflated(_WORDS, 300), b"/FlateDecode"))


def pdf_run_lengths(folder: Path) -> None:
    packed = zlib.compress(b"\x81 " * 12_000_000, 9)
    one_page(folder / "b.pdf", stream(packed, b"/FlateDecode", b"/RunLengthDecode"))


def pdf_forms_in_forms(folder: Path) -> None:
    """Ten forms, each drawing the next ten times: 10^10 texts."""
    forms = [
        stream(
            b"/X Do " * 10 if level < 9 else _WORDS,
            more=b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>/XObject<</X %d 0 R>>>>"
            % (7 + level),
        )
        for level in range(10)
    ]
    one_page(folder / "b.pdf", stream(b"/X Do"), *forms, resources=b"/XObject<</X 6 0 R>>")


def pdf_form_in_itself(folder: Path) -> None:
    more = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>"
    one_page(
        folder / "b.pdf", stream(b"/X Do"), stream(_WORDS + b"/X Do", more=more), resources=b"/XObject<</X 6 0 R>>"
    )


def pdf_huge_image(folder: Path) -> None:
    more = b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/ColorSpace/DeviceRGB/BitsPerComponent 8"
    image = stream(deflated(b"\x80", 1000), b"/FlateDecode", more=more)
    one_page(folder / "b.pdf", stream(b"612 0 0 792 0 0 cm /X Do"), image, resources=b"/XObject<</X 6 0 R>>")


def endless_picture(path: Path) -> Path:
    """Read in no time, drawn in minutes: words, and one large image three hundred times."""
    more = b"/Type/XObject/Subtype/Image/Width 30000/Height 30000/ColorSpace/DeviceGray/BitsPerComponent 8"
    image = stream(deflated(b"\x80", 880), b"/FlateDecode", more=more)
    drawn = _WORDS + b"q 400 0 0 400 90 90 cm /X Do Q\n" * 300
    return one_page(path, stream(drawn), image, resources=b"/XObject<</X 6 0 R>>")


def pdf_huge_sheet(folder: Path) -> None:
    page = (_PAGE % b"").replace(b"[0 0 612 792]", b"[0 0 2000000000 2000000000]")
    pdf(folder / "b.pdf", [_CATALOG, _PAGES, page, stream(_WORDS), _FONT])


def pdf_pages_in_a_ring(folder: Path) -> None:
    pages = b"<</Type/Pages/Parent 3 0 R/Kids[3 0 R]/Count 9>>"
    pdf(folder / "b.pdf", [_CATALOG, pages, b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 9>>"])


def pdf_two_thousand_million_pages(folder: Path) -> None:
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>"
    pdf(folder / "b.pdf", [_CATALOG, pages, _PAGE % b"", stream(_WORDS), _FONT])


def pdf_one_page_a_million_times(folder: Path) -> None:
    """A tree whose nodes name one child a hundred times, four levels deep: 10^8 pages."""
    objects = [_CATALOG]
    for level in range(4):
        kids = b"%d 0 R " % (3 + level)
        objects.append(b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids * 100, 100 ** (4 - level)))
    page = b"<</Type/Page/Parent 5 0 R/MediaBox[0 0 612 792]/Contents 7 0 R/Resources<</Font<</F1 8 0 R>>>>>>"
    pdf(folder / "b.pdf", [*objects, page, stream(_WORDS), _FONT])


def pdf_deep_page_tree(folder: Path) -> None:
    depth = 30_000
    objects = [_CATALOG]
    objects += [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (3 + level) for level in range(depth)]
    page = b"<</Type/Page/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F1 %d 0 R>>>>>>" % (
        depth + 3,
        depth + 4,
    )
    pdf(folder / "b.pdf", [*objects, page, stream(_WORDS), _FONT])


def pdf_deep_arrays(folder: Path) -> None:
    deep = b"[" * 1_000_000
    pdf(
        folder / "b.pdf", [b"<</Type/Catalog/Pages 2 0 R/X " + deep + b">>", _PAGES, _PAGE % b"", stream(_WORDS), _FONT]
    )


def pdf_deep_operands(folder: Path) -> None:
    one_page(folder / "b.pdf", stream(_WORDS + b"[" * 2_000_000 + b"<<" * 2_000_000))


def pdf_object_that_is_itself(folder: Path) -> None:
    pdf(folder / "b.pdf", [_CATALOG, _PAGES, _PAGE % b"", b"4 0 R", _FONT])


def pdf_length_in_a_ring(folder: Path) -> None:
    contents = b"<</Length 6 0 R>>\nstream\n" + _WORDS + b"\nendstream"
    one_page(folder / "b.pdf", contents, b"7 0 R", b"6 0 R")


def pdf_tables_in_a_ring(folder: Path) -> None:
    """A cross-reference table that names itself as the one before."""
    path = one_page(folder / "b.pdf", stream(_WORDS))
    content = path.read_bytes()
    start = content.rindex(b"xref\n0")
    path.write_bytes(content.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % start))


def pdf_outline_in_a_ring(folder: Path) -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>"
    item = b"<</Title(Doses)/Parent 6 0 R/Next %d 0 R/First %d 0 R/Dest[3 0 R/Fit]>>"
    outlines = b"<</Type/Outlines/First 7 0 R/Last 8 0 R/Count 2>>"
    one_page(folder / "b.pdf", stream(_WORDS), outlines, item % (8, 7), item % (7, 8), catalog=catalog)


def long_outline(path: Path, count: int) -> Path:
    """``count`` bookmarks that lead nowhere, their long titles written digit by digit: 60,000 keep pypdf at work for
    half a minute (its own limit of 100,000 entries would stop it sooner if they were cheap and many)."""
    catalog = b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>"
    root = b"<</Type/Outlines/First 7 0 R/Last %d 0 R/Count %d>>" % (6 + count, count)
    title = b"<" + b"44" * 400 + b">"
    items = [b"<</Title%s/Parent 6 0 R/Dest(nowhere)/Next %d 0 R>>" % (title, 8 + at) for at in range(count)]
    return one_page(path, stream(_WORDS), root, *items, b"<</Title(End)/Parent 6 0 R>>", catalog=catalog)


def pdf_endless_labels(folder: Path) -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/PageLabels 6 0 R>>"
    one_page(folder / "b.pdf", stream(_WORDS), b"<</Kids[6 0 R 6 0 R]/Limits[0 999999999]>>", catalog=catalog)


def pdf_metadata_bomb(folder: Path) -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R>>"
    packet = stream(deflated(b" ", 1100), b"/FlateDecode", more=b"/Type/Metadata/Subtype/XML")
    one_page(folder / "b.pdf", stream(_WORDS), packet, catalog=catalog)


def pdf_script_and_attachment(folder: Path) -> None:
    catalog = (
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(while\\(true\\){})>>"
        b"/Names<</EmbeddedFiles<</Names[(doses.exe) 6 0 R]>>>>>>"
    )
    spec = b"<</Type/Filespec/F(doses.exe)/UF(doses.exe)/EF<</F 7 0 R>>>>"
    inside = stream(deflated(b"M", 2000), b"/FlateDecode", more=b"/Type/EmbeddedFile/Params<</Size 2097152000>>")
    one_page(folder / "b.pdf", stream(_WORDS), spec, inside, catalog=catalog)


def pdf_launches_a_program(folder: Path) -> None:
    catalog = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)/P(-c id)>>>>"
    one_page(folder / "b.pdf", stream(_WORDS), catalog=catalog)


def _character_map(times: int) -> list[bytes]:
    lines = b"".join(b"<%04x> <%04x> <0041>\n" % (n, 0xFFFF) for n in range(200))
    ranges = b"200 beginbfrange\n" + lines + b"endbfrange\n"
    cmap = b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange\n" + ranges * times
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>"
    packed = stream(zlib.compress(cmap, 9), b"/FlateDecode")
    return [_CATALOG, _PAGES, _PAGE % b"", stream(_WORDS), font, packed]


def pdf_endless_character_map(folder: Path) -> None:
    """One font whose map to Unicode is written for minutes."""
    pdf(folder / "b.pdf", _character_map(60_000))


def slow_pages(path: Path, count: int) -> Path:
    """Pages with text, each with a font of its own whose map takes about a tenth of a second to read."""
    kids = b" ".join(b"%d 0 R" % (5 + 2 * at) for at in range(count))
    objects = [_CATALOG, b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count), stream(_WORDS), _character_map(50)[-1]]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 3 0 R/Resources<</Font<</F1 %d 0 R>>>>>>"
    for at in range(count):
        objects += [page % (6 + 2 * at), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 4 0 R>>"]
    return pdf(path, objects)


def pdf_words_on_top_of_each_other(folder: Path) -> None:
    """A hundred thousand words at one place: what sorts or pairs them must not take the square of it."""
    one_page(folder / "b.pdf", stream(zlib.compress(_WORDS * 20_000, 9), b"/FlateDecode"))


def pdf_padded(folder: Path) -> None:
    """The same behind 40 MiB of nothing: size earns no time."""
    pdf(folder / "b.pdf", [*_character_map(60_000), stream(bytes(40 << 20))])


def pdf_pictures_without_words(folder: Path) -> None:
    """Three thousand pages, each a grey picture of a page with nothing to read on it."""
    more = b"/Type/XObject/Subtype/Image/Width 2400/Height 3200/ColorSpace/DeviceGray/BitsPerComponent 8"
    image = stream(zlib.compress(b"\x90" * (2400 * 1600) + b"\x91" * (2400 * 1600), 9), b"/FlateDecode", more=more)
    count = 3000
    kids = b" ".join(b"%d 0 R" % (5 + at) for at in range(count))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 3 0 R/Resources<</XObject<</X 4 0 R>>>>>>"
    pages = b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)
    pdf(folder / "b.pdf", [_CATALOG, pages, stream(b"612 0 0 792 0 0 cm /X Do"), image, *[page] * count])


# archives


def zip_of_blanks(folder: Path) -> None:
    write_docx(folder / "b.docx", _PARAGRAPH + " " * (40 << 20))


def epub_of_blanks(folder: Path) -> None:
    write_epub(folder / "b.epub", {"one.xhtml": f"<html><body><p>{DOSE}</p>{' ' * (40 << 20)}</body></html>"})


def zip_that_lies_about_sizes(folder: Path) -> None:
    """40 MiB of document that the archive's lists call 100 bytes."""
    path = write_docx(folder / "b.docx", _PARAGRAPH + " " * (40 << 20))
    content = bytearray(path.read_bytes())
    for head, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.find(head)
        while place >= 0:
            struct.pack_into("<I", content, place + at, 100)
            place = content.find(head, place + 4)
    path.write_bytes(bytes(content))


def zip_of_overlapping_parts(folder: Path) -> None:
    """Two thousand entries of the list lead to the same bytes, as one chapter after another."""
    body = f"<html><body><p>{DOSE}</p>{' ' * 400_000}</body></html>"
    chapters = {f"{number:04}.xhtml": body if number == 0 else "" for number in range(2000)}
    path = write_epub(folder / "b.epub", chapters)
    with zipfile.ZipFile(path) as archive:
        whole = archive.getinfo("OEBPS/0000.xhtml")
    content = bytearray(path.read_bytes())
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        length = struct.unpack_from("<H", content, place + 28)[0]
        if content[place + 46 : place + 46 + length].endswith(b".xhtml"):
            struct.pack_into("<III", content, place + 16, whole.CRC, whole.compress_size, whole.file_size)
            struct.pack_into("<I", content, place + 42, whole.header_offset)
        place = content.find(b"PK\x01\x02", place + 46)
    path.write_bytes(bytes(content))


def zip_in_zip(folder: Path) -> None:
    """Archives in archives; read for its text, the inner ones stay closed."""
    inner = b"\0" * (50 << 20)
    for _ in range(4):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(8):
                archive.writestr(f"{number}.zip", inner)
        inner = packed.getvalue()
    path = write_docx(folder / "b.docx", _PARAGRAPH)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/embeddings/inner.zip", inner)


def zip_of_countless_parts(folder: Path) -> None:
    write_zip(folder / "b.docx", {"word/document.xml": "<x/>", **{f"word/{n}": "" for n in range(30_000)}})


def _outwards(folder: Path, name: str) -> None:
    with zipfile.ZipFile(write_docx(folder / "b.docx", _PARAGRAPH), "a") as archive:
        archive.writestr(name, b"#!/bin/sh")


def zip_upwards(folder: Path) -> None:
    _outwards(folder, "word/../../../etc/cron.d/b")


def zip_from_the_root(folder: Path) -> None:
    _outwards(folder, "/etc/cron.d/b")


def zip_with_a_link(folder: Path) -> None:
    """A part that says it is a symbolic link to a file of the system."""
    entry = zipfile.ZipInfo("word/footnotes.xml")
    entry.external_attr = 0o120777 << 16
    with zipfile.ZipFile(write_docx(folder / "b.docx", _PARAGRAPH), "a") as archive:
        archive.writestr(entry, "/etc/passwd")


_LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]>"
)


def docx_laughs(folder: Path) -> None:
    document = (
        f"{_LAUGHS}<w:document xmlns:w='{W}'><w:body><w:p><w:r><w:t>&a11;</w:t></w:r></w:p></w:body></w:document>"
    )
    write_zip(folder / "b.docx", {"word/document.xml": document})


def epub_laughs(folder: Path) -> None:
    chapter = f"{_LAUGHS}<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{DOSE} &a11;</p></body></html>"
    write_epub(folder / "b.epub", {"one.xhtml": chapter})


def html_laughs(folder: Path) -> None:
    text = f"<?xml version='1.0'?>{_LAUGHS.replace('DOCTYPE x', 'DOCTYPE html')}<html><body><p>{DOSE} &a11;</p></body></html>"
    (folder / "b.html").write_text(text, "utf-8")


def docx_external_entity(folder: Path) -> None:
    (folder / "secret").write_text("the secret")
    document = (
        f"<!DOCTYPE x [<!ENTITY s SYSTEM '{(folder / 'secret').as_uri()}'>]><w:document xmlns:w='{W}'>"
        "<w:body><w:p><w:r><w:t>&s;</w:t></w:r></w:p></w:body></w:document>"
    )
    write_zip(folder / "b.docx", {"word/document.xml": document})


def html_external_entity(folder: Path) -> None:
    (folder / "secret").write_text("the secret")
    uri = (folder / "secret").as_uri()
    text = (
        f"<?xml version='1.0'?><!DOCTYPE html [<!ENTITY s SYSTEM '{uri}'>]><html><body><p>{DOSE} &s;</p>"
        f"<iframe src='{uri}'></iframe><img src='http://127.0.0.1:9/x.png'></body></html>"
    )
    (folder / "b.html").write_text(text, "utf-8")


def docx_deep_tables(folder: Path) -> None:
    opened = "<w:tbl><w:tr><w:tc>" * 70
    write_docx(folder / "b.docx", opened + _PARAGRAPH + "</w:tc></w:tr></w:tbl>" * 70)


def docx_deep_elements(folder: Path) -> None:
    write_docx(folder / "b.docx", "<w:ins>" * 100_000 + _PARAGRAPH + "</w:ins>" * 100_000)


# text


def html_deep(folder: Path) -> None:
    (folder / "b.html").write_text(f"<html><body>{'<div>' * 500_000}<p>{DOSE}</p>", "utf-8")


def html_open_tags(folder: Path) -> None:
    (folder / "b.html").write_text(f"<html><body><p>{DOSE}</p>" + "<b><i><p>x" * 20_000, "utf-8")


def html_tables_in_tables(folder: Path) -> None:
    """Nested as deep as the parser allows, each level with a hundred rows to be asked whether they lay out."""
    rows = "<tr><td>1</td><td>2</td></tr>" * 100
    opened = f"<table>{rows}<tr><td>" * 60
    (folder / "b.html").write_text(f"<html><body><p>{DOSE}</p>{opened}", "utf-8")


def html_wide_cells(folder: Path) -> None:
    text = (
        f"<html><body><p>{DOSE}</p><table><tr><td colspan=2000000000 rowspan=2000000000>x</td><td>y</td></tr></table>"
    )
    (folder / "b.html").write_text(text, "utf-8")


def html_many_styles(folder: Path) -> None:
    rules = "".join(f".a{n} .b{n} {{ display: none }}\n" for n in range(20_000))
    text = f"<html><head><style>{rules}</style></head><body><p>{DOSE}</p>{'<p class=a1>x</p>' * 20_000}"
    (folder / "b.html").write_text(text, "utf-8")


def markdown_deep(folder: Path) -> None:
    (folder / "b.md").write_text(f"{DOSE}\n\n" + "> " * 100_000 + "x\n\n" + "* " * 20_000 + "x\n", "utf-8")


def markdown_brackets(folder: Path) -> None:
    text = "[" * 20_000 + "\n\n" + "![](" * 10_000 + "\n\n" + "*a_ " * 10_000 + "\n\n" + "`" * 3 + "`a``" * 6_000
    (folder / "b.md").write_text(f"{DOSE}\n\n{text}", "utf-8")


def markdown_comments(folder: Path) -> None:
    (folder / "b.md").write_text(f"{DOSE}\n\n" + "<!-- " * 200_000, "utf-8")


def text_of_one_line(folder: Path) -> None:
    (folder / "b.txt").write_text((DOSE + " ") * 60_000, "utf-8")


def text_of_blanks(folder: Path) -> None:
    """What a careless pattern for table rows or headings takes the square, or more, of."""
    (folder / "b.txt").write_text(
        f"{DOSE}\n" + "a   " * 200_000 + "\n\n" + "1." * 100_000 + "\n" + " \t" * 100_000, "utf-8"
    )


def text_of_combining_marks(folder: Path) -> None:
    (folder / "b.txt").write_text(f"{DOSE}\n\na" + "\u0301\u0316" * 500_000, "utf-8")


def text_beyond_memory(folder: Path) -> None:
    """A file with a hole: 1.5 GiB to read, nothing on disk."""
    with (folder / "b.txt").open("wb") as target:
        target.write(DOSE.encode())
        target.truncate(3 << 29)


_MEMORY = "more memory than"
_SLOW = "longer than|of processor time"
_ENTITIES = "declares XML entities"
_HUGE = "times its size|when unpacked"

REFUSED: dict[Make, str] = {
    pdf_stream_of_blanks: f"{_MEMORY}|{_SLOW}",
    pdf_chained_filters: f"{_MEMORY}|{_SLOW}",
    pdf_endless_drawing: f"{_MEMORY}|{_SLOW}",
    pdf_endless_words: f"{_MEMORY}|{_SLOW}",
    pdf_run_lengths: f"no text|{_MEMORY}|{_SLOW}",
    pdf_forms_in_forms: f"{_MEMORY}|{_SLOW}",
    pdf_huge_image: "no text on its 1 page",
    pdf_huge_sheet: "a size that no paper has",
    pdf_pages_in_a_ring: "no text on its 9 pages",
    pdf_one_page_a_million_times: "not a PDF that can be read|no text",
    pdf_deep_page_tree: "could not be opened",
    pdf_object_that_is_itself: "no text on its 1 page",
    pdf_endless_labels: "crashed on it",
    pdf_metadata_bomb: f"{_MEMORY}|{_SLOW}",
    pdf_endless_character_map: _SLOW,
    pdf_padded: _SLOW,
    pdf_pictures_without_words: f"no text on its 3000 pages|{_SLOW}",
    zip_of_blanks: _HUGE,
    epub_of_blanks: _HUGE,
    zip_that_lies_about_sizes: "damaged archive",
    zip_of_overlapping_parts: f"{_HUGE}|damaged archive",
    zip_of_countless_parts: "parts in the archive",
    zip_with_a_link: "not well-formed XML",
    zip_upwards: "points outside the archive",
    zip_from_the_root: "points outside the archive",
    docx_laughs: _ENTITIES,
    docx_external_entity: _ENTITIES,
    docx_deep_tables: "nested deeper",
    docx_deep_elements: f"{_HUGE}|not well-formed",
    html_deep: "nested deeper",
    text_of_combining_marks: _SLOW,
    text_beyond_memory: f"{_MEMORY}|binary|{_SLOW}",
}
"""Bombs that must be refused, with a pattern of the reason."""

READ: dict[Make, str] = {
    pdf_form_in_itself: "",
    pdf_two_thousand_million_pages: "",
    pdf_deep_arrays: "pypdf could not open",
    pdf_deep_operands: "",
    pdf_length_in_a_ring: "",
    pdf_tables_in_a_ring: "table of objects is damaged",
    pdf_outline_in_a_ring: "",
    pdf_script_and_attachment: r"JavaScript; it was not run.*doses\.exe \(2,097,152,000 bytes\)",
    pdf_launches_a_program: "nothing was started",
    pdf_words_on_top_of_each_other: "",
    zip_in_zip: r"embedded files or macros were not read: word/embeddings/inner\.zip",
    epub_laughs: "",
    html_laughs: "",
    html_external_entity: "",
    html_open_tags: "",
    html_tables_in_tables: "",
    html_wide_cells: "",
    html_many_styles: "",
    markdown_deep: "",
    markdown_brackets: "",
    markdown_comments: "a comment was left out",
    text_of_one_line: "",
    text_of_blanks: "",
}
"""Bombs that may be read, because what is dangerous in them is never opened, followed, unfolded or run; with a pattern
of the note, where one has to say so."""
