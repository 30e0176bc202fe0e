"""The frozen questions over the demonstration library; tests must not change them."""

from __future__ import annotations

import pytest

from ragmed.assemble import Program
from ragmed.tune.gate.questions import GateQuestions, gate_questions


@pytest.fixture(scope="session")
def asked(program: Program) -> GateQuestions:
    return gate_questions(program.snapshots.current(), program.retriever, passages=4, seed=7)
