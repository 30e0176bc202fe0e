"""How long the program takes to start: `import ragmed`, `ragmed --help`, and the app's memory with a library open.

    python benchmarks/start.py [--index DIR] [--runs 7]

Each command runs as a process of its own; the median of the runs is reported. The app's resident set (RSS) is read from
/proc 20 s after its health route first answers, and again after questions asked in a real browser (where Chromium is
installed), each answered with its page image; no language model is loaded.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from machine import machine, save

TARGET_START_S = 0.5
TARGET_APP_MB = 900
QUESTIONS = (
    "What is the first dose of adrenaline in anaphylaxis?",
    "When do I start potassium in diabetic ketoacidosis?",
    "68-year-old smoker, CT shows multiple ground-glass nodules, tumour markers normal: which differential diagnoses?",
    "感染性休克首选哪种升压药？",
    "How long should dual antiplatelet therapy continue after a stent?",
    "Time window for alteplase in acute ischaemic stroke?",
    "社区获得性肺炎住院患者首选什么抗生素？",
    "Which vasopressor first in septic shock and what MAP?",
)


def seconds(command: list[str], runs: int) -> float:
    """Median wall time of a command."""
    taken = []
    for _ in range(runs):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def app_megabytes(index: Path, port: int) -> dict[str, object]:
    """RSS of the app once it answers its health route and has loaded its library; stops it again."""
    command = [sys.executable, "-m", "ragmed.cli", "app", "--index", str(index), "--port", str(port)]
    begin = time.perf_counter()
    app = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready = 0.0
        while time.perf_counter() - begin < 120:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                    if json.loads(answer.read()).get("status") == "ok":
                        ready = time.perf_counter() - begin
                        break
            except (urllib.error.URLError, ConnectionError):
                pass
            time.sleep(0.2)
        else:
            raise SystemExit("the app did not become ready in 120 s")
        time.sleep(20)  # the server loads the embedder after it has begun to listen; its memory is what is measured
        idle = resident(app.pid)
        asked = ask_in_browser(f"http://127.0.0.1:{port}/")
        return {
            "ready_s": round(ready, 2),
            **idle,
            **({f"after_{asked}_questions": resident(app.pid)} if asked else {}),
        }
    finally:
        app.terminate()
        app.wait(timeout=20)


def resident(process: int) -> dict[str, float]:
    """MB (10⁶ bytes) now, and at the highest."""
    rows = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    values = {row.split(":")[0]: int(row.split()[1]) for row in rows if row.startswith(("VmRSS", "VmHWM"))}
    return {"rss_mb": round(values["VmRSS"] * 1024 / 1e6), "peak_mb": round(values["VmHWM"] * 1024 / 1e6)}


def ask_in_browser(address: str) -> int:
    """Ask each question in a new tab until its answer and the page image stand there; how many were asked."""
    program = shutil.which("chromium")
    if program is None:
        return 0
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for question in QUESTIONS:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(address)
            box = page.locator(".stChatInput textarea")
            box.fill(question, timeout=60_000)
            box.press("Enter")
            page.locator(".rm-claim").first.wait_for(timeout=60_000)
            page.wait_for_function("() => [...document.images].some(one => one.naturalWidth > 300)", timeout=60_000)
            page.close()
        browser.close()
    return len(QUESTIONS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--port", type=int, default=8599)
    given = parser.parse_args()
    program = Path(sys.executable).with_name("ragmed")
    figures = {
        "python_start_s": seconds([sys.executable, "-c", "pass"], given.runs),
        "import_ragmed_s": seconds([sys.executable, "-c", "import ragmed"], given.runs),
        "help_s": seconds([str(program), "--help"], given.runs),
        "target_start_s": TARGET_START_S,
        "app": app_megabytes(given.index, given.port),
        "target_app_mb": TARGET_APP_MB,
    }
    save("start", {"machine": machine(), "runs": given.runs, "load_average": os.getloadavg(), "figures": figures})


if __name__ == "__main__":
    main()
