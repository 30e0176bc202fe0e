"""What a figure was measured on: a number without its machine says nothing."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
_PACKAGES = ("torch", "faiss-cpu", "numpy", "bm25s", "tantivy", "llama-index-core", "pypdf", "pypdfium2")


def machine_facts() -> dict[str, object]:
    """CPU, cores, load, date, versions; neither host name nor path."""
    model = platform.processor()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else model
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "load_1_min_at_start": round(os.getloadavg()[0], 2),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS", ""),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def save(result: dict[str, object], output: Path | None, name: str) -> None:
    """Print the result and keep it, by default under ``benchmarks/results``."""
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    place = output or RESULTS / f"{name}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    print(text, end="")
