"""The reference case on the demonstration library, with the real reader, index, search and checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ragmed.assemble import Program, build_index, open_program
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord, Assumption, Language, Mode, Outcome, Verdict
from ragmed.settings import load_settings

Ask = Callable[[str], AnswerRecord]
ENGLISH = (
    "68-year-old man, CT shows multiple ground-glass nodules in the lungs, tumour markers normal, long-term smoker - "
    "which differential diagnoses should be considered first?"
)
CHINESE = "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?"
FILES = ("pulmonary-nodules.pdf", "fei-jiejie-zh.pdf", "anaphylaxis.docx", "nsclc-v1-2026.pdf", "nsclc-v2-2026.pdf")


@pytest.fixture(scope="module")
def program(demonstration_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    files = [demonstration_library / name for name in FILES if (demonstration_library / name).is_file()]
    if len(files) < 4:
        pytest.skip("the demonstration library has not been built (python guidelines/make.py)")
    index = tmp_path_factory.mktemp("index")
    settings = load_settings(
        flags={"library": demonstration_library, "index": index, "embedder": {"engine": "fp32"}}  # none is measured
    )
    build_index(settings, files)
    return open_program(settings)


@pytest.fixture
def ask(program: Program) -> Ask:
    def asking(question: str) -> AnswerRecord:
        *_, last = program.assistant.ask(question)
        assert isinstance(last, Finished)
        assert program.records.get(last.record.record_id) == last.record
        return last.record

    return asking


@pytest.mark.parametrize(
    ("question", "language", "names", "follow_up"),
    [
        (ENGLISH, Language.ENGLISH, ("adenocarcinoma", "Infection", "inflammatory"), "CT at 3–6 months"),
        (CHINESE, Language.CHINESE, ("腺癌", "感染", "炎症"), "3～6个月复查薄层CT"),
    ],
)
def test_the_reference_case(
    ask: Ask, question: str, language: Language, names: tuple[str, ...], follow_up: str
) -> None:
    record = ask(question)
    assert (record.outcome, record.mode, record.language) == (Outcome.ANSWERED, Mode.DIFFERENTIAL, language)
    assert record.differential is not None
    for name, candidate in zip(names, record.differential, strict=False):
        assert name in candidate.diagnosis
        assert candidate.citation is not None
        assert candidate.supporting
        assert candidate.next_tests
    assert record.differential[0].cannot_miss
    assert any(line.in_case for line in record.differential[0].supporting)
    assert follow_up in record.text
    assert {check.verdict for check in record.checks} == {Verdict.VERBATIM}
    # one language a card: the pages are in the question's
    cited = {check.citation.document_id for check in record.checks}
    assert {document.language for document in record.documents if document.document_id in cited} == {language}
    assert not record.withheld


@pytest.mark.parametrize(
    "question", [ENGLISH, "adrenaline dose in anaphylaxis for adults", "急性过敏反应肾上腺素的剂量"]
)
def test_every_citation_is_the_page_s_own_words(ask: Ask, program: Program, question: str) -> None:
    record = ask(question)
    snapshot = program.snapshots.get(record.snapshot_id)
    assert record.checks
    for check in record.checks:
        citation = check.citation
        page = snapshot.page(citation.document_id, citation.page_number)
        assert page.text[citation.start : citation.end] == citation.quote
    for claim in record.claims:
        assert record.text[claim.start : claim.end] == claim.text


def test_football_is_not_covered(ask: Ask) -> None:
    record = ask("Who won the football world cup in 2022?")
    assert record.outcome is Outcome.ABSTAINED
    assert record.notice
    assert not record.checks


def test_the_superseded_edition_does_not_answer(ask: Ask) -> None:
    record = ask("systemic therapy for metastatic non-small cell lung cancer")
    cited = {check.citation.document_id for check in record.checks}
    assert cited
    assert all(document.status == "current" for document in record.documents if document.document_id in cited)


@pytest.mark.parametrize(
    ("question", "turned"),
    [
        ("adrenaline dose in anaphylaxis", " (child)"),
        ("8-year-old with anaphylaxis: adrenaline dose", ""),
        ("急性过敏反应肾上腺素的剂量", "（儿童患者）"),
    ],
)
def test_a_child_is_given_the_childs_dose(ask: Ask, question: str, turned: str) -> None:
    record = ask(question + turned)
    assert "Child 6–12 years | 300 micrograms" in record.claims[0].text
    assert Assumption(key="adult", holds=False) in record.assumptions
    if turned:
        assert Assumption(key="adult") in ask(question).assumptions
