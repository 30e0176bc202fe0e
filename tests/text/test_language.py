"""English, Chinese, other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.records import Language
from ragmed.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("患者 AECOPD,ICS+LABA 无效,FEV1 30%", Language.CHINESE),
        ("这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常", Language.CHINESE),
        ("COPD AECOPD ICS LABA LAMA FEV1 怎么用", Language.CHINESE),
        ("DKA 补液?", Language.CHINESE),
        ("What does 磨玻璃结节 mean in CT reports for smokers?", Language.ENGLISH),
        ("GGN?", Language.ENGLISH),
        ("β-blocker dose in µg", Language.ENGLISH),
        ("Ménière disease", Language.ENGLISH),
        ("", Language.OTHER),
        ("2.5 – 3.0 %", Language.OTHER),
        ("Что делать при инфаркте", Language.OTHER),
        ("日本語のテキストです。これは医療の文書です。", Language.OTHER),
        ("폐렴의 치료", Language.OTHER),
        ("ما هو علاج الالتهاب الرئوي", Language.OTHER),
        (
            "Die Behandlung der Lungenentzündung ist mit Antibiotika und wird bei den Patienten nicht verzögert.",
            Language.OTHER,
        ),
    ],
)
def test_language(text: str, language: Language) -> None:
    assert detect_language(text) is language


@given(st.text())
def test_every_text_has_a_language(text: str) -> None:
    assert detect_language(text) in tuple(Language)


@pytest.mark.data
def test_translated_pairs_are_told_apart(data: Path) -> None:
    rows = (data / "chinese" / "tico19_en_zh.tsv").read_text("utf-8").splitlines()
    english = sum(detect_language(row.split("\t")[0]) is Language.ENGLISH for row in rows)
    chinese = sum(detect_language(row.split("\t")[1]) is Language.CHINESE for row in rows)
    # what is left are lines of names, symbols and numbers
    assert english >= len(rows) - 5
    assert chinese >= len(rows) - 15
