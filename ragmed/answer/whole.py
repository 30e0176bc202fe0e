"""What a language model cut out of a sentence, or got wrong, is shown as the whole sentence, as the page has it.

A sentence can be borne out and still mislead: "150 micrograms." out of "Child 6 months to 6 years | 150 micrograms";
"can be treated at home" out of a sentence that goes on "if the patient lives within 1 hour of hospital"; ceftriaxone as
the answer for a severe pneumonia out of "an adult with non-severe pneumonia should receive ceftriaxone". Each was
written by a real Qwen and had passed its check, for every word of it stands on the page.

Laws of this room:

* The remedy is the page's own words, so that it may be used generously: a sentence too many shown whole costs a line.
  What is nearly the page's sentence is shown as the page's sentence.
* A row comes under its table's header, an item under the words that introduce its list, as when the library is quoted.
* What says nothing by itself (a caption, a line of a differential under somebody's heading) is withheld.
* A sentence that failed its check is withheld; the page's own sentence, where one is much like it, stands in its place:
  a false alarm costs the reader nothing, and a true one shows him what the page says.
* What is put in place of a claim is checked like any other; where it fails, both are withheld.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from ragmed.answer import measured, support, verbatim
from ragmed.answer.circumstances import circumstances, grades
from ragmed.answer.citations import LEAST_SHARE, check, judge
from ragmed.answer.claims import CitedClaim
from ragmed.answer.entries import is_entry_line
from ragmed.answer.excerpts import Excerpt, excerpts
from ragmed.answer.judging import Held, Judged
from ragmed.answer.notices import said
from ragmed.interfaces import SnapshotReader
from ragmed.records import BlockKind, Citation, CitationCheck, Language, Passage, Verdict, Withheld
from ragmed.text.language import HAN
from ragmed.text.numbers import quantities

_CUT = 0.85
"""Share of a claim's words that stand in one sentence in the same order from which it is that sentence, cut or altered
in a word or two."""
_LONGEST = 500
"""Characters of a sentence at most that is put in place of a claim; instead of a longer one both are withheld."""
_KEPT_WHOLE, _KEPT = 0.6, 0.5
"""Share of a sentence's words, and of a condition's, that a claim needs for having kept it."""
_ANSWERS = re.compile(r"yes\b|no\s*[,.;:–]|(?:是的?|可以|不可以|不能|不是|能|否)[，,。：:]", re.IGNORECASE)
"""How a sentence begins that answers the question in a word: no page has heard it."""
_SOURCES = 3
"""Sentences at most that one claim is drawn from; a citation quotes no more."""
_ALIKE = 0.5
"""Share of a failed claim's words that a sentence of the page has which is shown in its place."""
_WORD = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_CONDITION = re.compile(
    r"\b(?:if|when|where|once|unless|until|provided|only|in case of|as long as|after|before|during|following|despite"
    r"|(?:in|for|to|of) (?:all |most |some |every )?(?:\w+ )?"
    r"(?:patients?|adults?|people|persons|women|men|children|those) (?:with|who|whose|on|in|at|under|over|aged))\b"
    r"(?:[^,;.。；]|(?<=\d)\.(?=\d))*"
    r"|(?:如果?|若|当|除非|仅|只有|直到|一旦)[^，。；]*|[^，。；]{2,}(?:时|者)(?=[，、：]|可|应|宜|须|需)",
    re.IGNORECASE,
)
_NAMED_AS = re.compile(
    r"\b(?:non-?shockable|shockable|suspected|confirmed|localised|extensive)\b|疑似|确诊", re.IGNORECASE
)
"""Other words by which a sentence says which patients it is about."""


def made_whole(judged: Judged, passages: Sequence[Passage], snapshot: SnapshotReader, language: Language) -> Judged:
    """A judged draft of a model as it may be shown: what leaves something out, and what failed its check, with the
    page's own sentence in its place. Where nothing holds nothing is put in its place: the draft falls.

    ``passages``: those that the model was shown; ``language``: of reasons. A sentence that failed stays withheld. What
    is said twice, or was cut twice out of one sentence, stands once.
    """
    desk = _Desk({passage.chunk.chunk_id: passage for passage in passages}, snapshot, language)
    checks_of = {id(claim): checks for claim, checks in judged.held}
    held: list[Held] = []
    withheld = list(judged.withheld)
    completed = replaced = 0
    for number, claim in enumerate(judged.drafted):
        if any(claim.text == other.text for other in judged.drafted[:number]):
            continue
        checks = checks_of.get(id(claim))
        if checks is None and (not judged.held or (judged.cut_off and claim is judged.drafted[-1])):
            continue
        found = desk.whole(claim, checks) if checks is not None else desk.instead(claim)
        if isinstance(found, Withheld):
            withheld.append(found)
            continue
        new = [one for one in found if not any(one[0].text == other.text for other, _ in held)]
        if checks is None:
            replaced += bool(new)
        else:
            completed += any(one is not claim for one, _ in found)
        held += new
    return replace(judged, held=tuple(held), withheld=tuple(withheld), completed=completed, replaced=replaced)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Puts the page's sentences in the place of claims."""

    of_chunk: dict[str, Passage]
    snapshot: SnapshotReader
    language: Language

    def whole(self, claim: CitedClaim, checks: Sequence[CitationCheck]) -> list[Held] | Withheld:
        """A claim that holds as it is, or the sentences that it was cut out of."""
        cited = [one.citation for one in checks if one.citation.chunk_id in self.of_chunk]
        alone = [one for one in cited if judge(claim.text, one.quote)[0].holds] if len(cited) > 1 else []
        if alone:
            whole = [one for one in alone if not self._lacking(claim.text, one)]
            cited = whole[:1] or alone[:1]
        drawn = [(one, _sources(claim.text, one, self.of_chunk[one.chunk_id])) for one in cited]
        nothing = self._stating_nothing(claim, drawn)
        if nothing is not None:
            return nothing
        every = [one for _, sources in drawn for one in sources if not _with_subject(claim.text, one)]
        if not any(_lacks(claim.text, one, alone=len(every) == 1) for one in every):
            return [(claim, tuple(checks))]
        if not _drawn_from(claim.text, every):
            return self._withheld(claim, "unsupported")
        found: list[Held] = []
        for citation, sources in drawn:
            quoted = self._quoted(claim, citation, sources, follows=bool(found))
            if isinstance(quoted, Withheld):
                return quoted
            found += quoted
        return found

    def _stating_nothing(
        self, claim: CitedClaim, drawn: Sequence[tuple[Citation, Sequence[Excerpt]]]
    ) -> Withheld | None:
        """The claim withheld where its words on the page state nothing."""
        for citation, sources in drawn:
            if not sources:  # too little to be quoted
                return self._withheld(claim, "no_statement", page=verbatim.shown(citation.quote))
            empty = self._empty([one for one in sources if not _with_subject(claim.text, one)])
            if empty is not None and (len(sources) == 1 or verbatim.identical(claim.text, empty.text)):
                return self._withheld(claim, "no_statement", page=verbatim.shown(_own(empty)))
        return None

    def instead(self, claim: CitedClaim) -> list[Held]:
        """The page's sentence that a claim which failed was most likely made of; nothing where none is much like it."""
        for citation in claim.citations:
            passage = self.of_chunk.get(citation.chunk_id)
            sources = _sources(claim.text, citation, passage)[:1] if passage else []
            if not sources or self._empty(sources) is not None or _likeness(claim.text, sources[0]) < _ALIKE:
                continue
            quoted = self._quoted(claim, citation, sources)
            if not isinstance(quoted, Withheld):
                return quoted
        return []

    def _quoted(
        self, claim: CitedClaim, citation: Citation, sources: Sequence[Excerpt], *, follows: bool = False
    ) -> list[Held] | Withheld:
        """The sentences as claims of their own, checked like any other."""
        found: list[Held] = []
        for source in sources:
            if len(source.text) > _LONGEST:
                return self._withheld(claim, "left_out_of_long")
            chunk = source.passage.chunk
            words = chunk.text[source.start - chunk.start : source.end - chunk.start]
            quoted = replace(citation, start=source.start, end=source.end, quote=words)
            checked = check(source.text, quoted, self.snapshot)
            if not checked.verdict.holds:
                return Withheld(text=claim.text, verdict=checked.verdict, reason=checked.reason)
            new_line = claim.new_line or follows or bool(found)
            found.append((CitedClaim(text=source.text, citations=(quoted,), new_line=new_line), (checked,)))
        return found

    def _lacking(self, claim: str, citation: Citation) -> bool:
        sources = _sources(claim, citation, self.of_chunk[citation.chunk_id])
        lacks = any(_lacks(claim, one, alone=len(sources) == 1) for one in sources)
        return not sources or lacks or self._empty(sources) is not None

    def _empty(self, sources: Sequence[Excerpt]) -> Excerpt | None:
        return next((one for one in sources if _says_nothing(one, self.snapshot)), None)

    def _withheld(self, claim: CitedClaim, reason: str, **values: object) -> Withheld:
        told = said(reason, self.language, **values)
        return Withheld(text=claim.text, verdict=Verdict.UNSUPPORTED, reason=told)


# --- where a claim comes from ---


def _sources(claim: str, citation: Citation, passage: Passage) -> list[Excerpt]:
    """The excerpts of the cited words that the claim is drawn from, in their order: the one that has most of it, then
    what has words or numbers of it that the others lack."""
    there = [one for one in excerpts(passage) if one.own[0] < citation.end and citation.start < one.own[1]]
    there = there or [one for one in excerpts(passage) if one.start < citation.end and citation.start < one.end]
    wanted = _parts(claim, across=not support.same_script(claim, citation.quote))
    chosen: list[Excerpt] = []
    while there and len(chosen) < _SOURCES:
        best = max(there, key=lambda one: (len(wanted & _said(one, claim)), one.start - one.end))
        got = wanted & _said(best, claim)
        if chosen and len(got) < 2 and not any(isinstance(one, tuple) for one in got):
            break
        chosen.append(best)
        wanted -= got
        there = [one for one in there if one.own[1] <= best.own[0] or best.own[1] <= one.own[0]]
    return sorted(chosen, key=lambda one: one.start)


def _drawn_from(claim: str, sources: Sequence[Excerpt]) -> bool:
    """Whether the sentences have what the claim says, all of its numbers and most of the rest: then they may stand for
    it."""
    bare = _ANSWERS.sub("", claim, count=1).lstrip(" ,，。：:")
    there = " ".join(_own(one) for one in sources)
    return measured.missing_number(bare, there) is None and (
        support.share(bare, there) >= LEAST_SHARE or not support.claim_words(bare)
    )


def _likeness(claim: str, source: Excerpt) -> float:
    """Share of the claim's words, numbers left out, that the sentence has."""
    return support.share(_ANSWERS.sub("", claim, count=1), _own(source))


def _parts(text: str, *, across: bool) -> frozenset[object]:
    """Words, or concepts across languages, and numbers."""
    named = support.concepts(text) if across else support.claim_words(text)
    return frozenset(named) | frozenset(one.key for one in quantities(text))


def _said(excerpt: Excerpt, claim: str) -> frozenset[object]:
    own = _own(excerpt)
    return _parts(own, across=not support.same_script(claim, own))


def _own(excerpt: Excerpt) -> str:
    chunk = excerpt.passage.chunk
    start, end = excerpt.own
    return chunk.text[start - chunk.start : end - chunk.start]


# --- what it leaves out ---


def _lacks(claim: str, source: Excerpt, *, alone: bool) -> bool:
    """Whether the claim leaves out something of the sentence without which it may mislead."""
    if verbatim.identical(claim, source.text):
        return False
    own = _own(source)
    if verbatim.identical(claim, own):
        return source.own[0] > source.start  # an item without its introduction, a row without its header
    if _ANSWERS.match(claim) or (alone and _is_copied(claim, own)):
        return True
    kept = support.kept(own, claim) if support.same_script(claim, own) else None
    if kept is not None and kept < _KEPT_WHOLE:
        return True
    return (
        measured.missing_number(own, claim) is not None
        or bool(circumstances(own) - circumstances(claim))
        or support.missing_group(own, claim) is not None
        or bool(grades(own) - grades(claim))
        or bool(_named_as(own) - _named_as(claim))
        or (support.same_script(claim, own) and any(_drops(claim, condition) for condition in _conditions(own)))
    )


def _is_copied(claim: str, own: str) -> bool:
    """Whether the claim is words of the sentence in their order, all but a few."""
    mine, theirs = _WORD.findall(claim.lower()), _WORD.findall(own.lower())
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    return bool(mine) and sum(block.size for block in blocks) >= _CUT * len(mine)


def _named_as(text: str) -> frozenset[str]:
    return frozenset(match.group().lower() for match in _NAMED_AS.finditer(text))


def _conditions(own: str) -> Iterator[str]:
    return (match.group() for match in _CONDITION.finditer(own))


def _drops(claim: str, condition: str) -> bool:
    kept = support.kept(condition, claim)
    return kept is not None and kept < _KEPT


# --- what says nothing by itself ---


def _says_nothing(source: Excerpt, snapshot: SnapshotReader) -> bool:
    """Whether the words are a heading, a caption, or a line of a differential."""
    own = _own(source)
    if is_entry_line(own) or source.is_caption:
        return True
    if source.is_row or not source.is_title:
        return False
    chunk = source.passage.chunk
    blocks = snapshot.page(chunk.document_id, chunk.page_number).blocks
    block = next((one for one in blocks if one.start <= source.own[0] < one.end), None)
    if block is None or block.kind in (BlockKind.LIST_ITEM, BlockKind.TABLE_ROW):
        return False
    return block.end - block.start <= len(own) + 2


def _with_subject(claim: str, source: Excerpt) -> bool:
    """Whether the source is a line of a differential, and the claim names what that stands under."""
    above = source.passage.chunk.heading_path[-1:]
    return is_entry_line(_own(source)) and bool(above) and bool(support.concepts(above[0]) & support.concepts(claim))
