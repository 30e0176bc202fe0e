"""What an answer takes for granted of the patient, and the question put anew for the other patient.

Laws of this room: the table is the whole of it; shown is only what the question leaves open and what the library's own
words turn on (or a model put forward), never what cannot be; a question that says the other is answered for that
patient, and the record says so (``holds`` is false). ``toggled`` adds its own phrase behind the question, or takes
exactly that away again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.answer import support
from ragmed.answer.asks import Asks, Kind, asked_for
from ragmed.answer.circumstances import Circumstance, circumstances, usual
from ragmed.answer.entries import is_entry_line
from ragmed.answer.excerpts import excerpts
from ragmed.answer.patient import Said, said_of_patient
from ragmed.interfaces import WeightedText
from ragmed.records import Assumption, Filters, Hit, Language, Passage, Query
from ragmed.terms import find_terms

if TYPE_CHECKING:
    from ragmed.interfaces import SnapshotReader

MOST = 4
"""Assumptions of an answer that hold."""
_NAMED_WEIGHT = 1.0
"""Of what a model put forward, beside what the passages say."""
_LEAST = 0.25
"""What the passages must say of a circumstance for it to be shown: more than one remark under a heading far off."""
_UNDER_HEADING = 0.5
"""Of a sentence that only stands under a heading or title with what is asked about."""
_BESIDE, _BESIDE_SHARE = 24, 0.3
"""Passages looked at beside those found, and what a sentence of them weighs against one of the best passage."""
_CUE_WEIGHT = 0.5
_CUES = (
    "child children infant pregnant pregnancy renal impairment immunocompromised immunosuppressed penicillin allergy"
    " anticoagulant elderly older 儿童 患儿 妊娠 孕妇 肾功能不全 免疫功能低下 青霉素过敏 抗凝 老年"
)
"""Words by which such passages are found; whether they speak of a circumstance is read from them as from any."""
_GENERAL = frozenset({Kind.MEANING, Kind.WHY, Kind.WHO, Kind.LIST, Kind.EFFECTS})
"""Questions of these kinds alone ask about no patient."""
_TOLD_BY_USUAL = frozenset({Circumstance.KIDNEY, Circumstance.IMMUNE, Circumstance.PREGNANCY})
"""Where a page that names the usual patient ("with normal renal function") says that another is treated otherwise;
"adults" is said of nearly every dose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing taken for granted."""

    key: str
    circumstance: Circumstance
    """What the other patient has."""
    labels: tuple[str, str]
    """Of the patient assumed, in English and Chinese."""
    others: tuple[str, str]
    """Of the other patient."""
    phrases: tuple[str, str]
    """Put behind the question for the other patient, with the space before it."""


TABLE = (
    Row(
        key="adult",
        circumstance=Circumstance.CHILD,
        labels=("adult", "成人"),
        others=("child", "儿童"),
        phrases=(" (child)", "（儿童患者）"),
    ),
    Row(
        key="not_pregnant",
        circumstance=Circumstance.PREGNANCY,
        labels=("not pregnant", "未妊娠"),
        others=("pregnant", "妊娠"),
        phrases=(" (pregnant patient)", "（妊娠期患者）"),
    ),
    Row(
        key="kidneys_normal",
        circumstance=Circumstance.KIDNEY,
        labels=("kidneys normal", "肾功能正常"),
        others=("kidneys impaired", "肾功能不全"),
        phrases=(" (patient with renal impairment)", "（肾功能不全患者）"),
    ),
    Row(
        key="immunocompetent",
        circumstance=Circumstance.IMMUNE,
        labels=("immunocompetent", "免疫功能正常"),
        others=("immunocompromised", "免疫功能低下"),
        phrases=(" (immunocompromised patient)", "（免疫功能低下患者）"),
    ),
    Row(
        key="no_penicillin_allergy",
        circumstance=Circumstance.PENICILLIN,
        labels=("no penicillin allergy", "无青霉素过敏"),
        others=("penicillin allergy", "青霉素过敏"),
        phrases=(" (patient with penicillin allergy)", "（青霉素过敏患者）"),
    ),
    Row(
        key="no_anticoagulant",
        circumstance=Circumstance.ANTICOAGULATED,
        labels=("no anticoagulant", "未用抗凝药"),
        others=("on an anticoagulant", "正在抗凝"),
        phrases=(" (patient on an anticoagulant)", "（正在抗凝治疗的患者）"),
    ),
    Row(
        key="not_elderly",
        circumstance=Circumstance.ELDERLY,
        labels=("not elderly", "非老年"),
        others=("elderly", "老年"),
        phrases=(" (elderly patient)", "（老年患者）"),
    ),
)
KEYS: tuple[str, ...] = tuple(row.key for row in TABLE)
_OF_PATIENT = frozenset(row.circumstance for row in TABLE)
_ROWS = {row.key: row for row in TABLE}


def assumptions_of(
    query: Query, passages: Sequence[Passage], named: Sequence[str] = (), *, lines: Sequence[str] = ()
) -> tuple[Assumption, ...]:
    """What an answer to ``query`` takes for granted, the weightiest first; before it, what the question says otherwise.

    ``passages``: those found and cited; ``named``: keys that a model put forward, others are passed over; ``lines``: of
    a differential card.
    """
    said = said_of_patient(query.text)
    otherwise = [Assumption(key=row.key, holds=False) for row in TABLE if said[row.circumstance] is Said.NAMED]
    weights = {row.key: 0.0 for row in TABLE if said[row.circumstance] is Said.OPEN}
    asks = asked_for(query.text, query.english)
    if lines or named or not asks.kinds or asks.kinds - _GENERAL:
        turning = _turning(passages, asks)
        for key in weights:
            circumstance = _ROWS[key].circumstance
            weights[key] += turning.get(circumstance, 0.0)
            weights[key] += sum(circumstance in circumstances(line) for line in lines)
            weights[key] += _NAMED_WEIGHT * (key in named)
    shown = sorted((key for key in weights if weights[key] >= _LEAST), key=lambda key: (-weights[key], KEYS.index(key)))
    return (*otherwise, *(Assumption(key=key) for key in shown[:MOST]))


def passages_beside(
    query: Query, found: Sequence[Passage], document_ids: Sequence[str], snapshot: SnapshotReader
) -> tuple[Passage, ...]:
    """What else those documents say of the subject in the circumstances of the table: a section on special groups
    often stands pages behind the dose. Without a score: it weighs less than what was found."""
    if not document_ids:
        return ()
    rows, _ = snapshot.lexical(
        [WeightedText(text=query.text), WeightedText(text=query.english), WeightedText(text=_CUES, weight=_CUE_WEIGHT)],
        _BESIDE,
        Filters(include_superseded=True, document_ids=tuple(document_ids)),
    )
    known = {passage.chunk.chunk_id for passage in found}
    return tuple(
        Passage(
            marker=0,
            hit=Hit(chunk_id=chunk.chunk_id, rank=rank, score=0.0),
            chunk=chunk,
            document=snapshot.document(chunk.document_id),
            page_label=snapshot.page_label(chunk.document_id, chunk.page_number),
        )
        for rank, chunk in enumerate(snapshot.chunks([int(row) for row in rows]), 1)
        if chunk.chunk_id not in known
    )


def toggled(question: str, key: str, language: Language) -> str:
    """The question for the other patient; where the assumption's phrase stands behind it, the question without it.

    A question that says the same in words of its own is given back as it is. Raises KeyError for a key that is not in
    the table.
    """
    row = _ROWS[key]
    begin, end = _own_phrase(question, row)
    if begin < end:
        return question[:begin] + question[end:]
    if said_of_patient(question)[row.circumstance] is Said.NAMED:
        return question
    return question + row.phrases[language is Language.CHINESE]


def is_added(question: str, key: str) -> bool:
    """Whether the question says the other by the assumption's phrase, which ``toggled`` takes away."""
    begin, end = _own_phrase(question, _ROWS[key])
    return begin < end


def label(assumption: Assumption, language: str) -> str:
    """Of the patient that the answer is for: ``adult``, or ``child`` where the assumption does not hold."""
    row = _ROWS.get(assumption.key)
    if row is None:  # of a record by a program with another table
        return assumption.key
    return (row.labels if assumption.holds else row.others)[language == "zh"]


def other_label(assumption: Assumption, language: str) -> str:
    """Of the other patient."""
    return label(Assumption(key=assumption.key, holds=not assumption.holds), language)


def _own_phrase(question: str, row: Row) -> tuple[int, int]:
    """Where the row's phrase stands among the phrases behind the question; an empty span where it does not."""
    end = len(question)
    while True:
        for other in TABLE:
            for phrase in other.phrases:
                if question.endswith(phrase, 0, end):
                    break
            else:
                continue
            break
        else:
            return end, end
        begin = end - len(phrase)
        if other is row:
            return begin, end
        end = begin


def _turning(passages: Sequence[Passage], asks: Asks) -> dict[Circumstance, float]:
    """How much the passages say of each circumstance, in sentences about what is asked, the better found the more."""
    wanted = _subject(asks)
    best = max((passage.hit.score for passage in passages), default=0.0)
    found: dict[Circumstance, float] = {}
    for passage in passages:
        if not _of_patient(passage.chunk.text):
            continue
        share = max(_BESIDE_SHARE, passage.hit.score / best) if best > 0 else 1.0
        above = support.concepts(" ".join((*passage.chunk.heading_path, passage.document.title)))
        for excerpt in excerpts(passage):
            if excerpt.is_reference or excerpt.is_title or is_entry_line(excerpt.text):
                continue
            there = _of_patient(excerpt.text)
            if not there:
                continue
            if not wanted or _shares(wanted, support.concepts(excerpt.text)):
                weight = share
            elif _shares(wanted, above) or (excerpt.is_row and _shares(wanted, support.concepts(passage.chunk.text))):
                weight = share * _UNDER_HEADING
            else:
                continue
            for one in there:
                found[one] = found.get(one, 0.0) + weight
    return found


def _of_patient(text: str) -> frozenset[Circumstance]:
    """The circumstances of a patient that the words turn on."""
    return (circumstances(text) & _OF_PATIENT) | (usual(text) & _TOLD_BY_USUAL)


def _shares(wanted: frozenset[str], there: frozenset[str]) -> bool:
    """Whether one of the concepts is there, or a wider one: pneumonia for community-acquired pneumonia."""
    return any(one == other or one.endswith(f" {other}") for one in wanted for other in there)


def _subject(asks: Asks) -> frozenset[str]:
    """What the question is about: its diseases, where it names any, else all that it names."""
    diseases = {name for name in asks.named if any(match.term.kind == "disease" for match in find_terms(name))}
    return frozenset(diseases) or asks.named
