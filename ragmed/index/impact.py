"""Which recorded answers quote words that the library to be no longer says.

Laws of this room: pure; a quote that stands in the newer edition in the same words, wherever it stands there and
however it is printed, is not affected; one that does not is never passed over. A quote is looked at by sentences, each
text once however many answers quote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ragmed.changes import AnswerImpact, ChangeKind, CitedQuote, EditionChange, ImpactKind, Piece, Side, WordRun
from ragmed.records import Document
from ragmed.text.nearest import Nearest
from ragmed.text.normal import normal
from ragmed.text.sentences import sentence_spans
from ragmed.text.word_diff import word_runs

NEAR = 0.5
"""Likeness from which a piece of the newer edition says in other words what a sentence of a quote said."""
_LEAST_INSIDE = 12
"""Letters of a normal form under which it must be a whole piece: "no" and "5 mg" stand inside many."""


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


@dataclass(slots=True)
class _Successor:
    """A newer edition, ready to be asked whether it still says something."""

    pieces: Sequence[Piece]
    whole: frozenset[str]
    text: str
    """The normal forms of all pieces, a line each."""
    nearest: Nearest
    became: tuple[tuple[str, Piece], ...]
    """Normal forms of the old edition's changed pieces, and what they became."""
    known: dict[str, _Outcome | None] = field(default_factory=dict)

    @classmethod
    def of(cls, fate: Fate) -> _Successor:
        forms = [normal(piece.text) for piece in fate.pieces]
        sections = fate.change.sections if fate.change else ()
        became = tuple(
            (normal(change.old.text), change.new)
            for section in sections
            for change in section.changes
            if change.kind is ChangeKind.CHANGED and change.old and change.new
        )
        return cls(fate.pieces, frozenset(forms), "\n".join(forms), Nearest(forms), became)

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
        for start, end in sentence_spans(quote, line_ends=False):
            sentence = quote[start:end]
            gap = " " if runs else ""
            if self._says(normal(sentence)):
                runs.append(WordRun(text=gap + sentence, side=Side.BOTH))
                continue
            lost = True
            piece = self._instead_of(normal(sentence))
            if piece is None:
                runs.append(WordRun(text=gap + sentence, side=Side.OLD))
            else:
                now = now or piece
                runs.extend(word_runs(gap + sentence, gap + piece.text))
        if not lost:
            return None
        return _Outcome(ImpactKind.CHANGED if now else ImpactKind.GONE, now, tuple(runs))

    def _says(self, form: str) -> bool:
        return form in self.whole or (len(form) >= _LEAST_INSIDE and form in self.text)

    def _instead_of(self, form: str) -> Piece | None:
        """The piece that says in other words what ``form`` said: as the comparison has it, else the nearest."""
        for was, piece in self.became:
            if form == was or (len(form) >= _LEAST_INSIDE and form in was):
                return piece
        near = self.nearest.like(form, floor=NEAR)
        return self.pieces[near[0][1]] if near else None
