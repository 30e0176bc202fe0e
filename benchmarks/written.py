"""What a real language model writes on the on-call questions, and what of it a reader gets to see.

    python benchmarks/written.py ask INDEX QUESTIONS DRAFTS            # with the model of ragmed.toml; taken up again
    python benchmarks/written.py judge INDEX QUESTIONS DRAFTS [--half 1] [--code FOLDER] [--keep-as written]

`ask` keeps every draft as it was written. `judge` gives the drafts to the assistant again in the model's place, so that
one set of drafts is judged by any state of the program: `--code` names another checkout of it. Beside it the same
questions are answered by quoting, in the same run. `--half`: every second question, from the first (0) or second (1).

`labels` counts the sentences that were shown of a model by what benchmarks/written_labels.tsv says of them:
`answers` (at least in part), `beside` (true of the page, and of no use), `bad` (not what the page says, or cut so that
it misleads). They were given by one reader, no clinician, who was shown the sentences of the program before and after a
change in one shuffled list without being told which was which; they are kept as hashes.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LABELS = HERE / "written_labels.tsv"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("ask", "judge"))
    parser.add_argument("index", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("drafts", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--code", type=Path, default=HERE.parent)
    parser.add_argument("--keep-as", default="")
    return parser.parse_args()


ASKED = arguments() if __name__ == "__main__" else argparse.Namespace(code=HERE.parent)
sys.path.insert(0, str(ASKED.code))

from machine import machine, save  # noqa: E402

from ragmed.answer.assistant import RagMedAssistant  # noqa: E402
from ragmed.answer.assumptions import KEYS  # noqa: E402
from ragmed.answer.extractive import ExtractiveGenerator  # noqa: E402
from ragmed.assemble import Program, open_program  # noqa: E402
from ragmed.audit.replay import KeepsNothing  # noqa: E402
from ragmed.evaluate.question_file import Question, read_questions  # noqa: E402
from ragmed.evaluate.questions import evaluate_questions  # noqa: E402
from ragmed.generate.prose import ProseGenerator  # noqa: E402
from ragmed.generate.scripted import ScriptedEngine  # noqa: E402
from ragmed.interfaces import EvidenceFound, Finished  # noqa: E402
from ragmed.records import AnswerRecord, Outcome  # noqa: E402
from ragmed.settings import load_settings  # noqa: E402

NUMBERS = ("cited_page_hit", "must_have_numbers", "false_abstentions")


def drafts_of(file: Path) -> dict[str, dict[str, Any]]:
    rows = map(json.loads, file.read_text(encoding="utf-8").splitlines()) if file.is_file() else ()
    return {row["question"]: row for row in rows}


def ask(index: Path, questions: Path, drafts: Path) -> None:
    """Ask what is not in ``drafts`` yet, and add it."""
    program = open_program(load_settings(flags={"index": index}))
    known = drafts_of(drafts)
    for question in read_questions(questions):
        if question.text in known:
            continue
        began = time.perf_counter()
        record = last(program.assistant.ask(question.text))
        written = record.refused.generation if record.refused else record.generation
        row = {
            "id": question.question_id,
            "question": question.text,
            "draft": written.text,
            "finish": written.finish_reason,
            "model": written.model_id,
            "seconds": round(time.perf_counter() - began, 1),
        }
        with drafts.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
        print(f"{row['seconds']:6.1f} s  {row['finish']:8s}  {question.question_id}", flush=True)


def last(events: Iterator[Any]) -> AnswerRecord:
    *_, finished = events
    return finished.record  # type: ignore[no-any-return]


class Rewriting:
    """An ``Assistant`` whose model writes each question's kept draft."""

    def __init__(self, program: Program, drafts: dict[str, dict[str, Any]]) -> None:
        self._program = program
        self._drafts = drafts
        self.records: list[AnswerRecord] = []

    def ask(self, question: str, **_: Any) -> Iterator[EvidenceFound | Any | Finished]:
        program, settings = self._program, self._program.settings
        engine = ScriptedEngine(self._drafts[question]["draft"] or " ", prompt_tokens=10**6, context_tokens=10**7)
        assistant = RagMedAssistant(
            program.snapshots,
            program.retriever,
            ProseGenerator(engine, settings.model, assumptions=KEYS),
            KeepsNothing(),
            settings,
            instead=ExtractiveGenerator(program.embedder, max_claims=settings.answer.max_claims),
            second=None,
            user="",
        )
        for event in assistant.ask(question):
            if isinstance(event, Finished):
                self.records.append(event.record)
            yield event


def judge(index: Path, questions: Path, drafts: Path, half: int | None) -> dict[str, Any]:
    program = open_program(load_settings(flags={"index": index}))
    kept = drafts_of(drafts)
    asked = [one for one in read_questions(questions) if one.text in kept]
    chosen = asked if half is None else asked[half::2]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "questions.jsonl"
        wanted = {one.question_id for one in chosen}
        lines = questions.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join(line for line in lines if json.loads(line)["id"] in wanted), encoding="utf-8")
        writing = Rewriting(program, kept)
        by_model = evaluate_questions(file, program.retriever, writing).whole.named()
        quoting = evaluate_questions(file, program.retriever, program.assistant).whole.named()
    return {
        "questions": len(chosen),
        "drafted": Counter(kept[one.text].get("finish", "") or "stop" for one in chosen),
        "shown": Counter(_shown(record) for record in writing.records),
        "sentences": sum(len(one.claims) for one in writing.records if _shown(one) == "the model's"),
        "labels": _labels(chosen, writing.records),
        "model": {name: by_model[name] for name in NUMBERS},
        "quoting": {name: quoting[name] for name in NUMBERS},
        "seconds_median": statistics.median(
            kept[one.text].get("seconds", kept[one.text].get("wall")) for one in chosen
        ),
    }


def _shown(record: AnswerRecord) -> str:
    if record.outcome is not Outcome.ANSWERED:
        return "nothing"
    return "the library quoted" if record.generation.kind == "extractive" else "the model's"


def _labels(questions: list[Question], records: list[AnswerRecord]) -> dict[str, int]:
    with LABELS.open(encoding="utf-8", newline="") as stream:
        known = {(row["id"], row["sha256"]): row["label"] for row in csv.DictReader(stream, delimiter="\t")}
    counts: Counter[str] = Counter()
    for question, record in zip(questions, records, strict=True):
        if _shown(record) == "the model's":
            counts.update(known.get((question.question_id, digest(one.text)), "not judged") for one in record.claims)
    return dict(counts)


def digest(claim: str) -> str:
    return hashlib.sha256(claim.encode("utf-8")).hexdigest()[:16]


def main() -> None:
    if ASKED.what == "ask":
        ask(ASKED.index, ASKED.questions, ASKED.drafts)
        return
    found = {"machine": machine(), **judge(ASKED.index, ASKED.questions, ASKED.drafts, ASKED.half)}
    if ASKED.keep_as:
        save(ASKED.keep_as, found)
    else:
        print(json.dumps(found, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
