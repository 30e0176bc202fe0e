"""Is the answer right: the sentence, the marker, and both.

A row is right where every sentence of ``meta.expected`` stands word for word in the answer with its own marker behind
it. Two baselines stand beside every figure. *Always cites [1]* knows every sentence that is wanted and gives each the
marker [1]: nothing that always cites [1] can be better. *Copies the first passage* gives its first sentence and [1].
The base's answers are counted once more with the brackets of its lessons, as "(2)", read as "[2]".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragmed.engines import Message, Order
from ragmed.evaluate.resampling import interval
from ragmed.generate.local import LocalEngine
from ragmed.generate.prompt import says_not_covered
from ragmed.settings import Settings
from ragmed.text.sentences import sentence_spans
from ragmed.tune.dataset.checking import cited

_MARKER = re.compile(r"\[(\d+)\]")
_OTHER_BRACKETS = re.compile(r"[({<](\d+)[)}>]")
_FIRST_PASSAGE = re.compile(r"<passage number=\"1\"[^>]*>\n(.*?)\n</passage>", re.DOTALL)
MEASURES = ("sentence", "marker", "both", "exact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A row of ``ragmed tune dataset``, as it is asked."""

    row_id: str
    messages: tuple[Message, ...]
    answer: str
    kind: str
    answerable: bool
    expected: tuple[tuple[str, int], ...]
    """Sentences and their markers."""
    passages: int
    series: str
    """Of what is asked about: the rows of one series are drawn together."""


def question(line: Mapping[str, Any]) -> Question:
    """From one line of ``sft/*.jsonl``."""
    meta = line["meta"]
    *prompt, answer = line["messages"]
    documents = [one["document_id"] for one in meta["expected"]]
    return Question(
        row_id=meta["row_id"],
        messages=tuple(Message(role=turn["role"], content=turn["content"]) for turn in prompt),
        answer=answer["content"],
        kind=meta["kind"],
        answerable=meta["answerable"],
        expected=tuple((one["sentence"], one["marker"]) for one in meta["expected"]),
        passages=len(meta["passages"]),
        series=documents[0] if documents else meta["passages"][0]["document_id"],
    )


def ask(settings: Settings, adapter: Path | None, questions: Sequence[Question], *, held: bool) -> list[str]:
    """The greedy answers of the program's own engine in 4 bits. ``held``: no marker but a passage's can be written."""
    model = settings.model.model_copy(update={"adapter": adapter, "quantisation": "nf4"})
    engine = LocalEngine(model)
    answers: list[str] = []
    for one in questions:
        order = Order(
            messages=one.messages, markers=one.passages if held else 0, max_tokens=settings.model.answer_tokens
        )
        with closing(engine.stream(order)) as pieces:
            answers.append("".join(piece.text for piece in pieces))
    return answers


def always_first(one: Question) -> str:
    """The best that anything can say that always cites [1]."""
    return "\n".join(cited(sentence, 1) for sentence, _ in one.expected)


def first_passage(one: Question) -> str:
    """The first sentence of the first passage, with [1]."""
    found = _FIRST_PASSAGE.search(one.messages[-1].content)
    text = " ".join(found[1].split()) if found else ""
    start, end = next(iter(sentence_spans(text)), (0, len(text)))
    return cited(text[start:end], 1)


def squared(answer: str) -> str:
    """With numbers in the brackets of the base's lessons taken for markers: what of a base's wrong answers is but
    another form."""
    return _OTHER_BRACKETS.sub(r"[\1]", answer)


def judged(one: Question, answer: str) -> dict[str, float]:
    """Each measure, 0 or 1, of an answerable question."""
    lines = [" ".join(line.split()) for line in answer.splitlines()]
    plain = "\n".join(" ".join(_MARKER.sub(" ", line).split()) for line in lines).replace(" .", ".")
    wanted = [(" ".join(sentence.split()), marker) for sentence, marker in one.expected]
    return {
        "sentence": float(all(sentence in plain for sentence, _ in wanted)),
        "marker": float({int(found) for found in _MARKER.findall(answer)} == {marker for _, marker in wanted}),
        "both": float(all(any(line.endswith(cited(*each)) for line in lines) for each in wanted)),
        "exact": float(answer.strip() == one.answer.strip()),
    }


def copied(one: Question, answer: str) -> list[bool]:
    """Of each sentence that is said, whether it stands word for word in some passage, the right one or not."""
    shown = " ".join(one.messages[-1].content.split())
    said = (" ".join(_MARKER.sub(" ", line).split()).replace(" .", ".") for line in answer.splitlines())
    return [sentence in shown for sentence in said if sentence and not says_not_covered(sentence)]


def figures(questions: Sequence[Question], answers: Sequence[str]) -> dict[str, Any]:
    """Shares of the answerable questions with 95 % intervals (series drawn together), and how abstaining went."""
    pairs = list(zip(questions, answers, strict=True))
    asked = [(one, judged(one, answer)) for one, answer in pairs if one.answerable]
    clusters = _clusters([one for one, _ in asked])
    result: dict[str, Any] = {"answerable": len(asked)}
    for name in MEASURES:
        result[name] = _with_interval([found[name] for _, found in asked], clusters)
    abstained = [says_not_covered(answer) for one, answer in pairs if not one.answerable]
    needless = [says_not_covered(answer) for one, answer in pairs if one.answerable]
    result["copied"] = _share([each for one, answer in pairs for each in copied(one, answer)])
    result["unanswerable"] = len(abstained)
    result["abstained"] = _share(abstained)
    result["abstained_needlessly"] = _share(needless)
    all_rows = [judged(one, a)["both"] if one.answerable else float(says_not_covered(a)) for one, a in pairs]
    result["right_of_all_rows"] = _with_interval(all_rows, _clusters([one for one, _ in pairs]))
    by_kind = sorted({one.kind for one, _ in asked})
    result["both_by_kind"] = {
        kind: _share([bool(found["both"]) for one, found in asked if one.kind == kind]) for kind in by_kind
    }
    return result


def gain(questions: Sequence[Question], ours: Sequence[str], theirs: Sequence[str]) -> dict[str, Any]:
    """How much more often both are right, with the interval of the difference."""
    chosen = [place for place, one in enumerate(questions) if one.answerable]
    asked = [questions[place] for place in chosen]
    differences = [
        judged(questions[place], ours[place])["both"] - judged(questions[place], theirs[place])["both"]
        for place in chosen
    ]
    return _with_interval(differences, _clusters(asked))


def _clusters(questions: Sequence[Question]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for place, one in enumerate(questions):
        found.setdefault(one.series, []).append(place)
    return list(found.values())


def _with_interval(values: Sequence[float], clusters: Sequence[Sequence[int]]) -> dict[str, Any]:
    if not values:
        return {"share": None, "ci95": None}
    low, high = interval(clusters, lambda rows: sum(values[row] for row in rows) / len(rows))
    return {"share": round(sum(values) / len(values), 4), "ci95": [round(low, 4), round(high, 4)]}


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
