"""What a question asks for: its language, its clinical words in both languages, its slips.

Laws of this room: the user's own words are always searched, whatever is put beside them; everything put beside them is
recorded as an Expansion that the page can show; the same question gives the same query. No model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ragmed.records import Expansion, Filters, Language, Query
from ragmed.retrieve.intents import find_intents
from ragmed.retrieve.spelling import clinical_speller
from ragmed.terms import (
    find_abbreviations,
    find_terms,
    gloss_to_chinese,
    gloss_to_english,
)
from ragmed.text.language import detect_language
from ragmed.text.sentences import sentence_spans

LONG_CASE = 700
"""Characters from which an English case is cut down to its findings and what it asks: the default embedder reads about
256 tokens (4 to 5 characters each with the punctuation of a case note) and would never see the question at the end."""

_WORD = re.compile(r"[A-Za-z]+")

PARTS = {
    "abbreviations": "abbreviation",
    "glosses": "",
    "intents": "intent",
    "spelling": "spelling",
    "synonyms": "synonym",
}
"""What can be left out to measure its worth, and the reason of the expansions that it makes (glosses make none)."""


class Analyser:
    """Question → query. ``frequency`` tells how many chunks of the library hold a word (0: unknown word)."""

    def __init__(self, frequency: Callable[[str], int], *, without: frozenset[str] = frozenset()) -> None:
        """``without``: of ``PARTS``, those to leave out."""
        self._frequency = frequency
        self._glosses = "glosses" not in without
        self._left_out = {PARTS[part] for part in without}

    def analyse(self, question: str, language: Language | None, filters: Filters) -> Query:
        """The query for a question; offsets of its expansions count in ``query.text``, the question without margins.

        ``language`` overrides detection. A language other than English and Chinese is searched as English words.
        """
        text = question.strip()
        language = language or detect_language(text)
        expansions = tuple(one for one in self.expansions(text) if one.reason not in self._left_out)
        if language is Language.CHINESE:
            english = _spelled_out(gloss_to_english(text), expansions) if self._glosses else text
            chinese = text
        else:
            english = _spelled_out(_reduced(text), expansions)
            chinese = gloss_to_chinese(
                " ".join([text, *(one.english for one in expansions if one.reason == "spelling")])
            )
            chinese = chinese if self._glosses else ""
        return Query(
            text=text,
            language=language,
            english=english or text,
            chinese=chinese,
            expansions=expansions,
            filters=filters,
        )

    def expansions(self, text: str) -> tuple[Expansion, ...]:
        """Terms, abbreviations and mended slips of ``text``, in order, never overlapping; and what is asked about them
        (reason ``intent``), which may lie over one of them."""
        found: list[Expansion] = []
        taken: list[tuple[int, int]] = []
        for match in find_terms(text):
            preferred = match.surface.lower() in (match.term.en.lower(), match.term.zh)
            found.append(
                Expansion(
                    surface=match.surface,
                    start=match.start,
                    end=match.end,
                    english=match.term.en,
                    chinese=match.term.zh,
                    reason="term" if preferred else "synonym",
                )
            )
            taken.append((match.start, match.end))
        for short in find_abbreviations(text):
            if _free(short.start, short.end, taken):
                found.append(
                    Expansion(
                        surface=short.surface,
                        start=short.start,
                        end=short.end,
                        english=short.sense.expansion,
                        chinese=short.sense.zh,
                        reason="abbreviation",
                    )
                )
                taken.append((short.start, short.end))
        found += self._slips(text, taken)
        for asked, intent in find_intents(text):
            found.append(
                Expansion(
                    surface=asked.group(),
                    start=asked.start(),
                    end=asked.end(),
                    english=intent.english,
                    chinese=intent.chinese,
                    reason="intent",
                )
            )
        return tuple(sorted(found, key=lambda one: (one.start, one.end, one.reason)))

    def _slips(self, text: str, taken: list[tuple[int, int]]) -> list[Expansion]:
        speller = clinical_speller()
        slips: list[Expansion] = []
        for match in _WORD.finditer(text):
            word = match.group().lower()
            if not _free(match.start(), match.end(), taken) or speller.knows(word) or self._frequency(word):
                continue
            meant = speller.mend(word, self._frequency)
            if meant:
                known = find_terms(meant)
                slips.append(
                    Expansion(
                        surface=match.group(),
                        start=match.start(),
                        end=match.end(),
                        english=meant,
                        chinese=known[0].term.zh if known else "",
                        reason="spelling",
                    )
                )
        return slips


def _free(start: int, end: int, taken: list[tuple[int, int]]) -> bool:
    return all(end <= first or start >= last for first, last in taken)


def _spelled_out(text: str, expansions: tuple[Expansion, ...]) -> str:
    """``text`` for the embedder: slips mended, abbreviations spelled out, what is asked about at the end."""
    for one in expansions:
        if one.reason == "spelling":
            text = re.sub(rf"\b{re.escape(one.surface)}\b", one.english, text)
        elif one.reason == "abbreviation" and one.english.lower() not in text.lower():
            said = f"{one.surface} ({one.english})"
            text = re.sub(rf"(?<![0-9A-Za-z]){re.escape(one.surface)}(?![0-9A-Za-z])", said, text, count=1)
    asked = ", ".join(one.english for one in expansions if one.reason == "intent")
    return f"{text.strip(' ?？')}: {asked}" if asked and text else text


def _reduced(text: str) -> str:
    """A long case as what it asks, followed by its clinical terms; a shorter text as it is."""
    if len(text) <= LONG_CASE:
        return text
    sentences = [text[start:end] for start, end in sentence_spans(text)]
    asked = [sentence for sentence in sentences if sentence.rstrip().endswith(("?", "？"))] or sentences[-1:]
    terms = dict.fromkeys(match.term.en for match in find_terms(text))
    return " ".join([*asked[-2:], *terms])
