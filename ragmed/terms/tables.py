"""Loads the tables of the room, once, and refuses a malformed row by file and line.

``terms.tsv`` holds one concept a row, ``abbreviations.tsv`` one *sense* a row; the order of an
abbreviation's rows is the order of preference. Both were written for this project and are read from
beside this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

KINDS = frozenset({"finding", "disease", "drug", "test", "procedure", "anatomy", "organism", "general"})
TERM_COLUMNS = ("kind", "en", "zh", "en_alt", "zh_alt")
SENSE_COLUMNS = ("abbreviation", "expansion", "zh", "field", "cue_words")
TERMS_FILE = Path(__file__).with_name("terms.tsv")
ABBREVIATIONS_FILE = Path(__file__).with_name("abbreviations.tsv")


class TableError(ValueError):
    """A row of a table is malformed; the message names the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One concept: a preferred word in each language, and the other ways people write it."""

    kind: str
    en: str
    zh: str
    en_alt: tuple[str, ...] = ()
    zh_alt: tuple[str, ...] = ()

    @property
    def english(self) -> tuple[str, ...]:
        """Every English form, the preferred one first."""
        return (self.en, *self.en_alt)

    @property
    def chinese(self) -> tuple[str, ...]:
        """Every Chinese form, the preferred one first."""
        return (self.zh, *self.zh_alt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """One meaning of one abbreviation. ``cue_words`` are lower-case words whose presence speaks for it."""

    abbreviation: str
    expansion: str
    zh: str
    field: str
    cue_words: tuple[str, ...] = ()


def is_han(character: str) -> bool:
    """Whether the character is a Chinese one (unified ideographs, with extension A)."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def has_han(text: str) -> bool:
    """Whether any character of the text is Chinese."""
    return any(map(is_han, text))


def read_terms(path: Path) -> tuple[Term, ...]:
    """The rows of a term table, in file order; raises ``TableError`` for the first malformed one."""
    terms: list[Term] = []
    owner: dict[str, int] = {}
    for line, (kind, en, zh, *alternatives) in rows_of(path, TERM_COLUMNS):
        where = f"{path}, line {line}"
        if kind not in KINDS:
            raise TableError(f"{where}: kind {kind!r} is none of {', '.join(sorted(KINDS))}")
        en_alt, zh_alt = (_split(where, cell) for cell in alternatives)
        term = Term(kind=kind, en=en, zh=zh, en_alt=en_alt, zh_alt=zh_alt)
        for form in term.chinese:
            if not has_han(form):
                raise TableError(f"{where}: {form!r} stands for Chinese but holds no Chinese character")
        for form in term.english:
            if has_han(form):
                raise TableError(f"{where}: {form!r} stands for English but holds a Chinese character")
        forms = [form.lower() for form in (*term.english, *term.chinese)]
        for form in forms:
            first = owner.setdefault(form, line)
            if first != line or forms.count(form) > 1:
                raise TableError(f"{where}: {form!r} already stands on line {first}")
        terms.append(term)
    return tuple(terms)


def read_senses(path: Path) -> tuple[Sense, ...]:
    """The rows of an abbreviation table, in file order; raises ``TableError`` for the first malformed one."""
    senses: list[Sense] = []
    owner: dict[tuple[str, str], int] = {}
    for line, (abbreviation, expansion, zh, field, cues) in rows_of(path, SENSE_COLUMNS):
        where = f"{path}, line {line}"
        if has_han(abbreviation) or has_han(expansion):
            raise TableError(f"{where}: a Chinese character in the abbreviation or its expansion")
        if not has_han(zh):
            raise TableError(f"{where}: {zh!r} stands for Chinese but holds no Chinese character")
        if not field:
            raise TableError(f"{where}: the column 'field' is empty")
        first = owner.setdefault((abbreviation, expansion.lower()), line)
        if first != line:
            raise TableError(f"{where}: this sense of {abbreviation!r} already stands on line {first}")
        cue_words = _split(where, cues.lower())
        sense = Sense(abbreviation=abbreviation, expansion=expansion, zh=zh, field=field, cue_words=cue_words)
        senses.append(sense)
    return tuple(senses)


@lru_cache(maxsize=1)
def all_terms() -> tuple[Term, ...]:
    """The shipped terms, in file order."""
    return read_terms(TERMS_FILE)


@lru_cache(maxsize=1)
def all_senses() -> tuple[Sense, ...]:
    """The shipped senses of abbreviations, in file order."""
    return read_senses(ABBREVIATIONS_FILE)


@lru_cache(maxsize=1)
def chinese_words() -> tuple[str, ...]:
    """Every Chinese form of the two tables, once each, in file order: a user dictionary for a segmenter."""
    forms = (form for term in all_terms() for form in term.chinese)
    return tuple(dict.fromkeys([*forms, *(sense.zh for sense in all_senses())]))


def rows_of(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """(line number from 1, cells) of each data row, after the checks that both tables share."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    if tuple(lines[0].split("\t")) != columns:
        raise TableError(f"{path}, line 1: the header must be {' '.join(columns)} (tab-separated)")
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise TableError(f"{path}, line {number}: {len(cells)} columns where {len(columns)} are expected")
        for column, cell in zip(columns, cells, strict=True):
            if cell != cell.strip():
                raise TableError(f"{path}, line {number}: space around {cell!r} in the column {column!r}")
        for column, cell in list(zip(columns, cells, strict=True))[:3]:
            if not cell:
                raise TableError(f"{path}, line {number}: the column {column!r} is empty")
        yield number, cells


def _split(where: str, cell: str) -> tuple[str, ...]:
    """The ``|``-separated parts of a cell; an empty cell has none, an empty part is an error."""
    parts = tuple(cell.split("|")) if cell else ()
    if not all(part and part == part.strip() for part in parts):
        raise TableError(f"{where}: an empty or padded part in {cell!r}")
    return parts
