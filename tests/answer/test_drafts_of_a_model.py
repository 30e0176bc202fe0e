"""What a real language model wrote on the demonstration library, judged: drafts whose every sentence had once passed.

drafts_of_a_model.tsv holds what a Qwen2.5-Coder-1.5B-Instruct in 4 bits wrote, word for word; ``never`` begins or is
part of no claim that is shown, ``shown`` stands in one. The pages are this project's own.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ragmed.answer.assistant import RagMedAssistant
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.assemble import Program
from ragmed.audit.replay import KeepsNothing
from ragmed.generate.prose import ProseGenerator
from ragmed.generate.scripted import ScriptedEngine
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord, Outcome, Verdict
from ragmed.settings import ModelSettings

with (Path(__file__).parent / "drafts_of_a_model.tsv").open(encoding="utf-8", newline="") as stream:
    DRAFTS = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def answered(program: Program, question: str, draft: str) -> AnswerRecord:
    engine = ScriptedEngine(draft.replace("\\n", "\n"), prompt_tokens=1_000_000, context_tokens=2_000_000)
    settings = program.settings
    assistant = RagMedAssistant(
        program.snapshots,
        program.retriever,
        ProseGenerator(engine, ModelSettings(name="x")),
        KeepsNothing(),
        settings,
        instead=ExtractiveGenerator(program.embedder, max_claims=settings.answer.max_claims),
        second=None,
        user="test",
    )
    *_, last = assistant.ask(question)
    assert isinstance(last, Finished)
    return last.record


@pytest.mark.parametrize("row", DRAFTS, ids=[row["question"] for row in DRAFTS])
def test_no_reader_is_misled_by_what_a_model_cut_out(program: Program, row: dict[str, str]) -> None:
    record = answered(program, row["question"], row["draft"])
    assert record.outcome is Outcome.ANSWERED
    claims = [claim.text for claim in record.claims]
    cut = [one for one in claims if row["never"] and one.startswith(row["never"])]
    assert not cut
    assert not row["shown"] or any(row["shown"] in one for one in claims), claims
    assert all(check.verdict in (Verdict.VERBATIM, Verdict.SUPPORTED) for check in record.checks)
