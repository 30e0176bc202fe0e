"""Every figure of docs/figures.md that a script keeps, with its aim and its command: docs/quality.html.

    python benchmarks/report.py [--results benchmarks/results] [--page docs/quality.html]

Nothing is measured here. A figure whose file is missing is shown as missing, one that falls short of its aim as
falling short. The same files give the same page.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from machine import RESULTS
from plot_query import cost_plots, recall_table

from ragmed.canonical import write_atomic
from ragmed.evaluate.report import plots
from ragmed.evaluate.report.markup import Section, drawing, drawings, number, table, whole_page

Results = dict[str, Any]
Path_ = tuple[str, ...]
MISSING = "missing"
SIZE = "1000000 chunks"
TEXTBOOKS = ("nutrition", "population")


@dataclass(frozen=True)
class Aim:
    """One figure: what it is, where it is kept (file, then keys), what it should be, and how it is made."""

    said: str
    kept: Path_
    least: float | None = None
    most: float | None = None

    def value(self, results: Results) -> float | None:
        return take(results, *self.kept)

    def row(self, results: Results) -> tuple[str, ...]:
        found = self.value(results)
        aim = f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}" if self.most is not None else "–"
        if found is None:
            return escape(self.said), f"{MISSING}: {escape(self.kept[0])}.json", aim, "–"
        met = (self.least is None or found >= self.least) and (self.most is None or found <= self.most)
        told = "–" if aim == "–" else "yes" if met else "<strong>no</strong>"
        return escape(self.said), number(float(found)), aim, told


def take(results: Results, *path: str) -> Any:
    """What stands under the keys; None where a file or a key is missing."""
    found: Any = results
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return None
        found = found[key]
    return found


def at(name: str, *keys: str) -> Path_:
    return (name, *keys)


def _on_call(measure: str) -> Path_:
    return at("oncall", "figures", measure)


def _altered(book: str, group: str) -> Path_:
    return at("claims_altered", book, group, "all", "failed")


def _abstention(half: str, *keys: str) -> Path_:
    return at("abstention", "as built", half, "auroc", *keys)


AIMS: tuple[tuple[str, str, tuple[Aim, ...]], ...] = (
    (
        "Is the right text found?",
        "keep.py medquad retrieval medquad --baseline rrf; keep.py pubmedqa retrieval pubmedqa --baseline rrf",
        (
            Aim("medquad, nDCG@10", at("medquad", "figures", "ndcg@10"), least=0.72),
            Aim("medquad, recall@10", at("medquad", "figures", "recall@10")),
            Aim("pubmedqa, nDCG@10", at("pubmedqa", "figures", "ndcg@10"), least=0.98),
            Aim("pubmedqa, recall@10", at("pubmedqa", "figures", "recall@10")),
        ),
    ),
    (
        "Is the right page found?",
        "keep.py oncall questions oncall_dev.jsonl --index INDEX --baseline rrf",
        (
            Aim("gold page first", _on_call("page_hit@1"), least=0.65),
            Aim("gold page among five", _on_call("page_hit@5"), least=0.85),
            Aim("… English", at("oncall", "figures", "by_language", "en", "page_hit@5"), least=0.90),
            Aim("… Chinese", at("oncall", "figures", "by_language", "zh", "page_hit@5"), least=0.75),
            Aim("gold page cited by the answer", _on_call("cited_page_hit"), least=0.75),
            Aim("must-have numbers in the answer", _on_call("must_have_numbers")),
        ),
    ),
    (
        "When there is no answer: AUROC on the half that nothing was fitted on",
        "abstention.py INDEX oncall_dev.jsonl --demonstration INDEX",
        (
            Aim("near misses", _abstention("other half", "near misses"), least=0.90),
            Aim("everyday life and other specialties", _abstention("other half", "uncovered"), least=0.95),
            Aim("demonstration library", _abstention("other half", "demonstration"), least=0.95),
            Aim("document removed, judged", _abstention("other half", "removed", "judged"), least=0.95),
            Aim("… counting part of an answer as none", _abstention("other half", "removed", "strict")),
            Aim(
                "demonstration, document removed, judged",
                _abstention("other half", "demonstration removed", "judged"),
                least=0.95,
            ),
            Aim("needless abstentions, on-call questions", _on_call("false_abstentions")),
            Aim("unanswerable on-call questions abstained from", _on_call("abstention_recall")),
        ),
    ),
    (
        "Are citations checked? Two textbooks that no rule has seen, and sentences written by hand",
        "claims_altered.py; claims_support.py kqa_entailment.csv; keep.py claims claims kqa.jsonl",
        (
            *(Aim(f"altered numbers caught, {book}", _altered(book, "numbers"), least=0.99) for book in TEXTBOOKS),
            *(Aim(f"other alterations caught, {book}", _altered(book, "words"), least=0.95) for book in TEXTBOOKS),
            *(Aim(f"faithful edits flagged, {book}", _altered(book, "faithful"), most=0.05) for book in TEXTBOOKS),
            *(
                Aim(
                    f"paraphrases by hand, {half}: flagged", at("claims_altered", "paraphrases", "same", half, "failed")
                )
                if half == "development"
                else Aim(
                    f"paraphrases by hand, {half}: flagged",
                    at("claims_altered", "paraphrases", "same", half, "failed"),
                    most=0.05,
                )
                for half in ("development", "held out")
            ),
            Aim(
                "subtle errors by hand, held out: caught",
                at("claims_altered", "paraphrases", "other", "held out", "failed"),
            ),
            Aim("physicians' claims, AUROC", at("claims", "figures", "auroc"), least=0.68),
            Aim("… plain cosine", at("claims", "figures", "auroc_cosine")),
            Aim("… plain token overlap", at("claims", "figures", "auroc_overlap")),
        ),
    ),
    (
        "Can a model be seen to learn to cite? Sentence and marker both right, documents that nothing was trained on",
        "learns.py --out FOLDER",
        (
            Aim("a small Qwen3 after QLoRA", at("learns", "held_out", "tuned", "both", "share"), least=0.6),
            Aim("… another library, by which nothing was chosen", at("learns", "another", "tuned", "both", "share")),
            Aim("… before it", at("learns", "held_out", "base", "both", "share"), most=0.1),
            Aim(
                "… before it, its own brackets read as ours",
                at("learns", "held_out", "base, other brackets read as square", "both", "share"),
            ),
            Aim("… always cites [1], at best", at("learns", "held_out", "always cites [1]", "both", "share")),
            Aim("… copies the first passage", at("learns", "held_out", "copies the first passage", "both", "share")),
            Aim("sentence right after QLoRA", at("learns", "held_out", "tuned", "sentence", "share")),
            Aim("marker right after QLoRA", at("learns", "held_out", "tuned", "marker", "share")),
            Aim("unanswerable questions abstained from", at("learns", "held_out", "tuned", "abstained")),
            Aim("needless abstentions", at("learns", "held_out", "tuned", "abstained_needlessly")),
        ),
    ),
    (
        "How fast are passages embedded?",
        "engines.py",
        (
            Aim("8 bits, times torch", at("engines", "int8_times_fp32"), least=3),
            Aim("a question, ms (p95)", at("engines", "engines", "int8", "query_ms_p95"), most=8),
            Aim("passages, tokens/s in 8 bits", at("engines", "engines", "int8", "tokens_per_second")),
            Aim("passages, tokens/s with torch", at("engines", "engines", "fp32", "tokens_per_second")),
        ),
    ),
    (
        "Search over a million chunks",
        "query.py",
        (
            Aim("question to passages, ms (p95)", at("query", SIZE, "ask", "ms_retrieve", "p95"), most=100),
            Aim("opening, s", at("query", SIZE, "ask", "seconds_open"), most=2),
            Aim("resident memory, MB", at("query", SIZE, "ask", "mb", "VmRSS"), most=1200),
            Aim(
                "recall@10 against an exact search",
                at("query", SIZE, "recall", "against exact", "none", "recall@10"),
                least=0.98,
            ),
        ),
    ),
    (
        "Reading, indexing, starting",
        "ingest.py; reindex.py; start.py",
        (
            Aim(
                "text with boxes, pages/s, two processes",
                at("ingest", "text", "characters_and_boxes", "processes_2", "pages_per_second"),
            ),
            Aim("whole reading, pages/s", at("ingest", "text", "whole_reading", "processes_2", "pages_per_second")),
            Aim("PDF to index, pages/s", at("ingest", "whole_way", "ragmed", "pages_per_second")),
            Aim("… plain llama-index", at("ingest", "whole_way", "plain", "pages_per_second")),
            Aim("replacing one document of a thousand, s", at("reindex", "replace_s")),
            Aim("a full build, times as long", at("reindex", "full_build_over_replace")),
            Aim("ragmed --help, s", at("start", "figures", "help_s"), most=0.5),
            Aim("the app, ready, s", at("start", "figures", "app", "ready_s")),
            Aim(
                "the app after eight questions, MB",
                at("start", "figures", "app", "after_8_questions", "rss_mb"),
                most=900,
            ),
        ),
    ),
)
"""(question, commands in benchmarks/, figures)."""


def page(results: Results) -> str:
    """The page, as HTML."""
    sections = [Section(title=title, body=_aims(aims, command, results)) for title, command, aims in AIMS]
    sections += [
        Section(
            title="Quality, drawn", body=drawings(*filter(None, (_kinds(results), _auroc(results), _caught(results))))
        ),
        Section(title="Cost against size", body=_or_missing("query", results, cost_plots)),
        Section(title="Against an exact search", body=_or_missing("query", results, recall_table)),
    ]
    short = [aim for _, _, aims in AIMS for aim in aims if _short(aim, results)]
    gone = sorted({aim.kept[0] for _, _, aims in AIMS for aim in aims if aim.value(results) is None})
    lead = f"{sum(len(aims) for _, _, aims in AIMS)} figures. {len(short)} fall short of their aim"
    lead += f": {escape('; '.join(aim.said for aim in short))}." if short else "."
    if gone:
        lead += f" Not kept: {escape(', '.join(f'{name}.json' for name in gone))}."
    return whole_page("Quality and cost", lead, sections, _made(results))


def _short(aim: Aim, results: Results) -> bool:
    found = aim.value(results)
    return found is not None and (
        (aim.least is not None and found < aim.least) or (aim.most is not None and found > aim.most)
    )


def _aims(aims: Iterable[Aim], command: str, results: Results) -> str:
    rows = [aim.row(results) for aim in aims]
    commands = "".join(f"<code>python benchmarks/{escape(one)}</code><br>" for one in command.split("; "))
    return table(("figure", "value", "aim", "reached"), rows, right=(1, 2), kind="figures") + f"<p>{commands}</p>"


def _or_missing(name: str, results: Results, drawn: Callable[[dict[str, Any]], str]) -> str:
    return drawn(results[name]) if name in results else f"<p>{MISSING}: {escape(name)}.json</p>"


def _kinds(results: Results) -> str:
    kinds = take(results, "oncall", "figures", "by_kind") or {}
    rows = [
        plots.Bar(f"{name} ({one['questions']})", one["page_hit@5"], strong=True)
        for name, one in sorted(kinds.items())
        if one["page_hit@5"] is not None
    ]
    title = "Gold page among the first five, by kind of question"
    return drawing(title, plots.bars(rows, title), "Share of the answerable on-call questions.") if rows else ""


def _auroc(results: Results) -> str:
    rows = [
        plots.Bar(f"{aim.said}{'' if half == 'other half' else ', dev.'}", found, strong=half == "other half")
        for aim in AIMS[2][2][:6]
        for half in ("other half", "development")
        if (found := take(results, *(half if key == "other half" else key for key in aim.kept))) is not None
    ]
    title = "Answerable against not, AUROC of coverage"
    return drawing(title, plots.bars(rows, title), "0.5 is chance.") if rows else ""


def _caught(results: Results) -> str:
    measured = results.get("claims_altered", {})
    rows = [
        plots.Bar(f"{name}: {said}", found, strong=group != "faithful")
        for name, one in sorted(measured.items())
        if isinstance(one, dict) and "numbers" in one
        for group, said in (("numbers", "numbers caught"), ("words", "others caught"), ("faithful", "faithful flagged"))
        if (found := take(one, group, "all", "failed")) is not None
    ]
    title = "Altered sentences, by text"
    return drawing(title, plots.bars(rows, title), "Share of the sentences.") if rows else ""


def _made(results: Results) -> list[tuple[str, str]]:
    """Where each file came from: the machine, the day, how busy it was."""
    rows = [("command", "python benchmarks/report.py")]
    for name, one in sorted(results.items()):
        from_ = take(one, "machine") or take(one, SIZE, "machine") or {}
        if from_:
            busy = take(one, "load_average")
            load = f", load {busy[0][0]:.1f}" if isinstance(busy, list) and isinstance(busy[0], list) else ""
            rows.append(
                (name, f"{from_.get('cpu', '?')}, {from_.get('cores', '?')} cores, {from_.get('measured', '?')}{load}")
            )
    return rows


def read(folder: Path) -> Results:
    return {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(folder.glob("*.json"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=RESULTS.parents[1] / "docs" / "quality.html")
    chosen = parser.parse_args()
    write_atomic(chosen.page, page(read(chosen.results)).encode("utf-8"))
    print(chosen.page.name)


if __name__ == "__main__":
    main()
