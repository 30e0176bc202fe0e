"""Prose with markers: which sentence leans on which passage, and on which of its words."""

from __future__ import annotations

import pytest

from ragmed.answer.claims import cited_claims, locate
from ragmed.drafts import Draft
from ragmed.records import Generation
from tests.answer.small_library import SmallSnapshot, document, passages_of, plain_page

GUIDE = document("guide")
PAGE = plain_page(GUIDE, "Give oxygen first. Adrenaline 0.5 mg is given to adults. Observe for 12 hours.")
PASSAGES = passages_of(SmallSnapshot([GUIDE], [PAGE]))


def draft(text: str, *quotes: tuple[int, int, int]) -> Draft:
    return Draft(generation=Generation(text=text, kind="scripted", model_id="m", revision="1"), quotes=quotes)


def markers(text: str) -> list[tuple[str, list[int]]]:
    return [(one.text, [c.marker for c in one.citations]) for one in cited_claims(draft(text), PASSAGES)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Give oxygen [1].", [("Give oxygen.", [1])]),
        ("Give oxygen. [1] Observe. [1]", [("Give oxygen.", [1]), ("Observe.", [1])]),
        ("Give oxygen. Observe [1].", [("Give oxygen.", []), ("Observe.", [1])]),
        ("Give oxygen [1][2].", [("Give oxygen.", [1, 2])]),
        ("Give oxygen [1, 3].", [("Give oxygen.", [1, 3])]),
        ("Give oxygen [1-3].", [("Give oxygen.", [1, 2, 3])]),
        ("应吸氧【1】。观察12小时[2]。", [("应吸氧。", [1]), ("观察12小时。", [2])]),
        ("- Give oxygen [1]\n- Observe [1]", [("- Give oxygen", [1]), ("- Observe", [1])]),
    ],
)
def test_a_marker_belongs_to_its_own_sentence(text: str, expected: list[tuple[str, list[int]]]) -> None:
    assert markers(text) == expected


def test_a_marker_to_a_passage_that_was_never_shown_cannot_be_resolved() -> None:
    (claim,) = cited_claims(draft("Give oxygen [9]."), PASSAGES)
    assert claim.citations[0].document_id == ""


def test_the_citation_quotes_the_sentence_that_bears_the_claim_out() -> None:
    (claim,) = cited_claims(draft("Adults get 0.5 mg of adrenaline [1]."), PASSAGES)
    (citation,) = claim.citations
    assert citation.quote == "Adrenaline 0.5 mg is given to adults."
    assert PAGE.text[citation.start : citation.end] == citation.quote


def test_locating_prefers_the_words_themselves_and_the_shortest_span() -> None:
    text = PASSAGES[0].chunk.text
    start, end = locate("Observe for 12 hours", text)
    assert text[start:end] == "Observe for 12 hours."


def test_named_quotes_are_taken_line_by_line_and_keep_references_of_the_page() -> None:
    page = plain_page(GUIDE, "Survival was better.[4] More.")
    passages = passages_of(SmallSnapshot([GUIDE], [page]))
    (claim,) = cited_claims(draft("Survival was better.[4] [1]", (1, 0, 23)), passages)
    assert claim.text == "Survival was better.[4]"
    assert claim.citations[0].quote == "Survival was better.[4]"


def test_lines_and_quotes_must_pair() -> None:
    with pytest.raises(ValueError, match="2 lines"):
        cited_claims(draft("a [1]\nb [1]", (1, 0, 4)), PASSAGES)
