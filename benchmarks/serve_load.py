"""Many clients at `ragmed serve` at once: seconds of an answer, statuses, and the server's memory over time.

    python benchmarks/serve_load.py [--clients 100] [--seconds 300] [--think 10] [--index DIR] [--keep-as serve_load]

The server is the real command with the extractive generator over the demonstration library, in a process of its own,
with the defaults of the settings. Each client asks a real question of an on-call doctor, English or Chinese (about
every second one as a stream), waits for the whole answer, thinks for about `--think` seconds (exponentially
distributed, cut at three times that) and asks the next one, over a connection of its own. The clients begin spread
over one time of thinking.

An answer counts where its text came whole with a finish reason; 429 is counted apart, anything else is an error. The
resident set is read from /proc every two seconds; `growth` compares the median of the last fifth with that of the
second fifth. Clients and server share the cores: what the clients take is in the figures too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from machine import machine, save

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {"p95_s": 2.0, "errors": 0, "growth": 0.05}
QUESTIONS = (
    "What is the first dose of adrenaline in anaphylaxis?",
    "When do I start potassium in diabetic ketoacidosis?",
    "68-year-old smoker, CT shows multiple ground-glass nodules, tumour markers normal: which differential diagnoses?",
    "How long should dual antiplatelet therapy continue after a stent?",
    "Time window for alteplase in acute ischaemic stroke?",
    "Which vasopressor first in septic shock and what MAP?",
    "Calcium gluconate dose for hyperkalaemia with ECG changes",
    "Empirical antibiotic for febrile neutropenia",
    "Dexamethasone before or after antibiotics in bacterial meningitis?",
    "Transfusion threshold in upper GI bleeding",
    "CURB-65 of 3, where to treat?",
    "Anticoagulant for pulmonary embolism in renal failure",
    "Who won the football world cup in 2022?",
    "感染性休克首选哪种升压药？",
    "社区获得性肺炎住院患者首选什么抗生素？",
    "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?",
    "高钾血症心电图改变时钙剂怎么用？",
    "急性冠脉综合征双抗要吃多久？",
    "过敏性休克肾上腺素的剂量？",
    "上消化道出血什么时候做内镜？",
)


class Tally:
    """What came of the questions."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.first_sentence: list[float] = []
        self.statuses: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.errors: list[str] = []


async def client(url: str, number: int, until: float, think: float, tally: Tally) -> None:
    chance = random.Random(number)
    await asyncio.sleep(chance.uniform(0, think))
    async with httpx.AsyncClient(timeout=130) as session:
        while time.monotonic() < until:
            await ask(session, url, chance.choice(QUESTIONS), stream=chance.random() < 0.5, tally=tally)
            await asyncio.sleep(min(chance.expovariate(1 / think), 3 * think))


async def ask(session: httpx.AsyncClient, url: str, question: str, *, stream: bool, tally: Tally) -> None:
    sent = {"model": "ragmed", "stream": stream, "messages": [{"role": "user", "content": question}]}
    began = time.perf_counter()
    try:
        async with session.stream("POST", f"{url}/v1/chat/completions", json=sent) as response:
            if response.status_code != 200:
                tally.statuses[str(response.status_code)] += 1
                await response.aread()
                if response.status_code != 429:
                    tally.errors.append(response.json()["error"]["code"])
                return
            outcome = await (streamed(response, began, tally) if stream else whole(response))
    except (httpx.HTTPError, ValueError, KeyError) as error:
        tally.statuses["broken"] += 1
        tally.errors.append(type(error).__name__)
        return
    tally.statuses["200"] += 1
    tally.outcomes[outcome] += 1
    tally.seconds.append(time.perf_counter() - began)


async def whole(response: httpx.Response) -> str:
    choice = json.loads(await response.aread())["choices"][0]
    if choice["finish_reason"] != "stop" or not choice["message"]["content"]:
        raise ValueError("no answer")
    outcome: str = choice["message"]["outcome"]
    return outcome


async def streamed(response: httpx.Response, began: float, tally: Tally) -> str:
    said, outcome = "", ""
    async for line in response.aiter_lines():
        if not line.startswith("data: ") or line == "data: [DONE]":
            continue
        (choice,) = json.loads(line[6:])["choices"]
        text = choice["delta"].get("content") or ""
        if text and not said:
            tally.first_sentence.append(time.perf_counter() - began)
        said += text
        outcome = choice["delta"].get("outcome", outcome)
    if not said or not outcome:
        raise ValueError("no whole answer")
    return outcome


async def watch(process: int, until: float, kept: list[dict[str, float]]) -> None:
    began = time.monotonic()
    while time.monotonic() < until:
        kept.append({"s": round(time.monotonic() - began, 1), "rss_mb": megabytes(process), "cpu_s": cpu(process)})
        await asyncio.sleep(2)


def megabytes(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return round((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), 2)


def quantiles(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {
        "p50_s": round(statistics.median(ordered), 3),
        "p95_s": round(ordered[min(last, int(0.95 * len(ordered)))], 3),
        "p99_s": round(ordered[min(last, int(0.99 * len(ordered)))], 3),
        "max_s": round(ordered[-1], 3),
    }


def growth(kept: list[dict[str, float]]) -> float | None:
    """By how much of itself the memory grew from the second fifth to the last; None for a run that is too short."""
    fifth = len(kept) // 5
    if not fifth:
        return None
    early, late = kept[fifth : 2 * fifth], kept[-fifth:]
    middle = [statistics.median(one["rss_mb"] for one in part) for part in (early, late)]
    return round(middle[1] / middle[0] - 1, 4)


async def load(url: str, process: int, given: argparse.Namespace) -> dict[str, Any]:
    tally, kept = Tally(), []
    until = time.monotonic() + given.seconds
    await ask(httpx.AsyncClient(timeout=130), url, QUESTIONS[0], stream=False, tally=Tally())  # the first one loads
    await asyncio.gather(
        watch(process, until, kept),
        *(client(url, number, until, given.think, tally) for number in range(given.clients)),
    )
    return {
        "clients": given.clients,
        "seconds": given.seconds,
        "think_s": given.think,
        "questions": sum(tally.statuses.values()),
        "answers_a_second": round(len(tally.seconds) / given.seconds, 2),
        "statuses": dict(sorted(tally.statuses.items())),
        "outcomes": dict(sorted(tally.outcomes.items())),
        "errors": len(tally.errors),
        "error_kinds": dict(Counter(tally.errors)),
        "answer": quantiles(tally.seconds),
        "first_sentence_of_a_stream": quantiles(tally.first_sentence),
        "memory": {
            "first_mb": kept[0]["rss_mb"],
            "last_mb": kept[-1]["rss_mb"],
            "highest_mb": max(one["rss_mb"] for one in kept),
            "growth": growth(kept),
            "over_time": kept[:: max(1, len(kept) // 60)],
        },
        "cores_used": round((kept[-1]["cpu_s"] - kept[0]["cpu_s"]) / max(1.0, kept[-1]["s"] - kept[0]["s"]), 2),
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--think", type=float, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--index", type=Path, help="an index of guidelines/; default: one made for this run")
    parser.add_argument("--keep-as", default="serve_load", help="name of the result; empty: only print it")
    given = parser.parse_args()
    before = os.getloadavg()
    with tempfile.TemporaryDirectory() as scratch:
        index = given.index or Path(scratch) / "index"
        ragmed = [sys.executable, "-m", "ragmed.cli"]
        if given.index is None:
            subprocess.run(
                [*ragmed, "index", "--index", str(index), "--yes"], check=True, cwd=ROOT, capture_output=True
            )
        port = free_port()
        command = [*ragmed, "serve", "--index", str(index), "--port", str(port), "--workers", str(given.workers)]
        log = (Path(scratch) / "log").open("wb")
        with log, subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as server:
            url = f"http://127.0.0.1:{port}"
            try:
                while True:
                    try:
                        if httpx.get(f"{url}/readyz", timeout=60).status_code == 200:
                            break
                    except httpx.TransportError:
                        if server.poll() is not None:
                            raise SystemExit(Path(log.name).read_text()) from None
                    time.sleep(0.2)
                figures = asyncio.run(load(url, server.pid, given))
            finally:
                server.terminate()
        figures["exit_code"] = server.returncode
    figures["target"] = TARGETS
    result = {"machine": machine(), "load_average": [before, os.getloadavg()], "figures": figures}
    if given.keep_as:
        save(given.keep_as, result)
    else:
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
