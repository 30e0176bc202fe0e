"""What the Audit page draws: days, proofs, replays, an answer's column; and no foreign HTML in any of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from ragmed.auditor import Opened
from ragmed.entries import (
    AuditEntry,
    CitationToday,
    Day,
    Difference,
    EntryKind,
    Erasure,
    Fault,
    Feedback,
    FeedbackKind,
    RecordLine,
    Replay,
    Verification,
    WorthToday,
)
from ragmed.records import AnswerRecord, Language, Mode, Outcome, Prompt
from ragmed.ui.audit_aside import aside, hits, model
from ragmed.ui.audit_days import charts, every_day, figure
from ragmed.ui.audit_days import table as days_table
from ragmed.ui.audit_list import table as list_table
from ragmed.ui.audit_proof import MOST, result, sentence
from ragmed.ui.audit_replay import replayed
from ragmed.ui.desk import Proof
from ragmed.ui.erased_view import erased
from ragmed.ui.words import Words
from tests.ui.small_library import HOSTILE
from tests.ui.test_markup import Seen
from tests.ui.test_views import kept

if TYPE_CHECKING:
    from ragmed.ui.main import View

EN, ZH = Words("en"), Words("zh")
AT = "2026-11-25T03:00:00.000Z"
SOUND = Verification(
    entries=3,
    answers=2,
    feedback=1,
    erasures=0,
    checkpoints=1,
    citations=4,
    unchecked_citations=0,
    root="00",
    faults=(),
    notes=(),
    seconds=0.25,
)


def view_in(words: Words) -> View:
    return cast("View", SimpleNamespace(words=words, zone="Asia/Shanghai"))


VIEW = view_in(EN)


# ---- days ----


def test_days_on_which_nobody_asked_have_their_place() -> None:
    known = [Day(day="2026-02-27", answered=1, abstained=0, rejected=0, verdicts=())]
    days = every_day(known, date(2026, 2, 26), date(2026, 3, 1))
    assert [day.day for day in days] == ["2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01"]
    assert [day.answered for day in days] == [0, 1, 0, 0]


def test_a_column_is_as_high_as_its_day_is_busy() -> None:
    days = [
        Day(day="2026-11-24", answered=3, abstained=1, rejected=0, verdicts=(("verbatim", 5), ("unsupported", 1))),
        Day(day="2026-11-25", answered=1, abstained=0, rejected=1, verdicts=()),
    ]
    outcomes, verdicts = (figure(chart, days, EN) for chart in charts(EN))
    assert outcomes.count('class="rm-column"') == 2
    for part, share in (
        ("answered", "0.7500"),
        ("abstained", "0.2500"),
        ("answered", "0.2500"),
        ("rejected", "0.2500"),
    ):
        assert f'<i class="rm-of-{part}" style="--share: {share}">' in outcomes
    assert 'title="2026-11-24: 3 answered, 1 not covered"' in outcomes
    assert "tallest column: 4" in outcomes
    assert "word for word 5" in Seen(verdicts).words
    assert "a number differs" not in Seen(verdicts).words, "what never occurs is not in the legend"


def test_no_day_at_all_is_said_and_draws_no_column() -> None:
    days = every_day([], date(2026, 11, 1), date(2026, 11, 2))
    for chart in charts(EN):
        drawn = figure(chart, days, EN)
        assert "None in this time." in drawn
        assert "rm-column" not in drawn
    assert "<td" not in days_table(days, EN)


def test_the_numbers_are_the_newest_first_with_their_names_for_the_phone() -> None:
    days = [
        Day(day="2026-11-24", answered=3, abstained=1, rejected=0, verdicts=(("verbatim", 5),), feedback=2),
        Day(day="2026-11-25", answered=1, abstained=0, rejected=0, verdicts=()),
    ]
    drawn = days_table(days, EN)
    assert drawn.index("2026-11-25") < drawn.index("2026-11-24")
    assert '<td data-name="not covered" class="rm-number">1</td>' in drawn
    assert '<td data-name="Feedback" class="rm-number">2</td>' in drawn


# ---- proof ----


def test_the_sentence_says_whether_all_was_checked() -> None:
    assert sentence(SOUND, EN) == "Everything that was checked is as it was written."
    for partly in (replace(SOUND, notes=("no folder",)), replace(SOUND, unchecked_citations=2)):
        assert "could not be checked" in sentence(partly, EN)
        assert "未能核验" in sentence(partly, ZH)
    fault = Fault(what="entry", number=2, subject="", message="changed")
    assert sentence(replace(SOUND, faults=(fault,), notes=("no folder",)), EN) == "1 thing is not as it was written."


def test_a_result_bears_its_time_and_names_what_was_not_checked() -> None:
    drawn = result(Proof(AT, replace(SOUND, notes=(f"no folder {HOSTILE}",), unchecked_citations=2)), VIEW)
    seen = Seen(drawn)
    assert f'datetime="{AT}"' in drawn
    assert "Not checked" in seen.words
    assert "2 citations" in seen.words
    assert HOSTILE in seen.words
    assert "script" not in seen.tags
    assert 'role="status"' in drawn


def test_faults_are_counted_all_listed_in_part_and_lead_to_their_answers() -> None:
    faults = (
        Fault(what="citation", number=7, subject="5b569643d037cdff:1b", message="the words are others"),
        *(Fault(what="tree", number=0, subject="checkpoint 12", message="another root") for _ in range(MOST)),
    )
    drawn = result(Proof(AT, replace(SOUND, faults=faults)), VIEW)
    assert 'role="alert"' in drawn
    assert f"{MOST + 1} things are not as they were written." in drawn
    assert drawn.count("<tr>") == MOST + 1
    assert "and 1 more" in drawn
    assert '<a href="/audit?record=5b569643d037cdff">5b569643d037cdff:1b</a>' in drawn
    assert '<th scope="row">entry 7</th>' in drawn
    assert drawn.count("<a ") == 1, "a checkpoint is no answer"


# ---- replay ----


def replay(**more: object) -> Replay:
    given = {"record_id": "r", "snapshot_id": "s", "same_hits": True, "same_text": True, "differences": ()} | more
    return Replay(**given)  # type: ignore[arg-type]


def test_a_replay_that_is_the_same_one_that_is_not_and_one_that_could_not_be() -> None:
    assert "bit for bit" in replayed(replay(notes=("another version",)), EN)
    differs = Difference(part="hits", recorded="a, b", replayed=HOSTILE, reason="")
    other = Seen(replayed(replay(same_hits=False, differences=(differs,)), EN))
    assert "not the same" in other.words
    assert HOSTILE in other.words
    assert "nothing that the record tells is other" in other.words
    wanting = Difference(part="snapshot", recorded="000001-x", replayed="not asked", reason="it has been collected")
    gone = Seen(replayed(replay(asked=False, differences=(wanting,)), EN)).words
    assert "cannot be asked again here" in gone
    assert "it has been collected" in gone
    assert "→" not in gone


# ---- one answer ----


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> AnswerRecord:
    return kept("dose", tmp_path_factory.mktemp("small"))


def opened(record: AnswerRecord | None, **more: object) -> Opened:
    entry = AuditEntry(number=9, kind=EntryKind.ANSWER, at=AT, subject="r", user="dr-lee", commitment="ab" * 32)
    given: dict[str, object] = {
        "record_id": "r",
        "record": record,
        "entries": (entry,),
        "feedback": (),
        "erasure": None,
        "today": (),
    }
    return Opened(**{**given, **more})  # type: ignore[arg-type]


def test_the_column_tells_how_it_came_about(record: AnswerRecord) -> None:
    generation = replace(
        record.generation,
        kind="qwen",
        model_id="Qwen3-8B",
        revision="a1b2",
        quantisation="nf4",
        sampling="greedy",
        seed=7,
    )
    prompt = Prompt(system="Quote only.", user=f"Question: {HOSTILE}", passages=())
    made = replace(record, generation=generation, prompt=prompt, user="ward 3", code_version="0.1.0+abc")
    drawn = aside(opened(made), VIEW)
    seen = Seen(drawn)
    for said in ("ward 3", "0.1.0+abc", "revision a1b2 of it, nf4, greedy, seed 7", "Quote only.", HOSTILE, "coverage"):
        assert said in seen.words, said
    assert "script" not in seen.tags
    assert model(record.generation, EN)[0] == "Verbatim quotes. No language model wrote this."


def test_hits_stand_in_the_order_of_the_search_with_their_scores(record: AnswerRecord) -> None:
    passages = tuple(reversed(record.retrieval.passages))
    drawn = hits(passages, EN)
    ranks = [drawn.index(f"<p>{passage.hit.rank}. ") for passage in record.retrieval.passages]
    assert ranks == sorted(ranks)
    assert all(f"score {passage.hit.score:.3f} of 1" in drawn for passage in passages)


def test_a_citation_of_today_opens_its_page_over_the_answer(record: AnswerRecord) -> None:
    today = CitationToday(key="1", worth=WorthToday.GONE, new_document_id="n", new_edition="Version 9")
    drawn = aside(opened(record, today=(today,)), VIEW)
    assert f'href="/audit?record={record.record_id}&amp;cite=1" data-cite="1"' in drawn
    assert "no longer said" in drawn
    assert "Version 9" in drawn


def test_what_doctors_said_is_shown_as_they_wrote_it(record: AnswerRecord) -> None:
    said = Feedback(
        feedback_id="f",
        record_id="r",
        at=AT,
        user=HOSTILE,
        kind=FeedbackKind.UNSAFE,
        citation_key="1b",
        correction=HOSTILE,
    )
    seen = Seen(aside(opened(record, feedback=(said,)), VIEW))
    assert seen.words.count(HOSTILE) == 2
    assert "unsafe" in seen.words
    assert "script" not in seen.tags


def test_an_erased_answer_shows_its_entry_and_why_and_nothing_else() -> None:
    seen = Seen(aside(opened(None), VIEW)).words
    assert "entry 9" in seen
    assert "How it came about" not in seen
    erasure = Erasure(record_id="r", at=AT, user="Wu", reason="Letter 7")
    assert "by Wu: Letter 7" in Seen(erased(erasure, EN, None)).words


def test_a_row_without_a_question_still_leads_to_its_answer() -> None:
    line = RecordLine(
        number=1,
        record_id="abcd1234",
        at=AT,
        user="",
        language=Language.ENGLISH,
        mode=Mode.ANSWER,
        outcome=Outcome.REJECTED,
        snapshot_id="",
        question="",
        verdicts=(),
        feedback=(FeedbackKind.WRONG,),
    )
    drawn = list_table([line, replace(line, number=2, erased=AT)], VIEW, {"since": "2026", "search": "ab12"})
    words = Seen(drawn).words
    assert "(an empty question)" in words
    assert words.count("Erased") == 2
    assert "unnamed" in words
    assert "wrong" in words
    assert 'href="/audit?record=abcd1234&amp;since=2026&amp;search=ab12"' in drawn


def test_the_whole_column_is_drawn_in_chinese(record: AnswerRecord) -> None:
    assert "生成过程" in aside(opened(record), view_in(ZH))
