"""One whole record to keep, show and compare."""

from __future__ import annotations

from ragmed.records import (
    AnswerRecord,
    Candidate,
    CitationCheck,
    Claim,
    Finding,
    Generation,
    Language,
    Mode,
    Outcome,
    Query,
    Retrieval,
    Timings,
    Verdict,
    Withheld,
)
from tests.answer.small_library import SmallSnapshot, cite, document, passages_of, plain_page

PAGE = plain_page(document("guide", title="Oxygen"), "Give oxygen. Observe for 12 hours.")


def a_record(record_id: str) -> AnswerRecord:
    """An answered differential with a citation of each kind."""
    guide = document("guide", title="Oxygen")
    snapshot = SmallSnapshot([guide], [PAGE])
    query = Query(text="What to give?", language=Language.ENGLISH, english="what to give", chinese="")
    return AnswerRecord(
        record_id=record_id,
        asked_at="2026-11-23T10:00:00.000Z",
        question="What to give?",
        language=Language.ENGLISH,
        mode=Mode.DIFFERENTIAL,
        outcome=Outcome.ANSWERED,
        text="Give oxygen. [1]",
        claims=(Claim(text="Give oxygen.", start=0, end=12),),
        checks=(
            CitationCheck(citation=cite(PAGE, "Give oxygen."), verdict=Verdict.VERBATIM, reason=""),
            CitationCheck(citation=cite(PAGE, "Observe for 12 hours.", claim=-1), verdict=Verdict.VERBATIM, reason=""),
        ),
        differential=(
            Candidate(
                diagnosis="Hypoxia",
                cannot_miss=True,
                citation=1,
                supporting=(Finding(text="blue lips", citation=None, in_case=True),),
                against=(),
                next_tests=(Finding(text="Observe for 12 hours.", citation=1),),
            ),
        ),
        withheld=(Withheld(text="Give 5 g.", verdict=Verdict.NUMBER_MISMATCH, reason="no"),),
        retrieval=Retrieval(query=query, passages=passages_of(snapshot), coverage=0.75, nearest_titles=("Oxygen",)),
        documents=(guide,),
        snapshot_id=snapshot.snapshot_id,
        generation=Generation(text="Give oxygen. [1]", kind="extractive", model_id="words", revision="1"),
        timings_ms=Timings(analyse=1.0, retrieve=2.5, generate=3.0, verify=0.25, total=7.0),
        notice="Quoted.",
        case=(Finding(text="blue lips", citation=None, in_case=True),),
    )
