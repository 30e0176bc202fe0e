"""Write requirements.lock: the exact versions that pip would install into an empty environment, extras included.

Local version parts (``+cpu``) are cut, and no hashes are written: a CPU wheel and the usual wheel of one torch version
differ in bytes, and either must be installable. Run by ``make lock``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAD = """\
# Exact versions of everything that RagMed installs, with the tools its tests need. Written by `make lock`.
"""


def resolve(project: Path) -> list[str]:
    """``name==version`` lines, sorted by name; raises CalledProcessError when pip finds no solution."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    report = subprocess.run([*command, f"{project}[dev]"], check=True, stdout=subprocess.PIPE).stdout
    found = [item["metadata"] for item in json.loads(report)["install"]]
    pins = {item["name"].lower().replace("_", "-"): item["version"].split("+")[0] for item in found}
    pins.pop("ragmed", None)
    return [f"{name}=={version}" for name, version in sorted(pins.items())]


def main() -> None:
    """Write the lock beside pyproject.toml."""
    project = Path(__file__).resolve().parent.parent
    pins = resolve(project)
    (project / "requirements.lock").write_text(HEAD + "\n".join(pins) + "\n", encoding="utf-8")
    print(f"requirements.lock: {len(pins)} packages")


if __name__ == "__main__":
    main()
