"""The PDF reader on files made for it, and on real guidelines where they are at hand."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pypdf
import pytest
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from ragmed.corpus.pdf import PdfReader
from ragmed.corpus.pdf_structure import iso_date
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import BlockKind, NoteKind, Page
from ragmed.settings import ReaderSettings
from tests.corpus.sheets import NO_OCR, check, column, flowing, kinds, read, sheet


def _text(words: str) -> object:
    return lambda canvas: column(canvas, 60, 700, [words])


def _encrypted(source: Path, target: Path, user: str, algorithm: str) -> Path:
    writer = pypdf.PdfWriter(clone_from=source)
    writer.encrypt(user_password=user, owner_password="owner", algorithm=algorithm)
    with target.open("wb") as stream:
        writer.write(stream)
    return target


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_empty_user_password_is_no_protection(tmp_path: Path, algorithm: str) -> None:
    plain = sheet(tmp_path / "plain.pdf", _text("Read me without a password"))  # type: ignore[arg-type]
    locked = _encrypted(plain, tmp_path / "empty_user_password.pdf", "", algorithm)
    assert read(locked).pages[0].text == "Read me without a password"


def test_real_password_is_refused_with_the_remedy(tmp_path: Path) -> None:
    plain = sheet(tmp_path / "plain.pdf", _text("Secret"))  # type: ignore[arg-type]
    locked = _encrypted(plain, tmp_path / "real_password.pdf", "open sesame", "AES-256")
    with pytest.raises(UnreadableFileError, match=r"real_password\.pdf: needs a password") as refused:
        read(locked)
    assert "without the password" in refused.value.remedy


def test_labels_outline_metadata_scripts_and_attachments(tmp_path: Path) -> None:
    def first(canvas: Canvas) -> None:
        canvas.setTitle("A protocol")
        canvas.setAuthor("A ward")
        canvas.bookmarkPage("one")
        canvas.addOutlineEntry("Scope", "one", 0)
        column(canvas, 60, 700, ["Scope of it"])

    def second(canvas: Canvas) -> None:
        canvas.bookmarkPage("two")
        canvas.addOutlineEntry("Doses", "two", 1)
        column(canvas, 60, 700, ["Doses of it"])

    made = sheet(tmp_path / "made.pdf", first, second)
    writer = pypdf.PdfWriter(clone_from=made)
    writer.set_page_label(0, 0, "/r", start=4)
    writer.set_page_label(1, 1, "/D", start=17)
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert('hello')")}
    )
    writer.add_attachment("doses.csv", b"drug,dose")
    writer.add_metadata({"/CreationDate": "D:20250314120000Z"})
    path = tmp_path / "labels_script_attachment.pdf"
    with path.open("wb") as stream:
        writer.write(stream)
    reading = read(path)
    assert [page.label for page in reading.pages] == ["iv", "17"]
    assert [(entry.level, entry.title, entry.page_number) for entry in reading.metadata.outline] == [
        (1, "Scope", 1),
        (2, "Doses", 2),
    ]
    assert (reading.metadata.title, reading.metadata.author, reading.metadata.published_on) == (
        "A protocol",
        "A ward",
        "2025-03-14",
    )
    found = {note.kind: note.message for note in reading.notes}
    assert "not run" in found[NoteKind.SCRIPT]
    assert "doses.csv" in found[NoteKind.ATTACHMENT]


def test_a_bookmark_whose_destination_is_broken_still_names_its_page(data: Path) -> None:
    name = "resources_outlines-with-invalid-destinations.pdf"
    outline = read(data / "hostile_pdf" / "pypdf_resources" / name).metadata.outline
    assert len(outline) == 9
    assert outline[0].title.startswith("Valid Destination")
    assert outline[0].page_number == 2


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("D:20040812093000-04'00'", "2004-08-12"),
        ("2024-05", "2024-05"),
        ("D:2024", "2024"),
        ("D:20241399", "2024"),
        ("soon", ""),
        ("D:00001231", ""),
    ],
)
def test_dates_of_metadata(stated: str, iso: str) -> None:
    assert iso_date(stated) == iso


def test_blank_page_among_others_is_noted(tmp_path: Path) -> None:
    reading = read(sheet(tmp_path / "blank_second_page.pdf", _text("Words"), lambda canvas: None))  # type: ignore[arg-type]
    assert [page.text for page in reading.pages] == ["Words", ""]
    assert [(note.kind, note.page_number) for note in reading.notes] == [(NoteKind.NO_TEXT, 2)]


def test_blank_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no text on its 1 page"):
        read(sheet(tmp_path / "blank.pdf", lambda canvas: None))


def test_no_pdf_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "not_a_pdf.pdf"
    path.write_bytes(b"GIF89a nothing of the kind")
    with pytest.raises(UnreadableFileError, match="not a PDF") as refused:
        read(path)
    assert refused.value.remedy


def test_damaged_table_of_objects_is_rebuilt_and_noted(tmp_path: Path) -> None:
    whole = sheet(tmp_path / "whole.pdf", _text("Rescued words"))  # type: ignore[arg-type]
    path = tmp_path / "wrong_xref.pdf"
    path.write_bytes(re.sub(rb"startxref\s+\d+", b"startxref\n7", whole.read_bytes()))
    reading = read(path)
    assert reading.pages[0].text == "Rescued words"
    assert NoteKind.REPAIRED in {note.kind for note in reading.notes}


def test_page_limit_cuts_and_says_so(tmp_path: Path) -> None:
    path = sheet(tmp_path / "five_pages.pdf", *(_text(f"Words {number}") for number in range(5)))  # type: ignore[arg-type]
    reading = read(path, ReaderSettings(pages=2, ocr="never"))
    assert len(reading.pages) == 2
    assert any(note.kind is NoteKind.LIMIT and "5 pages" in note.message for note in reading.notes)


def test_character_limit_refuses(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "too_many_characters.pdf",
        lambda canvas: column(canvas, 20, 800, ["word " * 40] * 20, size=5, lead=8),
    )
    with pytest.raises(LimitExceededError, match="more than 1000 characters"):
        read(path, ReaderSettings(characters=1000, ocr="never"))


def test_huge_page_keeps_its_boxes_in_range(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        column(canvas, 100, 13_900, ["Near the corner"], size=20)
        column(canvas, 13_000, 100, ["Far away"], size=20)

    page = read(sheet(tmp_path / "huge_page.pdf", draw, size=(14_000, 14_000))).pages[0]
    assert "Near the corner" in page.text
    assert page.width == pytest.approx(14_000)


def test_reading_is_a_pure_function(tmp_path: Path) -> None:
    path = sheet(tmp_path / "twice.pdf", _text("The same again"), _text("and again"))  # type: ignore[arg-type]
    assert read(path) == read(path)


def test_reader_names_itself() -> None:
    assert (PdfReader.suffixes, PdfReader.media_type, bool(PdfReader.version)) == ((".pdf",), "application/pdf", True)


def test_demonstration_library_reads_without_loss(demonstration_library: Path) -> None:
    files = sorted(demonstration_library.glob("*.pdf"))
    if not files:
        pytest.skip("the demonstration library has not been made yet")
    for path in files:
        reading = read(path)
        assert not [
            note for note in reading.notes if note.kind in (NoteKind.GARBLED, NoteKind.HIDDEN_TEXT, NoteKind.NO_TEXT)
        ]
        assert all(flowing(page) for page in reading.pages)
        assert any(kinds(page, BlockKind.HEADING) for page in reading.pages)


_WORD = re.compile(r"[^\W\d_]{2,}|\d+")


def _words(text: str) -> Counter[str]:
    joined = re.sub(r"(?<=\w)[-\u00ad\ufffe\x02]\s*(?=\w)", "", unicodedata.normalize("NFKC", text))
    return Counter(_WORD.findall(joined.lower()))


SAMPLE = [
    ("us_gov/nhlbi-jnc7-hypertension-2004.pdf", range(24, 60, 3)),
    ("us_gov/niddk-guiding-principles-diabetes.pdf", range(10, 70, 5)),
    ("us_gov/uspstf-breast-bulletin-2024.pdf", range(2)),
    ("us_gov/fda-diversity-action-plans-draft.pdf", range(4, 20, 4)),
    ("cc_by/type2_diabetes_pharmacotherapy_management.pdf", range(1, 10, 3)),
]


@pytest.mark.data
@pytest.mark.parametrize(("name", "sample"), SAMPLE, ids=[name.split("/")[1][:20] for name, _ in SAMPLE])
def test_no_word_that_pypdf_finds_is_lost(data: Path, name: str, sample: range) -> None:
    pages = read(data / "guidelines" / name).pages
    found = total = 0
    with (data / "guidelines" / name).open("rb") as stream:
        other = pypdf.PdfReader(stream)
        for number in sample:
            expected = _words(other.pages[number].extract_text())
            total += sum(expected.values())
            found += sum((expected & _words(pages[number].text)).values())
    assert total > 500
    assert found >= 0.99 * total


@pytest.mark.data
def test_tables_of_the_guidelines_are_readable_rows(data: Path) -> None:
    niddk = read(data / "guidelines/us_gov/niddk-guiding-principles-diabetes.pdf").pages
    assert "8.0 | 183 (147–217)" in kinds(niddk[51], BlockKind.TABLE_ROW)
    assert "7.0–7.5 | | 152 (143–162) | 152 (147–157) | 176 (170–183) | 177 (166–188)" in kinds(
        niddk[51], BlockKind.TABLE_ROW
    )
    weight = kinds(niddk[40], BlockKind.TABLE_ROW)
    assert weight[0].split(" | ")[1] == "Classes that Are Generally Weight-neutral"
    assert [row.split(" | ")[1] for row in weight[1:]] == [
        "DPP-4 inhibitors",
        "Alpha-glucosidase inhibitors",
        "Bile acid sequestrants",
        "Dopamine-2 agonists",
    ]
    jnc = read(data / "guidelines/us_gov/nhlbi-jnc7-hypertension-2004.pdf").pages
    rows = kinds(jnc[48], BlockKind.TABLE_ROW)
    head, infarction = ([cell.strip() for cell in row.split("|")] for row in (rows[0], rows[2]))
    assert infarction[0] == "Postmyocardial infarction"
    assert [drug for drug, cell in zip(head, infarction, strict=True) if cell == "●"] == ["BB", "ACEI", "Aldo ANT"]


@pytest.mark.data
def test_jnc7_has_its_printed_labels_and_columns_in_order(data: Path) -> None:
    pages = read(data / "guidelines/us_gov/nhlbi-jnc7-hypertension-2004.pdf").pages
    assert pages[48].label == "33"
    text = flowing(pages[49])
    places = [
        text.index(words)
        for words in (
            "high coronary disease risk)",
            "Ischemic Heart Disease",
            "of ischemia. Unless contraindicated, pharmacologic",
            "Heart Failure",
        )
    ]
    assert places == sorted(places)
    assert "The Seventh Report" not in text


@pytest.mark.data
def test_the_line_numbers_of_a_draft_stay_out_of_its_text(data: Path) -> None:
    page = read(data / "guidelines/us_gov/fda-diversity-action-plans-draft.pdf").pages[8]
    assert "150" in kinds(page, BlockKind.FURNITURE)
    assert not kinds(page, BlockKind.TABLE_ROW)
    assert "III. CLINICAL STUDIES REQUIRING DIVERSITY ACTION PLANS" in kinds(page, BlockKind.HEADING)
    assert "submission of a Diversity Action Plan is required for certain clinical studies" in flowing(page)


def _outcome(path: Path) -> tuple[Page, ...] | None:
    try:
        return PdfReader().read(path, "d-hostile", NO_OCR).pages
    except UnreadableFileError as error:
        assert str(error) and error.remedy
        return None


@pytest.mark.data
@pytest.mark.parametrize("folder", ["cabinet_of_horrors", "pdfminer", "pypdf_resources", "qpdf"])
def test_hostile_files_are_read_or_refused(data: Path, folder: str) -> None:
    """The sandbox is not in play here: whatever ends the process ends the test."""
    outcomes = {path.name: _outcome(path) for path in sorted((data / "hostile_pdf" / folder).glob("*.pdf"))}
    for pages in outcomes.values():
        if pages is not None:
            assert any(page.text for page in pages)
            for page in pages:
                check(page)
    read_share = sum(1 for pages in outcomes.values() if pages is not None) / len(outcomes)
    assert read_share > 0.5


def test_first_page_size_is_a4(tmp_path: Path) -> None:
    page = read(sheet(tmp_path / "a4.pdf", _text("Size"))).pages[0]  # type: ignore[arg-type]
    assert (page.width, page.height) == pytest.approx(A4, abs=0.1)
