"""What kind of answer a question wants: a dose, a time, a threshold, a test, a first treatment, a list, …

A table of cues, not a model. Whether a sentence is of the kind wanted is decided in ``fitting``; a cue only moves a
sentence among those that match the question's words, and its weight is the same for every question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ragmed.answer.circumstances import Circumstance, circumstances, grades
from ragmed.answer.patient import Said, said_of_patient
from ragmed.terms import find_abbreviations, find_terms


class Kind(StrEnum):
    """A kind of answer."""

    DOSE = "dose"
    ROUTE = "route"
    DURATION = "duration"
    TIMING = "timing"
    INTERVAL = "interval"
    WHEN = "when"
    THRESHOLD = "threshold"
    TEST = "test"
    CHOICE = "choice"
    TREATMENT = "treatment"
    FORBIDDEN = "forbidden"
    EFFECTS = "effects"
    WHY = "why"
    MEANING = "meaning"
    WHO = "who"
    LIST = "list"


_CUES = {
    Kind.DOSE: r"\bdos(?:e|es|age|ing)\b|\bhow (?:much|many (?:mg|mcg|units|ml|tablets|puffs))\b|\bloading\b"
    r"|\binfusion rate\b|剂量|用量|负荷量|多少(?:毫克|微克|毫升|克|mg|单位|片)|(?:用|给|打|吃|补|推|泵)多少|怎么用",
    Kind.ROUTE: r"\broute\b|\b(?:im|iv|oral|intravenous\w*|intramuscular\w*) or (?:im|iv|oral|sc|s/c|subcut\w*"
    r"|intra\w+)\b"
    r"|\bwhere (?:do|should) (?:i|we) inject\b|途径|怎么给药|肌注还是|静脉还是|口服还是",
    Kind.DURATION: r"\bhow long\b(?! (?:after|before|until))|\bhow many (?:days|weeks|months|years|hours|minutes)\b"
    r"|\bduration\b|\bfor how\b|\blength of (?:treatment|course)\b|\bcourse length\b"
    r"|疗程|(?:用|吃|服|打|治疗|观察|持续|维持|坚持)(?:药)?(?:多久|多长时间|几天|几周|几个?月)|多久停|要多久|几(?:天"
    r"|周|个?月|年)",
    Kind.TIMING: r"\bhow (?:soon|quickly|fast|early|late)\b|\bhow long (?:after|before|until)\b|\bwithin (?:how|what)\b"
    r"|\bby when\b|\bdoor[- ]to\b|\btime (?:window|limit|frame)\b|\b\w+ (?:to|until) \w+ time\b|\bdeadline\b"
    r"|(?:多久|多长时间|几(?:小时|分钟|天))(?:之内|以内|内)|多快|时间窗|最晚",
    Kind.INTERVAL: r"\bhow often\b|\bhow frequent\w*\b|\bhow many times\b|\binterval\b|\bfollow-?\s?up\b|\brepeat\w*\b"
    r"|\bre-?check\w*\b|\bre-?test\w*\b|\bre-?scan\w*\b|间隔|随访|复查|多久.{0,4}一次|每(?:几|隔)|几次",
    Kind.WHEN: r"\bwhen\b|\bwhat time\b|何时|什么时候|什么时间|多久|多长时间",
    Kind.THRESHOLD: r"\bthreshold\b|\bcut-?\s?(?:off|point)s?\b|\btargets?\b|\bgoals?\b|\blimits?\b"
    r"|\b(?:what|which) (?:\w+ ){0,2}(?:level|value|score|percentage|proportion|rate|bmi|range)\b"
    r"|\b(?:above|below|at|over|under) (?:what|which)\b|\blevel (?:at|above|below) which\b"
    r"|\bhow (?:high|low|many|much|large|big)\b|\bcriteria\b|\bnormal (?:range|value|level)"
    r"|目标|阈值|界值|标准|多少|多高|多低|多大|几分|正常值|上限|下限|低于什么|高于什么",
    Kind.TEST: r"\b(?:which|what|first|best|next) (?:\w+[- ]){0,3}(?:tests?|bloods?|investigations?|imaging|scans?"
    r"|samples?)\b"
    r"|\bwork-?\s?up\b|\bscreen\w*\b|\bhow (?:is|do (?:i|we|you)) \w* ?(?:diagnos|confirm|exclud|rul)\w*|检查|化验"
    r"|筛查|确诊",
    Kind.CHOICE: r"\bfirst[- ](?:line|choice)\b|\bdrug of choice\b|\bpreferred\b"
    r"|\b(?:which|what) (?:\w+[- ]){0,2}(?:antibiotics?|drugs?|medicines?|medications?|agents?|fluids?|vasopressors?"
    r"|anticoagulants?|treatments?|tablets?|insulins?|inhalers?|steroids?|statins?|antivirals?)\b"
    r"|首选|用什么|选什么|选用|什么(?:药|抗生素|抗菌药|液体)|哪种药",
    Kind.TREATMENT: r"\btreat\w*|\bmanag\w+|\btherap\w+|\bwhat (?:do|should) (?:i|we) (?:give|do|use)\b"
    r"|治疗|处理|用药|怎么办|给什么",
    Kind.FORBIDDEN: r"\bcontra-?indicat\w*|\bavoid\w*|\bshould\s?n[o']t\b|\bnot\b|\bstop\b|\bunsafe\b|\bsafe\b"
    r"|\bcan (?:i|we|you) (?:give|use)\b|\bwithh[eo]ld\b|\bok to\b|\brecommended\b"
    r"|禁忌|禁用|不能|不宜|不可以?|避免|不要|停用|慎用|安全|能否|能不能|可以.{0,10}吗|能.{0,10}吗",
    Kind.EFFECTS: r"\bside[- ]effects?\b|\badverse\b|\bcomplication\w*|\brisks?\b|\bwatch (?:for|out)\b|\bmonitor\w*"
    r"|不良反应|副作用|并发症|风险|监测",
    Kind.WHY: r"\bwhy\b|\bhow come\b|\breason\b|为什么|为何|原因",
    Kind.MEANING: r"^what (?:is|are|does)\b|\bdefin\w+|\bmean(?:s|ing)?\b|什么是|是什么|什么叫|定义|是指|含义",
    Kind.WHO: r"^who\b|\bwhich (?:patients?|people|women|men|adults|children)\b|\beligib\w+|\bwhom\b"
    r"|哪些(?:人|患者)|什么人|谁",
    Kind.LIST: r"\b(?:which|what) (?:are )?(?:the )?(?:\w+[- ]){0,3}?(?:signs|symptoms|causes|features|changes"
    r"|criteria|factors"
    r"|findings|components|items|tests|bloods|investigations|complications|effects|contraindications|conditions|drugs"
    r"|medications|options|steps|groups|reasons)\b|\bcriteria\b|\blist\b|\bside[- ]effects\b|\bcontraindications\b"
    r"|哪些|哪几|包括什么|有什么|标准|表现|禁忌证|不良反应",
}
_QUESTIONS = {kind: re.compile(cues, re.IGNORECASE) for kind, cues in _CUES.items()}
_FIRST = re.compile(r"\bfirst\b|\binitial\w*|\bstart\w*\b|\bempiric\w*|首选|首先|首剂|初始|起始|开始|先", re.IGNORECASE)
_LOADING = re.compile(r"\bloading\b|\bbolus\b|负荷", re.IGNORECASE)
_RATE = re.compile(r"\bper (?:hour|minute)\b|\bhourly\b|\brate\b|\binfusion\b|每(?:小时|分钟)|泵", re.IGNORECASE)
_CLASS = re.compile(
    r"(?:inhibitor|blocker|antagonist|agent|drug|regimen|therapy)$"
    r"|^(?:antibiotic|antifungal|antiviral|antihistamine|antiemetic|antidepressant|antipsychotic|antihypertensive"
    r"|anticoagulant|vasopressor|vasodilator|statin|diuretic|thiazide diuretic|loop diuretic|opioid|steroid hormone"
    r"|corticosteroid|crystalloid|antipyretic|antitussive|bronchodilator|vaccine)$"
)
_COMPARES = re.compile(
    r"\bdiffer\w*|\bversus\b|\bvs\b|\bcompar\w+|\bboth\b|\beach\b|不同|区别|差别|比较|各(?:是|为|有|要)?(?:多少|几|什么)|分别",
    re.IGNORECASE,
)
_INTERROGATIVE = re.compile(
    r"\b(?:how|what|which|when|where|who|whom|why)\b|多少|多久|多长|多高|几|什么|怎么|如何|哪|吗|是否|能否",
    re.IGNORECASE,
)
_GIVEN = frozenset({Kind.DOSE, Kind.CHOICE, Kind.TREATMENT})
_TIMES = frozenset({Kind.DURATION, Kind.TIMING, Kind.INTERVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What a question wants of a sentence."""

    kinds: frozenset[Kind]
    drugs: frozenset[str]
    """Drugs named, by their English name; classes of drugs are not among them."""
    named: frozenset[str]
    """All concepts named."""
    first: bool
    """The first step or dose is asked for, not what follows it."""
    loading: bool
    rate: bool
    parts: int
    """Things asked, at least 1; a comparison counts as two."""
    circumstances: frozenset[Circumstance]
    """Special circumstances that the question names."""
    grades: frozenset[str]
    """How ill the patients are who are asked about, as far as the question says so."""
    patient: frozenset[Circumstance]
    """Those of them that the one patient has whom it is about: what is said of others is no answer."""

    @property
    def wants_list(self) -> bool:
        """Whether the answer may be long: a list is wanted, a comparison, or more than one thing."""
        return Kind.LIST in self.kinds or self.parts > 1


def asked_for(question: str, corrected: str = "") -> Asks:
    """The kinds of answer that the question wants, often none, sometimes several, and of what it speaks.

    ``corrected`` is the question as the search reads it (spelling mended, in English); it adds names, not cues.
    """
    kinds = {kind for kind, cue in _QUESTIONS.items() if cue.search(question)}
    if kinds & _TIMES:
        # "how long", "when to repeat" say more than "when", and "how many days" is no threshold
        kinds -= {Kind.WHEN, Kind.THRESHOLD}
    if Kind.DOSE in kinds:
        kinds.discard(Kind.THRESHOLD)
    both = f"{question}\n{corrected}"
    terms = {(match.term.en.lower(), match.term.kind) for match in find_terms(both)}
    for short in find_abbreviations(both):
        terms.update((match.term.en.lower(), match.term.kind) for match in find_terms(short.sense.expansion))
    return Asks(
        kinds=frozenset(kinds),
        drugs=frozenset(name for name, kind in terms if kind == "drug" and not is_class(name)),
        named=frozenset(name for name, kind in terms if kind != "general"),
        first=_FIRST.search(question) is not None,
        loading=_LOADING.search(question) is not None,
        rate=_RATE.search(question) is not None,
        parts=max(1, len(_INTERROGATIVE.findall(question)) + (1 if _COMPARES.search(question) else 0)),
        circumstances=_named(question, both),
        grades=grades(both),
        patient=_of_patient(question, kinds),
    )


def _named(question: str, both: str) -> frozenset[Circumstance]:
    """Those named, by words or by an age; none that the patient is said not to have."""
    said = said_of_patient(question)
    without = {one for one, what in said.items() if what in (Said.DENIED, Said.IMPOSSIBLE)}
    return (circumstances(both) - without) | {one for one, what in said.items() if what in (Said.NAMED, Said.BOTH)}


def _of_patient(question: str, kinds: set[Kind]) -> frozenset[Circumstance]:
    """Those of the patient that the question names. What only follows from an age or a word like "boy" is typed with
    every case, and counts where patients differ: a child's for what is given."""
    said = said_of_patient(question)
    there = {one for one, what in said.items() if what is Said.NAMED}
    implied = there - circumstances(question)
    return frozenset(there - (implied if not kinds & _GIVEN else implied - {Circumstance.CHILD}))


def is_class(drug: str) -> bool:
    """Whether a drug's name is that of a group of drugs."""
    return _CLASS.search(drug) is not None
