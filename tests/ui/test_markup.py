"""Escaping: what came from outside is text, whatever it looks like."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.ui.markup import Markup, el, join, label, text


class Seen(HTMLParser):
    """Tags, attributes and text of a piece of HTML, as a browser would read them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.words = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


anything = st.text(st.characters(blacklist_categories=["Cs", "Cc"]))


@given(anything, anything)
def test_any_text_comes_back_as_text_and_any_attribute_as_its_value(words: str, title: str) -> None:
    seen = Seen(el("p", words, title=title))
    assert seen.tags == ["p"]
    assert seen.words == words
    assert seen.attributes == {"title": title}


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</p><b>", '" onmouseover="alert(1)', "&lt;b&gt;"],
)
def test_markup_in_text_is_inert(hostile: str) -> None:
    seen = Seen(el("div", el("p", hostile, title=hostile), hostile))
    assert seen.tags == ["div", "p"]
    assert seen.words == hostile * 2
    assert set(seen.attributes) == {"title"}


def test_control_characters_do_not_reach_the_page() -> None:
    assert text("a\x00b\x1bc\td\n") == "a�b�c\td\n"


def test_children_nest_and_none_is_left_out() -> None:
    assert el("ul", [el("li", "a"), None, [el("li", "<b>")]]) == "<ul><li>a</li><li>&lt;b&gt;</li></ul>"
    assert join("a", None, Markup("<br>"), by=" & ") == "a &amp; <br>"


def test_attribute_names_and_flags() -> None:
    made = el("button", class_="x", data_copy_link="/?a=1&b=2", hidden=True, disabled=False, title=None)
    assert made == '<button class="x" data-copy-link="/?a=1&amp;b=2" hidden></button>'
    assert el("img", src="/page/a/1.png", alt="") == '<img src="/page/a/1.png" alt="">'


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "//example.org/x",
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "data:text/html,x",
        "/\\example.org",
        "x.png",
        "/a b",
    ],
)
def test_an_address_outside_the_app_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="into this app"):
        el("a", "x", href=address)


@pytest.mark.parametrize("name", ["onclick", "onload", "style", "srcdoc"])
def test_attributes_that_run_or_restyle_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        el("p", **{name: "x"})


def test_script_elements_and_odd_names_are_refused() -> None:
    for tag in ("script", "p onclick", "", "P"):
        with pytest.raises(ValueError, match="not a name"):
            el(tag)
    with pytest.raises(ValueError, match="no children"):
        el("img", "x")


def test_a_label_escapes_every_mark_that_markdown_knows() -> None:
    assert label("**b** [a](x) :red[r] $x$ <i>\n`c`") == (r"\*\*b\*\* \[a\]\(x\) \:red\[r\] \$x\$ \<i\> \`c\`")
    assert label("肺结节,6 mm") == r"肺结节\,6 mm"


def test_of_style_a_number_can_be_set_and_nothing_else() -> None:
    assert el("i", share=0.25) == '<i style="--share: 0.2500"></i>'
    with pytest.raises(ValueError, match="could not convert"):
        el("i", share="1; background: url(//elsewhere)")
    with pytest.raises(ValueError, match="style"):
        el("i", style="color: red")
