"""The form of the two tables: what every row must keep, and that a malformed row is refused by file and line."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

import ragmed.terms
from ragmed.terms import TableError, all_senses, all_terms, chinese_words
from ragmed.terms.tables import (
    ABBREVIATIONS_FILE,
    KINDS,
    SENSE_COLUMNS,
    TERM_COLUMNS,
    TERMS_FILE,
    has_han,
    read_senses,
    read_terms,
)


def repeated(things: Iterable[object]) -> list[object]:
    return [thing for thing, count in Counter(things).items() if count > 1]


@pytest.mark.parametrize(("path", "columns"), [(TERMS_FILE, TERM_COLUMNS), (ABBREVIATIONS_FILE, SENSE_COLUMNS)])
def test_each_line_has_its_columns_in_plain_composed_utf8(path: Path, columns: tuple[str, ...]) -> None:
    text = path.read_bytes().decode("utf-8")
    assert text.endswith("\n") and "\r" not in text and "\ufeff" not in text
    lines = text.removesuffix("\n").split("\n")
    assert tuple(lines[0].split("\t")) == columns
    for line in lines:
        assert len(line.split("\t")) == len(columns), line
        assert unicodedata.normalize("NFC", line) == line, line
        for cell in line.split("\t"):
            assert all(part == part.strip() and "  " not in part for part in cell.split("|")), line


def test_there_are_enough_terms_and_abbreviations() -> None:
    assert len({(term.en, term.zh) for term in all_terms()}) >= 1500
    assert len({sense.abbreviation for sense in all_senses()}) >= 500
    assert len({term.en for term in all_terms() if term.kind == "drug"}) >= 350


def test_every_kind_is_allowed_and_used() -> None:
    assert {term.kind for term in all_terms()} == KINDS


def test_chinese_columns_are_chinese_and_english_columns_are_not() -> None:
    for term in all_terms():
        assert all(form and has_han(form) for form in term.chinese), term
        assert not any(has_han(form) or not form for form in term.english), term
    for sense in all_senses():
        assert has_han(sense.zh) and not has_han(sense.abbreviation + sense.expansion), sense
        assert sense.field and sense.expansion, sense


def test_no_form_leads_to_two_terms() -> None:
    assert repeated(form.lower() for term in all_terms() for form in term.chinese) == []
    assert repeated(form.lower() for term in all_terms() for form in term.english) == []


def test_no_sense_is_listed_twice() -> None:
    assert repeated((sense.abbreviation, sense.expansion.lower()) for sense in all_senses()) == []


def test_every_sense_but_the_default_has_cue_words() -> None:
    default: set[str] = set()
    for sense in all_senses():
        assert sense.abbreviation not in default or sense.cue_words, sense
        default.add(sense.abbreviation)


def test_chinese_words_hold_every_chinese_form_once() -> None:
    words = chinese_words()
    assert {"磨玻璃结节", "毛玻璃结节", "磨砂玻璃结节", "心梗", "优甲乐", "社区获得性肺炎"} <= set(words)
    assert repeated(words) == []
    assert all(map(has_han, words))


ROW = "disease\tinfluenza\t流感\tflu\t流行性感冒"


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ("disease\tinfluenza\t流感\tflu", "line 2: 4 columns"),
        ("illness\tinfluenza\t流感\t\t", "line 2: kind 'illness'"),
        ("disease\t\t流感\t\t", "line 2: the column 'en' is empty"),
        ("disease\tinfluenza\t\t\t", "line 2: the column 'zh' is empty"),
        ("disease\tinfluenza \t流感\t\t", "line 2: space around 'influenza '"),
        ("disease\tinfluenza\tflu\t\t", "line 2: 'flu' stands for Chinese"),
        ("disease\t流感\t流感\t\t", "line 2: '流感' stands for English"),
        ("disease\tinfluenza\t流感\tflu||grippe\t", "line 2: an empty or padded part"),
        (f"{ROW}\ndisease\tgrippe\t流感\t\t", "line 3: '流感' already stands on line 2"),
        (f"{ROW}\ntest\tFlu\t流感检测\t\t", "line 3: 'flu' already stands on line 2"),
        ("disease\tinfluenza\t流感\tinfluenza\t", "line 2: 'influenza' already stands"),
        (f"{ROW}\n\n", "line 3: 1 columns"),
    ],
)
def test_malformed_term_row_is_refused_by_file_and_line(tmp_path: Path, rows: str, complaint: str) -> None:
    path = tmp_path / "bad_terms.tsv"
    path.write_text("\t".join(TERM_COLUMNS) + f"\n{rows}\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_terms(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("MI\tmyocardial infarction\t心肌梗死\t\t", "line 2: the column 'field' is empty"),
        ("MI\tmyocardial infarction\tMI\tcardiology\t", "line 2: 'MI' stands for Chinese"),
        ("心梗\tmyocardial infarction\t心肌梗死\tcardiology\t", "line 2: a Chinese character"),
        ("MI\tangina\t心绞痛\tx\t\nMI\tAngina\t心绞痛\tx\tpain", "line 3: this sense of 'MI' already stands on line 2"),
    ],
)
def test_malformed_sense_row_is_refused_by_file_and_line(tmp_path: Path, row: str, complaint: str) -> None:
    path = tmp_path / "bad_senses.tsv"
    path.write_text("\t".join(SENSE_COLUMNS) + f"\n{row}\n", encoding="utf-8")
    with pytest.raises(TableError) as caught:
        read_senses(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


def test_wrong_header_missing_file_and_wrong_encoding_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    with pytest.raises(TableError, match="cannot be read"):
        read_terms(path)
    path.write_text("kind\ten\tzh\n", encoding="utf-8")
    with pytest.raises(TableError, match="line 1: the header must be"):
        read_terms(path)
    path.write_bytes("kind\ten\tzh\ten_alt\tzh_alt\ndisease\tflu\t流感\t\t\n".encode("gb18030"))
    with pytest.raises(TableError, match="UTF-8"):
        read_terms(path)


def test_public_names() -> None:
    assert sorted(ragmed.terms.__all__) == [
        "AbbreviationMatch",
        "Sense",
        "TableError",
        "Term",
        "TermMatch",
        "all_senses",
        "all_terms",
        "chinese_words",
        "find_abbreviations",
        "find_terms",
        "gloss_to_chinese",
        "gloss_to_english",
        "look_alike_pattern",
        "look_alikes",
        "synonyms",
    ]


def test_importing_reads_no_table_and_nothing_outside_the_standard_library() -> None:
    program = (
        "import sys, ragmed.terms, ragmed.terms.tables as t, ragmed.terms.match as m\n"
        "assert t.all_terms.cache_info().currsize == t.all_senses.cache_info().currsize == 0\n"
        "assert m._index.cache_info().currsize == 0\n"
        "print(*sorted(n for n in sys.modules if n.startswith('ragmed') and not n.startswith('ragmed.terms')))\n"
        "print(*sorted({n.split('.')[0] for n in sys.modules} - set(sys.stdlib_module_names) - {'ragmed', '__main__'}))"
    )
    # -S: without the packages that site's .pth files may import
    command = [sys.executable, "-S", "-c", program]
    root = Path(ragmed.terms.__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["ragmed", "", ""]
