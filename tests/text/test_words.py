"""The words that indexing and querying share."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.text.words import analysis_version, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HbA1c", ["hba1c"]),
        ("T4", ["t4"]),
        ("2.5", ["2.5"]),
        ("1,000 mL", ["1000", "ml"]),
        ("90 mg/dl", ["90", "mg/dl"]),
        ("15mg/kg/day", ["15", "mg/kg/day"]),
        ("50mg", ["50", "mg"]),
        ("6.5%", ["6.5%", "6.5"]),
        ("CURB-65", ["curb65", "curb", "65"]),
        ("NSCL-4A", ["nscl4a", "nscl", "4a"]),
        ("10-20", ["10", "20"]),
        ("HIV/AIDS", ["hiv", "aids"]),
        ("Crohn’s disease", ["crohn", "diseas"]),
        ("Sjögren", ["sjogren"]),
        ("e.g. U.S.", ["eg", "us"]),
        ("the WHO and who", ["who"]),
        ("nodules nodule", ["nodul", "nodul"]),
        ("diabetes", ["diabetes"]),
    ],
)
def test_clinical_tokens_stay_whole(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("β-blocker", "beta blocker"),
        ("CURB65", "CURB-65"),
        ("CURB 65", "CURB-65"),
        ("5 µg", "5 mcg"),
        ("5 ug", "5 μg"),
        ("ＨｂＡ１ｃ ６．５", "HbA1c 6.5"),
        ("follow-up", "follow up"),
        ("non‑small cell", "non-small cell"),
        ("磨玻璃结节", "多发磨玻璃结节"),
        ("高血压", "老年高血压患者的管理"),
    ],
)
def test_spellings_meet(one: str, other: str) -> None:
    """Every word of the first is among the second's, or the other way round."""
    assert set(words(one)) <= set(words(other)) or set(words(other)) <= set(words(one))


def test_chinese_is_cut_into_dictionary_words_and_the_words_inside_them() -> None:
    found = words("多发磨玻璃结节,肿瘤标志物正常")
    assert {"磨玻璃结节", "结节", "肿瘤标志物", "肿瘤", "正常"} <= set(found)


def test_han_characters_without_a_word_become_pairs() -> None:
    assert words("魑耄皴") == ["魑耄", "耄皴"]
    assert words("皴") == ["皴"]
    assert words("的") == []


def test_mixed_text_keeps_its_order() -> None:
    assert words("CT显示 2.5 cm") == ["ct", "显示", "2.5", "cm"]


@given(st.text(max_size=200))
def test_any_text_has_words_without_white_space_and_always_the_same(text: str) -> None:
    found = words(text)
    assert found == words(text)
    assert all(word and not any(character.isspace() for character in word) for word in found)


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=80))
def test_case_does_not_matter_but_for_the_organisation(text: str) -> None:
    if "who" not in text.lower():
        assert words(text.upper()) == words(text.lower())


def test_analysis_version_is_stable_and_names_its_parts() -> None:
    assert analysis_version() == analysis_version()
    assert "jieba" in analysis_version()
    assert "stemmer" in analysis_version()


def test_chinese_needs_no_shared_cache_and_says_nothing(tmp_path: Path) -> None:
    """jieba would leave a cache that anybody may replace in the temporary folder, and warn at import."""
    program = "from ragmed.text.words import words; assert words('肺结节')"
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_importing_words_loads_no_dictionary() -> None:
    program = "import sys, ragmed.text.words; assert not {'jieba', 'Stemmer'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
