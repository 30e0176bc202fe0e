"""The demonstration library: what it must hold, that its pages say what it is, and that it rebuilds to the same bytes."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pypdfium2
import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "guidelines"
sys.path.insert(0, str(LIBRARY))

from press.markup import (  # noqa: E402  # the press lies beside the library, not in the package
    CANNOT_MISS,
    LABELS,
    MARKS,
    Digest,
    Heading,
    Items,
    PageTurn,
    Paragraph,
    SourceError,
    read_digest,
)

DIGESTS = [read_digest(path) for path in sorted((LIBRARY / "source").glob("*.md"))]
PDFS = [digest for digest in DIGESTS if digest.file.endswith(".pdf")]
STAMP = json.loads((LIBRARY / "source" / "built.json").read_text(encoding="utf-8"))
WRONG_SIGNS = ("\ufffd", "\u25a0", "\u25a1", "\x00")


def name_of(digest: Digest) -> str:
    return digest.file


def pages_of(digest: Digest) -> list[str]:
    document = pypdfium2.PdfDocument(LIBRARY / digest.file)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def make() -> ModuleType:
    pytest.importorskip("reportlab", reason="reportlab (the dev extra) is needed to rebuild the library")
    spec = importlib.util.spec_from_file_location("guidelines_make", LIBRARY / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        module.fonts.register()
    except module.fonts.FontMissingError as fault:
        pytest.skip(str(fault))
    return module


def test_at_least_fourteen_topics_in_english_and_three_in_chinese() -> None:
    english = {digest.series for digest in DIGESTS if digest.language == "en"}
    chinese = {digest.series for digest in DIGESTS if digest.language == "zh"}
    assert len(english) >= 14
    assert len(chinese) >= 3
    assert {Path(digest.file).suffix for digest in DIGESTS} == {".pdf", ".docx", ".html", ".md"}


def test_files_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in LIBRARY.rglob("*") if path.is_file()}
    assert max(sizes[digest.file] for digest in DIGESTS) < 400_000
    assert sum(sizes.values()) < 4_000_000


def test_shipped_files_are_those_that_the_sources_built() -> None:
    sources = {path.name: path for path in (LIBRARY / "source").glob("*.md")}
    assert STAMP["sources"] == {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in sorted(sources.items())}
    shipped = {digest.file: hashlib.sha256((LIBRARY / digest.file).read_bytes()).hexdigest() for digest in DIGESTS}
    assert STAMP["files"] == shipped


def test_rebuilds_byte_for_byte(make: ModuleType) -> None:
    here = make.toolchain()
    other = [name for name, value in STAMP["built_with"].items() if here[name] != value]
    if other:
        pytest.skip(f"built with another {', '.join(other)}: bytes may differ, run make.py and look")
    differing = [d.file for d in make.digests() if make.build(d) != (LIBRARY / d.file).read_bytes()]
    assert differing == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_two_builds_in_one_process_are_equal(make: ModuleType, language: str) -> None:
    smallest = min((d for d in PDFS if d.language == language), key=lambda d: len(d.blocks))
    assert make.build(smallest) == make.build(smallest)


@pytest.mark.parametrize("digest", PDFS, ids=name_of)
def test_every_pdf_page_is_marked_and_none_is_blank(digest: Digest) -> None:
    pages = pages_of(digest)
    limit = sum(isinstance(block, PageTurn) for block in digest.blocks) or 6
    assert 2 <= len(pages) <= limit
    for text in pages:
        assert digest.mark in text
        assert digest.edition in text
        assert len(text) > len(digest.title) + 200


@pytest.mark.parametrize("digest", [d for d in DIGESTS if d not in PDFS], ids=name_of)
def test_other_formats_are_marked(digest: Digest) -> None:
    path = LIBRARY / digest.file
    if path.suffix == ".docx":
        with zipfile.ZipFile(path) as archive:
            header = next(name for name in archive.namelist() if name.startswith("word/header"))
            assert digest.mark in archive.read(header).decode("utf-8")
            assert digest.mark in archive.read("word/document.xml").decode("utf-8")
    else:
        text = path.read_text(encoding="utf-8")
        assert text.count(MARKS[digest.language]) >= 2
        assert "http" not in text


@pytest.mark.parametrize("digest", PDFS, ids=name_of)
def test_no_glyph_is_missing(digest: Digest) -> None:
    text = "".join(pages_of(digest))
    assert [sign for sign in WRONG_SIGNS if sign in text] == []
    wanted = set(digest.path.read_text(encoding="utf-8")) - set(" \n{}<!>|:^*_#\"'")
    wanted = {sign for sign in wanted if not sign.isascii()}
    assert sorted(wanted - set(text)) == []


@pytest.mark.parametrize("digest", PDFS, ids=name_of)
def test_every_recommendation_stands_whole_on_one_page(digest: Digest) -> None:
    pages = [re.sub(r"\s", "", text) for text in pages_of(digest)]
    texts = [text for block in digest.blocks if isinstance(block, Items) for text in block.texts]
    texts += [block.text for block in digest.blocks if isinstance(block, Paragraph)]
    squeezed = [re.sub(r"\s|\*\*", "", text) for text in texts]
    assert [text for text in squeezed if not any(text in page for page in pages)] == []


@pytest.mark.parametrize("digest", DIGESTS, ids=name_of)
def test_every_differential_entry_has_the_one_form(digest: Digest) -> None:
    title = {"en": "Differential diagnosis", "zh": "鉴别诊断"}[digest.language]
    labels = LABELS[:3] if digest.language == "en" else LABELS[3:]
    at = digest.blocks.index(Heading(level=2, text=title)) + 1
    entries: list[list[object]] = []
    for block in digest.blocks[at:]:
        if isinstance(block, PageTurn) or (isinstance(block, Heading) and block.level == 2):
            break
        if isinstance(block, Heading):
            entries.append([])
        else:
            entries[-1].append(block)
    assert len(entries) >= 6
    marks = 0
    for *before, items in entries:
        assert before in ([], [Paragraph(text=CANNOT_MISS[digest.language == "zh"])])
        marks += len(before)
        assert isinstance(items, Items)
        assert [text[: len(label)] for text, label in zip(items.texts, labels, strict=True)] == list(labels)
        assert all(text.endswith("." if digest.language == "en" else "。") for text in items.texts)
    assert marks >= 2


@pytest.mark.parametrize("name", ["nsclc-v1-2026.pdf", "nsclc-v2-2026.pdf"])
def test_lung_cancer_editions_are_awkward_on_purpose(name: str) -> None:
    pypdf = pytest.importorskip("pypdf")
    reader = pypdf.PdfReader(LIBRARY / name)
    assert reader.is_encrypted
    assert reader.trailer["/Encrypt"]["/V"] == 2  # RC4 with a key of up to 128 bits
    assert not reader.metadata.title
    assert "/PageLabels" not in reader.trailer["/Root"]
    assert len(reader.outline) == len(reader.pages) >= 6
    digest = next(d for d in DIGESTS if d.file == name)
    for text in pages_of(digest):
        assert text.startswith(f"RMDL Guidelines {digest.edition}")
        assert "Table of Contents" in text
        assert "Printed by Demo Reader on" in text
        assert "NCCN" not in text


def test_lung_cancer_editions_disagree() -> None:
    first, second = (next(d for d in DIGESTS if d.file == f"nsclc-v{n}-2026.pdf") for n in (1, 2))
    assert first.series == second.series
    assert first.date < second.date
    yearly = "history, physical examination and chest CT are recommended every 12 months for 5 years."
    half_yearly = "history, physical examination and chest CT are recommended every 6 months for 3 years, followed by"
    no_alk = "ALK testing is not required before adjuvant therapy of completely resected"
    alk = "ALK testing is recommended before adjuvant therapy in completely resected"
    for code, before, now in (("NSCL-16", yearly, half_yearly), ("NSCL-4A", no_alk, alk)):
        old, new = (next(one_line(p) for p in pages_of(d) if f"{code} Printed" in one_line(p)) for d in (first, second))
        assert before in old
        assert before not in new
        assert now in new
        assert now not in old


def test_reference_case_is_covered_in_both_languages() -> None:
    english = one_line("".join(pages_of(next(d for d in DIGESTS if d.file == "pulmonary-nodules.pdf"))))
    chinese = re.sub(r"\s", "", "".join(pages_of(next(d for d in DIGESTS if d.file == "fei-jiejie-zh.pdf"))))
    assert "the first diagnoses to consider are the early lung adenocarcinoma spectrum, infection" in english
    assert "Normal serum tumour markers do not exclude lung cancer" in english
    assert "应优先考虑早期肺腺癌谱系病变、感染性病变以及炎症性或肉芽肿性疾病" in chinese
    assert "血清肿瘤标志物正常不能排除肺癌" in chinese


def test_register_names_files_that_exist() -> None:
    register = tomllib.loads((LIBRARY / "register.toml").read_text(encoding="utf-8"))
    for series in register["series"]:
        assert series["id"]
        for edition in series.get("edition", []):
            digest = next(d for d in DIGESTS if d.file == edition["file"])
            assert edition["edition"] == digest.edition
            assert edition["date"].isoformat() == digest.date


def test_readme_names_every_file() -> None:
    readme = (LIBRARY / "README.md").read_text(encoding="utf-8")
    assert [digest.file for digest in DIGESTS if f"`{digest.file}`" not in readme] == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("::: red Alarm\n- Open.\n", "never closed"),
        ("| a | b |\n|---|---|\n| c |\n", "1 cells"),
        ("##No space\n", "no rule"),
        ("Table: Lost\n\nText.\n", "without a table"),
    ],
)
def test_a_slip_in_a_source_is_an_error_that_names_the_line(tmp_path: Path, body: str, complaint: str) -> None:
    fields = (
        "title: t\npublisher: p\nseries: s\nedition: 1\ndate: 2026-01-01\nlanguage: en\nlayout: html\nfile: f.html\n"
    )
    path = tmp_path / "slip.md"
    path.write_text(f"---\n{fields}sources:\n  - one\n---\n\n{body}", encoding="utf-8")
    with pytest.raises(SourceError, match=rf"slip\.md:\d+: .*{complaint}"):
        read_digest(path)
