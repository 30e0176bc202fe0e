"""Both languages say everything, and the pages ask for nothing that the table lacks."""

from __future__ import annotations

import ast
import re
import string
from importlib import resources
from typing import get_args

import pytest

from ragmed.changes import ChangeKind, ImpactKind, RestrictionKind
from ragmed.index.report import FileStatus
from ragmed.records import Language, Mode, NoteKind, Verdict
from ragmed.ui.ask_page import MODES
from ragmed.ui.coverage_view import AGES
from ragmed.ui.desk import JobName
from ragmed.ui.history_view import COLUMNS as HISTORY_COLUMNS
from ragmed.ui.library_page import VIEWS
from ragmed.ui.notes_view import REASONS
from ragmed.ui.series_view import COLUMNS
from ragmed.ui.shell import ASSETS
from ragmed.ui.words import TABLE, TONGUES, Words, tongue_of


def fields(said: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(said) if name}


@pytest.mark.parametrize("key", sorted(TABLE))
def test_both_languages_say_it_with_the_same_fields(key: str) -> None:
    english, chinese = TABLE[key]
    assert english.strip() and chinese.strip()
    assert fields(english) == fields(chinese)
    assert not re.search("[一-鿿]", english)
    assert key.startswith("list.") or re.search("[一-鿿]|^[{}a-z /]+$", chinese), "not Chinese"


def test_plain_words() -> None:
    for said in (said for pair in TABLE.values() for said in pair):
        assert not re.search(r"[!!]|\bAI\b|[\U0001f300-\U0001faff]|人工智能|\bmagic", said), said


def test_counted_keys_come_in_pairs() -> None:
    ones = {key.removesuffix(".one") for key in TABLE if key.endswith(".one")}
    assert ones == {key.removesuffix(".many") for key in TABLE if key.endswith(".many")}
    assert Words("en").count("answer.withheld", 1) == "1 sentence withheld"
    assert Words("en").count("answer.withheld", 2) == "2 sentences withheld"


def test_every_key_that_a_page_asks_for_is_in_the_table_and_every_key_is_asked_for() -> None:
    asked: set[str] = set()
    patterns: list[str] = []
    for path in resources.files("ragmed.ui").iterdir():
        if not path.name.endswith(".py") or path.name.endswith("words.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                asked.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values]
                if parts[0] != ".+":
                    patterns.append("".join(parts))
    for key in TABLE:
        bare = re.sub(r"\.(one|many)$", "", key)
        known = bare in asked or key in asked or any("." in p and re.fullmatch(p, key) for p in patterns)
        assert known, f"{key} is said nowhere"
    for key in asked:
        if key not in ASSETS and re.fullmatch(
            r"(nav|ask|answer|view|source|dx|first|library|error|time|snapshot|abstain|reject|note|refused|inbox|job|plan|diff|who|decide|licence|sheet|quarantine|impact|done|history|coverage|review)\.[a-z_.]*[a-z]",
            key,
        ):
            assert key in TABLE or f"{key}.one" in TABLE, f"{key} is missing"


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_value_of_the_records_has_its_words(tongue: str) -> None:
    words = Words(tongue)  # type: ignore[arg-type]
    said = [
        *(words(f"verdict.{verdict.value}") for verdict in Verdict),
        *(words(f"answer.kind.{mode.value}") for mode in Mode),
        *(words(f"library.language.{language.value}") for language in Language),
        *(words(f"library.column.{column}") for column in COLUMNS),
        *(words(f"ask.mode.{mode}") for mode in MODES),
        *(words(f"library.view.{view}") for view in VIEWS),
        *(words(f"history.column.{column}") for column in HISTORY_COLUMNS),
        *(words(f"coverage.age.{age}") for age in AGES),
        *(words(f"plan.status.{status.value}") for status in FileStatus),
        *(words(f"diff.{kind.value}") for kind in ChangeKind),
        *(words(f"licence.{kind.value}") for kind in RestrictionKind),
        *(words(f"impact.{kind.value}") for kind in ImpactKind),
        *(words(f"job.{job}") + words(f"job.{job}.failed") for job in get_args(JobName)),
        *(words(f"note.{kind.value}") + words(f"note.{kind.value}.why") for kind in NoteKind),
        *(words(f"refused.{name}") for name in (*(name for name, _ in REASONS), "damaged")),
    ]
    assert all(said)


def test_a_missing_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words("en")("no.such.key")


@pytest.mark.parametrize(
    ("locale", "tongue"),
    [("zh-CN", "zh"), ("zh-Hant-TW", "zh"), ("ZH", "zh"), ("en-GB", "en"), ("de", "en"), ("", "en"), (None, "en")],
)
def test_language_by_the_browser(locale: str | None, tongue: str) -> None:
    assert tongue_of(locale) == tongue
