"""The second check: a model is asked whether the cited words bear out a claim that the rules let through.

Laws of this room: the rules decide first, and nothing here rescues what they refuse; a quotation is a quotation and is
never asked about; a claim that the model has no room for, or that a model which cannot be used was not asked about,
stands on the rules alone, and that is said. All claims of a draft are asked in one batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragmed.answer import verbatim
from ragmed.answer.claims import CitedClaim
from ragmed.answer.notices import said
from ragmed.engines import TextPair
from ragmed.errors import IntegrityError, MissingPartError, ModelError
from ragmed.records import Chunk, Citation, CitationCheck, Entailment, Language, Verdict, Withheld
from ragmed.text.language import detect_language
from ragmed.text.sentences import sentence_spans

if TYPE_CHECKING:
    from ragmed.engines import Entailer, Inference
    from ragmed.interfaces import SnapshotReader

_AROUND = 1
"""Sentences of the chunk before and behind the cited ones that are read with them, beside its headings."""
_PLACES = 4
"""Decimal places of what is recorded and decided by: the last bits depend on what else is in the batch."""

_Held = tuple[CitedClaim, tuple[CitationCheck, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of asking about claims that hold by the rules."""

    results: tuple[_Held | Withheld, ...]
    """Result i is of claim i."""
    unasked: str
    """What the model did not answer about, and why; empty where nothing was missed."""


class SecondCheck:
    """Asks an ``Entailer``; ``least`` is the probability of entailment under which a claim is withheld."""

    def __init__(self, entailer: Entailer, least: float) -> None:
        self._entailer = entailer
        self._least = least

    def of(self, held: Sequence[_Held], snapshot: SnapshotReader, language: Language | None = None) -> Asked:
        """Each claim as it was, with what the model said of it, or withheld. ``language``: of reasons, None: a claim's
        own."""
        rows = [row for row, (_, checks) in enumerate(held) if not is_quotation(checks)]
        if not rows:
            return Asked(results=tuple(held), unasked="")
        pairs = [pair_of(held[row][0].text, [one.citation for one in held[row][1]], snapshot) for row in rows]
        spoken = language or detect_language(held[rows[0]][0].text)
        try:
            found = self.ask(pairs)
        except (ModelError, MissingPartError, IntegrityError) as error:
            return Asked(results=tuple(held), unasked=said("second_failed", spoken, reason=str(error).rstrip(".")))
        results: list[_Held | Withheld] = list(held)
        for row, one in zip(rows, found, strict=True):
            if one is not None:
                results[row] = self._with(held[row], one, language)
        too_long = found.count(None)
        return Asked(results=tuple(results), unasked=said("second_no_room", spoken, count=too_long) if too_long else "")

    def ask(self, pairs: Sequence[TextPair]) -> tuple[Entailment | None, ...]:
        """What the model says of each pair, as records keep it. Raises ModelError, MissingPartError, IntegrityError."""
        found = self._entailer.infer(pairs)
        model_id, revision = self._entailer.model_id, self._entailer.revision
        return tuple(None if one is None else _recorded(one, model_id, revision) for one in found)

    def refusal(self, found: Entailment, language: Language) -> str:
        """Why a claim of which the model said this is withheld; empty where it is not."""
        if found.label == "contradiction":
            return said("contradicted", language, percent=round(100 * found.contradiction))
        if found.entailment < self._least:
            percent, least = _percent(found.entailment, self._least), f"{100 * self._least:g}"
            return said("not_entailed", language, percent=percent, least=least)
        return ""

    def _with(self, held: _Held, found: Entailment, language: Language | None) -> _Held | Withheld:
        claim, checks = held
        reason = self.refusal(found, language or detect_language(claim.text))
        if reason:
            return Withheld(text=claim.text, verdict=Verdict.UNSUPPORTED, reason=reason, entailment=found)
        return claim, tuple(replace(check, entailment=found) for check in checks)


def is_quotation(checks: Sequence[CitationCheck]) -> bool:
    """Whether the claim stands on the page word for word."""
    return any(check.verdict is Verdict.VERBATIM for check in checks)


def pair_of(claim_text: str, citations: Sequence[Citation], snapshot: SnapshotReader) -> TextPair:
    """The claim, and what it leans on: of each passage cited the headings, the cited sentences and those around them.

    Several citations of a claim are one premise, for the rules let it hold where all of them together bear it out.
    """
    premise: list[str] = []
    needed: list[bool] = []
    for chunk_id in dict.fromkeys(citation.chunk_id for citation in citations):
        chunk = snapshot.chunk(chunk_id)
        cited = [(one.start - chunk.start, one.end - chunk.start) for one in citations if one.chunk_id == chunk_id]
        for sentence, is_needed in _around(chunk, cited):
            premise.append(sentence)
            needed.append(is_needed)
    return TextPair(premise=tuple(premise), needed=tuple(needed), hypothesis=_bare(claim_text))


def pair_within(claim_text: str, evidence: str, start: int, end: int) -> TextPair:
    """The same for evidence that belongs to no page (``eval claims``), of which ``[start, end)`` is leaned on."""
    found = _sentences(evidence, [(start, end)])
    return TextPair(
        premise=tuple(sentence for sentence, _ in found),
        needed=tuple(is_needed for _, is_needed in found),
        hypothesis=_bare(claim_text),
    )


def _bare(claim_text: str) -> str:
    return verbatim.without_bullet(verbatim.without_markers(claim_text))


def _around(chunk: Chunk, cited: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    # a heading says whom the sentences are about ("Children"), and the rules read it too
    heading = [(f"{' – '.join(chunk.heading_path)}:", False)] if chunk.heading_path else []
    return [*heading, *_sentences(chunk.text, cited)]


def _sentences(text: str, cited: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Sentences that hold cited words, whole, and their neighbours; each with whether it holds such words."""
    spans = list(sentence_spans(text)) or [(0, len(text))]
    leaned_on = {
        number
        for number, (start, end) in enumerate(spans)
        if any(start < until and since < end for since, until in cited)
    }
    near = {number for one in leaned_on for number in range(one - _AROUND, one + _AROUND + 1)}
    found = [(" ".join(text[start:end].split()), n in leaned_on) for n, (start, end) in enumerate(spans) if n in near]
    return [(sentence, is_needed) for sentence, is_needed in found if sentence]


def _recorded(found: Inference, model_id: str, revision: str) -> Entailment:
    # of equals the graver one
    label = max(("contradiction", "neutral", "entailment"), key=lambda name: float(getattr(found, name)))
    return Entailment(
        label=label,
        entailment=round(found.entailment, _PLACES),
        contradiction=round(found.contradiction, _PLACES),
        model_id=model_id,
        revision=revision,
        left_out=found.left_out,
    )


def _percent(probability: float, least: float) -> str:
    """As a whole number, unless that would hide that it is under ``least``."""
    whole = round(100 * probability)
    return str(whole) if whole < 100 * least else f"{100 * probability:.2f}"
