"""How much text two documents share, estimated from sketches and compared with the truth."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from ragmed.corpus.likeness import SKETCH, WIDTH, Fingerprint, fingerprint, share, shares
from ragmed.records import Block, BlockKind, Page
from tests.corpus.small_files import DOCUMENT_ID

_WORDS = [f"word{number}" for number in range(3000)]


def some_text(seed: int, words: int) -> list[str]:
    return random.Random(seed).choices(_WORDS, k=words)


def a_page(text: str, *, furniture: str = "", number: int = 1) -> Page:
    blocks = (Block(start=0, end=len(furniture), kind=BlockKind.FURNITURE),) if furniture else ()
    whole = f"{furniture}\n{text}" if furniture else text
    return Page(document_id=DOCUMENT_ID, number=number, label=str(number), text=whole, blocks=blocks)


def of_words(*parts: list[str]) -> Fingerprint:
    return fingerprint([a_page(" ".join(word for part in parts for word in part))])


def true_share(one: list[str], other: list[str]) -> float:
    def runs(words: list[str]) -> set[tuple[str, ...]]:
        return {tuple(words[place : place + WIDTH]) for place in range(len(words) - WIDTH + 1)}

    mine, theirs = runs(one), runs(other)
    return len(mine & theirs) / min(len(mine), len(theirs))


@pytest.mark.parametrize(("own", "common", "others"), [(4000, 6000, 4000), (500, 1500, 30_000), (20_000, 2000, 9000)])
def test_the_estimate_is_near_the_true_share(own: int, common: int, others: int) -> None:
    shared = some_text(1, common)
    one, other = some_text(2, own) + shared, shared + some_text(3, others)
    assert share(of_words(one), of_words(other)) == pytest.approx(true_share(one, other), abs=0.1)
    assert share(of_words(one), of_words(other)) == share(of_words(other), of_words(one))


def test_small_texts_are_compared_exactly() -> None:
    one, other = some_text(1, 400), some_text(1, 400)[:300] + some_text(2, 100)
    assert share(of_words(one), of_words(other)) == pytest.approx(true_share(one, other))
    assert share(of_words(one), of_words(one)) == 1.0


def test_texts_of_a_few_words_share_nothing_that_can_be_told() -> None:
    few = of_words(some_text(1, 15))
    assert share(few, few) == 0.0
    assert share(fingerprint([]), fingerprint([])) == 0.0


def test_a_library_of_documents_of_a_few_words_is_compared_without_harm() -> None:
    assert shares({"a": of_words(["Give", "5", "mg"]), "b": of_words(["Give", "6", "mg"])}, least=0.1) == {}
    assert shares({}, least=0.1) == {}


def test_case_line_ends_pages_and_furniture_do_not_count() -> None:
    words = some_text(4, 300)
    one = fingerprint([a_page(" ".join(words))])
    other = fingerprint(
        [
            a_page("\n".join(words[:100]).upper(), furniture="St Elsewhere page 1 of 2"),
            a_page("\n".join(words[100:]), furniture="St Elsewhere page 2 of 2", number=2),
        ]
    )
    assert one == other


def test_chinese_is_compared_by_characters() -> None:
    characters = [chr(0x4E00 + random.Random(place).randrange(4000)) for place in range(600)]
    one = fingerprint([a_page("".join(characters))])
    other = fingerprint([a_page("\n".join(["".join(characters[:450]), "".join(reversed(characters[:150]))]))])
    assert share(one, other) == pytest.approx(0.75, abs=0.03)


def test_a_fingerprint_is_small_and_survives_as_a_word_of_json() -> None:
    one = of_words(some_text(5, 20_000))
    assert len(one.sketch) == 4 * SKETCH
    assert Fingerprint.decode(one.encode()) == one
    assert Fingerprint.decode("0:1:") is None


def test_only_documents_that_share_enough_are_told() -> None:
    shared = some_text(1, 800)
    prints = {
        "a": of_words(some_text(2, 400), shared),
        "b": of_words(shared, some_text(3, 400)),
        "c": of_words(some_text(4, 1200)),
    }
    found = shares(prints, least=0.5)
    assert list(found) == [("a", "b")]
    assert found["a", "b"] == pytest.approx(share(prints["a"], prints["b"]))
    assert shares({}, least=0.5) == {}


def test_a_page_that_many_unlike_documents_carry_makes_no_kin() -> None:
    licence = some_text(1, 500)
    prints = {str(number): of_words(some_text(10 + number, 700), licence) for number in range(7)}
    assert share(prints["0"], prints["1"]) > 0.3
    assert shares(prints, least=0.05) == {}


def test_many_editions_of_one_guideline_are_not_boilerplate() -> None:
    text = some_text(1, 1000)
    prints = {str(number): of_words(text, some_text(10 + number, 200)) for number in range(7)}
    assert len(shares(prints, least=0.7)) == 7 * 6 // 2


@pytest.mark.parametrize("seed", range(4))
def test_counting_all_together_is_counting_pair_by_pair(seed: int) -> None:
    """Sketches with and without a limit, of one form and of their own words; no boilerplate, which pairs cannot see."""
    chance = random.Random(seed)
    words = [f"w{number}" for number in range(3000)]
    forms = [[chance.choice(words) for _ in range(200)] for _ in range(3)]
    prints = {}
    for number in range(12):
        own = [chance.choice(words) for _ in range(chance.choice((5, 40, 400, 4000)))]
        prints[f"d{number}"] = of_words(forms[number // 4] + own)
    pairs = {(a, b): share(prints[a], prints[b]) for a, b in combinations(prints, 2)}
    assert any(len(one.sketch) == 4 * SKETCH for one in prints.values())
    assert shares(prints, least=0.01) == pytest.approx({pair: value for pair, value in pairs.items() if value >= 0.01})
