"""Special circumstances that a sentence is about: a question that names none means the usual adult.

Laws of this room: a circumstance is only read where the words say it; a sentence loses a little for each circumstance
that the question does not name, and nothing where the question names it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class Circumstance(StrEnum):
    """What makes a patient or a moment unlike the usual one."""

    PREGNANCY = "pregnancy"
    CHILD = "child"
    KIDNEY = "kidney"
    ALLERGY = "allergy"
    ARREST = "arrest"
    FAILED = "failed"
    ALTERNATIVE = "alternative"
    PREVENTION = "prevention"
    SHOCK = "shock"


_WORDS = {
    Circumstance.PREGNANCY: r"\bpregnan\w+|\bgestation\w*|\blactat\w+|\bbreast-?\s?feeding|妊娠|孕妇|怀孕|孕期|哺乳",
    Circumstance.CHILD: r"\bchild(?:ren)?\b|\bp(?:a)?ediatric\w*|\binfants?\b|\bneonat\w+|\bnewborns?\b"
    r"|\badolescents?\b"
    r"|儿童|小儿|患儿|婴儿|婴幼儿|新生儿|青少年",
    Circumstance.KIDNEY: r"\b(?:renal|kidney) (?:impairment|failure|disease|injury)\b|\bcreatinine clearance\b|\begfr\b"
    r"|\bdialysis\b|\bckd\b|\baki\b|肾功能不全|肾衰|肌酐清除率|透析|肾病",
    Circumstance.ALLERGY: r"\ballerg(?:y|ic) to\b|\b\w+ allergy\b|\bhypersensitiv\w+ to\b|过敏者|过敏史|对\w+过敏",
    Circumstance.ARREST: r"\bcardiac arrest\b|\bresuscitation\b|心脏骤停|心搏骤停|复苏",
    Circumstance.FAILED: r"\brefractory\b|\brescue\b|\b(?:does|do|did) not (?:respond|fall|improve)\b|\bnot improving\b"
    r"|\bno (?:response|improvement)\b|\bfail(?:s|ed|ure) of\b|\bhas failed\b|\bpersist\w* (?:despite|after)\b"
    r"|\bdespite\b|\bsecond[- ]line\b"
    r"|难治|无效|未缓解|无好转|不改善|补救|挽救|二线",
    Circumstance.ALTERNATIVE: r"\balternativ\w+|\binstead\b|替代|备选",
    Circumstance.PREVENTION: r"\bprophyla\w+|\bprevent\w*|预防",
    Circumstance.SHOCK: r"\bshock\b|休克",
}
_PATTERNS = {name: re.compile(words, re.IGNORECASE) for name, words in _WORDS.items()}


@lru_cache(maxsize=4096)
def circumstances(text: str) -> frozenset[Circumstance]:
    """The circumstances that a text names."""
    return frozenset(name for name, words in _PATTERNS.items() if words.search(text))
