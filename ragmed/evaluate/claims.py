"""Claims with evidence and a judge's word: does the program's checker flag what the judge calls unsupported?

Laws of this room: the checker is the one that answers go through, with the same thresholds; every line counts or is
refused by its number; "unsupported" is the class that is looked for, so a claim let through is a miss. The plain
baselines (one cosine, one share of tokens) are measured on the same lines in the same run; so are the rules without the
second check, where there is one.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ragmed.answer.citations import judge
from ragmed.answer.claims import locate
from ragmed.answer.second_check import SecondCheck, pair_within
from ragmed.answer.support_score import SupportScorer
from ragmed.errors import BadInputError
from ragmed.evaluate.measures import auroc
from ragmed.evaluate.resampling import interval
from ragmed.interfaces import Embedder, Progress, no_progress
from ragmed.records import Entailment, Verdict
from ragmed.text.language import detect_language

_TOKEN = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClaim:
    """One line of a claims file."""

    claim: str
    evidence: str
    supported: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedClaim:
    """What the checker, the score and the plain baselines made of it; all scores grow with support."""

    judged: JudgedClaim
    verdict: Verdict
    reason: str
    score: float
    cosine: float
    """NaN without an embedder."""
    overlap: float
    by_rules: Verdict
    """Before the second check."""
    entailment: Entailment | None = None
    """What the second check said; None where it was not asked, or had no room for the claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimScores:
    """What ``ragmed eval claims`` prints."""

    claims: tuple[CheckedClaim, ...]
    embedder: str
    second: bool = False
    """A second check was asked."""

    @property
    def unsupported(self) -> int:
        """Claims that the judge calls unsupported."""
        return sum(not one.judged.supported for one in self.claims)

    def report(self) -> dict[str, Any]:
        """The stable names first; what could not be measured is null."""
        supported = len(self.claims) - self.unsupported
        values = {
            **self._told(lambda one: one.verdict),
            "auroc": self.area("score"),
            "auroc_cosine": self.area("cosine"),
            "auroc_overlap": self.area("overlap"),
            "auroc_ci95": self._interval(lambda rows: self.area("score", rows)),
            "auroc_over_cosine_ci95": self._gain("cosine"),
            "auroc_over_overlap_ci95": self._gain("overlap"),
            "claims": len(self.claims),
            "supported": supported,
            "unsupported": self.unsupported,
            "brier": math.fsum((one.score - one.judged.supported) ** 2 for one in self.claims) / len(self.claims),
            "verdicts": self._verdicts(self.claims),
            "verdicts_of_supported": self._verdicts([one for one in self.claims if one.judged.supported]),
            "verdicts_of_unsupported": self._verdicts([one for one in self.claims if not one.judged.supported]),
            "embedder": self.embedder,
            **self._of_second(),
        }
        return {name: _printable(value) for name, value in values.items()}

    def _told(self, verdict_of: Callable[[CheckedClaim], Verdict]) -> dict[str, float]:
        """How the claims that these verdicts flag and let through stand to the judge's word."""
        flagged = [one for one in self.claims if not verdict_of(one).holds]
        caught = sum(not one.judged.supported for one in flagged)
        supported = len(self.claims) - self.unsupported
        return {
            "precision": caught / len(flagged) if flagged else math.nan,
            "recall": caught / self.unsupported if self.unsupported else math.nan,
            "f1": 2 * caught / (len(flagged) + self.unsupported) if flagged or self.unsupported else math.nan,
            "passed_though_unsupported": (self.unsupported - caught) / self.unsupported
            if self.unsupported
            else math.nan,
            "flagged_though_supported": (len(flagged) - caught) / supported if supported else math.nan,
        }

    def _of_second(self) -> dict[str, Any]:
        """What the second check added; nothing where there was none."""
        if not self.second:
            return {}
        asked = [one for one in self.claims if one.entailment is not None]
        needed = [one for one in self.claims if one.by_rules is Verdict.SUPPORTED]
        model = asked[0].entailment if asked else None
        return {
            "second_check": {
                "model": f"{model.model_id} {model.revision[:12]}" if model else "",
                "asked": len(asked),
                "too_long": len(needed) - len(asked),
                "withheld": sum(one.verdict is not one.by_rules for one in self.claims),
            },
            "by_rules_alone": {name: _printable(value) for name, value in self._told(lambda one: one.by_rules).items()},
        }

    def area(self, sign: str, rows: Sequence[int] | None = None) -> float:
        """AUROC of "unsupported" by ``score``, ``cosine`` or ``overlap``, over ``rows`` or all; NaN where undefined."""
        chosen = self.claims if rows is None else [self.claims[row] for row in rows]
        values = [(float(getattr(one, sign)), one.judged.supported) for one in chosen]
        if any(math.isnan(value) for value, _ in values):
            return math.nan
        return auroc([value for value, good in values if good], [value for value, good in values if not good])

    def _interval(self, statistic: Callable[[Sequence[int]], float]) -> list[float]:
        """95 % interval; claims on the same evidence are drawn together."""
        clusters: dict[str, list[int]] = {}
        for row, one in enumerate(self.claims):
            clusters.setdefault(one.judged.evidence, []).append(row)
        return list(interval(list(clusters.values()), statistic))

    def _gain(self, plain: str) -> list[float]:
        """The interval of how much the score's AUROC lies above a plain one's, on the same resampled lines."""
        return self._interval(lambda rows: self.area("score", rows) - self.area(plain, rows))

    @staticmethod
    def _verdicts(claims: Sequence[CheckedClaim]) -> dict[str, int]:
        """Every verdict that a piece of evidence can lead to, with its count, zero included."""
        counts = Counter(one.verdict for one in claims)
        return {verdict.value: counts[verdict] for verdict in Verdict if verdict is not Verdict.UNRESOLVABLE}


def evaluate_claims(
    file: Path,
    embedder: Embedder | None = None,
    *,
    multilingual: bool = False,
    second: SecondCheck | None = None,
    progress: Progress = no_progress,
) -> ClaimScores:
    """Check every claim of ``file`` against its evidence; ``second`` is asked of what the rules let through.

    Raises BadInputError naming the line, and what the second check's model raises: a measurement goes on without none.
    """
    judged = read_claims(file)
    scorer = SupportScorer(embedder, multilingual=multilingual)
    checked: list[CheckedClaim] = []
    for done, one in enumerate(judged, 1):
        verdict, reason = judge(one.claim, one.evidence)
        cosine = scorer.cosine(one.claim, one.evidence)
        checked.append(
            CheckedClaim(
                judged=one,
                verdict=verdict,
                reason=reason,
                score=scorer.support_score(one.claim, one.evidence),
                cosine=math.nan if cosine is None else cosine,
                overlap=token_overlap(one.claim, one.evidence),
                by_rules=verdict,
            )
        )
        progress("check", done, len(judged))
    if second is not None:
        checked = _checked_again(checked, second, progress)
    name = embedder.name if embedder else ""
    return ClaimScores(claims=tuple(checked), embedder=name, second=second is not None)


_AT_ONCE = 64
"""Claims that the second check is asked of between two reports of progress."""


def _checked_again(checked: Sequence[CheckedClaim], second: SecondCheck, progress: Progress) -> list[CheckedClaim]:
    """As an answer's sentences are: what is verbatim is not asked, what is refused stays so."""
    found = list(checked)
    rows = [row for row, one in enumerate(checked) if one.verdict is Verdict.SUPPORTED]
    for start in range(0, len(rows), _AT_ONCE):
        batch = rows[start : start + _AT_ONCE]
        pairs = []
        for row in batch:
            claim, evidence = checked[row].judged.claim, checked[row].judged.evidence
            pairs.append(pair_within(claim, evidence, *locate(claim, evidence)))
        for row, said in zip(batch, second.ask(pairs), strict=True):
            if said is None:
                continue
            reason = second.refusal(said, detect_language(checked[row].judged.claim))
            verdict = Verdict.UNSUPPORTED if reason else checked[row].verdict
            found[row] = replace(checked[row], verdict=verdict, reason=reason, entailment=said)
        progress("second check", start + len(batch), len(rows))
    return found


def token_overlap(claim: str, evidence: str) -> float:
    """Share of the claim's different tokens, in lower case, that stand in the evidence: the plainest baseline."""
    wanted = set(_TOKEN.findall(claim.lower()))
    return len(wanted & set(_TOKEN.findall(evidence.lower()))) / len(wanted) if wanted else 0.0


def read_claims(file: Path) -> tuple[JudgedClaim, ...]:
    """The lines of a claims file: ``claim`` and ``evidence`` are strings, ``supported`` is true or false.

    Raises BadInputError naming the line.
    """
    if not file.is_file():
        raise BadInputError(f"{file}: no such file", remedy="give a file of JSON lines: claim, evidence, supported")
    found: list[JudgedClaim] = []
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file}: cannot be read: {error}", remedy="a text file in UTF-8") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found.append(_judged(file, number, line))
    if not found:
        raise BadInputError(f"{file}: empty", remedy="one claim a line")
    return tuple(found)


def _judged(file: Path, number: int, line: str) -> JudgedClaim:
    where = f"{file}, line {number}"
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadInputError(f"{where}: not JSON: {error.msg}", remedy="one JSON object a line") from None
    texts = [row.get(key) for key in ("claim", "evidence")] if isinstance(row, dict) else [None]
    if not all(isinstance(text, str) for text in texts) or not isinstance(row.get("supported"), bool):
        raise BadInputError(
            f"{where}: not a judged claim", remedy="claim and evidence are strings, supported is true or false"
        )
    return JudgedClaim(claim=str(texts[0]), evidence=str(texts[1]), supported=row["supported"])


def _printable(value: Any) -> Any:
    """Rounded to four places; null for what could not be measured."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    if isinstance(value, list):
        return [_printable(one) for one in value]
    return value
