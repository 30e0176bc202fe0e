"""The second check on top of the rules: it may withhold, it never rescues, and a quotation is none of its business."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from benchmarks.altered.measure import GROUPS
from benchmarks.altered.texts import demonstration, restatements
from ragmed.answer.judging import Judged, judge_draft
from ragmed.answer.second_check import SecondCheck, pair_of, pair_within
from ragmed.drafts import Draft
from ragmed.engines import Inference, TextPair
from ragmed.generate.entailment import EntailmentModel
from ragmed.records import BlockKind, Generation, Language, Verdict
from ragmed.settings import AnswerSettings
from tests.answer.small_library import SmallSnapshot, cite, document, page, passages_of, plain_page, whole_page_chunks
from tests.generate import tiny_entailment

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
GUIDE = document("guide")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with tiny_entailment.one_thread():
        yield


@lru_cache(maxsize=1)
def cases() -> tuple[tuple[str, str], ...]:
    """(claim, sentence of the page): altered, faithfully reworded and unaltered sentences of the demonstration library,
    and those restated by hand."""
    found = [(row[says], row["sentence"]) for row in restatements() for says in ("same", "other")]
    pages = demonstration(chinese=False) + demonstration(chinese=True)
    if not pages:
        pytest.skip("the demonstration library has not been built (python guidelines/make.py)")
    sentences = [(sentence, each) for each in pages for sentence in each]
    chance = random.Random(4)
    chance.shuffle(sentences)
    for sentence, others in sentences[:100]:
        found.append((sentence, sentence))
        for edit in chance.sample([edit for group in GROUPS.values() for edit in group], 6):
            edited = edit(sentence, chance, others)
            if edited:
                found.append((edited, sentence))
    return tuple(found)


def judged(claims: Sequence[tuple[str, str]], second: SecondCheck | None) -> list[Judged]:
    """Each claim as a draft of its own over a page that is its sentence."""
    made = []
    for claim, sentence in claims:
        snapshot = SmallSnapshot([GUIDE], [plain_page(GUIDE, " ".join(sentence.split()))])
        line = " ".join(claim.split())
        written = Generation(text=f"{line} [1]", kind="scripted", model_id="m", revision="1")
        made.append(judge_draft(Draft(generation=written), passages_of(snapshot), snapshot, second, Language.ENGLISH))
    return made


@lru_cache(maxsize=1)
def by_rules() -> list[Judged]:
    return judged(cases(), None)


def second_of(folder: Path, least: float = 0.5) -> SecondCheck:
    settings = AnswerSettings(entailment_model=str(folder))
    return SecondCheck(EntailmentModel(settings, folder.parent), least)


class Counting:
    """An entailer that says what it was told to, and remembers what it was asked."""

    model_id, revision = "counting", "1"

    def __init__(self, *says: Inference | None) -> None:
        self._says = says
        self.asked: list[Sequence[TextPair]] = []

    def warm(self) -> None:
        """Nothing to load."""

    def infer(self, pairs: Sequence[TextPair]) -> tuple[Inference | None, ...]:
        self.asked.append(pairs)
        return tuple(self._says[row % len(self._says)] for row in range(len(pairs)))


def chances(entailment: float, contradiction: float = 0.0) -> Inference:
    return Inference(
        entailment=entailment, neutral=1 - entailment - contradiction, contradiction=contradiction, left_out=0
    )


def test_a_model_that_agrees_to_everything_changes_no_verdict(tmp_path: Path) -> None:
    agreeing = second_of(tiny_entailment.always(tmp_path / "yes", "entailment", positions=512))
    assert len(cases()) >= 500
    plain, asked = by_rules(), judged(cases(), agreeing)
    for then, now in zip(plain, asked, strict=True):
        assert now.withheld == then.withheld
        assert [claim for claim, _ in now.held] == [claim for claim, _ in then.held]
        bare = [tuple(replace(check, entailment=None) for check in checks) for _, checks in now.held]
        assert bare == [checks for _, checks in then.held]
        for _, checks in now.held:
            verbatim = checks[0].verdict is Verdict.VERBATIM
            assert all((check.entailment is None) is verbatim for check in checks)
    assert sum(len(one.withheld) for one in plain) > 100, "there is much that it could have rescued"
    assert not any(one.unasked for one in asked)


def test_a_model_that_contradicts_everything_withholds_each_paraphrase_and_no_quotation(tmp_path: Path) -> None:
    contrary = second_of(tiny_entailment.always(tmp_path / "no", "contradiction", kind="deberta-v2", positions=512))
    paraphrases = quotations = 0
    for then, now in zip(by_rules(), judged(cases(), contrary), strict=True):
        for _, checks in then.held:
            if checks[0].verdict is Verdict.VERBATIM:
                quotations += 1
                assert now == then
            else:
                paraphrases += 1
                (withheld,) = now.withheld
                assert withheld.verdict is Verdict.UNSUPPORTED
                assert "a second check reads the page as saying otherwise" in withheld.reason
                assert withheld.entailment is not None
                assert withheld.entailment.label == "contradiction"
        if not then.held:
            assert now == then, "what the rules refuse keeps their reason"
    assert min(paraphrases, quotations) > 80


def test_whatever_a_model_says_nothing_is_rescued_and_the_rules_keep_their_word() -> None:
    chance = random.Random(9)
    wild = [chances(first, (1 - first) * chance.random()) for first in (chance.random() for _ in range(997))]
    entailer = Counting(*wild, None)
    for then, now in zip(by_rules(), judged(cases(), SecondCheck(entailer, 0.4)), strict=True):
        assert {claim.text for claim, _ in now.held} <= {claim.text for claim, _ in then.held}
        assert set(then.withheld) <= set(now.withheld)
        assert now.count == then.count


def test_all_claims_of_a_draft_are_asked_in_one_batch_and_quotations_not_at_all() -> None:
    one = "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."
    two = "In sepsis give antibiotics within 1 hour."
    snapshot = SmallSnapshot([GUIDE], [plain_page(GUIDE, f"{one} {two}")])
    text = f"{one} [1]\nAnaphylaxis: adults receive adrenaline 0.5 mg IM [1].\nGive antibiotics within 1 hour in sepsis [1]."
    draft = Draft(generation=Generation(text=text, kind="scripted", model_id="m", revision="1"))
    entailer = Counting(chances(0.9), chances(0.2))
    found = judge_draft(draft, passages_of(snapshot), snapshot, SecondCheck(entailer, 0.5), Language.CHINESE)
    (pairs,) = entailer.asked
    assert [pair.hypothesis for pair in pairs] == [
        "Anaphylaxis: adults receive adrenaline 0.5 mg IM.",
        "Give antibiotics within 1 hour in sepsis.",
    ]
    assert [checks[0].entailment is not None for _, checks in found.held] == [False, True]
    (withheld,) = found.withheld
    assert withheld.reason == "第二道核对认为页面不足以支持这句话（20%，要求 50%）"
    quoting = Draft(generation=Generation(text=f"{one} [1]", kind="scripted", model_id="m", revision="1"))
    entailer.asked.clear()
    judge_draft(quoting, passages_of(snapshot), snapshot, SecondCheck(entailer, 0.5))
    assert entailer.asked == []


@pytest.mark.parametrize(
    ("says", "least", "reason"),
    [
        (chances(0.5), 0.5, ""),
        (chances(0.4999), 0.5, "(49.99%, 50% are asked for)"),
        (chances(0.4999), 0.49, ""),
        (chances(0.1, 0.2), 0.0, ""),  # neutral is the likeliest, and nothing is asked for
        (chances(0.3, 0.6), 0.0, "otherwise (60%)"),
        (chances(0.5, 0.5), 0.0, "otherwise (50%)"),  # of equals the graver one
        (chances(1.0), 1.0, ""),
    ],
)
def test_what_is_withheld_at_which_threshold(says: Inference, least: float, reason: str) -> None:
    check = SecondCheck(Counting(says), least)
    (found,) = check.ask([pair_within("a", "b", 0, 1)])
    assert found is not None
    said = check.refusal(found, Language.ENGLISH)
    assert (reason in said) if reason else not said


def test_the_premise_is_the_cited_sentence_with_its_headings_and_neighbours_and_not_the_page() -> None:
    sentences = ("Lie flat.", "Call for help.", "Give oxygen at once.", "Observe for 12 hours.", "Write it down.")
    made = page(GUIDE, (BlockKind.HEADING, "Children"), (BlockKind.PARAGRAPH, " ".join(sentences)))
    snapshot = SmallSnapshot([GUIDE], [made])
    (chunk,) = whole_page_chunks(made)
    asked = pair_of("- Oxygen is given [1]", [cite(made, "oxygen at", chunk=chunk)], snapshot)
    assert asked.premise == ("Children:", *sentences[1:4])
    assert asked.needed == (False, False, True, False)
    assert asked.hypothesis == "Oxygen is given"
    both = pair_of("x", [cite(made, "Lie flat.", chunk=chunk), cite(made, "Write", chunk=chunk)], snapshot)
    assert both.premise == ("Children:", *sentences[:2], *sentences[3:])
    assert both.needed == (False, True, False, False, True)


def test_what_there_is_no_room_for_stands_on_the_rules_and_is_said(tmp_path: Path) -> None:
    contrary = second_of(tiny_entailment.always(tmp_path / "no", "contradiction", positions=16))
    long = "Adults with anaphylaxis should receive adrenaline 0.5 mg into the outer thigh at once from whoever is near."
    claim = long.replace("Adults with anaphylaxis should receive", "Adults who have anaphylaxis should receive")
    (found,) = judged([(claim, long)], contrary)
    ((_, checks),) = found.held
    assert checks[0].entailment is None
    assert found.unasked == (
        "Sentences whose cited words are too long for the second check, checked by the rules alone: 1."
    )


def test_a_model_that_cannot_be_used_leaves_the_rules_alone_and_says_so(tmp_path: Path) -> None:
    absent = second_of(tmp_path / "absent")
    sentence = "In sepsis give antibiotics within 1 hour."
    paraphrase, false = "Give antibiotics within 1 hour in sepsis.", "Give antibiotics within 6 hours in sepsis."
    held, refused, quoted = judged([(paraphrase, sentence), (false, sentence), (sentence, sentence)], absent)
    assert held.held[0][1][0].entailment is None
    assert held.unasked.startswith("The second check did not run (absent: ")
    assert str(tmp_path) not in held.unasked
    assert (refused.withheld[0].verdict, refused.unasked) == (Verdict.NUMBER_MISMATCH, "")
    assert quoted.unasked == "", "nothing was missed"
