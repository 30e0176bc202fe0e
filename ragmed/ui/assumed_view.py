"""Whom an answer is for: what the question says of the patient, and what the answer takes for granted.

On the Ask page each assumption is a button that asks the question anew for the other patient. Streamlit's own button
stands unseen on the page (``flips``); the page's script presses it, so that name and state are ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.answer.assumptions import KEYS, is_added, label, other_label, toggled
from ragmed.ui.markup import Markup, el, join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmed.records import AnswerRecord, Assumption
    from ragmed.ui.words import Words

FLIP = "flip-{key}"
"""Key of Streamlit's button; the page's script finds it by the class made of it."""


def assumed(record: AnswerRecord, words: Words, pressable: int = 0) -> Markup | None:
    """The row under the question; nothing where the record has no assumptions.

    ``pressable`` is the most characters that a question may have: then assumptions are buttons; 0: words only.
    """
    if not record.assumptions:
        return None
    parts = []
    for lead, holds in (("assumed.named", False), ("assumed.taken", True)):
        mine = [one for one in record.assumptions if one.holds is holds]
        if mine:
            chips = el("span", *(_chip(record, one, words, pressable) for one in mine), class_="rm-assumed-chips")
            parts.append(el("span", el("span", words(lead), class_="rm-assumed-lead"), chips, class_="rm-assumed-part"))
    return el("div", *parts, class_="rm-assumed", role="group", aria_label=words("assumed.group"))


def assumed_line(record: AnswerRecord, words: Words) -> str:
    """The same as one line of text; empty where the record has no assumptions."""
    said = []
    for lead, holds in (("assumed.named", False), ("assumed.taken", True)):
        mine = [label(one, words.tongue) for one in record.assumptions if one.holds is holds]
        if mine:
            said.append(f"{words(lead)}: {' · '.join(mine)}")
    return "; ".join(said)


def flips(record: AnswerRecord, most: int) -> Iterator[tuple[str, str]]:
    """For each assumption that can be turned: its key, and the question for the other patient, at most ``most``
    characters long."""
    for one in record.assumptions:
        question = _other_question(record, one)
        if question and len(question) <= most:
            yield FLIP.format(key=one.key), question


def _other_question(record: AnswerRecord, one: Assumption) -> str:
    """Empty where the question says it in words of its own, and for a key of another program's table."""
    if one.key not in KEYS or not (one.holds or is_added(record.question, one.key)):
        return ""
    return toggled(record.question, one.key, record.language)


def _chip(record: AnswerRecord, one: Assumption, words: Words, most: int) -> Markup:
    now = label(one, words.tongue)
    question = _other_question(record, one) if most else ""
    if not question:
        return el("span", now, class_="rm-flip-still")
    name = words("assumed.change" if one.holds else "assumed.back", now=now, other=other_label(one, words.tongue))
    fits = len(question) <= most
    mark = None if one.holds else el("span", "✓", aria_hidden="true", class_="rm-flip-mark")
    turn = el("span", "⇄", aria_hidden="true", class_="rm-flip-turn")
    return el(
        "button",
        join(mark, now, turn),
        type="button",
        class_="rm-flip",
        aria_label=name if fits else join(name, ". ", words("assumed.long")),
        title=name if fits else words("assumed.long"),
        aria_pressed="false" if one.holds else "true",
        data_press=FLIP.format(key=one.key),
        disabled=not fits,
    )
