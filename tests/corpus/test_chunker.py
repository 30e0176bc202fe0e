"""Chunks: law 1, the token limit, boundaries, headings; on any text with any blocks, and on real pages."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmed.corpus.chunker import SentenceChunker
from ragmed.corpus.flow import FlowBlock, paginate
from ragmed.corpus.html import HtmlReader
from ragmed.corpus.markdown import MarkdownReader
from ragmed.corpus.pdf import PdfReader
from ragmed.errors import SettingsError
from ragmed.records import Block, BlockKind, Chunk, Document, Language, Page
from ragmed.text.passages import embedding_text
from tests.corpus.small_files import DOCUMENT_ID, LIMITS, document, token_spans

H, P, LI, ROW, CAP, FURNITURE = (
    BlockKind.HEADING,
    BlockKind.PARAGRAPH,
    BlockKind.LIST_ITEM,
    BlockKind.TABLE_ROW,
    BlockKind.CAPTION,
    BlockKind.FURNITURE,
)


def chunker(max_tokens: int = 256, min_tokens: int = 24, overlap: int = 0) -> SentenceChunker:
    return SentenceChunker(token_spans(), max_tokens, min_tokens, overlap)


def pages_of(*blocks: tuple[BlockKind, str] | tuple[BlockKind, str, int]) -> tuple[Page, ...]:
    flow = [FlowBlock(kind=kind, text=text, level=level[0] if level else 1) for kind, text, *level in blocks]
    return paginate(flow, DOCUMENT_ID, LIMITS, "made.html")


def tokens(text: str) -> int:
    return len(token_spans()(text))


def assert_laws(
    chunks: tuple[Chunk, ...], made_from: Document, pages: tuple[Page, ...], max_tokens: int, overlap: int = 0
) -> None:
    by_number = {page.number: page for page in pages}
    last = (0, 0)
    for chunk in chunks:
        page = by_number[chunk.page_number]
        assert chunk.text == page.text[chunk.start : chunk.end]
        assert chunk.text == chunk.text.strip()
        assert chunk.text
        assert chunk.chunk_id == f"{made_from.document_id}-p{page.number}-{chunk.start}-{chunk.end}"
        assert tokens(embedding_text(chunk, made_from.title)) + 2 <= max_tokens
        if not overlap:
            assert (chunk.page_number, chunk.start) >= last
        last = (chunk.page_number, chunk.end)
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)
    for page in pages:
        covered = bytearray(len(page.text))
        for chunk in chunks:
            if chunk.page_number == page.number:
                covered[chunk.start : chunk.end] = b"\1" * (chunk.end - chunk.start)
        outside = bytearray(len(page.text))
        for block in page.blocks:
            if block.kind in (FURNITURE, H):
                outside[block.start : block.end] = b"\1" * (block.end - block.start)
            if block.kind is FURNITURE:
                assert not any(covered[block.start : block.end]), "furniture in a chunk"
        for place, character in enumerate(page.text):
            if re.match(r"[^\W_]", character) and not outside[place]:
                assert covered[place], f"lost {page.text[place : place + 30]!r}"


def test_a_short_page_is_one_chunk_under_its_heading() -> None:
    pages = pages_of((H, "Opioids"), (P, "Give morphine 5 mg by mouth every four hours. Reassess after one hour."))
    (chunk,) = chunker(min_tokens=1).chunk(document(), pages)
    assert chunk.heading_path == ("Opioids",)
    assert chunk.text.startswith("Give morphine")
    assert chunk.language is Language.ENGLISH
    assert embedding_text(chunk, "Pain").startswith("Pain > Opioids\nGive")


def test_long_text_is_cut_between_sentences() -> None:
    sentence = "Patients with severe pain should receive morphine 2.5 mg intravenously, titrated by a nurse. "
    pages = pages_of((P, sentence * 60))
    chunks = chunker().chunk(document(), pages)
    assert len(chunks) > 3
    assert all(chunk.text.endswith(".") and chunk.text.startswith("Patients") for chunk in chunks)
    assert_laws(chunks, document(), pages, 256)


def test_chinese_is_cut_between_sentences_and_fits() -> None:
    sentence = "对于持续存在的磨玻璃结节,建议在三至六个月后复查薄层CT,并与既往影像学资料进行比较。"
    pages = pages_of((H, "随访"), (P, sentence * 40))
    chunks = chunker().chunk(document("肺结节", Language.CHINESE), pages)
    assert all(chunk.text.endswith("。") and chunk.language is Language.CHINESE for chunk in chunks)
    assert_laws(chunks, document("肺结节"), pages, 256)


def test_sections_are_not_mixed() -> None:
    words = "Morphine causes constipation, nausea, drowsiness and itching in many of the patients who take it for more than a few days at a time."
    pages = pages_of((H, "Title", 1), (H, "Harms", 2), (P, words), (H, "Dose", 2), (P, words))
    chunks = chunker().chunk(document(), pages)
    assert [chunk.heading_path for chunk in chunks] == [("Title", "Harms"), ("Title", "Dose")]


def test_crumbs_join_their_neighbour_and_bring_their_heading() -> None:
    words = "Morphine causes constipation, nausea, drowsiness and itching in many of the patients who take it for more than a few days at a time."
    pages = pages_of((H, "Title", 1), (H, "Scope", 2), (P, "Adults only."), (H, "Dose", 2), (P, words))
    (chunk,) = chunker().chunk(document(), pages)
    assert chunk.text.startswith("Scope\n\nAdults only.\n\nDose\n\nMorphine")
    assert chunk.heading_path == ("Title",)


def test_a_heading_with_nothing_under_it_is_found_in_the_next_chunk() -> None:
    words = "Morphine causes constipation, nausea, drowsiness and itching in many of the patients who take it for more than a few days at a time."
    pages = pages_of((H, "Title", 1), (H, "Naloxone reverses respiratory depression", 2), (H, "Dose", 2), (P, words))
    chunks = chunker().chunk(document(), pages)
    assert any("Naloxone reverses" in chunk.text for chunk in chunks)
    assert any(chunk.heading_path == ("Title", "Dose") for chunk in chunks)


def test_a_heading_at_the_foot_of_a_page_rules_the_next_and_is_not_repeated() -> None:
    first = Page(
        document_id=DOCUMENT_ID,
        number=1,
        label="1",
        text="Some words about pain.\nDose",
        blocks=(Block(start=0, end=22, kind=P), Block(start=23, end=27, kind=H, level=2)),
    )
    second = Page(
        document_id=DOCUMENT_ID,
        number=2,
        label="2",
        text="Give 5 mg.",
        blocks=(Block(start=0, end=10, kind=P, heading_path=("Dose",)),),
    )
    one, two = chunker().chunk(document(), (first, second))
    assert one.text == "Some words about pain."
    assert two.heading_path == ("Dose",)


def test_an_introduction_goes_with_its_list() -> None:
    filler = "Morphine is a strong opioid which is used for severe pain in adults and in children. " * 10
    item = "Constipation, which should be prevented with a laxative from the first day of treatment with the opioid"
    pages = pages_of((P, filler), (P, "Warn every patient about these harms of opioids:"), *[(LI, item)] * 4)
    chunks = chunker(max_tokens=230).chunk(document(""), pages)
    introduced = next(chunk for chunk in chunks if "Warn every" in chunk.text)
    assert introduced.text.startswith("Warn every")
    assert "Constipation" in introduced.text


def test_a_caption_and_header_row_go_with_the_table() -> None:
    filler = "Morphine is a strong opioid which is used for severe pain in adults and in children. " * 11
    rows = [(ROW, f"Drug {n} | {n} mg by mouth every four hours | not in renal failure") for n in range(8)]
    pages = pages_of((P, filler), (CAP, "Table 1 Doses of opioids"), (ROW, "Drug | Dose | Remarks"), *rows)
    chunks = chunker(max_tokens=240).chunk(document(""), pages)
    with_caption = next(chunk for chunk in chunks if "Table 1" in chunk.text)
    assert with_caption.text.startswith("Table 1 Doses of opioids\n\nDrug | Dose | Remarks\nDrug 0")


def test_furniture_separates_chunks() -> None:
    text = "Give morphine by mouth\nPage 3 of 9\nevery four hours."
    blocks = (Block(start=0, end=22, kind=P), Block(start=23, end=34, kind=FURNITURE), Block(start=35, end=52, kind=P))
    pages = (Page(document_id=DOCUMENT_ID, number=1, label="1", text=text, blocks=blocks),)
    assert [chunk.text for chunk in chunker().chunk(document(), pages)] == [
        "Give morphine by mouth",
        "every four hours.",
    ]


def test_furniture_separates_headings_that_rule_nothing() -> None:
    text = "Scope\n7\nAims"
    blocks = (Block(start=0, end=5, kind=H), Block(start=6, end=7, kind=FURNITURE), Block(start=8, end=12, kind=H))
    pages = (Page(document_id=DOCUMENT_ID, number=1, label="1", text=text, blocks=blocks),)
    assert [chunk.text for chunk in chunker().chunk(document(), pages)] == ["Scope", "Aims"]


def test_a_sentence_without_end_is_cut_at_clauses() -> None:
    pages = pages_of((P, "the patient had pain in the arm, weakness of the leg and a rash; " * 60))
    chunks = chunker(max_tokens=64).chunk(document(""), pages)
    assert_laws(chunks, document(""), pages, 64)
    assert all(chunk.text.endswith((",", ";")) for chunk in chunks)


@pytest.mark.parametrize(
    "text", ["磨玻璃结节" * 400, "x1" * 3000, "word " * 2000, "ACGT" * 2000, "é̀" * 900, "a.b" * 2000, "😀" * 900]
)
def test_text_without_any_boundary_still_fits(text: str) -> None:
    pages = pages_of((P, text))
    chunks = chunker(max_tokens=64).chunk(document(""), pages)
    assert_laws(chunks, document(""), pages, 64)


def test_a_part_of_a_word_is_counted_on_its_own() -> None:
    def contrary(text: str) -> list[tuple[int, int]]:
        """Words that begin with "a" take a token for eight letters, all others one for each."""
        spans = []
        for word in re.finditer(r"\S+", text):
            step = 8 if word.group().startswith("a") else 1
            spans.extend((at, min(at + step, word.end())) for at in range(word.start(), word.end(), step))
        return spans

    pages = pages_of((P, "a" + "b" * 3000))
    chunks = SentenceChunker(contrary, 64, 1).chunk(document(""), pages)
    assert "".join(chunk.text for chunk in chunks) == pages[0].text
    assert max(len(contrary(chunk.text)) for chunk in chunks) <= 62


def test_overlap_repeats_sentences_and_nothing_else_changes() -> None:
    pages = pages_of(
        (P, " ".join(f"Sentence number {n} tells of pain in adults and of its treatment." for n in range(60)))
    )
    plain = chunker(max_tokens=128).chunk(document(""), pages)
    overlapping = chunker(max_tokens=128, overlap=1).chunk(document(""), pages)
    assert_laws(overlapping, document(""), pages, 128, overlap=1)
    assert any(later.start < earlier.end for earlier, later in pairwise(overlapping))
    assert not any(later.start < earlier.end for earlier, later in pairwise(plain))


def test_a_page_without_blocks_is_chunked_whole() -> None:
    page = Page(document_id=DOCUMENT_ID, number=1, label="1", text="  One sentence.  Another.\n")
    (chunk,) = chunker().chunk(document(), (page,))
    assert chunk.text == "One sentence.  Another."


def test_configuration_names_all_that_matters() -> None:
    one, other = chunker(256).configuration(), chunker(128).configuration()
    assert one != other
    assert set(one) == set(other)
    assert chunker(overlap=1).configuration() != chunker().configuration()


def test_an_embedder_too_small_is_refused() -> None:
    with pytest.raises(SettingsError, match="64"):
        chunker(max_tokens=40)


_WORDS = st.text(
    alphabet=st.sampled_from("abcdeXYZ 0123456789.,;:!?()\n-|/%。，；：肺结节的随访é\u0301😀\u200b\u00a0_"),
    min_size=1,
    max_size=600,
)
_KINDS = st.sampled_from(list(BlockKind))


@st.composite
def any_page(draw: st.DrawFn, number: int = 1) -> Page:
    """Any text with any blocks in order, gaps between them included."""
    parts = draw(st.lists(st.tuples(_KINDS, _WORDS, st.booleans()), min_size=1, max_size=8))
    text, blocks = "", []
    path: tuple[str, ...] = ()
    for kind, words, covered in parts:
        if covered:
            blocks.append(Block(start=len(text), end=len(text) + len(words), kind=kind, level=1, heading_path=path))
            if kind is H:
                path = (" ".join(words.split())[:80],)
        text += words + draw(st.sampled_from(["", "\n", "\n\n", " "]))
    return Page(document_id=DOCUMENT_ID, number=number, label=str(number), text=text, blocks=tuple(blocks))


@settings(max_examples=120, deadline=None)
@given(
    any_page(1),
    any_page(2),
    st.sampled_from([160, 256, 512]),
    st.sampled_from([1, 24, 60]),
    st.sampled_from([0, 1, 2]),
    st.text(max_size=60),
)
def test_laws_hold_for_any_pages(
    one: Page, two: Page, max_tokens: int, min_tokens: int, overlap: int, title: str
) -> None:
    made_from = document(title)
    chunks = chunker(max_tokens, min_tokens, overlap).chunk(made_from, (one, two))
    assert_laws(chunks, made_from, (one, two), max_tokens, overlap)


@pytest.mark.data
def test_laws_hold_for_textbook_sections(data: Path) -> None:
    for path in sorted((data / "textbooks").rglob("*.html"))[::24]:
        pages = HtmlReader().read(path, DOCUMENT_ID, LIMITS).pages
        assert_laws(chunker().chunk(document("A"), pages), document("A"), pages, 256)


@pytest.mark.data
@pytest.mark.parametrize(
    "name", ["cc_by/diabetes_diagnosis_and_classification.pdf", "us_gov/cdc-addressing-nutrition.pdf"]
)
def test_laws_hold_for_guideline_pages(data: Path, name: str) -> None:
    pages = PdfReader().read(data / "guidelines" / name, DOCUMENT_ID, LIMITS).pages
    chunks = chunker().chunk(document("A"), pages)
    assert_laws(chunks, document("A"), pages, 256)
    assert len(chunks) > 3


def test_laws_hold_for_the_demonstration_library(demonstration_library: Path) -> None:
    for path in sorted(demonstration_library.glob("*.pdf")):
        pages = PdfReader().read(path, DOCUMENT_ID, LIMITS).pages
        assert_laws(chunker().chunk(document("A"), pages), document("A"), pages, 256)
    for path in sorted(demonstration_library.glob("*.md")):
        pages = MarkdownReader().read(path, DOCUMENT_ID, LIMITS).pages
        assert_laws(chunker().chunk(document("A"), pages), document("A"), pages, 256)
