"""In which language the pages are that an answer quotes: all of them, some, or none."""

from __future__ import annotations

from collections.abc import Set

import pytest

from ragmed.answer.composing import _who_wrote
from ragmed.drafts import Draft
from ragmed.records import Generation, Language

QUOTED = Draft(generation=Generation(text="", kind="extractive", model_id="", revision=""))
EN, ZH, OTHER = Language.ENGLISH, Language.CHINESE, Language.OTHER


@pytest.mark.parametrize(
    ("pages", "asked", "said"),
    [
        ({ZH}, EN, "The pages quoted are in Chinese"),
        ({EN, ZH}, EN, "Some of the pages quoted are in Chinese"),
        ({EN}, EN, ""),
        ({EN}, ZH, "以下为英文原文摘录"),
        ({EN, ZH}, ZH, "部分摘录为英文原文"),
        ({ZH}, ZH, ""),
        ({ZH}, OTHER, "The pages quoted are in Chinese"),
    ],
)
def test_the_notice_says_which_pages_are_in_another_language(pages: Set[Language], asked: Language, said: str) -> None:
    found = [*_who_wrote(QUOTED, pages, asked, 0)]
    assert len(found) == (2 if said else 1)
    assert found[-1].startswith(said)
