"""``ragmed tune export`` as it is typed: real processes, of a run and of a hash, with and without the gate's word."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ragmed.adapters.files import adapter_sha256
from ragmed.settings import Settings
from tests.generate import tiny_qwen
from tests.tune.export.made import added, hospital, judged

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model; its adapter lies beside it as ``tuned``."""
    folder = tiny_qwen.build(tmp_path_factory.mktemp("models") / "tiny")
    tiny_qwen.add_adapter(folder, folder.parent / "tuned")
    tiny_qwen.lock(folder)
    return folder


def run(settings: Settings, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragmed.cli", *map(str, arguments)]
    named = {"RAGMED_MODEL__NAME": settings.model.name, "RAGMED_INDEX": str(settings.index)}
    environment = {**os.environ, **named, "COLUMNS": "200"}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
        cwd=settings.index.parent,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_what_the_gate_let_through(base: Path, tmp_path: Path) -> None:
    settings = hospital(tmp_path, base)
    sha256 = added(settings, base.parent / "tuned")
    judged(settings, sha256)
    done = run(settings, "tune", "export", sha256[:8], "--to", "merged", "--out", "ward", "--by", "dr-owen", "--json")
    told = json.loads(done.stdout)
    assert (told["form"], told["adapter_sha256"], told["let_through"]) == ("merged", sha256, True)
    assert told["commands"][0].startswith("vllm serve ward --served-model-name ward")
    assert "The export takes about" in done.stderr
    checked = run(settings, "models", "check", "./ward", "--json")
    assert told["revision"] in checked.stdout
    again = run(settings, "tune", "export", sha256, "--to", "nf4", "--out", "ward", code=2)
    assert "something already" in again.stderr
    listed = run(settings, "audit", "adapters").stdout
    assert f"exported (merged ward {told['revision']})" in listed.replace("\n", " ").replace("  ", " ")


def test_a_run_that_no_gate_saw_goes_only_past_it(base: Path, tmp_path: Path) -> None:
    settings = hospital(tmp_path, base)
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copytree(base.parent / "tuned", folder / "adapter")
    (folder / "run.json").write_text(json.dumps({"dataset": {"seed": 7}}), "utf-8")
    wanted = ["tune", "export", folder, "--to", "adapter", "--out", "study"]
    refused = run(settings, *wanted, code=3)
    assert "not been through the gate" in refused.stderr
    assert not (tmp_path / "study").exists()
    nameless = run(settings, *wanted, "--without-gate", "--by", "dr-owen", code=2)
    assert "a name and a reason" in nameless.stderr
    past = run(settings, *wanted, "--without-gate", "--by", "dr-owen", "--why", "a study without patients")
    assert "WITHOUT THE GATE" in past.stdout
    assert "--enable-lora --lora-modules study=study --max-lora-rank 8" in past.stdout
    assert adapter_sha256(tmp_path / "study") == adapter_sha256(base.parent / "tuned")
    assert "**The gate did not let this adapter through" in (tmp_path / "study" / "README.md").read_text("utf-8")
    listed = run(settings, "audit", "adapters").stdout
    assert "WITHOUT THE GATE: it has not been through the gate" in listed
    assert "0 promotions without the gate, 1 exports without it" in listed
