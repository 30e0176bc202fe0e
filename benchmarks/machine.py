"""The machine that a figure came from, and where figures are kept."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"


def machine() -> dict[str, Any]:
    """Cores, CPU, memory, and the versions that matter."""
    model = platform.processor()
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "cores": os.cpu_count(),
        "cpu": model,
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "python": platform.python_version(),
        "packages": {
            name: version(name) for name in ("torch", "faiss-cpu", "sentence-transformers", "pypdfium2", "pypdf")
        },
        "measured": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def save(name: str, result: dict[str, Any], folder: Path = RESULTS) -> None:
    """Keep ``result`` as NAME.json in benchmarks/results, or another folder, and print it."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    print(text)
