"""Bytes → text for formats that do not fix their encoding: TXT, Markdown, HTML.

Laws of this room: a byte order mark decides, then valid UTF-8, then what the file declares, then a guess between
Chinese and Western; nothing is dropped silently: what could not be decoded is counted and reported.
"""

from __future__ import annotations

import codecs
import re

from ragmed.errors import UnreadableFileError
from ragmed.records import NoteKind, ReadNote

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_.:-]{2,40})|<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9_.:-]{2,40})""",
    re.IGNORECASE,
)
_CHINESE_NAMES = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030"}
_HAN = re.compile("[\u4e00-\u9fff]")
_COMMON_HAN = re.compile(
    "[的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严]"
)


def decode(content: bytes, name: str) -> tuple[str, tuple[ReadNote, ...]]:
    """The text of ``content``. Raises UnreadableFileError for bytes that are not text."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _lenient(content, encoding)
    if b"\x00" in content[:4096]:
        wide = _wide(content)
        if wide is None:
            raise UnreadableFileError(
                f"{name}: not a text file (it holds binary content)", remedy="check what the file really is"
            )
        return _lenient(content, wide)
    try:
        return content.decode("utf-8"), ()
    except UnicodeDecodeError:
        # a single bad byte in a file that is otherwise UTF-8 must not turn the whole into another encoding
        if _mostly_utf8(content):
            return _lenient(content, "utf-8")
    declared = _declared(content)
    return _lenient(content, declared or _guess(content))


def _declared(content: bytes) -> str:
    match = _DECLARED.search(content[:4096])
    if not match:
        return ""
    named = (match.group(1) or match.group(2)).decode("ascii").lower()
    named = _CHINESE_NAMES.get(named, named)
    try:
        known = codecs.lookup(named)
    except LookupError:
        return ""
    # what claims UTF-8 or UTF-16 was tried already; a codec that is no text encoding (zlib, rot13) is never used
    if not known._is_text_encoding or known.name.startswith("utf"):
        return ""
    return "cp1252" if known.name in ("iso8859-1", "ascii") else known.name


def _mostly_utf8(content: bytes) -> bool:
    text = content.decode("utf-8", errors="replace")
    wide = sum(1 for character in text if character > "\x7f")
    return wide > 0 and text.count("\ufffd") * 20 <= wide


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Latin text is zero."""
    head = content[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(len(head) // 2, 1)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _guess(content: bytes) -> str:
    """GB18030 where that gives common Chinese characters, otherwise the Western Windows code page."""
    text = content.decode("gb18030", errors="replace")
    han = len(_HAN.findall(text))
    # seven characters in ten of running Chinese are among the commonest 500; misread Latin accents are rare ones
    return (
        "gb18030" if han and len(_COMMON_HAN.findall(text)) * 5 > han and text.count("\ufffd") * 20 <= han else "cp1252"
    )


def _lenient(content: bytes, encoding: str) -> tuple[str, tuple[ReadNote, ...]]:
    text = content.decode(encoding, errors="replace").removeprefix("\ufeff")
    lost = text.count("\ufffd")
    if not lost:
        return text, ()
    note = ReadNote(
        kind=NoteKind.GARBLED, message=f"{lost} characters could not be decoded as {encoding}; they show as \ufffd"
    )
    return text, (note,)
