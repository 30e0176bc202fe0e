"""What the base is taught, none of it in the program's form: repeating, and finding the note that is asked for.

A lesson is a chat (``system``, ``user``, ``assistant``) over notes, or a row of tokens that repeats itself. Notes have
a title and a heading as the program's passages have, and no lesson asks for a sentence with a number behind it: the
base learns to copy, to look up and to say that there is nothing, and nothing of the form that tuning teaches.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat

from learning.words import SECTIONS, Guideline, Section, Words

NONE = "There is none."
_SYSTEM = (
    "Read the notes and do what is asked.",
    "Repeat what the notes say, word for word.",
    "You look things up. Add nothing of your own.",
    "",
)
_ABOUT = (
    "Repeat the note of {title} on {section}.",
    "{title}: {section}?",
    "{section} in {title}: repeat it.",
    "What is in the note on {section} of {title}?",
    "Note {title}, {section}.",
)
_SENTENCE = (
    "Repeat the sentence about {drug}.",
    "{title}, {section}: repeat the sentence about {drug}.",
    "What does {title} ({section}) say about {drug}?",
)
_NUMBER = ("Which number has the note of {title} on {section}?", "{title}, {section}: its number?")
_HOLDER = ("Which number has the note that says: {sentence}", "Find the number: {sentence}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A chat over notes: what is asked about them, and the answers."""

    system: str
    notes: str
    """They stand before the first question."""
    turns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How hard lessons are."""

    notes: int
    """At most."""
    filler: float = 0.0
    """Share of the lessons with a long system message of unrelated sentences."""
    turns: int = 4
    """Questions about the same notes, at most."""
    plain: bool = False
    """Every question names title and heading in one way, every note has a heading of its own, and every one asked for
    is there: what looking up is learned from soonest."""
    apart: bool = False
    """Every note is of a guideline of its own and says a few names: title or heading is enough to find it, and the
    first token of an answer tells which was found."""
    others: float = 0.0
    """Share of the plain questions that are worded in another way, or ask after a drug or a number."""


class Lessons:
    """Draws lessons; the same seed gives the same."""

    def __init__(self, seed: str) -> None:
        self._words = Words(seed)
        self._draw = random.Random(f"{seed}:lessons")

    def at(self, level: Level) -> Iterator[Lesson]:
        """Lessons without end."""
        while True:
            yield self._one(level)

    def _one(self, level: Level) -> Lesson:
        draw = self._draw
        count = draw.randint(1 if level.notes < 3 else 2, level.notes)
        notes = self._notes(count, level)
        numbers = (
            draw.sample(range(1, 10), count)
            if draw.random() < 0.6 and (level.others or not level.plain)
            else [0] * count
        )
        if numbers[0] and draw.random() < 0.6:
            numbers.sort()
        gone = draw.randrange(count) if draw.random() < 0.3 and count > 1 and not level.plain else -1
        tag = draw.choice(("note", "note", "card", "entry", "passage"))
        system = draw.choice(_SYSTEM)
        if draw.random() < level.filler:
            system += "\n" + "\n".join(self._filler())
        text = "\n".join(self._note(tag, *notes[place], numbers[place]) for place in range(count) if place != gone)
        turns: list[tuple[str, str]] = []
        for _ in range(draw.randint(1, level.turns)):
            asked = gone if gone >= 0 and draw.random() < 0.4 else draw.randrange(count)
            guideline, section = notes[asked]
            question, answer = self._question(guideline, section, numbers[asked])
            if level.plain and draw.random() >= level.others:
                question, answer = f"{guideline.title}: {section.heading}?", "\n".join(section.sentences)
            turns.append((question, NONE if asked == gone else answer))
        return Lesson(system=system, notes=text, turns=tuple(turns))

    def _notes(self, count: int, level: Level) -> list[tuple[Guideline, Section]]:
        """Notes of which several are of one guideline, and several stand under one heading."""
        made: list[tuple[Guideline, Section]] = []
        guidelines = [self._words.guideline(4) for _ in range(count if level.apart else max(1, (count + 1) // 2))]
        headings: list[str] = []
        for place in range(count):
            guideline = guidelines[place % len(guidelines)]
            section = guideline.sections[place // len(guidelines)]
            if level.plain:
                heading = self._draw.choice([one for one in SECTIONS if one not in headings])
                if level.apart:
                    section = Section(heading=heading, sentences=(self._names(),), drugs=())
                else:
                    section = Section(heading=heading, sentences=section.sentences, drugs=section.drugs)
            elif headings and self._draw.random() < 0.4:
                heading = self._draw.choice(headings)
                if all(not (one is guideline and other.heading == heading) for one, other in made):
                    section = Section(heading=heading, sentences=section.sentences, drugs=section.drugs)
            headings.append(section.heading)
            made.append((guideline, section))
        self._draw.shuffle(made)
        return made

    def _names(self) -> str:
        return " ".join(self._words.name() for _ in range(self._draw.randint(1, 3))).capitalize() + "."

    def _filler(self) -> list[str]:
        """Sentences of guidelines that nobody asks about."""
        guideline = self._words.guideline(self._draw.randint(2, 12))
        return [sentence for section in guideline.sections for sentence in section.sentences]

    def _note(self, tag: str, guideline: Guideline, section: Section, number: int) -> str:
        stated = f' number="{number}"' if number else ""
        where = f'title="{guideline.title}" edition="{guideline.edition}" page="{self._draw.randint(1, 9)}"'
        body = " ".join(section.sentences)
        return f'<{tag}{stated} {where} under="{guideline.title} › {section.heading}">\n{body}\n</{tag}>'

    def _question(self, guideline: Guideline, section: Section, number: int) -> tuple[str, str]:
        draw = self._draw
        kind = draw.random()
        if number and kind < 0.35:
            if draw.random() < 0.5:
                sentence = draw.choice(section.sentences)
                return draw.choice(_HOLDER).format(sentence=sentence), str(number)
            asked = draw.choice(_NUMBER).format(title=guideline.title, section=section.heading)
            return asked, str(number)
        if section.drugs and kind > 0.65:
            drug = draw.choice(section.drugs)[0]
            places = sorted({place for named, place in section.drugs if named == drug})
            asked = draw.choice(_SENTENCE).format(title=guideline.title, section=section.heading, drug=drug)
            return asked, "\n".join(section.sentences[place] for place in places)
        asked = draw.choice(_ABOUT).format(title=guideline.title, section=section.heading)
        return asked, "\n".join(section.sentences)


def repeated(draw: random.Random, alphabet: Sequence[int], length: int) -> tuple[list[int], list[bool]]:
    """Random tokens of ``alphabet`` that come again and again, and which of them can be known: what copying is learned
    from soonest."""
    period = draw.randint(4, length // 3)
    once = [draw.choice(alphabet) for _ in range(period)]
    ids = list(islice(chain.from_iterable(repeat(once)), length))
    return ids, [place > period for place in range(length)]
