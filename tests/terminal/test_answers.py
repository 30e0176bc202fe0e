"""An answer on the terminal: keys at its lines, a source line a passage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ragmed.errors import IntegrityError
from ragmed.records import Assumption
from ragmed.terminal import print_answer, print_citation
from tests.answer.records import a_record


def test_lines_carry_their_keys_and_a_passage_has_one_source_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(a_record("abcd1111"))
    printed = capsys.readouterr().out
    assert "• Give oxygen. [1]\n" in printed
    assert "1. Hypoxia — can't miss [1b]\n" in printed
    assert "Observe for 12 hours. [1b]\n" in printed
    sources = printed.partition("Sources\n")[2].splitlines()
    assert [line for line in sources if line.startswith("[")] == [
        "[1, 1b] Oxygen · Test · Version 1.2026 · 2026 · page T-1 (1)"
    ]


def test_whom_the_answer_is_for_and_what_it_assumes(capsys: pytest.CaptureFixture[str]) -> None:
    told = (Assumption(key="adult", holds=False), Assumption(key="kidneys_normal"), Assumption(key="immunocompetent"))
    print_answer(replace(a_record("abcd1111"), assumptions=told))
    printed = capsys.readouterr().out
    assert "For: child\n" in printed
    assert "Assumed: kidneys normal · immunocompetent\n" in printed
    print_answer(a_record("abcd1111"))
    assert "Assumed" not in capsys.readouterr().out


def test_the_same_quote_twice_for_a_claim_is_one_chip(capsys: pytest.CaptureFixture[str]) -> None:
    record = a_record("abcd1111")
    print_answer(replace(record, checks=(*record.checks, record.checks[0])))
    assert "• Give oxygen. [1]\n" in capsys.readouterr().out


def test_many_quotes_of_a_passage_are_a_span_and_those_of_two_pages_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = a_record("abcd1111")
    one = record.checks[0]
    many = tuple(replace(one, citation=replace(one.citation, start=start)) for start in range(12))
    print_answer(replace(record, checks=many, differential=None))
    assert "\n[1 … 1l] Oxygen" in capsys.readouterr().out
    apart = (*many, replace(one, citation=replace(one.citation, page_number=2)))
    print_answer(replace(record, checks=apart, differential=None))
    printed = capsys.readouterr().out
    assert "\n[1, 1b, 1c, " in printed
    assert "\n[1m] Oxygen" in printed


def test_one_citation_names_its_key_and_its_printed_page(capsys: pytest.CaptureFixture[str]) -> None:
    record = a_record("abcd1111")
    print_citation(record, "1b", record.checks[1], None, as_json=False)
    printed = capsys.readouterr().out
    assert printed.startswith("[1b] Oxygen")
    assert "page T-1 (1) · verbatim" in printed
    with pytest.raises(IntegrityError, match="does not hold it"):
        print_citation(replace(record, documents=()), "1", record.checks[0], None, as_json=False)
