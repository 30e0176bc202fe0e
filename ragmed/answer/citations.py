"""Law 2: a citation is checked or it is not shown as one.

The checks run in this order, each a small function that returns nothing or raises ``CitationFailedError``:

1. *resolvable*: document, page and chunk exist in the snapshot, belong together, and the quoted words stand at the
   offsets named, cut at the edges of words, and are visible on the page → ``unresolvable``; and nothing near them
   addresses a language model, which makes them somebody's means and no evidence → ``unsupported``;
2. *verbatim*: the claim is the quoted words → ``verbatim``, unless a denial stands just before them on the page;
3. *numbers*: every number of the claim stands in the quote with its unit, range, direction, place and drug →
   ``number_mismatch``;
4. *denials*: no clause of the claim affirms what the quote denies, or denies what it affirms, and no exception of the
   page is left out → ``negation_mismatch``;
5. *words*: no opposite (left for right), nothing that changed places ("preferred to"), no drug, route, disease or group
   of patients that the quote lacks, enough content words → ``unsupported``; then ``supported``.

Nothing passes for want of something to check: a claim without a citation, or without a word, is ``unsupported``.
Thresholds come from ``benchmarks/claims_altered.py``; figures and the reasons are in docs/adr/0006-citation-checks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ragmed.answer import limits, measured, opposites, polarity, rewording, roles, support, verbatim
from ragmed.answer.alignment import Replacement, replacements
from ragmed.answer.notices import said
from ragmed.errors import NotFoundError
from ragmed.records import Citation, CitationCheck, Language, Page, Verdict
from ragmed.text.addressing import plainly_addressed
from ragmed.text.ink import unseen
from ragmed.text.language import detect_language
from ragmed.text.numbers import Quantity, quantities

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader

_BEFORE = 600
"""Characters of a page before a quotation in which, as in the rest of its block, nothing may address a language model:
what an instruction wants said follows it."""
LEAST_SHARE = 0.6
"""Share of a claim's content words that must stand in the cited words (see the ADR)."""
LEAST_SHARE_ACROSS_LANGUAGES = 0.6
"""The same for concepts, where the claim is in another language than the page."""


class CitationFailedError(Exception):
    """A check failed: the verdict, and the reason in the claim's language."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCheck:
    """What checking a claim with all its citations found."""

    verdict: Verdict
    reason: str
    checks: tuple[CitationCheck, ...]
    """The citations that may be shown with the claim where it holds; else all of them with what was found."""


def check(claim_text: str, citation: Citation, snapshot: SnapshotReader) -> CitationCheck:
    """Whether the cited words bear out the claim."""
    language = detect_language(claim_text)
    try:
        page, headings = resolve(citation, snapshot, language)
        title = snapshot.document(citation.document_id).title
        verdict = _judge(claim_text, citation.quote, headings, language, title)
        if verdict is Verdict.VERBATIM:
            require_no_denial_before(page, citation, language)
    except CitationFailedError as failed:
        return CitationCheck(citation=citation, verdict=failed.verdict, reason=failed.reason)
    return CitationCheck(citation=citation, verdict=verdict, reason="")


def check_claim(claim_text: str, citations: Sequence[Citation], snapshot: SnapshotReader) -> ClaimCheck:
    """A claim with all its citations. It holds where one of them bears it out, or all of them taken together do."""
    language = detect_language(claim_text)
    if not citations:
        return ClaimCheck(verdict=Verdict.UNSUPPORTED, reason=said("uncited", language), checks=())
    checks = tuple(check(claim_text, citation, snapshot) for citation in citations)
    holding = tuple(one for one in checks if one.verdict.holds)
    if holding:
        best = min(holding, key=lambda one: one.verdict is not Verdict.VERBATIM)
        return ClaimCheck(verdict=best.verdict, reason="", checks=holding)
    if len(checks) > 1 and all(one.verdict is not Verdict.UNRESOLVABLE for one in checks):
        try:
            headings = " ".join(" ".join(snapshot.chunk(one.citation.chunk_id).heading_path) for one in checks)
            titles = " ".join(snapshot.document(one.citation.document_id).title for one in checks)
            _judge(claim_text, "\n".join(one.citation.quote for one in checks), headings, language, titles)
        except CitationFailedError:
            return ClaimCheck(verdict=checks[0].verdict, reason=checks[0].reason, checks=checks)
        together = tuple(CitationCheck(citation=one.citation, verdict=Verdict.SUPPORTED, reason="") for one in checks)
        return ClaimCheck(verdict=Verdict.SUPPORTED, reason="", checks=together)
    return ClaimCheck(verdict=checks[0].verdict, reason=checks[0].reason, checks=checks)


def judge(claim_text: str, evidence: str) -> tuple[Verdict, str]:
    """The verdict on a claim and a piece of evidence that belongs to no page (``eval claims``), with the reason."""
    try:
        return _judge(claim_text, evidence, "", detect_language(claim_text)), ""
    except CitationFailedError as failed:
        return failed.verdict, failed.reason


def _judge(claim_text: str, quote: str, headings: str, language: Language, title: str = "") -> Verdict:
    """Checks 2 to 5 on words alone. Raises CitationFailedError."""
    claim = verbatim.without_markers(claim_text)
    if verbatim.identical(claim, quote):
        return Verdict.VERBATIM
    left_out = verbatim.omissions(claim, quote)
    if left_out is not None:
        require_harmless_omissions(left_out, language)
        return Verdict.VERBATIM
    claim = rewording.as_on_page(verbatim.without_bullet(claim), quote)
    aligned = tuple(replacements(claim, verbatim.shown(quote)))
    require_words(claim, language)
    require_numbers(claim, quote, aligned, language)
    require_polarity(claim, quote, language)
    require_limits(claim, quote, language)
    require_no_opposite(claim, quote, aligned, language)
    require_order(claim, quote, language)
    require_drugs(claim, quote, language)
    require_routes(claim, quote, headings, language)
    require_patients(claim, quote, headings, language)
    require_subject(claim, f"{quote}\n{headings}\n{title}", language)
    require_support(claim, quote, headings, language)
    return Verdict.SUPPORTED


# --- 1. resolvable ---


def resolve(citation: Citation, snapshot: SnapshotReader, language: Language) -> tuple[Page, str]:
    """The cited page and the headings above the passage."""

    def refuse(key: str, **values: object) -> CitationFailedError:
        return CitationFailedError(Verdict.UNRESOLVABLE, said(key, language, **values))

    try:
        snapshot.document(citation.document_id)
    except NotFoundError:
        raise refuse("no_document") from None
    try:
        page = snapshot.page(citation.document_id, citation.page_number)
    except NotFoundError:
        raise refuse("no_page", page=citation.page_number) from None
    try:
        chunk = snapshot.chunk(citation.chunk_id)
    except NotFoundError:
        raise refuse("no_chunk") from None
    if (chunk.document_id, chunk.page_number) != (citation.document_id, citation.page_number):
        raise refuse("foreign_chunk")
    if not citation.quote.strip():
        raise refuse("empty_quote")
    inside = 0 <= citation.start < citation.end <= len(page.text)
    if not inside or page.text[citation.start : citation.end] != citation.quote:
        raise refuse("quote_not_there", page=citation.page_number)
    if _cuts(page.text, citation.start) or _cuts(page.text, citation.end):
        raise refuse("cut_word")
    if page.boxes and len(page.boxes) != 8 * len(page.text):
        raise refuse("boxes")
    hidden = unseen(page, citation.start, citation.end)
    if hidden:
        raise refuse("hidden", words=hidden)
    if plainly_addressed(page.text[max(0, citation.start - _BEFORE) : _end_of_block(page, citation.end)]):
        raise CitationFailedError(Verdict.UNSUPPORTED, said("addressed", language))
    return page, " ".join(chunk.heading_path)


def _end_of_block(page: Page, position: int) -> int:
    """Where the block that holds the character before ``position`` ends; its line, where the page knows no blocks."""
    for block in page.blocks:
        if block.start < position <= block.end:
            return block.end
    line_end = page.text.find("\n", position)
    return len(page.text) if line_end < 0 else line_end


def _cuts(text: str, position: int) -> bool:
    """Whether a cut here parts a Latin word or a number ("0 mg" out of "50 mg", "5 mg" out of "2.5 mg")."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if before.isalnum() and after.isalnum():
        return before.isascii() and after.isascii()
    point = before in ".," and after.isdigit() and position > 1 and text[position - 2].isdigit()
    return point or (before.isdigit() and after in ".," and text[position + 1 : position + 2].isdigit())


def require_no_denial_before(page: Page, citation: Citation, language: Language) -> None:
    """A quotation cut out of "do not …" is word for word and says the opposite."""
    if page.blocks:
        floor = max((block.start for block in page.blocks if block.start <= citation.start), default=0)
    else:
        floor = page.text.rfind("\n", 0, citation.start) + 1
    denial = polarity.denial_before(page.text, citation.start, floor)
    if denial:
        raise CitationFailedError(Verdict.NEGATION_MISMATCH, said("negation_before", language, page=denial))


# --- 2. verbatim with a marked omission ---


def require_harmless_omissions(left_out: Sequence[str], language: Language) -> None:
    """What an ellipsis leaves out must deny nothing and make no exception."""
    for words in left_out:
        if not verbatim.harmless(words):
            raise CitationFailedError(Verdict.NEGATION_MISMATCH, said("ellipsis", language, page=words.strip()))


# --- 3. numbers ---


def require_words(claim: str, language: Language) -> None:
    """A claim that says nothing cannot be borne out."""
    if not support.claim_words(claim) and not support.concepts(claim) and not quantities(claim):
        raise CitationFailedError(Verdict.UNSUPPORTED, said("no_words", language))


def require_numbers(claim: str, quote: str, aligned: Sequence[Replacement], language: Language) -> None:
    """Every number and every name with a digit stands in the quote, and two of them have not changed places."""
    there = quantities(quote)
    missing = measured.missing_number(claim, quote)
    if missing:
        raise CitationFailedError(Verdict.NUMBER_MISMATCH, _number_reason(claim, missing, quote, there, language))
    name = measured.missing_name(claim, quote)
    if name:
        raise CitationFailedError(Verdict.NUMBER_MISMATCH, said("name_none", language, claim=name))
    multiple = measured.missing_multiple(claim, quote)
    if multiple:
        raise CitationFailedError(Verdict.NUMBER_MISMATCH, said("number_none", language, claim=multiple))
    swapped = (
        measured.misplaced(aligned)
        or measured.swapped(claim, quote)
        or measured.said_twice(claim, quote)
        or measured.crossed(claim, quote)
    )
    if swapped:
        one, other = swapped
        raise CitationFailedError(Verdict.NUMBER_MISMATCH, said("number_swapped", language, claim=one, page=other))
    wrong = roles.dose_of_another(claim, quote)
    if wrong:
        dose, drug = wrong
        raise CitationFailedError(Verdict.NUMBER_MISMATCH, said("dose_of_another", language, claim=dose, page=drug))


def _number_reason(claim: str, wanted: Quantity, quote: str, there: Sequence[Quantity], language: Language) -> str:
    """Names the number and the one on the page that it was most likely made from."""
    mine = claim[wanted.start : wanted.end].strip()

    def likeness(other: Quantity) -> tuple[int, Decimal]:
        near = abs(other.value - wanted.value) / max(abs(other.value), abs(wanted.value), Decimal(1))
        same = (other.unit == wanted.unit) + ((other.value, other.high) == (wanted.value, wanted.high))
        return -same, near

    likely = [other for other in there if other.unit == wanted.unit or other.value == wanted.value]
    if not likely:
        return said("number_none", language, claim=mine)
    other = min(likely, key=likeness)
    return said("number_other", language, claim=mine, page=quote[other.start : other.end].strip())


# --- 4. denials ---


def require_polarity(claim: str, quote: str, language: Language) -> None:
    """The claim denies and forbids what the quote does, and nothing else."""
    compared = support.claim_words if support.same_script(claim, quote) else support.concepts
    found = polarity.disagreement(claim, quote, compared)
    if found:
        key = "negation_added" if found.added else "negation_removed"
        raise CitationFailedError(Verdict.NEGATION_MISMATCH, said(key, language, page=found.page))
    same = support.same_script(claim, quote)
    wider = polarity.widened(claim, quote, support.claim_words, support.kept) if same else ""
    if wider:
        raise CitationFailedError(Verdict.NEGATION_MISMATCH, said("negation_widened", language, page=wider))
    denied = polarity.affirmed(claim, quote, support.claim_words) if same else ""
    if denied:
        raise CitationFailedError(Verdict.NEGATION_MISMATCH, said("negation_removed", language, page=denied))


# --- 5. words ---


def require_limits(claim: str, quote: str, language: Language) -> None:
    """An exception or condition of the page is not left out where its statement is repeated."""
    if support.same_script(claim, quote):
        limit = limits.dropped(claim, quote, support.claim_words)
    else:
        limit = limits.dropped_across(claim, quote, support.concepts)
    if limit:
        raise CitationFailedError(Verdict.NEGATION_MISMATCH, said("limit", language, page=limit))


def require_no_opposite(claim: str, quote: str, aligned: tuple[Replacement, ...], language: Language) -> None:
    """Left is not right, before is not after, children are not adults."""
    turned = opposites.opposite(claim, quote, support.claim_words, aligned)
    if turned:
        mine, theirs = turned
        raise CitationFailedError(Verdict.UNSUPPORTED, said("opposite", language, claim=mine, page=theirs))


def require_order(claim: str, quote: str, language: Language) -> None:
    """What is preferred, or comes first, is what the page prefers or puts first."""
    turned = roles.exchanged(claim, quote, support.claim_words)
    if turned:
        mine, theirs = turned
        raise CitationFailedError(Verdict.UNSUPPORTED, said("opposite", language, claim=mine, page=theirs))


def require_routes(claim: str, quote: str, headings: str, language: Language) -> None:
    """The route by which the claim gives a drug stands in the quote or in the headings above it."""
    route = support.missing_route(claim, f"{quote}\n{headings}")
    if route:
        raise CitationFailedError(Verdict.UNSUPPORTED, said("drug", language, claim=route))


def require_drugs(claim: str, quote: str, language: Language) -> None:
    """A drug of the claim is named in the quote."""
    drug = support.missing_drug(claim, quote)
    if drug:
        raise CitationFailedError(Verdict.UNSUPPORTED, said("drug", language, claim=drug))


def require_patients(claim: str, quote: str, headings: str, language: Language) -> None:
    """Whom the claim is about stands in the quote or in the headings above it."""
    group = support.missing_group(claim, f"{quote}\n{headings}")
    if group:
        raise CitationFailedError(Verdict.UNSUPPORTED, said("drug", language, claim=group))


def require_subject(claim: str, evidence: str, language: Language) -> None:
    """The diseases and organisms that the claim names stand in the quote, the headings above it or the title: a claim
    of many common words about one cancer would pass with what the page says of another."""
    if support.same_script(claim, evidence):
        named = support.missing_term(claim, evidence, support.SUBJECTS)
        if named:
            raise CitationFailedError(Verdict.UNSUPPORTED, said("drug", language, claim=named))


def require_support(claim: str, quote: str, headings: str, language: Language) -> None:
    """Enough of the claim's words stand in the quote, or in the headings above it.

    Across languages, where a claim of three concepts would pass with two, what is to be done must stand there itself.
    """
    same = support.same_script(claim, quote)
    least = LEAST_SHARE if same else LEAST_SHARE_ACROSS_LANGUAGES
    undone = None if same else support.missing_term(claim, f"{quote}\n{headings}", support.DEEDS)
    if undone:
        raise CitationFailedError(Verdict.UNSUPPORTED, said("drug", language, claim=undone))
    if support.share(claim, f"{quote}\n{headings}") < least:
        raise CitationFailedError(Verdict.UNSUPPORTED, said("unsupported", language))
