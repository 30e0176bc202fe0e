"""What a sentence gains or loses by whom it is about: the patient of the question, the usual one, or another.

Laws of this room: pure functions of a sentence and what is asked; a question that names no circumstance means the usual
adult; one that names a patient's wants what is said of that patient before what is said of the usual one.
"""

from __future__ import annotations

from ragmed.answer.asks import Asks
from ragmed.answer.circumstances import Circumstance, circumstances, of_another_grade, usual

_UNASKED, _UNASKED_GRAVE, _UNASKED_MOST = 0.05, 0.10, 0.15
"""What each circumstance costs that the question does not name; the grave ones change the treatment itself."""
_GRAVE = frozenset({Circumstance.ARREST, Circumstance.FAILED, Circumstance.ALTERNATIVE})
_OTHER_GRADE = 0.15
"""What one loses that is about patients of another grade than those of the question: what is given in a milder
disease."""
_TOLD_ALREADY = frozenset({Circumstance.PENICILLIN})
"""An allergy to penicillin is an allergy."""
_SAME, _USUAL = 0.30, 0.15
"""What a sentence gains that is about the very patient of the question, and what one loses that is about the usual one
("adults", where a child's dose is asked for)."""


def about_whom(text: str, asks: Asks) -> float:
    """What is added to the sentence's score."""
    there = circumstances(text)
    unasked = there - asks.circumstances - _TOLD_ALREADY
    lost = min(_UNASKED_MOST, sum(_UNASKED_GRAVE if one in _GRAVE else _UNASKED for one in unasked))
    lost += _OTHER_GRADE if of_another_grade(text, asks.grades) else 0.0
    if asks.patient & there:
        return _SAME - lost
    return -_USUAL - lost if asks.patient & usual(text) else -lost
