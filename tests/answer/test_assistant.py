"""The assistant from question to kept record: laws 2, 5 and 6, one snapshot an answer, markers, abstention."""

from __future__ import annotations

import time
from collections.abc import Generator as GeneratorOf
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ragmed import __version__
from ragmed.answer.assistant import RagMedAssistant
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.answer.scripted import ScriptedGenerator
from ragmed.audit.log import SqliteLog
from ragmed.canonical import sha256_of
from ragmed.drafts import Draft, Written
from ragmed.errors import BusyError, IntegrityError, ModelError, NotFoundError, NotPossibleError, RagMedError
from ragmed.interfaces import EvidenceFound, Finished, Generator
from ragmed.records import AnswerRecord, BlockKind, Document, Language, Mode, Outcome, Page, Passage, Query, Verdict
from ragmed.settings import Settings, answer_settings
from tests.answer.small_library import (
    SUPERSEDED,
    SmallRetriever,
    SmallSnapshot,
    SmallSnapshots,
    boxes,
    document,
    page,
    passages_of,
    plain_page,
)

GUIDE = document("guide", title="Anaphylaxis")
OTHER = document("other", title="Sepsis")
FIRST = plain_page(GUIDE, "Adults with anaphylaxis should receive adrenaline 0.5 mg IM. Do not give it intravenously.")
SECOND = plain_page(OTHER, "In sepsis give antibiotics within 1 hour. Observe for 12 hours after anaphylaxis.")
HEADING, ITEM = BlockKind.HEADING, BlockKind.LIST_ITEM


class Broken:
    """A generator whose model cannot be used."""

    kind = "qwen"

    def __init__(self, error: RagMedError) -> None:
        self._error = error

    def generate(
        self, query: Query, mode: Mode, passages: Sequence[Passage]
    ) -> GeneratorOf[Written | Draft, None, None]:
        raise self._error
        yield  # a generator all the same


class Bench:
    """An assistant over hand-made pages with a real store."""

    def __init__(
        self,
        folder: Path,
        generator: Generator | None = None,
        *,
        documents: tuple[Document, ...] = (GUIDE, OTHER),
        pages: tuple[Page, ...] = (FIRST, SECOND),
        coverage: float = 0.9,
        missing: tuple[str, ...] = (),
        instead: Generator | None = None,
    ) -> None:
        self.snapshot = SmallSnapshot(documents, pages)
        self.store = SqliteLog(folder / "records.sqlite")
        self.assistant = RagMedAssistant(
            SmallSnapshots(self.snapshot),
            SmallRetriever(passages_of(self.snapshot), coverage, missing),
            generator or ExtractiveGenerator(),
            self.store,
            Settings(),
            instead=instead,
            now=lambda: datetime(2026, 11, 23, 10, 0, 0, 123456, UTC),
        )

    def ask(self, question: str, **more: object) -> AnswerRecord:
        *_, last = self.assistant.ask(question, **more)  # type: ignore[arg-type]
        assert isinstance(last, Finished)
        return last.record


def test_evidence_first_then_the_record(tmp_path: Path) -> None:
    events = list(Bench(tmp_path).assistant.ask("adrenaline dose in anaphylaxis?"))
    assert [type(event) for event in events] == [EvidenceFound, Finished]


def test_a_quoted_answer_is_verbatim_with_exact_offsets(tmp_path: Path) -> None:
    record = Bench(tmp_path).ask("What dose of adrenaline in anaphylaxis?")
    assert record.outcome is Outcome.ANSWERED
    assert record.claims[0].text == "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."
    for claim in record.claims:
        assert record.text[claim.start : claim.end] == claim.text
    assert {check.verdict for check in record.checks} == {Verdict.VERBATIM}
    assert "No language model" in record.notice
    assert (record.asked_at, record.snapshot_id) == ("2026-11-23T10:00:00.123Z", "000001-00000000")
    timings = record.timings_ms
    assert timings.total >= timings.analyse + timings.retrieve + timings.generate + timings.verify - 0.01


def test_law_5_the_record_is_kept_before_it_is_shown(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for event in bench.assistant.ask("adrenaline dose in anaphylaxis?"):
        if isinstance(event, EvidenceFound):
            assert bench.store.recent(1) == ()
        else:
            assert bench.store.get(event.record.record_id) == event.record


def test_law_5_an_answer_that_cannot_be_kept_is_not_shown(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "records.sqlite").mkdir()
    events: Iterator[EvidenceFound | Finished] = bench.assistant.ask("adrenaline dose in anaphylaxis?")
    assert isinstance(next(events), EvidenceFound)
    with pytest.raises(NotPossibleError) as caught:
        next(events)
    assert caught.value.remedy


ADULTS = "Adults with anaphylaxis should receive adrenaline 0.5 mg IM."
"""Of the page."""


@pytest.mark.parametrize(
    ("written", "verdict", "instead"),
    [
        ("Adults with anaphylaxis should receive adrenaline 5 mg IM [1].", Verdict.NUMBER_MISMATCH, ADULTS),
        ("Adults with anaphylaxis should receive adrenaline 0.5 g IM [1].", Verdict.NUMBER_MISMATCH, ADULTS),
        ("Give it intravenously [1].", Verdict.NEGATION_MISMATCH, "Do not give it intravenously."),
        ("Adults with anaphylaxis should receive atropine 0.5 mg IM [1].", Verdict.UNSUPPORTED, ADULTS),
        ("Children with croup may go home after steroids [1].", Verdict.UNSUPPORTED, ""),
        ("Adults with anaphylaxis should receive adrenaline 5 mg IM [7].", Verdict.UNRESOLVABLE, ""),
        ("Adults with anaphylaxis should receive adrenaline 5 mg IM.", Verdict.UNSUPPORTED, ""),
    ],
)
def test_law_2_a_failing_claim_is_withheld_and_the_true_one_stays(
    tmp_path: Path, written: str, verdict: Verdict, instead: str
) -> None:
    """In the place of the failing one the page's own sentence stands, where one is much like it."""
    true = "In sepsis give antibiotics within 1 hour [2]."
    record = Bench(tmp_path, ScriptedGenerator(f"{written} {true}")).ask("What to give?")
    assert record.outcome is Outcome.ANSWERED
    own = [instead] if instead else []
    assert [claim.text for claim in record.claims] == [*own, "In sepsis give antibiotics within 1 hour."]
    assert all(check.verdict is Verdict.VERBATIM for check in record.checks)
    assert ("in place of one that failed its check: 1." in record.notice) is bool(instead)
    assert [(one.verdict, bool(one.reason)) for one in record.withheld] == [(verdict, True)]
    assert "atropine" not in record.text
    assert "1." in record.notice  # the count of what was withheld is told


@pytest.mark.parametrize("marker", [" [2]", " [7]", ""])
def test_a_claim_of_another_page_than_the_one_cited_is_cited_to_its_own(tmp_path: Path, marker: str) -> None:
    written = f"Adults with anaphylaxis should receive adrenaline 0.5 mg IM{marker}."
    record = Bench(tmp_path, ScriptedGenerator(written)).ask("What to give?")
    assert [check.citation.document_id for check in record.checks] == [GUIDE.document_id]
    assert [check.verdict for check in record.checks] == [Verdict.VERBATIM]
    assert record.text == "Adults with anaphylaxis should receive adrenaline 0.5 mg IM. [1]"
    assert record.generation.text == written, "what the model wrote is kept as it wrote it"
    assert record.withheld == ()


TRUE = "In sepsis give antibiotics within 1 hour [2]."
FALSE = "Adults with anaphylaxis should receive adrenaline 5 mg IM [1]."
INSTEAD = ExtractiveGenerator()


def test_a_draft_of_which_too_little_holds_is_refused_and_the_library_quoted(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ScriptedGenerator(f"{FALSE} {FALSE} {TRUE}"), instead=INSTEAD)
    record = bench.ask("What dose of adrenaline in anaphylaxis?")
    assert (record.outcome, record.generation.kind) == (Outcome.ANSWERED, "extractive")
    assert "adrenaline 0.5 mg" in record.text
    assert "2 of its 3 sentences failed" in record.notice
    assert record.refused is not None
    assert record.refused.generation.text == f"{FALSE} {FALSE} {TRUE}"
    assert len(record.refused.withheld) == 2
    assert record.refused.prompt is not None
    assert bench.store.get(record.record_id) == record


def test_a_draft_of_which_enough_holds_is_shown_without_the_rest(tmp_path: Path) -> None:
    record = Bench(tmp_path, ScriptedGenerator(f"{FALSE} {TRUE}"), instead=INSTEAD).ask("What to give?")
    assert (record.generation.kind, record.refused) == ("scripted", None)
    assert FALSE.removesuffix(" [1].") not in record.text
    assert [claim.text for claim in record.claims][:2] == [ADULTS, "In sepsis give antibiotics within 1 hour."]
    assert "Written by a language model" in record.notice


@pytest.mark.parametrize("error", [ModelError("model tiny is half there"), IntegrityError("model tiny is another")])
def test_a_model_that_cannot_be_used_is_told_and_the_library_quoted(tmp_path: Path, error: RagMedError) -> None:
    bench = Bench(tmp_path, Broken(error), instead=INSTEAD)
    record = bench.ask("What dose of adrenaline in anaphylaxis?")
    assert (record.outcome, record.generation.kind) == (Outcome.ANSWERED, "extractive")
    assert f"could not be used: {error}." in record.notice
    assert record.refused is not None
    with pytest.raises(type(error)):  # with nothing to quote instead, the caller hears of it
        Bench(tmp_path, Broken(error)).ask("What dose of adrenaline in anaphylaxis?")


def test_a_model_that_finds_nothing_is_told_and_the_nearest_is_quoted(tmp_path: Path) -> None:
    record = Bench(tmp_path, ScriptedGenerator(""), instead=INSTEAD).ask("What dose of adrenaline in anaphylaxis?")
    assert record.generation.kind == "extractive"
    assert "The language model found no answer" in record.notice


def test_what_is_written_is_told_piece_by_piece(tmp_path: Path) -> None:
    events = list(Bench(tmp_path, ScriptedGenerator(f"{TRUE}\n{FALSE}")).assistant.ask("What to give?"))
    assert [type(event) for event in events] == [EvidenceFound, Written, Written, Finished]
    assert [event.text for event in events if isinstance(event, Written)] == [f"{TRUE}\n", FALSE]
    assert isinstance(events[-1], Finished)
    timings = events[-1].record.timings_ms
    assert 0 < timings.first_piece <= timings.total


def test_an_answer_that_is_stopped_is_kept_as_far_as_it_was_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ScriptedGenerator(f"{TRUE}\n{FALSE}"), instead=INSTEAD)
    events = bench.assistant.ask("What to give?")
    assert isinstance(next(events), EvidenceFound)
    assert isinstance(next(events), Written)
    events.close()  # type: ignore[attr-defined]
    (record,) = bench.store.recent(5)
    assert (record.outcome, record.text, record.claims) == (Outcome.REJECTED, "", ())
    assert (record.generation.text, record.generation.finish_reason) == (f"{TRUE}\n", "stopped")
    assert "Stopped before it was finished" in record.notice


def test_a_draft_cut_off_loses_its_last_sentence(tmp_path: Path) -> None:
    class CutOff(ScriptedGenerator):
        def generate(
            self, query: Query, mode: Mode, passages: Sequence[Passage]
        ) -> GeneratorOf[Written | Draft, None, None]:
            for piece in super().generate(query, mode, passages):
                cut = isinstance(piece, Draft)
                yield replace(piece, generation=replace(piece.generation, finish_reason="length")) if cut else piece

    record = Bench(tmp_path, CutOff(f"{TRUE}\nGive antibiotics within 1 hour")).ask("What to give?")
    assert [claim.text for claim in record.claims] == ["In sepsis give antibiotics within 1 hour."]
    assert [one.reason for one in record.withheld] == ["the writing ended before the sentence did"]
    assert "cut at its greatest length" in record.notice


def test_law_2_nothing_is_shown_where_nothing_holds(tmp_path: Path) -> None:
    record = Bench(tmp_path, ScriptedGenerator("Give 5 g of anything. Trust me.")).ask("What to give?")
    assert (record.outcome, record.text, record.claims, record.checks) == (Outcome.REJECTED, "", (), ())
    assert len(record.withheld) == 2
    assert record.notice


def test_law_2_hidden_words_are_not_quoted(tmp_path: Path) -> None:
    hidden = replace(FIRST, boxes=boxes(FIRST.text, hidden=(0, 60)), width=595.0, height=842.0)
    record = Bench(tmp_path, documents=(GUIDE,), pages=(hidden,)).ask("adrenaline dose in anaphylaxis?")
    assert "0.5 mg" not in record.text
    assert Verdict.UNRESOLVABLE in {one.verdict for one in record.withheld}


def test_markers_count_from_one_in_reading_order_and_agree_with_the_passages(tmp_path: Path) -> None:
    script = "In sepsis give antibiotics within 1 hour [2].\nDo not give adrenaline intravenously [1]. Observe for 12 hours after anaphylaxis [2]."
    record = Bench(tmp_path, ScriptedGenerator(script)).ask("What to give?")
    assert record.text == (
        "In sepsis give antibiotics within 1 hour. [1]\n"
        "Do not give adrenaline intravenously. [2] Observe for 12 hours after anaphylaxis. [1]"
    )
    by_marker = {passage.marker: passage for passage in record.retrieval.passages}
    assert sorted(by_marker) == [1, 2]
    for check in record.checks:
        assert by_marker[check.citation.marker].chunk.chunk_id == check.citation.chunk_id


def test_passages_that_are_not_cited_come_after_the_cited_ones(tmp_path: Path) -> None:
    record = Bench(tmp_path, ScriptedGenerator("Observe for 12 hours after anaphylaxis [2].")).ask("How long?")
    assert [(one.marker, one.document.title) for one in record.retrieval.passages] == [
        (1, "Sepsis"),
        (2, "Anaphylaxis"),
    ]


def test_abstention_names_the_nearest_titles_and_what_is_missing(tmp_path: Path) -> None:
    record = Bench(tmp_path, coverage=0.1, missing=("football",)).ask("Who won the football cup?")
    assert record.outcome is Outcome.ABSTAINED
    assert record.text == ""
    for words in ("does not cover", "football", "Anaphylaxis; Sepsis"):
        assert words in record.notice


def test_abstention_in_chinese(tmp_path: Path) -> None:
    record = Bench(tmp_path, coverage=0.1).ask("谁赢了世界杯足球赛?")
    assert "没有涵盖" in record.notice
    assert "《Anaphylaxis》" in record.notice


def test_abstention_where_no_sentence_answers(tmp_path: Path) -> None:
    record = Bench(tmp_path).ask("Who won the football cup?")
    assert record.outcome is Outcome.ABSTAINED
    assert "no sentence" in record.notice


def test_a_chinese_question_on_english_pages_says_that_they_are_english(tmp_path: Path) -> None:
    record = Bench(tmp_path).ask("成人过敏性休克肾上腺素的剂量是多少?")
    assert record.claims[0].text.startswith("Adults with anaphylaxis")
    assert "英文原文" in record.notice
    assert "语言模型" in record.notice


@pytest.mark.parametrize(
    ("question", "words"), [("", "Please type"), (" \n ", "Please type"), ("??", "Please type"), ("x" * 4001, "4000")]
)
def test_a_question_that_cannot_be_taken_is_rejected_and_recorded(tmp_path: Path, question: str, words: str) -> None:
    bench = Bench(tmp_path)
    (only,) = bench.assistant.ask(question)
    assert isinstance(only, Finished)
    assert only.record.outcome is Outcome.REJECTED
    assert words in only.record.notice
    assert len(only.record.question) <= 4000
    assert bench.store.get(only.record.record_id) == only.record


def test_a_long_chinese_question_is_refused_in_chinese(tmp_path: Path) -> None:
    (only,) = Bench(tmp_path).assistant.ask("肺" * 4001)
    assert isinstance(only, Finished)
    assert "过长" in only.record.notice


def test_a_superseded_document_is_marked(tmp_path: Path) -> None:
    old = document("guide", title="Anaphylaxis", **SUPERSEDED)
    record = Bench(tmp_path, documents=(old, OTHER)).ask("adrenaline dose in anaphylaxis?")
    assert "newer edition" in record.notice
    assert "[1]" in record.notice
    assert record.documents[0].superseded_by == "d-newer"


def test_the_answer_works_on_one_snapshot_though_another_is_published(tmp_path: Path) -> None:
    before, after = SmallSnapshot([GUIDE], [FIRST]), SmallSnapshot([GUIDE, OTHER], [FIRST, SECOND])
    after.snapshot_id = "000002-00000000"
    searches: list[str] = []

    class Watching(SmallRetriever):
        def retrieve(self, query, k):  # type: ignore[no-untyped-def]
            searches.append(query.text)
            return super().retrieve(query, k)

    # published between the first look and the end of the first search: the search is run again
    assistant = RagMedAssistant(
        SmallSnapshots(before, after),
        Watching(passages_of(after)),
        ExtractiveGenerator(),
        SqliteLog(tmp_path / "records.sqlite"),
        Settings(),
    )
    *_, last = assistant.ask("adrenaline dose in anaphylaxis?")
    assert isinstance(last, Finished)
    assert last.record.snapshot_id == "000002-00000000"
    assert len(searches) == 2


def test_a_library_that_never_rests_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    def restless(number: int) -> SmallSnapshot:
        made = SmallSnapshot([GUIDE], [FIRST])
        made.snapshot_id = f"{number:06}-00000000"
        return made

    snapshots = SmallSnapshots(*(restless(number) for number in range(40)))
    passages = passages_of(SmallSnapshot([GUIDE], [FIRST]))
    store = SqliteLog(tmp_path / "records.sqlite")
    assistant = RagMedAssistant(snapshots, SmallRetriever(passages), ExtractiveGenerator(), store, Settings())
    with pytest.raises(BusyError) as caught:
        list(assistant.ask("adrenaline dose?"))
    assert caught.value.remedy


CARD = page(
    GUIDE,
    (HEADING, "Differential diagnosis"),
    (HEADING, "Pneumonia"),
    (BlockKind.PARAGRAPH, "Can't miss."),
    (ITEM, "• Supports: fever; productive cough."),
    (ITEM, "• Speaks against: normal CRP."),
    (ITEM, "• Next test: chest radiograph."),
    (HEADING, "Asthma"),
    (ITEM, "• Supports: wheeze."),
    (HEADING, "What to do"),
    (BlockKind.PARAGRAPH, "With fever and cough the next step is a chest radiograph within 4 hours."),
)


def test_a_case_gets_the_card_and_the_recommendation(tmp_path: Path) -> None:
    record = Bench(tmp_path, documents=(GUIDE,), pages=(CARD,)).ask(
        "45F with fever and cough. What are the differentials?"
    )
    assert record.mode is Mode.DIFFERENTIAL
    assert [claim.text for claim in record.claims] == [
        "With fever and cough the next step is a chest radiograph within 4 hours."
    ]
    assert record.differential is not None
    first = record.differential[0]
    assert (first.diagnosis, first.cannot_miss) == ("Pneumonia", True)
    # every index of the card leads to its own words
    for candidate in record.differential:
        for finding in (*candidate.supporting, *candidate.against, *candidate.next_tests):
            assert finding.citation is not None
            assert finding.text in record.checks[finding.citation].citation.quote
            assert record.checks[finding.citation].citation.claim == -1
    assert {finding.text for finding in record.case} >= {"fever", "cough"}


def test_a_case_without_a_card_is_answered_plainly_unless_a_card_was_asked_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    question = "45F with anaphylaxis and hypotension. What next?"
    plain = bench.ask(question)
    assert (plain.mode, plain.differential) == (Mode.ANSWER, None)
    wanted = bench.ask(question, mode=Mode.DIFFERENTIAL)
    assert (wanted.mode, wanted.differential) == (Mode.DIFFERENTIAL, ())
    assert "no differential" in wanted.notice


def test_the_language_can_be_said(tmp_path: Path) -> None:
    assert Bench(tmp_path, coverage=0.0).ask("ARDS?", language=Language.CHINESE).language is Language.CHINESE


def test_records_can_be_found_again_by_prefix(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    record = bench.ask("adrenaline dose in anaphylaxis?")
    assert bench.store.get(record.record_id[:6]) == record
    with pytest.raises(NotFoundError):
        bench.store.get("zzzz")


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("Adults with anaphylaxis should receive adrenaline 0.5 mg IM [1].", Outcome.ANSWERED),
        ("Adults with anaphylaxis should receive adrenaline 5 mg IM [1].", Outcome.REJECTED),
        ("", Outcome.ABSTAINED),
    ],
)
def test_the_exact_prompt_is_kept_however_the_answer_ends(tmp_path: Path, written: str, outcome: Outcome) -> None:
    bench = Bench(tmp_path, ScriptedGenerator(written))
    record = bench.ask("adrenaline dose in anaphylaxis?")
    kept = bench.store.get(record.record_id)
    assert kept.outcome is outcome
    assert kept.prompt is not None
    assert kept.prompt.user == "adrenaline dose in anaphylaxis?"
    assert {passage.chunk.document_id for passage in kept.prompt.passages} == {"d-guide", "d-other"}
    assert kept.generation.sampling == "greedy"


def test_no_prompt_is_kept_where_no_model_was_asked(tmp_path: Path) -> None:
    assert Bench(tmp_path).ask("adrenaline dose in anaphylaxis?").prompt is None
    assert Bench(tmp_path, ScriptedGenerator("x")).ask("?!").prompt is None


def test_every_kind_of_record_says_who_asked_and_with_what(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assistant = RagMedAssistant(
        SmallSnapshots(bench.snapshot),
        SmallRetriever(passages_of(bench.snapshot), 0.0),
        ExtractiveGenerator(),
        bench.store,
        Settings(),
        user="night shift",
    )
    for question, outcome in (("malaria?", Outcome.ABSTAINED), ("", Outcome.REJECTED), ("x" * 4001, Outcome.REJECTED)):
        *_, last = assistant.ask(question)
        assert isinstance(last, Finished)
        kept = bench.store.get(last.record.record_id)
        assert (kept.outcome, kept.user, kept.code_version) == (outcome, "night shift", __version__)
        assert kept.settings == answer_settings(Settings())
        assert kept.settings_sha256 == sha256_of(kept.settings)
        assert kept.asked_characters == (4001 if len(question) > 4000 else 0)


def test_a_stopped_answer_bears_what_wrote_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ScriptedGenerator(f"{TRUE}\n{FALSE}"), instead=INSTEAD)
    events = bench.assistant.ask("What to give?")
    next(events), next(events)
    events.close()  # type: ignore[attr-defined]
    (record,) = bench.store.recent(5)
    wrote = record.generation
    assert (wrote.kind, wrote.model_id, wrote.revision, wrote.sampling) == ("scripted", "scripted", "1", "greedy")
    assert (wrote.text, wrote.finish_reason) == (f"{TRUE}\n", "stopped")


class ReadsFirst(ScriptedGenerator):
    """Gives signs of life before it writes, as an engine does that reads a long prompt."""

    def generate(
        self, query: Query, mode: Mode, passages: Sequence[Passage]
    ) -> GeneratorOf[Written | Draft, None, None]:
        yield Written(text="")
        time.sleep(0.05)
        yield from super().generate(query, mode, passages)


def test_a_sign_of_life_is_not_the_first_word_and_nothing_that_was_told(tmp_path: Path) -> None:
    record = Bench(tmp_path, ReadsFirst(TRUE)).ask("What to give?")
    assert record.timings_ms.first_piece >= 50
    bench = Bench(tmp_path / "other", ReadsFirst(TRUE))
    events = bench.assistant.ask("What to give?")
    next(events), next(events)
    events.close()  # type: ignore[attr-defined]
    assert bench.store.recent(5) == ()


def test_when_the_pages_were_there_and_when_they_ought_to_be_is_in_the_record(tmp_path: Path) -> None:
    timings = Bench(tmp_path).ask("What to give?").timings_ms
    assert 0 < timings.evidence <= timings.total
    assert (timings.evidence_budget, timings.first_piece_budget) == (1000.0, 0.0)
    written = Bench(tmp_path / "other", ScriptedGenerator(TRUE)).ask("What to give?").timings_ms
    assert (written.evidence_budget, written.first_piece_budget) == (1000.0, 2000.0)
    assert written.evidence <= written.first_piece
