"""What the base is taught: repeating what is asked for with the number of the note that says it.

A lesson is a chat (``system``, ``user``, ``assistant``) over notes, or a row of tokens that repeats itself. Notes have
a title and a heading as the program's passages have, and most have a number, which stands behind every sentence that is
repeated from them, as "(3)", "{3}" or "<3>", or alone where it is asked for. Brackets of many kinds are there for what
follows a number not to hang on one; they are drawn, and so cannot be taken from elsewhere. The program's own form is
not taught: no lesson has its instructions, a square bracket or "NOT COVERED".
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice, repeat

from learning.words import SECTIONS, Guideline, Section, Words

NONE = "There is none."
BRACKETS = ("()", "{}", "<>")
_SYSTEM = (
    "Read the notes and do what is asked.",
    "Repeat what the notes say, word for word.",
    "You look things up. Add nothing of your own.",
    "",
)


class Kind(StrEnum):
    """What is asked."""

    PLAIN = "plain"
    """The text of a note, always in the same words: what looking up is learned from soonest."""
    TEXT = "text"
    """The text of a note."""
    SENTENCE = "sentence"
    """What a note says about a word."""
    NUMBER = "number"
    """The number of a note."""
    HOLDER = "holder"
    """The number of the note that says a sentence."""
    NONE = "none"
    """A note that is not there."""


_WORDED = {
    Kind.PLAIN: ("{title}: {section}?",),
    Kind.TEXT: (
        "{title}: {section}?",
        "Repeat the note of {title} on {section}.",
        "{section} in {title}: repeat it.",
        "What is in the note on {section} of {title}?",
        "Note {title}, {section}.",
        "{section} ({title})?",
        "What do the notes of {title} hold on {section}?",
    ),
    Kind.SENTENCE: (
        "{title}, {section}: repeat the sentence about {word}.",
        "What does {title} ({section}) say about {word}?",
        "{word} in {title}, {section}?",
        "Repeat what stands about {word} in {title} ({section}).",
        "On {word}: what stands in {title} at {section}?",
        "Which sentence on {section} of {title} has {word}?",
    ),
    Kind.NUMBER: (
        "Which number has the note of {title} on {section}?",
        "{title}, {section}: its number?",
        "The number of {section} in {title}?",
    ),
    Kind.HOLDER: ("Which number has the note that says: {sentence}", "Find the number: {sentence}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A question and its answer."""

    kind: Kind
    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A chat over notes: what is asked about them, and the answers."""

    system: str
    notes: str
    """They stand before the first question."""
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How hard lessons are."""

    notes: int
    """At most."""
    turns: int = 8
    """Questions about the same notes, at most."""
    filler: float = 0.0
    """Share of the lessons with a long system message of unrelated sentences."""
    apart: bool = False
    """Texts are of a few names and not of sentences: short, and the first token of an answer tells what was found."""
    alike: float = 0.0
    """Share of the notes that stand under the heading of another."""
    first: float = 0.0
    """Share of the lessons in which one note is a guideline's beginning, with title and heading in its text."""
    kinds: Mapping[Kind, float] = field(default_factory=lambda: {Kind.PLAIN: 1.0})
    """How often each kind is asked, as weights; numbers are asked for where notes have them."""


FOUND = {Kind.TEXT: 0.7, Kind.SENTENCE: 0.6, Kind.NUMBER: 0.15, Kind.HOLDER: 0.05}
"""How often what is asked, once copying and looking up are there."""
_OF_NUMBERS = frozenset({Kind.NUMBER, Kind.HOLDER})


class Lessons:
    """Draws lessons; the same seed gives the same."""

    def __init__(self, seed: str) -> None:
        self._words = Words(seed, loose=0.5)
        self._draw = random.Random(f"{seed}:lessons")

    def at(self, level: Level) -> Iterator[Lesson]:
        """Lessons without end."""
        while True:
            yield self._one(level)

    def _one(self, level: Level) -> Lesson:
        draw = self._draw
        count = draw.randint(min(2, level.notes), level.notes)
        gone = count > 1 and draw.random() < 2 * level.kinds.get(Kind.NONE, 0.0)
        notes = self._notes(count + gone, level)
        missing = notes.pop() if gone else None
        numbers = self._numbers(count, level)
        first = draw.randrange(count) if draw.random() < level.first else -1
        tag = draw.choice(("note", "note", "card", "entry", "passage"))
        system = draw.choice(_SYSTEM)
        if draw.random() < level.filler:
            system += "\n" + "\n".join(self._filler())
        text = "\n".join(self._note(tag, *notes[place], numbers[place], place == first) for place in range(count))
        turns: list[Turn] = []
        given: set[tuple[Kind, int]] = set()
        for _ in range(draw.randint(1, level.turns)):
            kind = self._kind(level, numbered=bool(numbers[0]))
            asked = draw.randrange(count)
            if missing is not None and kind in (Kind.PLAIN, Kind.TEXT, Kind.SENTENCE) and draw.random() < 0.5:
                turn = Turn(kind=Kind.NONE, question=self._turn(kind, *missing, 0).question, answer=NONE)
            else:
                turn = self._turn(kind, *notes[asked], numbers[asked])
            # what was answered before could be copied from there, and nothing would be looked up
            if (kind, asked) not in given:
                turns.append(turn)
            given.add((kind, asked))
        return Lesson(system=system, notes=text, turns=tuple(turns))

    def _numbers(self, count: int, level: Level) -> list[int]:
        """From 1 on, or any in any order; none where none is asked for, and sometimes none where it might be."""
        others = level.kinds.keys() - _OF_NUMBERS - {Kind.NONE}
        if not _OF_NUMBERS & level.kinds.keys() or (self._draw.random() < 0.2 and others):
            return [0] * count
        if self._draw.random() < 0.5:
            return list(range(1, count + 1))
        return self._draw.sample(range(1, 10), count)

    def _kind(self, level: Level, *, numbered: bool) -> Kind:
        open_to = {
            kind: weight
            for kind, weight in level.kinds.items()
            if kind is not Kind.NONE and (numbered or kind not in _OF_NUMBERS)
        }
        return self._draw.choices(list(open_to), list(open_to.values()))[0]

    def _notes(self, count: int, level: Level) -> list[tuple[Guideline, Section]]:
        """Notes of which several are of one guideline, and several may stand under one heading."""
        made: list[tuple[Guideline, Section]] = []
        guidelines = [
            self._words.guideline(4)
            for _ in range(count if level.apart and self._draw.random() < 0.3 else max(1, (count + 1) // 2))
        ]
        headings: list[str] = []
        for place in range(count):
            guideline = guidelines[place % len(guidelines)]
            section = guideline.sections[place // len(guidelines)]
            own = {other.heading for one, other in made if one is guideline}
            recurring = [one for one in headings if one not in own]
            if recurring and self._draw.random() < level.alike:
                heading = self._draw.choice(recurring)
            else:
                heading = self._draw.choice([one for one in SECTIONS if one not in headings])
            headings.append(heading)
            if level.apart:
                said = tuple(self._names() for _ in section.sentences)
                section = Section(heading=heading, sentences=said, drugs=())
            else:
                section = Section(heading=heading, sentences=section.sentences, drugs=section.drugs)
            made.append((guideline, section))
        self._draw.shuffle(made)
        return made

    def _names(self) -> str:
        return " ".join(self._words.name() for _ in range(self._draw.randint(1, 3))).capitalize() + "."

    def _filler(self) -> list[str]:
        """Sentences of guidelines that nobody asks about."""
        guideline = self._words.guideline(self._draw.randint(2, 12))
        return [sentence for section in guideline.sections for sentence in section.sentences]

    def _note(self, tag: str, guideline: Guideline, section: Section, number: int, first: bool) -> str:
        stated = f' number="{number}"' if number else ""
        where = f'title="{guideline.title}" edition="{guideline.edition}" page="{self._draw.randint(1, 9)}"'
        body = " ".join(section.sentences)
        under = f"{guideline.title} › {section.heading}"
        if first:
            under = guideline.title
            body = f"{guideline.title}\n\nEdition: {guideline.edition}\n\n{section.heading}\n\n{body}"
        return f'<{tag}{stated} {where} under="{under}">\n{body}\n</{tag}>'

    def _turn(self, kind: Kind, guideline: Guideline, section: Section, number: int) -> Turn:
        draw = self._draw
        worded = draw.choice(_WORDED[kind])
        named = {"title": guideline.title, "section": section.heading}
        if kind in (Kind.NUMBER, Kind.HOLDER):
            asked = worded.format(**named, sentence=draw.choice(section.sentences))
            return Turn(kind=kind, question=asked, answer=str(number))
        said = section.sentences
        if kind is Kind.SENTENCE:
            named["word"], said = self._word(section)
        return Turn(kind=kind, question=worded.format(**named), answer=self._cited(said, number))

    def _cited(self, sentences: Sequence[str], number: int) -> str:
        """Each on a line, with its note's number where that has one."""
        if not number:
            return "\n".join(sentences)
        opens, closes = self._draw.choice(BRACKETS)
        return "\n".join(f"{one.removesuffix('.')} {opens}{number}{closes}." for one in sentences)

    def _word(self, section: Section) -> tuple[str, tuple[str, ...]]:
        """A word of one sentence, a drug or any long one, and all sentences that have it."""
        sentence = self._draw.choice(section.sentences)
        drugs = [drug for drug, place in section.drugs if section.sentences[place] == sentence]
        words = sentence.rstrip(".").split()
        long = [word for word in words if len(word) > 3 and word.isalpha()] or words
        word = self._draw.choice(drugs) if drugs and self._draw.random() < 0.5 else self._draw.choice(long)
        return word, tuple(one for one in section.sentences if word.lower() in one.lower())


def repeated(draw: random.Random, alphabet: Sequence[int], length: int) -> tuple[list[int], list[int]]:
    """Random tokens of ``alphabet`` that come again and again, and a one at those that can be known: what copying is
    learned from soonest."""
    period = draw.randint(4, length // 3)
    once = [draw.choice(alphabet) for _ in range(period)]
    ids = list(islice(chain.from_iterable(repeat(once)), length))
    return ids, [int(place > period) for place in range(length)]
