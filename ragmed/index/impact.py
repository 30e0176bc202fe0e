"""Which recorded answers quote words that the library to be no longer says.

Laws of this room: pure; a quote that stands in the newer edition in the same words, wherever it stands there and
however it is printed, is not affected, unless the sentence around it now denies or no longer denies; one that does not
stand there is never passed over. A quote is looked at by sentences, each text once however many answers quote it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ragmed.changes import AnswerImpact, ChangeKind, CitedQuote, EditionChange, ImpactKind, Piece, Side, WordRun
from ragmed.records import Document
from ragmed.text.denials import denial_words
from ragmed.text.language import HAN
from ragmed.text.nearest import Nearest
from ragmed.text.normal import normal
from ragmed.text.sentences import sentence_spans
from ragmed.text.word_diff import word_runs

NEAR = 0.5
"""Likeness from which a piece of the newer edition says in other words what a sentence of a quote said."""
_LEAST_INSIDE = 4
"""Words under which a sentence must be a whole piece: "no" and "5 mg" stand inside many."""

_TOKEN = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:[./-][^\W_{HAN}]+)*%?|[≥≤<>±]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What the plan does with a document that answers now."""

    old: Document
    new: Document | None = None
    """The edition that replaces it; None where it is withdrawn or removed and nothing does."""
    pieces: tuple[Piece, ...] = ()
    """All pieces of the newer edition."""
    change: EditionChange | None = None
    """The comparison with it, where there is one: it says which piece became which."""


def impact(quotes: Iterable[CitedQuote], fates: Mapping[str, Fate]) -> tuple[AnswerImpact, ...]:
    """The quotes that the plan affects, in the order given, each quote of an answer once.

    ``fates``: by document id; quotes of other documents are not affected.
    """
    successors: dict[str, _Successor] = {}
    found: dict[tuple[str, str, int, str], AnswerImpact | None] = {}
    for quote in quotes:
        fate = fates.get(quote.document_id)
        key = (quote.record_id, quote.document_id, quote.page_number, quote.quote)
        if fate is None or key in found:
            continue
        if quote.document_id not in successors:
            successors[quote.document_id] = _Successor.of(fate)
        found[key] = _impact(quote, fate, successors[quote.document_id])
    return tuple(one for one in found.values() if one is not None)


def _impact(quote: CitedQuote, fate: Fate, successor: _Successor) -> AnswerImpact | None:
    outcome = None
    if fate.new is not None:
        outcome = successor.outcome(quote.quote)
        if outcome is None:
            return None
    return AnswerImpact(
        record_id=quote.record_id,
        asked_at=quote.asked_at,
        kind=outcome.kind if outcome else ImpactKind.WITHDRAWN,
        document_id=quote.document_id,
        title=fate.old.title,
        edition=fate.old.edition,
        page_number=quote.page_number,
        quote=quote.quote,
        new_document_id=fate.new.document_id if fate.new else "",
        new_edition=fate.new.edition if fate.new else "",
        now=outcome.now if outcome else None,
        words=outcome.words if outcome else (),
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    kind: ImpactKind
    now: Piece | None
    words: tuple[WordRun, ...]


@dataclass(frozen=True, slots=True)
class _Became:
    """A changed piece of the old edition and what it is now."""

    form: str
    words: str
    old: Piece
    new: Piece

    def turned(self) -> bool:
        """Whether one of the two denies what the other does not."""
        return Counter(denial_words(self.old.text)) != Counter(denial_words(self.new.text))


@dataclass(slots=True)
class _Successor:
    """A newer edition, ready to be asked whether it still says something."""

    pieces: Sequence[Piece]
    whole: frozenset[str]
    """The normal forms of the pieces."""
    text: str
    """The words of all pieces, in order."""
    nearest: Nearest
    became: tuple[_Became, ...]
    known: dict[str, _Outcome | None] = field(default_factory=dict)

    @classmethod
    def of(cls, fate: Fate) -> _Successor:
        forms = [normal(piece.text) for piece in fate.pieces]
        sections = fate.change.sections if fate.change else ()
        became = tuple(
            _Became(normal(change.old.text), _words(normal(change.old.text)), change.old, change.new)
            for section in sections
            for change in section.changes
            if change.kind is ChangeKind.CHANGED and change.old and change.new
        )
        return cls(fate.pieces, frozenset(forms), _words(" ".join(forms)), Nearest(forms), became)

    def outcome(self, quote: str) -> _Outcome | None:
        """What became of a quote; None where the newer edition says it in the same words."""
        if quote not in self.known:
            self.known[quote] = self._look(quote)
        return self.known[quote]

    def _look(self, quote: str) -> _Outcome | None:
        if self._says(normal(quote)):
            return None
        runs: list[WordRun] = []
        now: Piece | None = None
        lost = False
        for sentence in _sentences(quote):
            gap = " " if runs else ""
            form = normal(sentence)
            if self._says(form):
                runs.append(WordRun(text=gap + sentence, side=Side.BOTH))
                continue
            lost = True
            piece = self._instead_of(form)
            if piece is None:
                runs.append(WordRun(text=gap + sentence, side=Side.OLD))
            else:
                now = now or piece
                runs.extend(word_runs(gap + sentence, gap + piece.text))
        if not lost:
            return None
        return _Outcome(ImpactKind.CHANGED if now else ImpactKind.GONE, now, tuple(runs))

    def _says(self, form: str) -> bool:
        if form in self.whole:
            return True
        words = _words(form)
        if not _enough(words) or words not in self.text:
            return False
        return not any(words in one.words and one.turned() for one in self.became)

    def _instead_of(self, form: str) -> Piece | None:
        """The piece that says in other words what ``form`` said: as the comparison has it, else the nearest."""
        words = _words(form)
        for one in self.became:
            if form == one.form or (_enough(words) and words in one.words):
                return one.new
        near = self.nearest.like(form, floor=NEAR)
        return self.pieces[near[0][1]] if near else None


def _sentences(quote: str) -> list[str]:
    """The sentences of a quote; one of few words stays with the sentence before it."""
    found: list[str] = []
    for start, end in sentence_spans(quote, line_ends=False):
        sentence = quote[start:end]
        if found and not _enough(_words(normal(sentence))):
            found[-1] += f" {sentence}"
        else:
            found.append(sentence)
    return found


def _enough(words: str) -> bool:
    return words.count(" ") > _LEAST_INSIDE


def _words(form: str) -> str:
    """The words of a normal form between blanks, so that whole words are found in whole words."""
    return f" {' '.join(_TOKEN.findall(form))} "
