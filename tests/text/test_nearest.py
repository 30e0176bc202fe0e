"""The same statement in other words, found among many."""

from __future__ import annotations

from ragmed.text.nearest import Nearest
from ragmed.text.normal import normal

FORMS = [
    normal(text)
    for text in (
        "Osimertinib 80 mg daily is recommended after resection.",
        "Alectinib 600 mg twice daily is recommended after resection.",
        "Smoking should be stopped before surgery.",
        "患者应在24小时内接受头颅CT检查",
    )
]


def places(text: str, floor: float = 0.3) -> list[int]:
    return [place for _, place in Nearest(FORMS).like(normal(text), floor=floor)]


def test_the_rare_word_decides_between_sentences_of_one_build() -> None:
    assert places("Alectinib 300 mg twice daily is recommended after resection.")[0] == 1
    assert places("Osimertinib 160 mg daily is recommended after resection.")[0] == 0


def test_the_same_words_are_wholly_alike_and_other_words_not_at_all() -> None:
    found = Nearest(FORMS).like(FORMS[2], floor=0.5)
    assert [(round(likeness, 6), place) for likeness, place in found] == [(1.0, 2)]
    assert places("Fever in returning travellers") == []


def test_chinese_is_found_by_pairs_of_characters() -> None:
    assert places("患者应在48小时内接受头颅CT检查")[0] == 3


def test_only_the_places_named_are_looked_at() -> None:
    assert [place for _, place in Nearest(FORMS).like(FORMS[0], floor=0.1, among={1})] == [1]


def test_a_word_that_many_hold_finds_nobody_by_itself() -> None:
    many = Nearest([f"give drug{number} slowly" for number in range(400)])
    assert many.like("give it slowly", floor=0.1) == []
    assert many.like("give drug7 at once", floor=0.1)[0][1] == 7
