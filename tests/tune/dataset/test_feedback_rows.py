"""Rows from feedback: reviewed alone, checked against the page of today, byte for byte the prompt that was sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragmed.entries import FeedbackKind, ReviewDecision
from ragmed.records import AnswerRecord
from ragmed.tune.dataset.making import Dataset
from ragmed.tune.dataset.rows import Form
from tests.tune.dataset.reading_rows import answer, passages, rows, turns, user
from tests.tune.dataset.ward import Ward, library

QUESTION = "Which dose of adrenaline is given in anaphylaxis?"
RIGHT = "Give adrenaline 0.5 mg into the outer thigh muscle as soon as anaphylaxis is suspected."
ALSO = "Antihistamines must not delay adrenaline."
PRESSURE = "Norepinephrine is the first vasopressor, aiming at a mean arterial pressure of 65 mmHg."


@pytest.fixture
def own(tmp_path: Path) -> Ward:
    return Ward.of(tmp_path / "ward")


def marker_of(record: AnswerRecord, sentence: str) -> int:
    """As the doctor sees it."""
    found = [one.marker for one in record.retrieval.passages if sentence in one.chunk.text]
    assert found, "the search found the passage"
    return found[0]


def said(
    own: Ward,
    record: AnswerRecord,
    correction: str = "",
    *,
    kind: FeedbackKind = FeedbackKind.WRONG,
    decision: ReviewDecision | None = ReviewDecision.ACCEPT,
    edited: str = "",
) -> str:
    given = own.auditor.give_feedback(record.record_id, kind, user="dr-lee", correction=correction)
    if decision is not None:
        own.auditor.review(given.feedback_id, decision, user="dr-owen", correction=edited)
    return given.feedback_id


def made(own: Ward, tmp_path: Path) -> tuple[Dataset, Path]:
    out = tmp_path / f"rows{len(list(tmp_path.iterdir()))}"
    return own.make(out, library=False), out


def test_a_correction_teaches_and_beats_the_answer_it_corrects(own: Ward, tmp_path: Path) -> None:
    record = own.asked(QUESTION, writes=f"{ALSO} [1]\nGive 900 mg of adrenaline [2].")
    marker = marker_of(record, RIGHT)
    said(own, record, f"{RIGHT} [{marker}]", kind=FeedbackKind.UNSAFE)
    dataset, out = made(own, tmp_path)
    assert not dataset.problems
    ((split, sft),) = rows(out)
    ((_, dpo),) = rows(out, Form.DPO)
    ((_, kto),) = rows(out, Form.KTO)
    (expected,) = sft["meta"]["expected"]
    assert (expected["sentence"], expected["verdict"]) == (RIGHT, "verbatim")
    assert RIGHT in passages(sft)[expected["marker"]]
    assert answer(sft) == f"{RIGHT[:-1]} [{expected['marker']}]."
    assert (dpo["chosen"][0]["content"], dpo["prompt"]) == (answer(sft), turns(sft)[:2])
    assert dpo["rejected"][0]["content"].startswith(ALSO[:-1]), "what was shown, and nothing that was withheld"
    assert "900" not in json.dumps([sft, dpo, kto])
    assert (kto["label"], kto["completion"][0]["content"]) == (False, dpo["rejected"][0]["content"])
    assert sft["meta"]["group"] == f"a-{record.record_id}"
    assert sft["meta"]["kind"] == "unsafe"
    assert split.value in {"train", "validation", "test"}
    assert dataset.card["feedback"] == {"reviewed": 1}


def test_the_prompt_is_what_was_sent_but_for_the_other_sides(own: Ward, tmp_path: Path) -> None:
    record = own.asked(QUESTION, writes=f"{RIGHT} [1]")
    assert record.prompt is not None
    said(own, record, f"{RIGHT} [{marker_of(record, RIGHT)}]")
    _, out = made(own, tmp_path)
    ((_, row),) = rows(out)
    system, asked = turns(row)[:2]
    assert system["content"] == record.prompt.system
    kept = set(passages(row).values())
    sent = [one for one in record.prompt.passages if one.chunk.text in kept]
    assert len(sent) == len(kept) > 0
    lines = record.prompt.user.split("\n</passage>\n")
    mine = [line for line in lines if any(one.chunk.text in line for one in sent)]
    for number, line in enumerate(mine, 1):
        fence = line.removeprefix("<passages>\n")
        assert f'number="{number}"{fence.partition(chr(34) + " ")[2].join((" ", ""))}' in asked["content"]
    assert asked["content"].endswith(f"Question: {QUESTION}")


def test_only_what_a_reviewer_let_through_teaches_and_the_last_word_counts(own: Ward, tmp_path: Path) -> None:
    record = own.asked(QUESTION, writes="Give 5 mg [1].")
    said(own, record, RIGHT, decision=None)
    refused = said(own, record, RIGHT, decision=ReviewDecision.REFUSE)
    edited = said(own, record, "Give a lot.", decision=ReviewDecision.EDIT, edited=ALSO)
    dataset, out = made(own, tmp_path)
    assert [answer(row).partition(" [")[0] for _, row in rows(out)] == [ALSO[:-1]]
    assert dataset.card["feedback"] == {"waiting": 1, "refused": 1, "reviewed": 1}
    own.auditor.review(refused, ReviewDecision.ACCEPT, user="dr-chan")
    own.auditor.review(edited, ReviewDecision.REFUSE, user="dr-chan")
    _, later = made(own, tmp_path)
    assert [answer(row).partition(" [")[0] for _, row in rows(later)] == [RIGHT[:-1]]


def test_a_thumb_up_has_to_hold_and_a_thumb_down_has_not(own: Ward, tmp_path: Path) -> None:
    good = own.asked(QUESTION, writes=f"{RIGHT} [1]")
    said(own, good, kind=FeedbackKind.RIGHT)
    quoted = own.asked("When should antibiotics start in septic shock?")
    said(own, quoted, kind=FeedbackKind.MISSING)
    dataset, out = made(own, tmp_path)
    assert not dataset.problems
    labels = {row["meta"]["kind"]: row for _, row in rows(out, Form.KTO)}
    assert labels["right"]["label"] is True
    assert labels["right"]["meta"]["expected"]
    assert labels["missing"]["label"] is False
    assert not rows(out)
    assert not rows(out, Form.DPO)


def test_what_was_right_of_an_edition_that_has_gone_teaches_nothing(own: Ward, tmp_path: Path) -> None:
    record = own.asked("Which vasopressor comes first in septic shock?", writes=f"{PRESSURE} [1]")
    feedback = said(own, record, kind=FeedbackKind.RIGHT)
    later = Ward.of(own.folder, library(changed=True))
    dataset, out = made(later, tmp_path)
    ((where, reason),) = [(one.where, one.reason) for one in dataset.problems]
    assert where == f"feedback {feedback}"
    assert "unresolvable" in reason
    assert "have gone since" in reason
    assert not rows(out, Form.KTO)


def test_what_no_page_bears_out_falls_short_by_name_and_without_its_words(own: Ward, tmp_path: Path) -> None:
    record = own.asked(QUESTION, writes=f"{RIGHT} [1]")
    wrong = said(own, record, f"{RIGHT}\nGive 900 mg of adrenaline to Mr Quill.")
    elsewhere = said(own, record, f"{RIGHT} [{1 + marker_of(record, RIGHT) % 8}]")
    dataset, out = made(own, tmp_path)
    assert {one.where for one in dataset.problems} == {f"feedback {wrong}", f"feedback {elsewhere}"}
    kept = (out / "problems.jsonl").read_text("utf-8")
    assert "Quill" not in kept
    assert "900" not in kept
    assert not rows(out)


def test_an_answer_over_two_sides_falls_short(own: Ward, tmp_path: Path) -> None:
    record = own.asked(f"{QUESTION} And which vasopressor comes first in septic shock?", writes=f"{RIGHT} [1]")
    both = said(own, record, f"{RIGHT}\n{PRESSURE}")
    dataset, _ = made(own, tmp_path)
    reasons = {one.where: one.reason for one in dataset.problems}
    assert "different sides" in reasons[f"feedback {both}"]


def test_a_correction_to_not_covered_is_an_abstention(own: Ward, tmp_path: Path) -> None:
    record = own.asked("How is a sprained ankle strapped?", writes=f"{RIGHT} [1]")
    said(own, record, "NOT COVERED")
    dataset, out = made(own, tmp_path)
    assert not dataset.problems
    ((_, row),) = rows(out)
    assert (answer(row), row["meta"]["answerable"], row["meta"]["expected"]) == ("NOT COVERED", False, [])
    assert rows(out, Form.DPO)


def test_an_erased_answer_teaches_nothing(own: Ward, tmp_path: Path) -> None:
    record = own.asked(QUESTION, writes=f"{RIGHT} [1]")
    said(own, record, RIGHT)
    kept = own.asked(QUESTION, writes=f"{ALSO} [1]")
    said(own, kept, ALSO)
    own.auditor.erase(record.record_id, reason="letter 4")
    _, out = made(own, tmp_path)
    text = json.dumps([row for form in Form for _, row in rows(out, form)])
    assert record.record_id not in text
    assert kept.record_id in text
    assert user(rows(out)[0][1]).endswith(QUESTION)
