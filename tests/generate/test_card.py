"""What a model is asked for as a card, and what is read of what it writes."""

from __future__ import annotations

import json
import random

import pytest

from ragmed.drafts import DraftedCandidate, DraftedCard, DraftedLine
from ragmed.generate import card
from ragmed.generate.prompt import prompt_of
from ragmed.records import Language, Mode, Query
from tests.answer.small_library import SmallSnapshot, document, passages_of, plain_page

LINE = DraftedLine(text='fever and a "stiff" neck', marker=1)
CARD = DraftedCard(
    candidates=(
        DraftedCandidate(diagnosis="Meningitis", marker=1, cannot_miss=True, supporting=(LINE,)),
        DraftedCandidate(diagnosis="偏头痛", marker=2, against=(LINE, DraftedLine(text="发热", marker=2))),
    ),
    assumptions=("adult",),
    answer=(LINE,),
)


def test_what_is_written_is_read_again() -> None:
    assert card.read(card.written(CARD)) == CARD
    assert card.read(f"Here it is:\n```json\n{card.written(CARD)}\n```") == CARD


def test_a_card_that_was_cut_off_is_read_to_its_last_whole_line() -> None:
    whole = card.written(CARD)
    seen: list[DraftedCard] = []
    for end in range(len(whole)):
        found = card.read(whole[:end])
        if found is None:
            assert not seen, f"what was read before is lost at {end}"
            continue
        seen.append(found)
        lines = [line for one in found.candidates for line in (*one.supporting, *one.against)]
        assert set(lines) <= {LINE, DraftedLine(text="发热", marker=2)}, "half a line was read"
        assert [one.diagnosis for one in found.candidates] == [one.diagnosis for one in CARD.candidates][
            : len(found.candidates)
        ]
    assert len(seen[0].candidates) == 1
    assert len(seen[-1].answer) == 1


@pytest.mark.parametrize("text", ["", "NOT COVERED", "{", "[1, 2]", '{"differential": 3}', '{"answer": []}', "}{"])
def test_what_is_no_card_is_none(text: str) -> None:
    assert card.read(text) is None


def test_whatever_stands_in_the_fields_is_read_without_an_error() -> None:
    chance = random.Random(5)
    odd = [None, 1, True, "x", [], {}, [None], {"says": 3}, [{"says": "x", "passage": "2"}], "\u0000", 1e9, -4]
    for _ in range(400):
        fields = ("diagnosis", "passage", "cannot_miss", "for", "against", "next_tests")
        form = {
            "differential": [{name: chance.choice(odd) for name in fields}, chance.choice(odd)],
            "assumptions": chance.choice(odd),
            "answer": chance.choice(odd),
        }
        found = card.read(json.dumps(form))
        assert found is not None
        assert all(one.diagnosis for one in found.candidates)


def test_what_a_reader_sees_grows_and_bears_no_json() -> None:
    whole, before = card.written(CARD), ""
    for end in range(len(whole) + 1):
        shown = card.told(whole[:end])
        assert shown.startswith(before), (before, shown)
        before = shown
    assert before.splitlines() == [
        "1. Meningitis",
        '– fever and a "stiff" neck',
        "2. 偏头痛",
        '– fever and a "stiff" neck',
        "– 发热",
        '– fever and a "stiff" neck',
    ]


def test_the_schema_names_the_passages_of_the_prompt_and_the_assumptions_there_are() -> None:
    form = json.loads(card.schema(3, ("adult", "not_pregnant")))
    candidate = form["properties"]["differential"]["items"]["properties"]
    assert candidate["passage"] == {"enum": [1, 2, 3]}
    assert candidate["against"]["items"]["properties"]["passage"] == {"enum": [1, 2, 3]}
    assert form["properties"]["assumptions"]["items"] == {"enum": ["adult", "not_pregnant"]}
    assert json.loads(card.schema(3))["properties"]["assumptions"]["maxItems"] == 0


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.CHINESE])
def test_the_prompt_for_a_case_asks_for_json_and_shows_one(language: Language) -> None:
    guide = document("guide", title="Chest pain")
    passages = passages_of(SmallSnapshot([guide], [plain_page(guide, "Pneumonia: fever.")]))
    question = "发热咳嗽，鉴别诊断？" if language is Language.CHINESE else "Fever, cough. Differential?"
    query = Query(text=question, language=language, english=question, chinese="")
    prompt = prompt_of(query, Mode.DIFFERENTIAL, passages)
    shown = prompt.system[prompt.system.rindex("{", 0, prompt.system.index('"differential": [')) :]
    drafted = card.read(shown)
    assert drafted is not None
    assert len(drafted.candidates) == 2
    assert prompt.user.endswith(question)
    assert "Pneumonia: fever." in prompt.user
    assert prompt.system != prompt_of(query, Mode.ANSWER, passages).system
