"""Text on a page, in a title or in a file's name that addresses a language model instead of a reader.

Laws of this room: such text is flagged, never removed: it stays what it is, words on a page. That no model obeys it is
the business of the prompts and of citation checking; this note lets a librarian look at the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ragmed.records import NoteKind, Page, ReadNote

INSTRUCTIONS_VERSION = "2"
_AT_MOST = 20

_ADDRESS = re.compile(
    r"\b(?:ignore|disregard|forget|override|do not follow)\s+(?:\w+\s+){0,3}?"
    r"(?:previous|prior|above|earlier|preceding|all|any|your|the system)\s+"
    r"(?:\w+\s+){0,2}?(?:instructions?|prompts?|rules|directions|guidelines you|messages|context)\b"
    r"|\byou are (?:now\s+(?:an?|the|in)\b|an? (?:ai|language model|assistant|chatbot|llm)\b|chatgpt|gpt-?\d)"
    r"|\b(?:system|developer) prompt\b|\bas an? (?:ai|large) (?:language )?model\b"
    r"|\b(?:reveal|print|repeat|output) (?:your|the) (?:system|hidden|initial) (?:prompt|instructions)\b"
    r"|<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[/?INST\]|<</?SYS>>|^\s*(?:system|assistant)\s*:\s*\S"
    r"|\b(?:to|dear|attention|note to) (?:the )?(?:ai|llm|language model|chatbot|ai assistant)s?\b"
    r"|(?:忽略|无视|忘记|不要理会|不要遵守)[^。\n]{0,12}(?:之前|以上|前面|上述|先前|所有|一切|系统)[^。\n]{0,12}(?:指令|指示|提示|规则|要求|命令)"
    r"|(?:系统提示词|系统提示语|系统指令)|你现在是(?:一个|一名)?[^。\n]{0,10}(?:助手|模型|机器人|AI)|作为(?:一个)?(?:AI|人工智能|大?语言模型)",
    re.IGNORECASE | re.MULTILINE,
)


_LATIN = (
    *("ignore", "disregard", "forget", "override", "do not follow"),
    *("you are now", "you are a", "you are chatgpt", "you are gpt", "system prompt", "developer prompt"),
    *("as a ai ", "as an ai ", "as a large ", "as an large ", "<|", "[inst]", "[/inst]", "<<sys>>", "<</sys>>"),
    *(f"{verb} {whose}" for verb in ("reveal", "print", "repeat", "output") for whose in ("your", "the")),
    *("to ai", "to the ai", "dear ai", "dear the ai", "attention ai", "attention the ai"),
    *("llm", "language model", "chatbot"),
)
_CHINESE = ("忽略", "无视", "忘记", "不要理会", "不要遵守", "系统提示", "系统指令", "你现在是", "作为")
_SPEAKER = re.compile(r"(?:system|assistant)\s*:")
"""What every match of ``_ADDRESS`` holds, folded: looked for first, which takes a tenth of the time."""


def _may_address(text: str) -> bool:
    # what IGNORECASE takes for an i and casefold does not
    folded = text.replace("\u0130", "i").replace("\u0131", "i").casefold()
    if any(words in folded for words in _LATIN) or _SPEAKER.search(folded):
        return True
    return not text.isascii() and any(words in text for words in _CHINESE)


def instruction_notes(pages: Sequence[Page]) -> tuple[ReadNote, ...]:
    """A note for each page that addresses a language model, at most twenty, and how many more there are."""
    notes: list[ReadNote] = []
    more = 0
    for page in pages:
        match = _ADDRESS.search(page.text) if _may_address(page.text) else None
        if match is None:
            continue
        if len(notes) == _AT_MOST:
            more += 1
            continue
        words = " ".join(page.text[max(0, match.start() - 20) : match.end() + 40].split())
        message = f"the text addresses a language model: “{words}”"
        notes.append(ReadNote(kind=NoteKind.INSTRUCTION, message=message, page_number=page.number))
    if more:
        notes.append(ReadNote(kind=NoteKind.INSTRUCTION, message=f"and {more} more pages that do so"))
    return tuple(notes)


def naming_notes(names: Mapping[str, str]) -> tuple[ReadNote, ...]:
    """A note for each name (what it is → its words) that addresses a language model: titles and file names are shown
    beside the evidence."""
    notes = []
    for what, name in names.items():
        words = " ".join(re.sub(r"[_\-./\\]+", " ", name).split())
        for text in (name, words):
            if _may_address(text) and _ADDRESS.search(text):
                message = f"{what} addresses a language model: “{words[:120]}”"
                notes.append(ReadNote(kind=NoteKind.INSTRUCTION, message=message))
                break
    return tuple(notes)
