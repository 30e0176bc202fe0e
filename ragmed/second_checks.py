"""What a record says of the second check, read out of it for pages, replays and whoever else asks."""

from __future__ import annotations

from dataclasses import dataclass

from ragmed.records import AnswerRecord, Entailment


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondChecks:
    """Of one model in one answer: sentences that it was asked of and, of these, those that it had withheld."""

    model_id: str
    revision: str
    asked: int
    withheld: int


def second_checks(record: AnswerRecord) -> tuple[SecondChecks, ...]:
    """One for each model and revision that was asked, the draft that is not shown included; empty where none was."""
    refused = record.refused.withheld if record.refused else ()
    let_through = {check.citation.claim: check.entailment for check in record.checks if check.entailment}
    stopped = [one.entailment for one in (*record.withheld, *refused) if one.entailment]
    every = [*let_through.values(), *stopped]
    return tuple(
        SecondChecks(
            model_id=model_id,
            revision=revision,
            asked=sum(_by(one, model_id, revision) for one in every),
            withheld=sum(_by(one, model_id, revision) for one in stopped),
        )
        for model_id, revision in dict.fromkeys((one.model_id, one.revision) for one in every)
    )


def _by(one: Entailment, model_id: str, revision: str) -> bool:
    return (one.model_id, one.revision) == (model_id, revision)
