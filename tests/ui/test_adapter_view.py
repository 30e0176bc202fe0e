"""Adapters on the Audit page: who changed what, what went past the gate, in both languages, and no foreign HTML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.adapters.change import AdapterAction, AdapterChange, Obstacle
from ragmed.ui.adapter_view import adapter_log
from ragmed.ui.audit_aside import aside
from ragmed.ui.words import Words
from tests.adapters.made import register_over, verdict_on
from tests.audit.test_adapters import ONE, TWO
from tests.ui.small_library import HOSTILE
from tests.ui.test_audit_views import EN, ZH, opened, view_in
from tests.ui.test_markup import Seen
from tests.ui.test_views import kept


def test_without_an_adapter_there_is_no_line() -> None:
    assert adapter_log((), EN, None) is None


@pytest.mark.parametrize(
    ("words", "line", "tag"),
    [
        (EN, "2 changes of tuned adapters, 1 promoted without the gate", "promoted without the gate"),
        (ZH, "微调适配器变更 2 次，1 次未经评估关卡即启用", "未经评估关卡即启用"),
    ],
    ids=["en", "zh"],
)
def test_the_line_says_what_went_past_the_gate(words: Words, line: str, tag: str) -> None:
    hostile = replace(TWO, why=HOSTILE)
    drawn = adapter_log((ONE, hostile), words, "Asia/Shanghai")
    assert drawn is not None
    seen = Seen(drawn)
    assert line in seen.words
    assert f'class="rm-tag rm-tag-old">{tag}' in drawn
    assert "dr-owen" in seen.words
    assert HOSTILE in seen.words
    assert "script" not in seen.tags


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_every_change_has_its_words(words: Words, tmp_path: Path) -> None:
    verdict = verdict_on(register_over(tmp_path), "c" * 64)
    each: list[AdapterChange] = [replace(ONE, action=action) for action in AdapterAction]
    each += [
        replace(ONE, action=AdapterAction.GATE, verdict=verdict),
        replace(ONE, action=AdapterAction.ROLL_BACK, back_to="d" * 64),
    ]
    each += [replace(TWO, overridden=one) for one in Obstacle]
    drawn = [Seen(adapter_log((one,), words, None) or "").words for one in each]
    assert len({"".join(one) for one in drawn}) == len(each)


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_an_answer_with_a_named_adapter_says_so(words: Words, tmp_path: Path) -> None:
    record = kept("dose", tmp_path)
    tuned = replace(record.generation, kind="qwen", model_id="tiny", adapter_sha256="e" * 64)
    for stated, told in (('"by-hand"', True), ("null", False)):
        written = replace(record, generation=tuned, settings=(("model.adapter", stated),))
        drawn = aside(opened(written), view_in(words))
        assert ("by-hand" in drawn and "model.adapter" in drawn) is told
