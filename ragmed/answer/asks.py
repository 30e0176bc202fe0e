"""What kind of answer a question wants, and whether a sentence is of that kind.

A table of cues, not a model: "how much" wants a dose, "how often" a time, "contraindicated" a denial. A cue only moves
a sentence among those that match the question's words; its weight is small and the same for every question.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ragmed.answer import polarity
from ragmed.terms import find_terms
from ragmed.text.numbers import Quantity, quantities

_MASS = re.compile(r"(?:^|/)(?:k?g|mg|mcg|ng|ml|l|u|iu|meq|mmol|tablet|capsule|drop|puff|dose|times)(?:/|$)")
_TIME = re.compile(r"^(?:s|min|h|day|week|month|year|times/\w+)$")


@dataclass(frozen=True, slots=True)
class Ask:
    """A kind of question: words that show it, and the test that a sentence of the right kind passes."""

    name: str
    question: re.Pattern[str]
    fits: Callable[[str, tuple[Quantity, ...]], bool]
    weight: float


def _has_kind(*kinds: str) -> Callable[[str, tuple[Quantity, ...]], bool]:
    def fits(text: str, _: tuple[Quantity, ...]) -> bool:
        return any(match.term.kind in kinds for match in find_terms(text))

    return fits


def _says(pattern: str) -> Callable[[str, tuple[Quantity, ...]], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)

    def fits(text: str, _: tuple[Quantity, ...]) -> bool:
        return compiled.search(text) is not None

    return fits


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


ASKS = (
    Ask(
        "dose",
        _words(
            r"\bdos(?:e|es|age|ing)\b|\bhow (?:much|many (?:mg|mcg|units|ml))\b|\bloading\b|剂量|用量"
            r"|多少(?:毫克|mg|单位)|怎么用|用多少"
        ),
        lambda _, numbers: any(_MASS.search(number.unit) for number in numbers),
        0.12,
    ),
    Ask(
        "time",
        _words(
            r"\bhow (?:long|often|soon|frequent\w*|many (?:days|weeks|months|years|hours|minutes|times))\b"
            r"|\bwhen\b|\binterval\b"
            r"|\bduration\b|\bfollow-?\s?up\b|多久|多长时间|几(?:天|周|个?月|年|小时|次)|间隔|何时|什么时候|随访|复查|疗程"
        ),
        lambda _, numbers: any(_TIME.match(number.unit) for number in numbers),
        0.10,
    ),
    Ask(
        "threshold",
        _words(
            r"\bthreshold\b|\bcut-?\s?off\b|\btargets?\b|\bgoals?\b|\bwhat (?:level|value|percentage|proportion"
            r"|rate|bmi)\b"
            r"|\b(?:above|below) what\b|\bhow (?:high|low|many|much)\b|\bcriteria\b"
            r"|目标|阈值|标准|多少|几|正常值|上限|下限"
        ),
        lambda _, numbers: bool(numbers),
        0.08,
    ),
    Ask(
        "test",
        _words(
            r"\b(?:which|what) (?:\w+ ){0,3}(?:tests?|bloods?|investigations?|imaging|scans?)\b|\bwork-?\s?up\b"
            r"|\bscreen\w*\b|检查|化验|筛查"
        ),
        _has_kind("test", "procedure"),
        0.05,
    ),
    Ask(
        "forbidden",
        _words(
            r"\bcontra-?indicat\w*|\bavoid\w*|\bshould\s?n[o']t\b|\bnot\b|\bstop\b|\bunsafe\b|\bsafe\b"
            r"|\bcan i (?:give|use)\b|\bwithhold\b"
            r"|禁忌|禁用|不能|不宜|避免|不要|停用|慎用|安全|能否|可以.{0,10}吗"
        ),
        lambda text, _: polarity.denials(text) > 0,
        0.08,
    ),
    Ask(
        "treatment",
        _words(
            r"\btreat\w*|\bmanag\w+|\btherap\w+|\bfirst[- ]line\b|\bwhat (?:do|should) (?:i|we) (?:give|do|use)\b"
            r"|治疗|处理|用药|首选|怎么办|给什么"
        ),
        _has_kind("drug", "procedure"),
        0.05,
    ),
    Ask(
        "effects",
        _words(
            r"\bside[- ]effects?\b|\badverse\b|\bcomplication\w*|\brisks?\b|\bwatch (?:for|out)\b|\bmonitor\w*"
            r"|不良反应|副作用|并发症|风险|监测"
        ),
        _says(r"side effect|adverse|reaction|complication|risk|monitor|toxic|不良|副作用|并发|风险|监测|毒性"),
        0.06,
    ),
    Ask(
        "why",
        _words(r"\bwhy\b|\bhow come\b|\breason\b|为什么|为何|原因"),
        _says(
            r"\bbecause\b|\bdue to\b|\bcause|\bsince\b|\btherefore\b|\bin order to\b|\bso that\b|因为|由于|导致|以免"
        ),
        0.06,
    ),
    Ask(
        "meaning",
        _words(r"^what (?:is|are|does)\b|\bdefin\w+|\bmean(?:s|ing)?\b|什么是|定义|是指|含义"),
        _says(r"\bis (?:an?|the|defined)\b|\bare defined\b|\bmeans\b|\brefers to\b|是指|定义为|指的是"),
        0.05,
    ),
    Ask(
        "who",
        _words(
            r"^who\b|\bwhich (?:patients?|people|women|men|adults|children)\b|\beligib\w+|\bwhom\b"
            r"|哪些(?:人|患者)|什么人|谁"
        ),
        _says(r"\b(?:patients?|people|adults?|women|men|children|persons?|individuals)\b|患者|人群|者"),
        0.04,
    ),
)


def asked_for(question: str) -> tuple[Ask, ...]:
    """The kinds of answer that the question wants; often none, sometimes several."""
    return tuple(ask for ask in ASKS if ask.question.search(question))


def fit(text: str, asks: tuple[Ask, ...]) -> float:
    """What the sentence gains by being of the kinds asked for, at most 0.2."""
    if not asks:
        return 0.0
    numbers = quantities(text)
    return min(0.2, sum(ask.weight for ask in asks if ask.fits(text, numbers)))
