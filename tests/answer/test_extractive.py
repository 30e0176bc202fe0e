"""The generator that quotes: every claim is words of a page, and the words that were asked for."""

from __future__ import annotations

from ragmed.answer.excerpts import excerpts
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.drafts import Draft
from ragmed.records import BlockKind, Language, Mode, Page, Query
from ragmed.text.language import detect_language
from tests.answer.small_library import SmallSnapshot, document, page, passages_of, plain_page

GUIDE = document("anaphylaxis", title="Anaphylaxis")
ITEM, PARAGRAPH, ROW, HEADING = BlockKind.LIST_ITEM, BlockKind.PARAGRAPH, BlockKind.TABLE_ROW, BlockKind.HEADING
TREAT = page(
    GUIDE,
    (HEADING, "Treatment"),
    (
        PARAGRAPH,
        "Anaphylaxis is a severe reaction. Adults with anaphylaxis should receive adrenaline 0.5 mg IM. Lay the patient flat.",
    ),
    (HEADING, "Afterwards"),
    (
        PARAGRAPH,
        "Observe for at least 12 hours after anaphylaxis. Adults with anaphylaxis should receive adrenaline 0.5 mg IM.",
    ),
    (HEADING, "Thrombolysis"),
    (PARAGRAPH, "Thrombolysis is contraindicated in:"),
    (ITEM, "• active bleeding"),
    (ITEM, "• recent stroke"),
    (ITEM, "• aortic dissection"),
    (HEADING, "Ages"),
    (ROW, "Age | Dose"),
    (ROW, "Child 6 to 12 years | 0.3 mg adrenaline"),
)


def asked(question: str, *pages: Page, most: int = 7, mode: Mode = Mode.ANSWER) -> tuple[Draft, list[str]]:
    snapshot = SmallSnapshot([GUIDE], pages or [TREAT])
    query = Query(text=question, language=detect_language(question), english=question, chinese=question)
    passages = passages_of(snapshot)
    (draft,) = ExtractiveGenerator(max_claims=most).generate(query, mode, passages)
    by_marker = {passage.marker: passage for passage in passages}
    quotes = [
        snapshot.page(GUIDE.document_id, by_marker[marker].chunk.page_number).text[start:end]
        for marker, start, end in draft.quotes
    ]
    return draft, quotes


def test_the_sentence_that_answers_comes_first_word_for_word() -> None:
    draft, quotes = asked("What dose of adrenaline for adults with anaphylaxis?")
    assert quotes[0] == "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."
    assert draft.generation.text.splitlines()[0] == quotes[0] + " [1]"


def test_the_same_sentence_on_two_places_is_quoted_once() -> None:
    _, quotes = asked("What dose of adrenaline for adults with anaphylaxis?")
    assert quotes.count("Adults with anaphylaxis should receive adrenaline 0.5 mg IM.") == 1


def test_a_question_of_time_wants_the_sentence_with_a_time() -> None:
    _, quotes = asked("How long to observe after anaphylaxis?")
    assert quotes[0] == "Observe for at least 12 hours after anaphylaxis."


def test_list_items_come_with_their_introduction_in_one_stretch() -> None:
    _, quotes = asked("When is thrombolysis contraindicated?")
    assert quotes[0] == "Thrombolysis is contraindicated in:\n• active bleeding\n• recent stroke\n• aortic dissection"


def test_a_row_comes_with_the_header_of_its_table() -> None:
    _, quotes = asked("dose for a child of 6 to 12 years")
    assert quotes[0] == "Age | Dose\nChild 6 to 12 years | 0.3 mg adrenaline"


def test_at_most_so_many_claims() -> None:
    draft, quotes = asked("anaphylaxis adrenaline adults observe", most=1)
    assert len(quotes) == len(draft.generation.text.splitlines()) == 1


def test_nothing_is_quoted_where_nothing_fits() -> None:
    draft, quotes = asked("Who won the football world cup?")
    assert (draft.generation.text, quotes) == ("", [])


def test_the_same_question_gives_the_same_answer() -> None:
    assert asked("adrenaline dose in anaphylaxis")[0] == asked("adrenaline dose in anaphylaxis")[0]


def test_a_chinese_question_on_an_english_page_quotes_the_english_words() -> None:
    _, quotes = asked("成人过敏性休克肾上腺素的剂量是多少?")
    assert quotes[0] == "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."


def test_an_english_question_on_a_chinese_page() -> None:
    chinese = plain_page(GUIDE, "过敏性休克成人应肌注肾上腺素0.5 mg。观察至少12小时。")
    _, quotes = asked("adrenaline dose in anaphylactic shock", chinese)
    assert quotes[0] == "过敏性休克成人应肌注肾上腺素0.5 mg。"


def test_lines_of_the_card_are_not_repeated_in_a_differential_answer() -> None:
    card = page(
        GUIDE,
        (HEADING, "Infection"),
        (ITEM, "• Supports: fever, cough."),
        (PARAGRAPH, "In fever with cough the first diagnosis to consider is infection."),
    )
    _, quotes = asked("45-year-old man with fever and cough, differential?", card, mode=Mode.DIFFERENTIAL)
    assert quotes == ["In fever with cough the first diagnosis to consider is infection."]


def test_excerpts_are_stretches_of_their_page() -> None:
    for passage in passages_of(SmallSnapshot([GUIDE], [TREAT])):
        for one in excerpts(passage):
            assert " ".join(TREAT.text[one.start : one.end].split()) == one.text
            assert passage.chunk.start <= one.start < one.end <= passage.chunk.end


def test_an_entry_of_the_literature_answers_nothing() -> None:
    listed = page(
        GUIDE,
        (PARAGRAPH, "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."),
        (
            PARAGRAPH,
            "Doe J, Roe R. What dose of adrenaline for adults with anaphylaxis? J Test Med. 2016;39(8):1458–1461.",
        ),
        (PARAGRAPH, "Poe E, Roe R. Adrenaline dose for adults with anaphylaxis, doi: 10.1000/182"),
    )
    _, quotes = asked("What dose of adrenaline for adults with anaphylaxis?", listed)
    assert quotes == ["Adults with anaphylaxis should receive adrenaline 0.5 mg IM."]


def test_a_dose_is_one_of_the_drug_asked_for_and_no_count_of_doses() -> None:
    listed = page(
        GUIDE,
        (PARAGRAPH, "Observe for 12 hours after anaphylaxis that needed more than two doses of adrenaline."),
        (PARAGRAPH, "Glucagon 1 mg IV is given in anaphylaxis that does not respond to adrenaline."),
        (PARAGRAPH, "In anaphylaxis give adrenaline 0.5 mg IM."),
    )
    _, quotes = asked("First dose of adrenaline in anaphylaxis?", listed)
    assert quotes[0] == "In anaphylaxis give adrenaline 0.5 mg IM."


def test_a_far_row_stands_under_its_header_with_the_rows_between_marked_as_left_out() -> None:
    table = page(
        GUIDE,
        (ROW, "Age | Adrenaline IM"),
        (ROW, "Adult | 0.5 mg"),
        (ROW, "Child 6 to 12 years | 0.3 mg"),
    )
    draft, quotes = asked("adrenaline dose for a child of 6 to 12 years", table)
    assert quotes[0] == "Age | Adrenaline IM\nAdult | 0.5 mg\nChild 6 to 12 years | 0.3 mg"
    assert draft.generation.text.splitlines()[0] == "Age | Adrenaline IM … Child 6 to 12 years | 0.3 mg [1]"


def test_rows_that_deny_are_not_left_out_by_an_ellipsis() -> None:
    table = page(
        GUIDE,
        (ROW, "Age | Adrenaline IM"),
        (ROW, "Adult with a pulse | never as an IV bolus"),
        (ROW, "Child 6 to 12 years | 0.3 mg"),
    )
    _, quotes = asked("adrenaline dose for a child of 6 to 12 years", table)
    assert quotes[0] == "Child 6 to 12 years | 0.3 mg"


def test_bullets_are_not_part_of_an_item_quoted_alone() -> None:
    listed = page(
        GUIDE,
        (ITEM, "• Give oxygen at once to every patient with anaphylaxis in hospital."),
        (ITEM, "2. Call for help."),
    )
    texts = [one.text for passage in passages_of(SmallSnapshot([GUIDE], [listed])) for one in excerpts(passage)]
    assert texts == ["Give oxygen at once to every patient with anaphylaxis in hospital.", "Call for help."]


def test_language_is_a_tie_breaker_only() -> None:
    english = plain_page(GUIDE, "Anaphylaxis: adrenaline 0.5 mg IM is given.")
    _, quotes = asked("adrenaline dose", english)
    assert detect_language(quotes[0]) is Language.ENGLISH
