"""A promotion by another process is taken up by the running app: the next question in the browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.browser import served
from tests.e2e.test_app import ask, expect
from tests.e2e.test_library_page import WHEN
from tests.generate import tiny_qwen
from tests.ports import free_port
from tests.ui.library_app import program_over

if TYPE_CHECKING:
    from tests.e2e.conftest import Visiting

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


def test_the_next_question_goes_to_what_was_promoted_meanwhile(visiting: Visiting, tmp_path: Path) -> None:
    model = tiny_qwen.build(tmp_path / "models" / "tiny-qwen3")
    tiny_qwen.add_adapter(model, tmp_path / "tuned", seed=1)
    tiny_qwen.lock(model)
    folder = tmp_path / "app"
    folder.mkdir()
    port = free_port()
    index = folder / "index"

    def tune(*arguments: object) -> str:
        command = [sys.executable, "-m", "ragmed.cli", "tune", *map(str, arguments), "--index", str(index)]
        environment = {**os.environ, "RAGMED_MODEL__NAME": str(model)}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=120, env=environment, cwd=index
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wrote(question: str, count: int) -> str | None:
        """What wrote the draft, which random weights make no answer of."""
        ask(page, question)
        for _ in range(240):  # the answer before stands there until this one does
            if len(records := program_over(folder).records.recent(5)) == count:
                break
            page.wait_for_timeout(250)
        expect(page, "#answer .rm-question").to_have_text(question)
        expect(page, "#answer .rm-claim >> nth=0").to_contain_text("within three hours")
        refused = records[0].refused
        assert refused is not None
        return refused.generation.adapter_sha256

    arguments = ("-m", "tests.ui.tiny_model_app", str(folder), str(port), str(model))
    with served(*arguments, port=port, log=folder / "log") as address:
        page = visiting(address).go("/")
        assert wrote(WHEN, 1) is None
        sha256 = json.loads(tune("adapters", "add", tmp_path / "tuned", "--by", "dr-owen", "--json"))["sha256"]
        tune("promote", sha256, "--by", "dr-owen", "--why", "ticket 7", "--without-gate")
        assert wrote(f"{WHEN} In adults?", 2) == sha256
        tune("rollback", "--by", "dr-owen")
        assert wrote(f"{WHEN} At once?", 3) is None
        page.goto("about:blank")  # the app ends before the visit: its page would look for it
