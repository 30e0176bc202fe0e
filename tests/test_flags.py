from __future__ import annotations

import pytest

from ragmed.commands.flags import WrittenIn, filters_of
from ragmed.errors import BadInputError
from ragmed.records import Filters, Language


def test_no_flag_is_no_filter() -> None:
    assert filters_of(False, None, None, None, "", "") == Filters()


def test_each_flag_becomes_its_filter() -> None:
    assert filters_of(True, ["WHO", "NICE"], ["Version 2"], WrittenIn.ZH, "2024", "2025-06-30") == Filters(
        include_superseded=True,
        publishers=("WHO", "NICE"),
        editions=("Version 2",),
        languages=(Language.CHINESE,),
        published_after="2024",
        published_before="2025-06-30",
    )


@pytest.mark.parametrize("date", ["24", "2024-13", "2024-06-31x", "06/2024", "2024-6", "yesterday"])
def test_what_is_no_date_is_bad_input(date: str) -> None:
    with pytest.raises(BadInputError, match="no date"):
        filters_of(False, None, None, None, date, "")
    with pytest.raises(BadInputError, match="no date"):
        filters_of(False, None, None, None, "", date)
