"""Rows from the library: its own questions, the true passages among those that the program's search finds beside them.

Distractors come from the retriever itself, asked among the documents of the row's side, so that they look like what the
model will meet. One that may answer as well is none: a passage of the same section, a passage of the document that
names what is asked about, and any that shares over half of the words of a sentence of the answer.

Every fourth question (or so many as are wanted) is asked a second time with its true passages taken out, and the right
answer is then to say that it is not covered: what parts the two rows are the passages, not the question.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ragmed.answer import support
from ragmed.answer.citations import check
from ragmed.canonical import sha256_bytes
from ragmed.generate.prompt import NOT_COVERED, messages_of, prompt_of
from ragmed.interfaces import no_progress
from ragmed.records import Citation, Filters, Hit, Mode, Passage, Verdict
from ragmed.tune.dataset.checking import check_answer, cited
from ragmed.tune.dataset.placing import Places
from ragmed.tune.dataset.questions import Asked, questions_of
from ragmed.tune.dataset.rows import Form, Meta, Row, Source, Split, expected, named_row, shown

if TYPE_CHECKING:
    from ragmed.answer.excerpts import Excerpt
    from ragmed.engines import Message
    from ragmed.interfaces import Progress, Retriever, SnapshotReader
    from ragmed.records import Query
    from ragmed.tune.dataset.rows import Expected
    from ragmed.tune.dataset.usable import Usable

ABSTENTIONS = 4
"""Every so manieth question is asked again without its passages: a fifth of the rows."""
MOST_SHARED = 0.5
"""Words of an answer's sentence that a distractor may hold; from 0.6 on the check of citations would take it for
evidence (``ragmed.answer.citations.LEAST_SHARE``)."""
LEAST_PASSAGES = 2
_SPARE = 12
"""Passages looked for beyond those wanted, as some of them may answer."""


@dataclass(slots=True)
class Made:
    """Rows as they are made, and why questions gave none."""

    rows: list[tuple[Split, Row]] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    """Reason → questions."""


def library_rows(
    found: Usable,
    snapshot: SnapshotReader,
    retriever: Retriever,
    *,
    passages: int,
    seed: int,
    most: int = 0,
    across: bool = False,
    abstentions: int = ABSTENTIONS,
    progress: Progress = no_progress,
) -> Made:
    """``passages``: of a prompt. ``most``: questions, drawn by seed (0: all). ``abstentions``: every so manieth
    question is asked again without its passages."""
    asked = [
        (document.split, one)
        for document in found.used
        for one in questions_of(document.document, document.chunks, seed, across=across)
    ]
    asked = _drawn(asked, seed, most)
    made = Made()
    usable_chunks = {chunk.chunk_id for document in found.used for chunk in document.chunks}
    places = {split: Places(f"{seed}:{split.value}:places") for split in Split}
    for number, (split, one) in enumerate(asked, 1):
        maker = _Making(one, snapshot, retriever, found.beside(split), usable_chunks, passages)
        try:
            made.rows += [(split, row) for row in maker.rows(places[split], twice=_twice(one, seed, abstentions))]
        except _PassedOverError as why:
            made.passed_over[str(why)] += 1
        progress("questions", number, len(asked))
    return made


def _drawn(asked: list[tuple[Split, Asked]], seed: int, most: int) -> list[tuple[Split, Asked]]:
    """At most so many, drawn by a hash of the question, in their order; no question is asked twice."""
    once = list({one.question: (split, one) for split, one in reversed(asked)}.values())[::-1]
    if not most or len(once) <= most:
        return once
    kept = sorted(once, key=lambda each: sha256_bytes(f"{seed}:{each[1].question}".encode()))[:most]
    chosen = {one.question for _, one in kept}
    return [each for each in once if each[1].question in chosen]


def _twice(asked: Asked, seed: int, abstentions: int) -> bool:
    return random.Random(f"{seed}:{asked.question}:without").randrange(abstentions) == 0


class _PassedOverError(Exception):
    """A question gives no row."""


class _Making:
    """The rows of one question."""

    def __init__(
        self,
        asked: Asked,
        snapshot: SnapshotReader,
        retriever: Retriever,
        beside: tuple[str, ...],
        usable_chunks: set[str],
        passages: int,
    ) -> None:
        self._asked = asked
        self._snapshot = snapshot
        self._passages = passages
        filters = Filters(document_ids=beside)
        self._query: Query = retriever.analyse(asked.question, asked.language, filters)
        found = retriever.retrieve(self._query, passages + _SPARE).passages
        self._found = {one.chunk.chunk_id: one for one in found if one.chunk.chunk_id in usable_chunks}

    def rows(self, places: Places, *, twice: bool) -> Iterator[Row]:
        """The row, and with ``twice`` the one without its passages."""
        true = [self._true(chunk_id) for chunk_id in self._asked.chunk_ids]
        others = [one for one in self._found.values() if self._is_distractor(one)]
        size = min(self._passages, len(true) + len(others))
        if size < max(LEAST_PASSAGES, len(true)):
            raise _PassedOverError("too few passages that do not answer it")
        cited_by = Counter(one.passage.chunk.chunk_id for one in self._asked.excerpts)
        taken = places.take([cited_by[one.chunk.chunk_id] for one in true], size)
        rest, truth = iter(others), iter(true)
        yield self._row([next(truth) if place in taken else next(rest) for place in range(size)])
        if twice and len(others) >= LEAST_PASSAGES:
            yield self._without(others[: self._passages])

    def _true(self, chunk_id: str) -> Passage:
        if chunk_id in self._found:
            return self._found[chunk_id]
        chunk = self._snapshot.chunk(chunk_id)
        return Passage(
            marker=0,
            hit=Hit(chunk_id=chunk_id, rank=0, score=0.0),
            chunk=chunk,
            document=self._snapshot.document(chunk.document_id),
            page_label=self._snapshot.page_label(chunk.document_id, chunk.page_number),
        )

    def _is_distractor(self, passage: Passage) -> bool:
        chunk = passage.chunk
        if chunk.chunk_id in self._asked.chunk_ids or (chunk.document_id, chunk.heading_path) == self._asked.section:
            return False
        same = chunk.document_id == self._asked.section[0]
        if same and self._asked.terms & support.concepts(chunk.text):
            return False
        return all(support.share(one.text, chunk.text) <= MOST_SHARED for one in self._asked.excerpts)

    def _row(self, passages: Sequence[Passage]) -> Row:
        numbered = [replace(passage, marker=number) for number, passage in enumerate(passages, 1)]
        markers = {passage.chunk.chunk_id: passage.marker for passage in numbered}
        answer = "\n".join(cited(one.text, markers[one.passage.chunk.chunk_id]) for one in self._asked.excerpts)
        prompt = prompt_of(self._query, Mode.ANSWER, numbered)
        checked = check_answer(answer, prompt, self._snapshot)
        said = [one.text for one in self._asked.excerpts]
        if not checked.holds:
            raise _PassedOverError("a sentence of the page does not pass the check of citations")
        if [one.sentence for one in checked.expected] != said or checked.text != answer:
            raise _PassedOverError("a sentence of the page is not found again as it was written")
        held = tuple(self._where_it_stands(one, markers[one.passage.chunk.chunk_id]) for one in self._asked.excerpts)
        return self._named(messages_of(prompt), answer, numbered, answerable=True, held=held)

    def _where_it_stands(self, one: Excerpt, marker: int) -> Expected:
        """The sentence at its own place: the check looks for one, and may find it with the number of its list."""
        chunk = one.passage.chunk
        citation = Citation(
            claim=0,
            marker=marker,
            chunk_id=chunk.chunk_id,
            document_id=chunk.document_id,
            page_number=chunk.page_number,
            start=one.start,
            end=one.end,
            quote=chunk.text[one.start - chunk.start : one.end - chunk.start],
        )
        found = check(one.text, citation, self._snapshot)
        if found.verdict is not Verdict.VERBATIM:
            raise _PassedOverError("a sentence of the page does not pass the check of citations")
        return expected(one.text, found)

    def _without(self, passages: Sequence[Passage]) -> Row:
        numbered = [replace(passage, marker=number) for number, passage in enumerate(passages, 1)]
        prompt = prompt_of(self._query, Mode.ANSWER, numbered)
        return self._named(messages_of(prompt), NOT_COVERED[self._asked.language], numbered, answerable=False)

    def _named(
        self,
        messages: tuple[Message, ...],
        answer: str,
        passages: Sequence[Passage],
        *,
        answerable: bool,
        held: tuple[Expected, ...] = (),
    ) -> Row:
        documents = sorted({one.document.document_id for one in passages})
        meta = Meta(
            row_id="",
            source=Source.LIBRARY,
            kind=self._asked.kind,
            language=self._asked.language.value,
            answerable=answerable,
            document_ids=tuple(documents),
            series=tuple(sorted({one.document.series for one in passages})),
            passages=shown(passages),
            expected=held,
            group=f"q-{sha256_bytes(self._asked.question.encode())[:16]}",
        )
        return named_row(Row(form=Form.SFT, prompt=messages, answer=answer, meta=meta))
