"""HTML: what a reader sees, kept in order; what nobody sees, left out and reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ragmed.corpus.html import HtmlReader, html_flow, parse_html
from ragmed.errors import LimitExceededError, UnreadableFileError
from ragmed.records import BlockKind, NoteKind
from tests.corpus.small_files import DOCUMENT_ID, LIMITS, body, shown


def read(tmp_path: Path, html: str | bytes, name: str = "page.html"):
    path = tmp_path / name
    path.write_bytes(html if isinstance(html, bytes) else html.encode("utf-8"))
    return HtmlReader().read(path, DOCUMENT_ID, LIMITS)


def test_headings_lists_tables_and_captions_become_blocks(tmp_path: Path) -> None:
    raw = read(
        tmp_path,
        "<h1>Pain</h1><h2>Drugs</h2><p>Give <b>2.5&nbsp;mg</b>\nslowly.</p>"
        "<ol><li>First<ul><li>Inner</li></ul></li><li><p>Second</p></li></ol>"
        "<table><caption>Doses</caption><tr><th>Drug</th><th>Dose</th></tr>"
        "<tr><td><p>Morphine</p><p>oral</p></td><td>5 mg</td></tr></table><figure><figcaption>Fig. 1</figcaption></figure>",
    )
    assert shown(raw.pages) == [
        ("heading", "Pain"),
        ("heading", "Drugs"),
        ("paragraph", "Give 2.5 mg slowly."),
        ("list_item", "1. First"),
        ("list_item", "Inner"),
        ("list_item", "2. Second"),
        ("caption", "Doses"),
        ("table_row", "Drug | Dose"),
        ("table_row", "Morphine oral | 5 mg"),
        ("caption", "Fig. 1"),
    ]
    inner = raw.pages[0].blocks[4]
    assert (inner.level, inner.heading_path) == (2, ("Pain", "Drugs"))


def test_an_outer_heading_closes_the_inner_ones(tmp_path: Path) -> None:
    raw = read(tmp_path, "<h1>A</h1><h3>B</h3><p>b</p><h2>C</h2><p>c</p>")
    paths = {block.heading_path for block in raw.pages[0].blocks if block.kind is BlockKind.PARAGRAPH}
    assert paths == {("A", "B"), ("A", "C")}


def test_powers_of_ten_keep_their_exponent(tmp_path: Path) -> None:
    raw = read(tmp_path, "<p>WBC &lt; 4 × 10<sup>9</sup>/L, H<sub>2</sub>O, 10<sup>-3</sup></p>")
    assert raw.pages[0].text == "WBC < 4 × 10⁹/L, H2O, 10⁻³"


@pytest.mark.parametrize(
    "hidden",
    [
        "<p style='display:none'>SECRET</p>",
        "<p style='visibility: hidden'>SECRET</p>",
        "<p hidden>SECRET</p>",
        "<p aria-hidden='true'>SECRET</p>",
        "<p style='font-size:0px'>SECRET</p>",
        "<p style='opacity:0'>SECRET</p>",
        "<p><span style='color:#fff'>SECRET</span></p>",
        "<p><span style='color: rgb(255, 255, 255)'>SECRET</span></p>",
        "<p><font color='white'>SECRET</font></p>",
        "<div style='background:#123456'><p style='color:#123456'>SECRET</p></div>",
        "<p style='position:absolute; left:-9999px'>SECRET</p>",
        "<p class='gone'>SECRET</p>",
        "<div id='ghost'><p>SECRET</p></div>",
    ],
)
def test_text_that_nobody_sees_is_left_out_and_reported(tmp_path: Path, hidden: str) -> None:
    style = "<style>.gone{display:none} #ghost {visibility:hidden}</style>"
    raw = read(tmp_path, f"<html><head>{style}</head><body><p>Seen.</p>{hidden}<p>Also seen.</p></body></html>")
    assert raw.pages[0].text == "Seen.\n\nAlso seen."
    assert [note.kind for note in raw.notes] == [NoteKind.HIDDEN_TEXT]
    assert "SECRET" in raw.notes[0].message


def test_white_text_on_a_dark_ground_is_seen(tmp_path: Path) -> None:
    raw = read(tmp_path, "<div style='background-color:#003366'><p style='color:white'>Red flags</p></div>")
    assert raw.pages[0].text == "Red flags"
    assert raw.notes == ()


def test_scripts_comments_and_forms_never_reach_the_text(tmp_path: Path) -> None:
    raw = read(
        tmp_path,
        "<p>Seen.</p><script>var a='x'</script><!-- remark --><noscript>n</noscript><template>t</template>"
        "<select><option>o</option></select><textarea>v</textarea>",
    )
    assert raw.pages[0].text == "Seen."


def test_navigation_and_footers_are_furniture_but_an_articles_header_is_not(tmp_path: Path) -> None:
    raw = read(
        tmp_path,
        "<header><a>Skip</a></header><nav><ul><li>Home</li></ul></nav><main><article><header><h1>Title</h1></header>"
        "<p>Text.</p><aside><p>Red flag: fever.</p></aside></article></main><aside><a href=x>Related links</a></aside>"
        "<footer>Imprint</footer>",
    )
    assert body(raw.pages) == "Title\nText.\nRed flag: fever."
    assert [text for kind, text in shown(raw.pages) if kind == "furniture"] == [
        "Skip",
        "Home",
        "Related links",
        "Imprint",
    ]


def test_layout_tables_are_not_rows(tmp_path: Path) -> None:
    raw = read(tmp_path, "<table><tr><td><h1>Title</h1><p>One.</p><p>Two.</p></td></tr></table>")
    assert shown(raw.pages) == [("heading", "Title"), ("paragraph", "One."), ("paragraph", "Two.")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<meta charset=gbk><p>肺结节的随访</p>".encode("gb18030"), "肺结节的随访"),
        ("<p>肺结节的随访和诊断是这样的</p>".encode("gb18030"), "肺结节的随访和诊断是这样的"),
        ("<p>Ménière’s – “dose”</p>".encode("cp1252"), "Ménière’s – “dose”"),
        ("<meta charset='iso-8859-1'><p>5 µg – naïve</p>".encode("cp1252"), "5 µg – naïve"),
        ("<p>肺结节</p>".encode("utf-16"), "肺结节"),
        ("<p>ﬁbrosis 随访</p>".encode("utf-8-sig"), "fibrosis 随访"),
    ],
)
def test_encodings_are_told_apart(tmp_path: Path, content: bytes, text: str) -> None:
    assert read(tmp_path, content).pages[0].text == text


def test_a_long_page_is_split_at_a_heading(tmp_path: Path) -> None:
    part = "<p>" + "Pain is common. " * 60 + "</p>"
    raw = read(tmp_path, "<h1>Book</h1>" + "".join(f"<h2>Part {n}</h2>{part * 4}" for n in range(8)))
    assert len(raw.pages) > 1
    assert [page.label for page in raw.pages] == [f"§{page.number}" for page in raw.pages]
    assert all(len(page.text) <= 12_000 for page in raw.pages)
    for page in raw.pages[1:]:
        assert page.blocks[0].kind is BlockKind.HEADING
        assert page.blocks[0].heading_path == ("Book",)


@pytest.mark.parametrize("name", ["deep_divs", "deep_tables"])
def test_nesting_bombs_are_refused(tmp_path: Path, name: str) -> None:
    html = {"deep_divs": "<div>" * 100_000, "deep_tables": "<table><tr><td>" * 5000}[name] + "text"
    with pytest.raises(LimitExceededError, match="nested"):
        read(tmp_path, html, f"{name}.html")


@pytest.mark.parametrize(
    "html", ["", "   ", "<html></html>", "<p></p><script>x</script>", "<nav>only navigation</nav>"]
)
def test_a_page_without_text_is_refused_in_words(tmp_path: Path, html: str) -> None:
    with pytest.raises(UnreadableFileError):
        read(tmp_path, html)


_SOUP = (
    "<p> </p> <div> </div> <ul> <ol> <li> </li> <table> <tr> <td> </td> </tr> </table> <h1> </h1> <h3> </h3> <br> <sup>2</sup> "
    "<nav> </nav> <aside> </aside> <b> </b> <pre> </pre> <caption> <dl> <dt> <dd> <p\u00a0hidden> &amp; &#0; 5\u00a0mg 肺"
)
_PIECES = st.sampled_from(_SOUP.split(" "))


@settings(max_examples=150)
@given(st.lists(_PIECES | st.text(max_size=8), max_size=40))
def test_any_tag_soup_is_walked_to_its_end(pieces: list[str]) -> None:
    try:
        root = parse_html("<body>" + "".join(pieces).replace("\u00a0", " ") + "</body>", "soup.html")
    except UnreadableFileError:
        return
    flow, _ = html_flow(root)
    assert all(block.text.strip() for block in flow)


def test_no_visible_word_of_the_soup_is_lost() -> None:
    html = "<div>a1<p>b2<ul><li>c3<table><tr><td>d4<td>e5<p>f6</table>g7</ul>h8<dl><dt>i9<dd>j10</dl>k11</div>l12"
    flow, _ = html_flow(parse_html(f"<body>{html}</body>", "soup.html"))
    words = " ".join(block.text for block in flow).replace("|", " ").split()
    assert words == ["a1", "b2", "c3", "d4", "e5", "f6", "g7", "h8", "i9", "j10", "k11", "l12"]


@pytest.mark.data
def test_a_textbook_section_keeps_every_word(data: Path) -> None:
    import re
    from html import unescape

    path = data / "textbooks" / "openstax_nursing" / "pharmacology-for-nurses" / "054-m00261.html"
    raw = HtmlReader().read(path, DOCUMENT_ID, LIMITS)
    source = re.sub(
        r"<(/?(?:p|h\d|li|td|tr|ul|ol|table|figcaption))\b[^>]*>", " ", path.read_text("utf-8").partition("<body>")[2]
    )
    expected = unescape(re.sub(r"<[^>]+>", "", source)).split()
    got = " ".join(page.text for page in raw.pages).replace(" | ", " ").split()
    assert got == expected
    assert any(block.heading_path[-1:] == ("Anticholinergics",) for page in raw.pages for block in page.blocks)
