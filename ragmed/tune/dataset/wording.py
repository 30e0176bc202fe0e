"""Questions in words, English and Chinese: a few ways to ask the same thing, drawn by seed.

They name the document's subject and the section, so that the passages of that section answer and others do not.
"""

from __future__ import annotations

import random

from ragmed.records import Language

_FORMS: dict[str, dict[Language, tuple[str, ...]]] = {
    "heading": {
        Language.ENGLISH: (
            "{title}: {section}?",
            "What does the guideline on {title} say about {section}?",
            "{section} in {title}: what is said?",
        ),
        Language.CHINESE: (
            "{title}：{section}？",
            "关于{title}，指南对“{section}”是怎么说的？",
            "{title}中“{section}”有哪些内容？",
        ),
    },
    "recommendation": {
        Language.ENGLISH: (
            "{title}, {section}: what is said about {term}?",
            "What should be known about {term} in {title} ({section})?",
            "{term}: what does {title} say under {section}?",
        ),
        Language.CHINESE: (
            "{title}，{section}：关于{term}怎么说？",
            "{title}（{section}）中对{term}有哪些说明？",
            "{term}：{title}在“{section}”中怎么说？",
        ),
    },
    "dose": {
        Language.ENGLISH: (
            "{title}, {section}: what dose of {term} is stated?",
            "How much {term} is given in {title} ({section})?",
        ),
        Language.CHINESE: ("{title}，{section}：{term}的用量是多少？", "{title}（{section}）中{term}用多少？"),
    },
    "table": {
        Language.ENGLISH: (
            "{title}, {section}: what does the table say of {term}?",
            "{title}, {section}, {term}: {column}?",
        ),
        Language.CHINESE: ("{title}，{section}：表中{term}一行怎么写？", "{title}，{section}，{term}：{column}？"),
    },
    "across": {
        Language.ENGLISH: ("{title}: what is said about {term}?", "{term} in {title}: what is said?"),
        Language.CHINESE: ("{title}：关于{term}怎么说？", "{title}中对{term}有哪些说明？"),
    },
}
_JOINED = {Language.ENGLISH: ", ", Language.CHINESE: "，"}


def question(kind: str, language: Language, draw: random.Random, **said: str) -> str:
    """One of the ways to ask; ``said``: ``title``, ``section``, ``term``, ``column`` as the form needs them."""
    form = draw.choice(_FORMS[kind][language])
    return " ".join(form.format_map(said).split())


def section_of(headings: tuple[str, ...], title: str, language: Language) -> str:
    """The headings above a passage as one phrase, the title left out; empty where there are none."""
    own = [" ".join(part.split()) for part in headings]
    kept = [part for part in dict.fromkeys(own) if part and part.casefold() != " ".join(title.split()).casefold()]
    return _JOINED[language].join(kept)
