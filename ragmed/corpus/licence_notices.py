"""Notices in a document that restrict its use: with AI tools, for text and data mining, for commercial ends.

Laws of this room: a notice forbids, reserves or limits; a guideline that treats AI or data mining as its subject, a
caption's credit and a line of a list of references are none. At most one note a kind and document, from the page that
says it most plainly. The program reads notices; whether a use is lawful is for people to say, so that in doubt a
document waits for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ragmed.changes import LicenceNotice, RestrictionKind
from ragmed.records import BlockKind, Document, NoteKind, Page, ReadNote

LICENCE_NOTICES_VERSION = "1"
_SHOWN = 260
_ENDS = 4
"""Pages at either end that are read whole; between them only running lines are, where publishers repeat notices."""

_AI = (
    r"(?:artificial[- ]intelligence|\bA\.?I\.?\b(?!DS)|large language models?|\bLLMs?\b"
    r"|generative (?:models?|tools?|AI)|machine[- ]learning|language models?|chat ?bots?)"
)
_FORBIDS = (
    r"(?:may not|must not|shall not|cannot|can not|is not (?:permitted|allowed)|are not (?:permitted|allowed)"
    r"|not (?:be )?(?:permitted|allowed|used|licensed|authori[sz]ed)|prohibit(?:ed|s)?|forbid(?:den|s)?"
    r"|reserv(?:ed?|es)|without (?:\w+ ){0,6}?(?:permission|consent|licen[cs]e|authori[sz]ation|agreement)|no part"
    r"|except with|excluding|opt(?:s|ed)?[- ]out|not granted|restrict(?:ed|s|ions?))"
)
_MINING = r"(?:text[- ]and[- ]data[- ]mining|text[- ](?:or[- ])?data[- ]mining|text mining|data mining|\bTDM\b)"
_USE = (
    r"(?:us(?:e[ds]?|ing)|train(?:ed|ing)?|inputs?|upload(?:ed|ing)?|ingest(?:ed|ion)?|enter(?:ed)?"
    r"|process(?:ed|ing)?|develop\w*)"
)
_NEAR = r"[^.。!?]{0,220}?"
_PATTERNS: tuple[tuple[RestrictionKind, tuple[re.Pattern[str], ...]], ...] = (
    (
        RestrictionKind.AI,
        (
            re.compile(rf"{_FORBIDS}{_NEAR}\b{_USE}\b{_NEAR}{_AI}", re.IGNORECASE),
            re.compile(rf"\b{_USE}\b[^.。!?]{{0,120}}?{_AI}{_NEAR}{_FORBIDS}", re.IGNORECASE),
            re.compile(rf"(?:all |these )?rights{_NEAR}reserved{_NEAR}{_AI}", re.IGNORECASE),
            re.compile(
                r"(?:不得|禁止|严禁|未经[^。；]{0,20}(?:许可|同意|授权))[^。；]{0,60}"
                r"(?:人工智能|大?语言模型|机器学习|\bAI\b|生成式)"
            ),
        ),
    ),
    (
        RestrictionKind.MINING,
        (
            re.compile(rf"{_FORBIDS}{_NEAR}{_MINING}|{_MINING}{_NEAR}{_FORBIDS}", re.IGNORECASE),
            re.compile(
                rf"rights{_NEAR}reserved{_NEAR}{_MINING}|article 4\b{_NEAR}directive{_NEAR}2019/790", re.IGNORECASE
            ),
            re.compile(
                r"(?:不得|禁止|严禁|未经[^。；]{0,20}(?:许可|同意|授权)|保留)[^。；]{0,60}(?:文本与?数据|数据|文本)挖掘"
            ),
        ),
    ),
    (
        RestrictionKind.COMMERCIAL,
        (
            re.compile(r"\bCC[ -]BY-NC\b|creativecommons\.org/licenses/by-nc", re.IGNORECASE),
            re.compile(r"creative commons[^.]{0,60}non-?commercial", re.IGNORECASE),
            re.compile(
                r"\b(?:for|only for|solely for|limited to|restricted to)\s+(?:\w+[ ,]+(?:and |or )?){0,4}?"
                r"non-?commercial\s+(?:\w+\s+){0,2}?(?:use|uses|purposes?|reproduction|education)\b",
                re.IGNORECASE,
            ),
            re.compile(
                r"\b(?:may not|must not|shall not|not be|no)\s+(?:\w+\s+){0,3}?(?:used?|sold|reproduc\w+|distribut\w+)"
                r"[^.]{0,60}\bcommercial(?:ly)?\b(?:\s+(?:use|purposes?|gain))?|\bcommercial use[^.]{0,40}"
                r"(?:prohibited|forbidden|not (?:permitted|allowed)|requires?[^.]{0,30}(?:permission|licen[cs]e))",
                re.IGNORECASE,
            ),
            re.compile(r"仅(?:供|限|用于)[^。；]{0,8}非商业|(?:不得|禁止|严禁)[^。；]{0,12}商业(?:用途|目的|使用)"),
        ),
    ),
)
_TELLING = {
    RestrictionKind.AI: (
        *("artificial", "language model", "generative", "machine", "chat"),
        *("人工智能", "语言模型", "机器学习", "生成式"),
    ),
    RestrictionKind.MINING: ("mining", "tdm", "2019/790", "挖掘"),
    RestrictionKind.COMMERCIAL: ("commercial", "by-nc", "by nc", "商业"),
}
_SHORT_AI = re.compile(r"\b(?:A\.?I|LLMs?)\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"(?i)\b(?:recommend\w*|diagnos\w+|patients?|clinicians? (?:should|may)|accuracy|sensitivity|studies|trial"
    r"|algorithm)\b|患者|诊断|推荐"
)
"""Words of a sentence that treats AI as its matter."""
_OWN = re.compile(
    r"(?i)\b(?:this|these|the (?:contents?|document|publication|guidelines?|material|work|illustrations?)|©|copyright"
    r"|licen[cs]e|reproduc\w+|publisher|rights|permission|reuse|re-use)\b"
    r"|本(?:指南|文件|文献|书|出版物|文)|版权|授权|许可"
)
_STOPS = (". ", "。", "! ", "? ", "\n")
_OTHERS_WORK = re.compile(
    r"(?i)\b(?:figure|fig\.|table|box|photo\w*|image|illustration|adapted from|reproduced from|reprinted from"
    r"|courtesy of|modified from|icon|credit)\b[^.]{0,160}\Z|图片来源|图\s?\d+[^。]{0,60}\Z"
)
_REFERENCE = re.compile(r"\bet al\b|\bdoi:|\bdoi\.org|\b[Rr]etrieved\b|;\s?\d+\(\d+\):\d")


def licence_notes(pages: Sequence[Page]) -> tuple[ReadNote, ...]:
    """A LICENCE note for each kind of restriction that a document states; the message is ``kind: words``."""
    found: dict[RestrictionKind, tuple[int, int, str]] = {}
    seen: set[str] = set()
    for page, text in _texts(pages):
        if text in seen:  # a running line says nothing new on its hundredth page
            continue
        seen.add(text)
        for kind, patterns in _PATTERNS:
            words = _notice(text, kind, patterns) if _may_hold(text, kind) else ""
            if not words:
                continue
            # a page that speaks of itself ("this publication") says it most plainly, the first of these
            plain = 0 if _OWN.search(words) else 1
            if kind not in found or plain < found[kind][0]:
                found[kind] = (plain, page.number, words)
    return tuple(
        ReadNote(kind=NoteKind.LICENCE, message=f"{kind.value}: {words}", page_number=number)
        for kind, (_, number, words) in found.items()
    )


def _may_hold(text: str, kind: RestrictionKind) -> bool:
    """Whether a word stands in the text without which it holds no such notice: looked for first, since most texts hold
    none and the patterns take a hundred times longer."""
    folded = text.casefold()
    return any(word in folded for word in _TELLING[kind]) or (
        kind is RestrictionKind.AI and _SHORT_AI.search(text) is not None
    )


def _texts(pages: Sequence[Page]) -> Iterator[tuple[Page, str]]:
    """Each stretch where a notice may stand, as one line, with its page."""
    last = len(pages)
    for page in pages:
        whole = page.number <= _ENDS or page.number > last - _ENDS
        if not page.blocks:
            if whole:
                yield page, " ".join(page.text.split())
            continue
        together: list[str] = []
        for block in page.blocks:
            if block.kind is BlockKind.CAPTION or (not whole and block.kind is not BlockKind.FURNITURE):
                continue
            text = " ".join(page.text[block.start : block.end].split())
            if not _REFERENCE.search(text):
                together.append(text)
        if together:
            yield page, "\n".join(together)


def _notice(text: str, kind: RestrictionKind, patterns: Sequence[re.Pattern[str]]) -> str:
    """The words of the first notice in ``text``, or nothing."""
    for pattern in patterns:
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - 160) : match.start()]
            if _REFERENCE.search(text[max(0, match.start() - 120) : match.end() + 60]):
                continue
            around = _sentence(text, match.start(), match.end())
            if _OTHERS_WORK.search(before.rpartition(". ")[2]) or _OTHERS_WORK.search(around[:120]):
                continue
            if kind is not RestrictionKind.COMMERCIAL and _SUBJECT.search(around) and not _OWN.search(around):
                continue
            around = " ".join(around.split())
            return around[:_SHOWN] + ("…" if len(around) > _SHOWN else "")
    return ""


def _sentence(text: str, start: int, end: int) -> str:
    begins = [place + len(mark) for mark in _STOPS if (place := text.rfind(mark, 0, start)) >= 0]
    ends = [place for mark in _STOPS if (place := text.find(mark, end)) >= 0]
    return text[max([*begins, start - _SHOWN, 0]) : min(ends, default=len(text)) + 1].strip()


def licence_notices_of(document: Document, notes: Sequence[ReadNote], permission: str) -> tuple[LicenceNotice, ...]:
    """The LICENCE notes of a document as a plan shows them; ``permission`` is empty where none is recorded."""
    found = []
    for note in notes:
        if note.kind is NoteKind.LICENCE:
            kind, _, words = note.message.partition(": ")
            found.append(
                LicenceNotice(
                    document_id=document.document_id,
                    source_path=document.source_path,
                    title=document.title,
                    series=document.series,
                    page_number=note.page_number,
                    kind=RestrictionKind(kind),
                    words=words,
                    permission=permission,
                )
            )
    return tuple(found)
