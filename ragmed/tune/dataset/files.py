"""Rows from files: JSON Lines, or a JSON list. Each line becomes a row or a problem with its number.

A row whose prompt fences passages as the program's own prompt does is checked: every sentence of the answer has to bear
markers of its passages and be borne out by them, on the library's own page where the passage is known there. A passage
of a document that may not teach, or of documents on different sides, makes the row fall short. A row without passages
stands on nothing that could be checked; the card counts it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.answer.citations import judge
from ragmed.answer.claims import cited_claims, locate
from ragmed.drafts import Draft
from ragmed.engines import Message
from ragmed.generate.prompt import defused, says_not_covered
from ragmed.records import Chunk, Document, Generation, Hit, Language, Passage, Prompt
from ragmed.text.language import detect_language
from ragmed.tune.dataset.checking import check_answer
from ragmed.tune.dataset.problems import Problem
from ragmed.tune.dataset.rows import Expected, Form, Meta, Row, Source, Split, named_row, shown
from ragmed.tune.dataset.shapes import Shaped, ShapeError, shaped
from ragmed.tune.dataset.sides import CrossingError, document_key, series_key, text_key

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader
    from ragmed.tune.dataset.identifiers import Scrubber
    from ragmed.tune.dataset.usable import Usable

_PASSAGE = re.compile(r'<passage number="(\d+)"[^\n]*>\n(.*?)\n</passage>', re.DOTALL)


@dataclass(slots=True)
class FileRows:
    """Rows of files, what fell short, and what each file held."""

    rows: list[tuple[Split, Row]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    told: dict[Path, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A passage of the library."""

    chunk: Chunk
    document: Document


def read_rows(paths: Sequence[Path], found: Usable, snapshot: SnapshotReader, scrub: Scrubber) -> FileRows:
    """Every line of every file. Raises OSError where a file cannot be read."""
    made = FileRows()
    reading = _Reading(found, snapshot, scrub)
    waiting: list[tuple[str, Row]] = []
    for path in paths:
        formats: Counter[str] = Counter()
        bad = 0
        for line, item in _items(path):
            try:
                one = shaped(item)
                waiting.append(reading.row(one))
                formats[one.format] += 1
            except ShapeError as why:
                bad += 1
                made.problems.append(Problem(where=path.name, line=line, reason=str(why)))
        told = ", ".join(f"{name} {count}" for name, count in sorted(formats.items()))
        made.told[path] = {"format": told or "none", "rows": formats.total(), "bad": bad}
    made.rows = [(found.sides.side(key), row) for key, row in waiting]  # now that all has been joined
    return made


def _items(path: Path) -> Iterator[tuple[int, object]]:
    """Line number (or, of a JSON list, the item's) and value; an exception in the place of what cannot be read."""
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if content.lstrip()[:1] == b"[":
        try:
            yield from enumerate(json.loads(content.decode("utf-8")), 1)
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            yield getattr(error, "lineno", 1), ShapeError(f"not a JSON list: {_said(error)}")
        return
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, json.loads(line.decode("utf-8"))
        except (UnicodeDecodeError, ValueError, RecursionError) as error:
            yield number, ShapeError(f"not JSON: {_said(error)}")


def _said(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return getattr(error, "msg", "") or str(error)[:80]


class _Reading:
    """Turns rows of files into the program's own."""

    def __init__(self, found: Usable, snapshot: SnapshotReader, scrub: Scrubber) -> None:
        self._sides = found.sides
        self._snapshot = snapshot
        self._scrub = scrub
        self._left_out = {one.document.document_id: one.reason for one in found.left_out}
        self._known = {
            text_key(defused(chunk.text)): _Known(chunk=chunk, document=document)
            for document, chunk in found.all_chunks
        }

    def row(self, one: Shaped) -> tuple[str, Row]:
        """The row and a key that its side goes by. Raises ShapeError."""
        passages = _fenced(one.prompt)
        texts = list(passages.values())
        turns = tuple(
            Message(role=turn.role, content=self._scrub.clean(turn.content, texts if turn.role == "assistant" else ()))
            for turn in one.prompt
        )
        answer = self._scrub.clean(one.answer, texts).strip()
        rejected = self._scrub.clean(one.rejected, texts).strip()
        known = {number: self._known.get(text_key(text)) for number, text in passages.items()}
        for there in known.values():
            if there and (why := self._left_out.get(there.document.document_id)):
                raise ShapeError(f"a passage is of document {there.document.document_id}, which teaches nothing: {why}")
        taught = one.form is not Form.KTO or one.label
        expected: tuple[Expected, ...] = ()
        if passages and taught and not says_not_covered(answer):
            expected = self._checked(answer, turns, passages, known)
        asked = next(turn.content for turn in reversed(turns) if turn.role == "user")
        keys = [text_key(text) for text in texts] or [text_key(asked)]
        for there in filter(None, known.values()):
            keys += [document_key(there.document.document_id), series_key(there.document.series)]
        try:
            self._sides.join(keys)
        except CrossingError:
            raise ShapeError("its passages stand on different sides of the split") from None
        sources = [there for there in known.values() if there]
        chinese = detect_language(asked.rpartition("</passages>")[2]) is Language.CHINESE
        meta = Meta(
            row_id="",
            source=Source.FILE,
            kind=one.format,
            language=(Language.CHINESE if chinese else Language.ENGLISH).value,
            answerable=not says_not_covered(answer),
            document_ids=tuple(sorted({there.document.document_id for there in sources})),
            series=tuple(sorted({there.document.series for there in sources})),
            passages=shown([_passage(number, there) for number, there in known.items() if there]),
            expected=expected,
        )
        made = Row(form=one.form, prompt=turns, answer=answer, meta=meta, rejected=rejected, label=one.label)
        return keys[0], named_row(made)

    def _checked(
        self,
        answer: str,
        turns: Sequence[Message],
        passages: Mapping[int, str],
        known: Mapping[int, _Known | None],
    ) -> tuple[Expected, ...]:
        """What bears the answer out. Raises ShapeError where a sentence does not hold."""
        draft = Draft(generation=Generation(text=answer, kind="dataset", model_id="", revision=""))
        markers: set[int] = set()
        for number, claim in enumerate(cited_claims(draft, ()), 1):
            cited = [citation.marker for citation in claim.citations]
            if not cited:
                raise ShapeError(f"sentence {number} of the answer bears no marker")
            for marker in cited:
                if marker not in passages:
                    raise ShapeError(f"sentence {number} of the answer cites [{marker}], which is no passage of its")
                start, end = locate(claim.text, passages[marker])
                verdict, _ = judge(claim.text, passages[marker][start:end])
                if not verdict.holds:
                    raise ShapeError(f"sentence {number} of the answer is not borne out by [{marker}]: {verdict.value}")
                markers.add(marker)
        if not markers:
            raise ShapeError("the answer says nothing that could be checked")
        there = [(number, one) for number, one in known.items() if one is not None]
        if len(there) != len(known):
            return ()
        prompt = Prompt(
            system="",
            user=turns[-1].content,
            passages=tuple(_passage(number, one) for number, one in there),
        )
        checked = check_answer(answer, prompt, self._snapshot)
        if not checked.holds:
            raise ShapeError(f"{checked.reason}, on the page of the library")
        return checked.expected


def _fenced(turns: Sequence[Message]) -> dict[int, str]:
    """Number → text of the passages that the last question stands under."""
    asked = next(turn.content for turn in reversed(turns) if turn.role == "user")
    return {int(number): text for number, text in _PASSAGE.findall(asked)}


def _passage(number: int, known: _Known) -> Passage:
    hit = Hit(chunk_id=known.chunk.chunk_id, rank=number, score=0.0)
    return Passage(marker=number, hit=hit, chunk=known.chunk, document=known.document, page_label="")
