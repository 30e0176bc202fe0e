"""What a document is: title, publisher, edition, date, language, licence and series, read from what its pages say.

Laws of this room: the page outranks the file's own metadata, and these outrank the file's name, which is used only when
nothing else is left and is then reported (file names lie); what is not stated stays empty, nothing is guessed from the
computer's clock or the file's dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragmed.canonical import sha256_bytes
from ragmed.corpus.cover import names_only_a_kind
from ragmed.corpus.dates import edition_year, find_date
from ragmed.corpus.organisations import ORGANISATIONS, named_in, series_prefix
from ragmed.corpus.publishers import NCCN, NICE, names_only_the_family, nccn_topic, nice_number
from ragmed.corpus.raw import RawReading
from ragmed.corpus.title import find_title
from ragmed.records import Block, BlockKind, Language, Page, ReadNote
from ragmed.text.language import detect_language

IDENTIFY_VERSION = "3"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ORDINAL = "(?:[Ff]irst|[Ss]econd|[Tt]hird|[Ff]ourth|[Ff]ifth|[Ss]ixth|[Ss]eventh|[Ee]ighth|[Nn]inth|[Tt]enth)"
_LABELLED = (
    re.compile(r"\b[Vv](?:ersion|ERSION)\s+(\d{1,3}(?:\.\d{1,4}){0,3})\b"),
    re.compile(r"\b[Ee]dition:?\s+(\d{1,2}\.\d{4}|(?:19|20)\d{2}(?:\.\d)?)\b"),
    re.compile(r"版本(?:号)?[:：]?\s?[Vv]?(\d{1,3}(?:\.\d{1,4}){0,2})"),
)
_SHORT_VERSION = re.compile(r"(?<![\w.-])[Vv]\s?(\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?![\w.])")
"""``v2.0``, believed in a title and on a line of few words."""
_EDITIONS = (
    re.compile(rf"\b((?:\d{{1,2}}(?:st|nd|rd|th)|{_ORDINAL})\s+(?:[Rr]evised\s+)?(?:[Ee]d(?:ition|\.)))"),
    re.compile(r"(第\s?[一二三四五六七八九十\d]{1,3}\s?版)"),
    re.compile(r"[（(]?((?:19|20)\d{2}\s?年?\s?(?:(?:修订|更新)版?|版))[）)]?"),
    re.compile(rf"\b({_ORDINAL} [Rr]eport)\b"),
)
_IMPRINT = re.compile(r"(?i)\b(?:published|edition|version|issued)\b\s?:|(?:版本|发布日期|发布|出版)\s?[:：]")
"""A line such as "St Elsewhere | Edition: 3 | Published: 2026-02-09"."""
_REFERENCE = re.compile(r"\bet al\b|\bdoi:|\b[Rr]etrieved\b|\(\d{4}[a-z]?(?:, \w+(?: \d{1,2})?)?\)\.|;\s?\d+\(\d+\):\d")
"""A line of a list of references."""
_DRAFT = re.compile(r"\b(?:[Dd]raft|DRAFT)\b|征求意见稿|草案|讨论稿")
_CREATIVE = re.compile(
    r"(?i:creative\s+commons\s+)(?P<kind>(?:(?i:attribution|non-?commercial|no-?derivatives|no-?derivs|share-?alike)[\s-]*)+)"
    r"(?:\(?(?i:CC)[ -][A-Za-z-]+\)?\s*)?(?P<version>\d\.\d)?"
)
_CC_SHORT = re.compile(
    r"\bCC[ -](?P<kind>BY(?:-(?:NC|ND|SA)){0,2})(?:[ -](?P<version>\d\.\d))?(?P<igo>\s+IGO)?|\bCC0\b"
)
_CC_LINK = re.compile(
    r"creativecommons\.org/licenses/(?P<kind>by(?:-(?:nc|nd|sa)){0,2})/(?P<version>\d\.\d)(?P<igo>/igo)?"
)
_PUBLIC = re.compile(
    r"(?i)\bin the public domain\b|\bis not copyrighted\b|\bpublic domain and may be\b"
    r"|\bmay be reproduced (?:or copied )?without permission\b"
)
_RESERVED = re.compile(r"(?i)\ball rights reserved\b|版权所有")
_CREDIT = re.compile(r"(?i)\bcredit|photo|image|figure|图片")
_SERIES_NOISE = re.compile(
    r"(?i)\bversion\s+[\d.]+|\bv\d+(?:\.\d+)*\b"
    r"|\b(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
    r"\s+(?:revised\s+)?(?:edition|ed\.?|report)|\b(?:draft|final|updated?|revised|revision|edition)\b|\b(?:19|20)\d{2}(?:\.\d)?\b"
    r"|\b(?:\d{1,2}(?:st|nd|rd|th)?\s+)?(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*(?:\s+\d{1,2})?,?\s+(?:19|20)\d{2}\b"
    r"|第\s?[一二三四五六七八九十\d]{1,3}\s?版|(?:19|20)\d{2}\s?年?\s?(?:修订|更新)?版?|征求意见稿|草案|讨论稿|更新|修订"
)
_GENERIC = _words(
    """introduction summary references appendix index preface foreword contents overview conclusion discussion glossary
    answers abstract background home untitled document key-terms chapter-summary assignments review-questions
    table-of-contents guideline guidelines 目录 前言 引言 参考文献 附录"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What identifies a document; empty where its content does not say."""

    title: str
    publisher: str
    series: str
    edition: str
    published_on: str
    language: Language
    licence: str
    notes: tuple[ReadNote, ...] = ()


def identify(raw: RawReading, source_path: str, *, trust_metadata_date: bool) -> Identity:
    """The identity of a document from its pages.

    ``trust_metadata_date``: the format's metadata hold the day of publication (EPUB, HTML), not of a file's making.
    """
    title, notes = find_title(raw, source_path)
    lines = tuple(_front_lines(raw.pages))
    publisher = _publisher(raw, title)
    topic = nccn_topic(raw.pages) if publisher == NCCN else ""
    title = topic if topic and (topic.casefold() in title.casefold() or names_only_the_family(title)) else title
    edition = _edition(title, lines)
    number = nice_number(lines) if publisher == NICE else ""
    stated = find_date(lines) or edition_year(edition) or edition_year(title)
    if not stated and trust_metadata_date:
        stated = _iso(raw.metadata.published_on)
    series = f"nice-{number.lower()}" if number else ""
    if number:
        # the number outlives a new title, the date tells one update from the next
        edition = f"{number}, {stated}" if stated else number
    return Identity(
        title=title,
        publisher=publisher,
        series=series or series_of(topic or title, publisher, source_path, ordered=bool(edition or stated)),
        edition=edition,
        published_on=stated,
        language=_language(raw.pages),
        licence=_licence(raw.pages, publisher),
        notes=notes,
    )


def series_of(title: str, publisher: str, source_path: str, *, ordered: bool) -> str:
    """A slug that stays the same from edition to edition.

    ``ordered``: the document states an edition or a date, so that it can take its place in a series. One that does not,
    or whose title is a word like "Introduction", gets its place in the library as part of the slug: two such
    documents are no editions of each other.
    """
    core = " ".join(_SERIES_NOISE.sub(" ", title).split())
    words = re.findall(r"[a-z0-9]+", core.lower())
    slug = "-".join(words)[:60].strip("-")
    if re.search("[\u3400-\u9fff]", core):
        han = "".join(re.findall("[\u3400-\u9fff]", core))
        slug = f"{slug[:30].strip('-')}-{sha256_bytes(han.encode())[:8]}".strip("-")
    prefix = series_prefix(publisher)
    if prefix and not slug.startswith(prefix):
        slug = f"{prefix}-{slug}"
    generic = "-".join(words) in _GENERIC or core in _GENERIC or not core
    generic = generic or names_only_a_kind(core) or names_only_the_family(core)
    if generic or not ordered:
        slug = f"{slug}-{sha256_bytes(source_path.encode())[:6]}".strip("-")
    return slug


def _front_lines(pages: Sequence[Page]) -> Iterable[str]:
    """The lines of the first pages and the running lines, where documents say what they are."""
    for page in pages[:4] if pages[0].boxes else pages[:1]:
        # the text behind the opening is the matter itself, with other people's editions and dates; a format without a
        # title page opens within its first lines
        opening = (3000 if page.number == 1 else 1500) if page.boxes else 800
        yield from (line for line in page.text[:opening].split("\n") if not _REFERENCE.search(line))
    seen = set()
    for page in pages[:12]:
        for block in page.blocks:
            text = page.text[block.start : block.end]
            if block.kind is BlockKind.FURNITURE and text not in seen:
                seen.add(text)
                yield from text.split("\n")


def _edition(title: str, lines: Sequence[str]) -> str:
    shown = [title, *(line for line in lines if len(line) <= 140)]
    # a labelled edition outranks a bare one, of which the first in the document counts
    matches = [match for pattern in _LABELLED for line in shown if (match := pattern.search(line))]
    matches.extend(match for line in shown for pattern in _EDITIONS if (match := pattern.search(line)))
    short = [title, *(line for line in lines if len(line) <= 40)]
    matches.extend(match for line in short if (match := _SHORT_VERSION.search(line)))
    found = matches[0].group(1) if matches else ""
    found = f"Version {found}" if found.replace(".", "").isdigit() else found
    # a draft says so in its title or on a short line at the top
    if _DRAFT.search(title) or any(_DRAFT.search(line) for line in shown[:12] if len(line) <= 60):
        chinese = bool(re.search("[\u3400-\u9fff]", title))
        word = "草案" if chinese else "Draft"
        found = f"{found} ({word.lower()})" if found else word
    return " ".join(found.split())


def _publisher(raw: RawReading, title: str) -> str:
    """The organisation that the places where publishers stand name most plainly."""
    scores: dict[str, float] = {}

    def count(text: str, weight: float) -> None:
        for name in named_in(text):
            scores[name] = scores.get(name, 0) + weight

    count(raw.metadata.publisher, 6)
    count(raw.metadata.author, 4)
    count(title, 5)
    seen: set[str] = set()
    for page in (*raw.pages[:3], *raw.pages[-1:]):
        for text, kind in _short_texts(page):
            if text in seen:
                continue
            seen.add(text)
            if "©" in text or "copyright" in text.lower() or "版权" in text:
                count(text, 5)
            elif kind is BlockKind.FURNITURE:
                count(text, 3)
            elif page.number == 1 and _IMPRINT.search(text):
                count(text, 2)
            elif page.number <= 3 and page.boxes:
                # a title page; without geometry there is none, and a short line may be a link or a list's head
                count(text, 2)
    for line in raw.pages[0].text.split("\n"):
        if "doi.org/" in line and len(line) <= 200 and not _REFERENCE.search(line):
            count(line, 3)
    if not scores:
        return raw.metadata.publisher
    order = {name: place for place, (name, _, _) in enumerate(ORGANISATIONS)}
    # the demonstration library names the real sources of its digests on the page; it is still their publisher
    first = ORGANISATIONS[0][0]
    return first if first in scores else min(scores, key=lambda name: (-scores[name], order[name]))


def _short_texts(page: Page) -> Iterable[tuple[str, BlockKind]]:
    """Running lines, outer headings and short lines; sentences name organisations for other reasons."""
    blocks: Iterable[Block] = page.blocks or (Block(start=0, end=len(page.text), kind=BlockKind.PARAGRAPH),)
    for block in blocks:
        text = page.text[block.start : block.end]
        if block.kind is BlockKind.FURNITURE or (block.kind is BlockKind.HEADING and block.level <= 1):
            yield text, block.kind
        elif block.kind is BlockKind.PARAGRAPH:
            for line in text.split("\n"):
                if "©" in line or (len(text) <= 160 and not line.rstrip().endswith((".", "。", ";", "；"))):
                    yield line, block.kind


def _language(pages: Sequence[Page]) -> Language:
    sample: list[str] = []
    size = 0
    for page in pages:
        sample.append(page.text[:4000])
        size += len(sample[-1])
        if size > 40_000:
            break
    return detect_language("\n".join(sample))


def _licence(pages: Sequence[Page], publisher: str) -> str:
    """The licence notice in a few words, as the document states it."""
    ends = (*pages[:4], *(page for page in pages[-6:] if page.number > 4))
    texts = [text for page in ends for text in _notices(page)]
    for pattern in (_CC_LINK, _CREATIVE, _CC_SHORT):
        for text in texts:
            match = pattern.search(text)
            if match and not _CREDIT.search(text[max(0, match.start() - 200) : match.start()]):
                return _creative_name(match)
    if publisher == "National Comprehensive Cancer Network":
        return "© NCCN, all rights reserved; not to be reproduced, nor used with AI tools, without written permission"
    if any(_PUBLIC.search(text) for text in texts):
        return "Public domain, as the document states"
    if any(_RESERVED.search(text) for text in texts):
        return "All rights reserved"
    return ""


def _notices(page: Page) -> Iterable[str]:
    """The page's text as single lines, without what speaks of another work: a caption, a line among references."""
    if not page.blocks:
        yield " ".join(page.text.split())
    shown = [" ".join(page.text[block.start : block.end].split()) for block in page.blocks]
    cites = [_REFERENCE.search(text) is not None for text in shown]
    for place, (block, text) in enumerate(zip(page.blocks, shown, strict=True)):
        among = 0 < place < len(shown) - 1 and cites[place - 1] and cites[place + 1]
        if block.kind is not BlockKind.CAPTION and not among:
            yield text


def _creative_name(match: re.Match[str]) -> str:
    parts = match.groupdict()
    if not parts.get("kind"):
        return "CC0 1.0"
    kind = parts["kind"].lower()
    if "attribution" in kind:
        short = "BY"
        short += "-NC" if "commercial" in kind else ""
        short += "-ND" if "deriv" in kind else ""
        short += "-SA" if "alike" in kind else ""
    else:
        short = kind.upper()
    version = f" {parts['version']}" if parts.get("version") else ""
    return f"CC {short}{version}{' IGO' if parts.get('igo') else ''}"


def _iso(text: str) -> str:
    """The ISO date at the beginning of ``text``, or nothing."""
    match = re.match(r"(?:19|20)\d{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)", text)
    return match.group() if match else find_date((text,))
