"""Law: nothing is fetched when an answer is made. What loads a model opens no connection; only pulling knows HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ragmed import assemble
from ragmed.models.adopting import lock_folder
from ragmed.settings import EmbedderSettings, ModelSettings, Settings

_FORBID = """
import sys
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        sys.stderr.write(f"NETWORK {event} {arguments}\\n")
        raise OSError("the network is forbidden here")
sys.addaudithook(hook)
"""


def _run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", _FORBID + script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert "NETWORK" not in done.stderr, done.stderr
    return done


def test_the_hook_notices_a_connection() -> None:
    script = _FORBID + "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "NETWORK" in done.stderr


def test_finding_and_verifying_a_model_asks_nobody_and_loads_no_http(copied: Path) -> None:
    lock_folder(copied)
    script = """
from ragmed.models.store import installed, require_whole
from ragmed.models.checking import check_models, list_models
from ragmed.settings import ModelSettings
settings = ModelSettings(name=sys.argv[1])
require_whole(installed(settings))
list_models(settings), check_models(settings)
print(installed(settings).revision, "httpx" in sys.modules)
"""
    revision, http = _run(script, copied).stdout.split()
    assert revision.startswith("files-")
    assert http == "False"


def test_asking_with_a_model_named_that_is_not_here_fetches_nothing(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "anaphylaxis.md").write_text(
        "# Anaphylaxis in adults\n\nVersion 1.2026, published 2026-01-05.\n\n## First treatment\n\n"
        "Give adrenaline 0.5 mg into the outer thigh at once. Repeat the dose after five minutes if there is no "
        "improvement. Call for help, lay the patient flat and give oxygen.\n",
        encoding="utf-8",
    )
    settings = Settings(
        library=library,
        index=tmp_path / "index",
        embedder=EmbedderSettings(engine="fp32"),
        model=ModelSettings(name="Qwen/Qwen3-0.6B"),
    )
    assemble.build_index(settings)
    script = """
import os
os.environ["RAGMED_MODEL__NAME"] = "Qwen/Qwen3-0.6B"
from ragmed.cli import main
sys.argv = ["ragmed", "ask", "What is the first dose of adrenaline in anaphylaxis?", "--json", *sys.argv[1:]]
main()
"""
    done = _run(script, "--library", library, "--index", settings.index)
    assert json.loads(done.stdout)["outcome"] == "answered"
