"""`eval questions` with a real search over a few pages, and an assistant that answers by rote."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragmed.errors import BadInputError
from ragmed.evaluate.question_file import read_questions
from ragmed.evaluate.questions import evaluate_questions
from ragmed.interfaces import EvidenceFound, Finished
from ragmed.records import (
    AnswerRecord,
    Citation,
    CitationCheck,
    Filters,
    Generation,
    Mode,
    Outcome,
    Timings,
    Verdict,
)
from ragmed.retrieve.search import HybridRetriever

ROWS = [
    {
        "id": "a",
        "language": "en",
        "kind": "number",
        "question": "Which vasopressor first in septic shock, at what mean arterial pressure?",
        "answerable": True,
        "gold": [{"file": "house/sepsis.txt", "pages": [1]}, {"file": "house/repeated.txt", "pages": [1]}],
        "must_have": ["65 mmHg", "12 hours"],
    },
    {
        "id": "b",
        "language": "en",
        "kind": "lookup",
        "question": "Smoking and the risk of cancer",
        "answerable": True,
        "gold": [{"file": "nodules.txt", "pages": []}],
    },
    {
        "id": "c",
        "language": "zh",
        "kind": "lookup",
        "question": "感染性休克首选哪种升压药？",
        "answerable": True,
        "gold": [{"file": "elsewhere.txt", "pages": [3]}],
    },
    {"id": "d", "language": "en", "kind": "unanswerable", "question": "Who won?", "answerable": False, "gold": []},
]


class RoteAssistant:
    """Cites the first passage found and says one sentence; abstains from questions without a clinical word."""

    def __init__(self, retriever: HybridRetriever) -> None:
        self._retriever = retriever

    def ask(self, question: str, **_: object) -> Iterator[EvidenceFound | Finished]:
        retrieval = self._retriever.retrieve(self._retriever.analyse(question, None, Filters()), 3)
        yield EvidenceFound(retrieval=retrieval, snapshot_id="s")
        first = retrieval.passages[0]
        chunk = first.chunk
        citation = Citation(
            claim=0,
            marker=1,
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            page_number=chunk.page_number,
            start=chunk.start,
            end=chunk.end,
            quote=chunk.text,
        )
        answered = question != "Who won?"
        yield Finished(
            record=AnswerRecord(
                record_id="r",
                asked_at="",
                question=question,
                language=retrieval.query.language,
                mode=Mode.ANSWER,
                outcome=Outcome.ANSWERED if answered else Outcome.ABSTAINED,
                text="Aim at 65 mmHg. [1]" if answered else "",
                claims=(),
                checks=(CitationCheck(citation=citation, verdict=Verdict.VERBATIM, reason=""),) if answered else (),
                differential=None,
                withheld=(),
                retrieval=retrieval,
                documents=tuple(passage.document for passage in retrieval.passages),
                snapshot_id="s",
                generation=Generation(text="", kind="rote", model_id="", revision=""),
                timings_ms=Timings(analyse=1, retrieve=2, generate=3, verify=4, total=10),
            )
        )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), "utf-8")
    return path


def test_pages_found_cited_and_numbers(file: Path, retriever: HybridRetriever) -> None:
    scores = evaluate_questions(file, retriever, RoteAssistant(retriever))
    whole = scores.whole
    assert whole.questions == 4
    assert whole.page_hit_1 == pytest.approx(2 / 3)  # of the three answerable ones, c's page is not in the library
    assert whole.page_hit_10 == pytest.approx(2 / 3)
    assert whole.cited_page_hit == pytest.approx(2 / 3)
    assert whole.must_have_numbers == pytest.approx(1 / 2)  # 65 said, 12 not
    assert (whole.abstention_precision, whole.abstention_recall, whole.false_abstentions) == (1, 1, 0)
    assert whole.ms_p50 == 10


def test_groups_are_scored_on_their_own(file: Path, retriever: HybridRetriever) -> None:
    scores = evaluate_questions(file, retriever, RoteAssistant(retriever))
    by_language = {group.group: group for group in scores.by_language}
    assert by_language["zh"].page_hit_10 == 0
    assert by_language["en"].page_hit_10 == 1
    assert {group.group for group in scores.by_kind} == {"lookup", "number", "unanswerable"}
    assert scores.report()["by_kind"]["unanswerable"]["page_hit@1"] is None


def test_without_an_assistant_the_search_alone_is_measured(file: Path, retriever: HybridRetriever) -> None:
    scores = evaluate_questions(file, retriever, abstain_below=1.0)
    assert math.isnan(scores.whole.cited_page_hit)
    assert math.isnan(scores.whole.must_have_numbers)
    assert scores.whole.abstention_recall == 1
    assert scores.whole.false_abstentions == 1
    assert scores.whole.abstention_precision == pytest.approx(1 / 4)
    assert evaluate_questions(file, retriever).whole.false_abstentions == 0
    assert math.isnan(evaluate_questions(file, retriever).whole.abstention_precision)


def test_a_file_of_another_folder_with_the_same_name_is_no_hit(
    tmp_path: Path,
    retriever: HybridRetriever,
) -> None:
    row = {**ROWS[1], "gold": [{"file": "xnodules.txt", "pages": []}]}
    path = tmp_path / "q.jsonl"
    path.write_text(json.dumps(row) + "\n")
    assert evaluate_questions(path, retriever).whole.page_hit_10 == 0


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "x", "question": "q"}', '{"question": "q", "gold": [{}]}'])
def test_a_line_that_is_no_question_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n" + line + "\n")
    with pytest.raises(BadInputError, match="line 2"):
        read_questions(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"gone\.jsonl"):
        read_questions(tmp_path / "gone.jsonl")


def test_the_development_questions_are_read_whole(data: Path) -> None:
    questions = read_questions(data / "questions" / "oncall_dev.jsonl")
    assert len(questions) == 120
    assert sum(not question.answerable for question in questions) == 15
