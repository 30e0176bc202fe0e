"""Invented names, and guideline-like sentences about them: everything follows from a seed.

No name is given twice by one ``Words``, so that what is held out speaks of diseases, drugs and tests that stand in
nothing else. The sentences make no clinical sense and are not meant to.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_ONSETS = (
    *("b", "br", "c", "cl", "cr", "d", "dr", "f", "fl", "g", "gl", "gr", "h", "j", "k", "kl", "l", "m", "n"),
    *("p", "pl", "pr", "qu", "r", "s", "sc", "sl", "st", "t", "th", "tr", "v", "w", "x", "y", "z"),
)
_VOWELS = ("a", "e", "i", "o", "u", "a", "e", "i", "o", "u", "ae", "io", "ea", "ou")
_CODAS = ("", "", "", "l", "n", "r", "s", "m", "x", "nd", "rt", "lk")
_ENDINGS = {
    "disease": ("itis", "osis", "aemia", "ia", " fever", " syndrome", " disease", "oma", " palsy", " rash"),
    "drug": ("ol", "in", "ine", "ate", "ide", "an", "one", "ex", "ab", "ir"),
    "test": (" level", " count", " index", " score", " time", " scan", " ratio"),
    "sign": ("algia", "esis", " cramps", " pallor", " tremor", " stiffness", "rrhoea"),
}
SECTIONS = (
    *("Treatment", "First line", "Second line", "Monitoring", "Diagnosis", "Follow-up", "Children", "Pregnancy"),
    *("Older adults", "Renal impairment", "Emergency care", "Referral", "Discharge", "Prevention", "Adverse effects"),
    *("Imaging", "Laboratory", "Nutrition", "Pain relief", "Surgery", "Isolation", "Home care"),
)
_WHO = (
    *("adults", "children under {n} years", "patients over {n} years", "women", "men over {n} years", "infants"),
    *("patients with {sign}", "anyone with a {test} above {n}", "smokers", "patients who weigh under {n} kg"),
)
_ROUTE = ("by mouth", "intravenously", "under the skin", "into the thigh", "by inhaler", "as a patch", "in saline")
_OFTEN = ("every {n} hours", "once daily", "twice daily", "at night", "for {n} days", "before meals", "on day {n}")
_FORMS = (
    "Give {drug} {n} {unit} {route} {often}.",
    "For {who}, {drug} {n} {unit} {route} is preferred.",
    "Start {drug} at {n} {unit} {often} and raise it to {n} {unit}.",
    "Do not give {drug} while the {test} is below {n}.",
    "Stop {drug} when {sign} appears or the {test} exceeds {n}.",
    "Measure the {test} within {n} hours of {sign}.",
    "A {test} above {n} calls for {drug} {n} {unit}.",
    "Repeat the {test} after {n} days in {who}.",
    "{Sign} for more than {n} days needs a {test}.",
    "Refer {who} to the {name} team within {n} hours.",
    "In {who}, {sign} is an early warning.",
    "{Drug} and {drug} must not be given together.",
    "Offer {who} {drug} {often}.",
    "The {name} method detects {n} of 100 cases with {sign}.",
    "Keep the {test} between {n} and {n} in {who}.",
    "Reduce {drug} by {n} percent in {who}.",
    "Review {who} {n} weeks after {drug} has ended.",
    "{Sign} without {sign} makes a {name} lesion unlikely.",
    "Add {drug} {route} if the {test} stays under {n}.",
    "Rest for {n} days and {drug} {often} relieve {sign}.",
)
_UNITS = ("mg", "g", "ml", "units", "micrograms", "drops")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a guideline says under a heading: one or two sentences."""

    heading: str
    sentences: tuple[str, ...]
    drugs: tuple[tuple[str, int], ...]
    """Each drug that is named, with the place of its sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guideline:
    """An invented guideline."""

    title: str
    edition: str
    sections: tuple[Section, ...]


class Words:
    """Draws names and sentences."""

    def __init__(self, seed: str, loose: float = 0.0) -> None:
        """``loose``: share of the names, but for diseases, that are put together from single letters, as drugs' may
        look."""
        self.draw = random.Random(seed)
        self._loose = loose
        self._given: set[str] = set()
        self._drugs: tuple[str, ...] = ()

    def name(self, kind: str = "") -> str:
        """A name that was not given before."""
        while True:
            if self._loose and kind != "disease" and self.draw.random() < self._loose:
                made = self._letters()
            else:
                parts = (
                    self.draw.choice(_ONSETS) + self.draw.choice(_VOWELS) + self.draw.choice(_CODAS)
                    for _ in range(self.draw.choice((2, 2, 3)))
                )
                made = "".join(parts) + (self.draw.choice(_ENDINGS[kind]) if kind else "")
            if made not in self._given:
                self._given.add(made)
                return made

    def _letters(self) -> str:
        """Consonants and vowels in turn, now and then two of a kind."""
        kinds = ("bcdfghjklmnpqrstvwxyz", "aeiouy")
        place = self.draw.randrange(2)
        made = ""
        for _ in range(self.draw.randint(5, 11)):
            made += self.draw.choice(kinds[place % 2])
            place += self.draw.random() < 0.8
        return made

    def guideline(self, sections: int, drugs: Sequence[str] = ()) -> Guideline:
        """``drugs``: known names, which every other drug of the guideline has; each stands in it once."""
        self._drugs = tuple(drugs)
        title = _capital(self.name("disease"))
        edition = f"{self.draw.randint(1, 9)}.20{self.draw.randint(10, 26)}"
        headings = self.draw.sample(SECTIONS, sections)
        return Guideline(title=title, edition=edition, sections=tuple(self._section(heading) for heading in headings))

    def _section(self, heading: str) -> Section:
        sentences: list[str] = []
        drugs: list[tuple[str, int]] = []
        for place, form in enumerate(self.draw.sample(_FORMS, self.draw.randint(1, 2))):
            sentence, named = self._sentence(form)
            sentences.append(sentence)
            drugs += [(drug, place) for drug in named]
        return Section(heading=heading, sentences=tuple(sentences), drugs=tuple(drugs))

    def _sentence(self, form: str) -> tuple[str, list[str]]:
        """A sentence of this form, and the drugs that it names."""
        drugs: list[str] = []
        while (start := form.find("{")) >= 0:
            end = form.index("}", start)
            said = self._slot(form[start + 1 : end].lower())
            if form[start + 1 : end].lower() == "drug":
                drugs.append(said)
            form = form[:start] + (_capital(said) if form[start + 1].isupper() else said) + form[end + 1 :]
        return form, drugs

    def _slot(self, kind: str) -> str:
        if kind == "n":
            return str(self.draw.randint(2, 9) if self.draw.random() < 0.4 else self.draw.randint(10, 250))
        if kind == "drug" and self._drugs and self.draw.random() < 0.5:
            chosen = self.draw.choice(self._drugs)
            self._drugs = tuple(one for one in self._drugs if one != chosen)
            return chosen
        fixed = {"who": _WHO, "route": _ROUTE, "often": _OFTEN, "unit": _UNITS}.get(kind)
        if fixed:
            return self.draw.choice(fixed)
        return self.name("" if kind == "name" else kind)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
