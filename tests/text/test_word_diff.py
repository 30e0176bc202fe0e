"""Two wordings of one statement, word by word."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ragmed.changes import Side, WordRun
from ragmed.text.word_diff import word_runs

_MARKS = {Side.BOTH: "{}", Side.OLD: "[-{}-]", Side.NEW: "{{+{}+}}"}


def marked(old: str, new: str) -> str:
    return "".join(_MARKS[run.side].format(run.text) for run in word_runs(old, new))


def joined(runs: tuple[WordRun, ...], side: Side) -> str:
    return "".join("".join(run.text for run in runs if run.side in (Side.BOTH, side)).split())


_SNIPPETS = [*"ab .,-()[]≥<%\n\t", "80 mg ", "5–10 ", "not ", "the ", "twice daily ", "患者", "应", "每日2次", "II"]
_TEXTS = st.lists(st.sampled_from(_SNIPPETS), max_size=30).map("".join) | st.text(max_size=30)


@settings(deadline=None)  # the first text loads the Chinese dictionary
@given(_TEXTS, _TEXTS)
def test_the_runs_joined_are_the_two_texts(old: str, new: str) -> None:
    runs = word_runs(old, new)
    assert joined(runs, Side.OLD) == "".join(old.split())
    assert joined(runs, Side.NEW) == "".join(new.split())
    assert all(run.text for run in runs)


@settings(deadline=None)
@given(_TEXTS)
def test_a_text_against_itself_is_one_run_of_both(text: str) -> None:
    assert [run.side for run in word_runs(text, text)] == ([Side.BOTH] if text.strip() else [])


def test_a_number_stays_with_its_unit() -> None:
    assert marked("Give 80 mg daily.", "Give 160 mg daily.") == "Give [-80 mg daily-]{+160 mg daily+}."
    assert marked("CT at 6–12 months.", "CT at 3–6 months.") == "CT at [-6–12 months-]{+3–6 months+}."
    assert marked("在24 h内给药", "在48 h内给药") == "在[-24 h-]{+48 h+}内给药"


def test_half_of_a_range_of_stages_is_no_word() -> None:
    assert marked("resected stage II–IIIA tumours", "resected stage IB–IIIA tumours") == (
        "resected stage [-II–IIIA -]{+IB–IIIA +}tumours"
    )


def test_the_words_of_a_comparison_may_stay_when_the_number_changes() -> None:
    assert marked("for at least 3 months", "for at least 6 months") == "for at least [-3 months-]{+6 months+}"


def test_chinese_is_compared_by_words() -> None:
    assert marked("推荐使用阿司匹林治疗", "推荐使用氯吡格雷治疗") == "推荐使用[-阿司匹林-]{+氯吡格雷+}治疗"
    assert marked("患者应使用", "患者不应使用") == "患者{+不+}应使用"


def test_a_lone_the_between_two_changes_is_no_island() -> None:
    assert marked("start the drip now", "stop the infusion now") == "[-start the drip -]{+stop the infusion +}now"
