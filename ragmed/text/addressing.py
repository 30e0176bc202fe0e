"""Words that address a language model instead of a reader: "ignore all previous instructions" and its like.

Found are forms, not intentions: who misleads a model without any of them is not seen here, and what that model
writes has to stand its check against the page like everything else.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(
    r"\b(?:ignore|disregard|forget|override|do not follow)\s+(?:\w+\s+){0,3}?"
    r"(?:previous|prior|above|earlier|preceding|all|any|your|the system)\s+"
    r"(?:\w+\s+){0,2}?(?:instructions?|prompts?|rules|directions|guidelines you|messages|context)\b"
    r"|\byou are (?:now\s+(?:an?|the|in)\b|an? (?:ai|language model|assistant|chatbot|llm)\b|chatgpt|gpt-?\d)"
    r"|\b(?:system|developer) prompt\b|\bas an? (?:ai|large) (?:language )?model\b"
    r"|\b(?:reveal|print|repeat|output) (?:your|the) (?:system|hidden|initial) (?:prompt|instructions)\b"
    r"|<\|(?:im_start|im_end|system|user|assistant|endoftext)\|>|\[/?INST\]|<</?SYS>>"
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


_SPEAKS = re.compile(r"^\s*(?:system|assistant)\s*:\s*\S", re.IGNORECASE | re.MULTILINE)
"""A line of a dialogue; also one of a table of organ systems, so it is worth a look and no reason to refuse."""


def addressed(text: str) -> re.Match[str] | None:
    """The first words of ``text`` that address a language model, or look like a dialogue with one."""
    if not _may_address(text):
        return None
    found = [match for match in (_ADDRESS.search(text), _SPEAKS.search(text)) if match]
    return min(found, key=lambda match: match.start(), default=None)


def plainly_addressed(text: str) -> bool:
    """Whether ``text`` addresses a language model in words that stand in no guideline."""
    return _may_address(text) and _ADDRESS.search(text) is not None
