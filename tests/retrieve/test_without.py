"""Each part of the query analysis can be left out, and nothing else goes with it."""

from __future__ import annotations

import pytest

from ragmed.records import Filters
from ragmed.retrieve.analyse import PARTS, Analyser

ASKED = "Prognosis of COPD with haemoptysis in a 60yo with pnuemonia?"


def reasons(*without: str) -> set[str]:
    query = Analyser(lambda word: 0, without=frozenset(without)).analyse(ASKED, None, Filters())
    return {one.reason for one in query.expansions}


@pytest.mark.parametrize("part", sorted(set(PARTS) - {"glosses"}))
def test_a_part_left_out_makes_no_expansion(part: str) -> None:
    everything = reasons()
    assert PARTS[part] in everything
    assert reasons(part) == everything - {PARTS[part]}


def test_without_glosses_a_question_is_searched_in_its_own_language() -> None:
    bare = Analyser(lambda word: 0, without=frozenset({"glosses"}))
    assert bare.analyse("咯血怎么办？", None, Filters()).english == "咯血怎么办？"
    assert bare.analyse("haemoptysis", None, Filters()).chinese == ""
    assert Analyser(lambda word: 0).analyse("haemoptysis", None, Filters()).chinese
