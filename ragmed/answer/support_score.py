"""How much of a claim the cited words bear out, as one number in [0, 1] beside the verdict.

Laws of this room: the score never changes a verdict; it orders claims, the verdict decides. It grows with each of the
first three signs and falls with the fourth. What bears a claim out stands together: the first three are taken in the
stretch of three sentences that suits the claim best, so that a long evidence, which names everything somewhere, gains
nothing by its length. A denial is the verdict's business: on paragraphs it did not part supported from unsupported
claims (see docs/adr/0007-support-score.md).

Signs:

* *words*: of the claim's content words, how many stand in one stretch, by stem, by concept of the term table, or, with
  an embedder, by a near word;
* *concepts*: of the clinical concepts that the claim names, how many one stretch names, in either language; one assumed
  concept is half there, so that a claim without any is neither for nor against;
* *nearness*: the cosine of the claim to the stretch nearest to it;
* *missing*: a number, a drug or a group of patients of the claim that the evidence lacks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.answer import support
from ragmed.terms import find_terms
from ragmed.text.language import HAN
from ragmed.text.numbers import quantities
from ragmed.text.sentences import sentence_spans
from ragmed.text.stop_words import ENGLISH_STOP_WORDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ragmed.interfaces import Embedder

_FAR, _NEAR = 0.4, 0.8
"""Cosine of two words up to which one says nothing of the other, and from which it says the same."""

_STRETCH = 3
"""Sentences that are taken together."""
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f'’-]+")
_HAN_CHARACTER = re.compile(f"[{HAN}]")

WEIGHTS = (2.5, 2.41, 3.46, -0.22)
BIAS = -5.58
"""With an embedder: words, concepts, nearness, missing."""
WEIGHTS_WITHOUT_EMBEDDER = (2.67, 2.95, 0.0, -0.27)
BIAS_WITHOUT_EMBEDDER = -3.36
"""The first three signs count alike in units of their spread, the last a fifth of that; spread, scale and bias come
from the first half of the physicians' labels, by `python benchmarks/claims_support.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What the score is made of."""

    words: float
    """Share in [0, 1]."""
    concepts: float
    """Share in (0, 1)."""
    nearness: float | None
    """Cosine in [-1, 1]; None without an embedder."""
    missing: bool

    def row(self) -> tuple[float, float, float, float]:
        """In the order of the weights."""
        return self.words, self.concepts, self.nearness or 0.0, float(self.missing)

    def score(self) -> float:
        """Chance, in (0, 1), that the evidence supports the claim, on sets like the one that the weights come from."""
        if self.nearness is None:
            weights, bias = WEIGHTS_WITHOUT_EMBEDDER, BIAS_WITHOUT_EMBEDDER
        else:
            weights, bias = WEIGHTS, BIAS
        total = bias + sum(weight * value for weight, value in zip(weights, self.row(), strict=True))
        return 1 / (1 + math.exp(-total))


class SupportScorer:
    """Scores claims; keeps the vectors of words and evidence that it has seen, for as long as it lives.

    Meant for a set of claims at a time: throw it away afterwards.
    """

    def __init__(self, embedder: Embedder | None = None, *, multilingual: bool = False) -> None:
        """``multilingual``: the embedder reads Chinese, and its cosines may be trusted there."""
        self._embedder = embedder
        self._multilingual = multilingual
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def support_score(self, claim: str, evidence: str) -> float:
        """How much of ``claim`` the ``evidence`` bears out, in [0, 1]; 0 where either says nothing."""
        return self.signs(claim, evidence).score() if claim.strip() and evidence.strip() else 0.0

    def cosine(self, claim: str, evidence: str) -> float | None:
        """The plain cosine of claim and whole evidence, each embedded as one text; None without an embedder."""
        if self._embedder is None:
            return None
        return float((self._embed([claim]) @ self._embed([evidence]).T).item())

    def signs(self, claim: str, evidence: str) -> Signs:
        """The four signs of a claim and its evidence."""
        reads = self._embedder is not None and (self._multilingual or not _HAN_CHARACTER.search(claim + evidence))
        sentences = [evidence[start:end] for start, end in sentence_spans(evidence)] or [evidence]
        stretches = _stretches(sentences)
        named = support.concepts(claim)
        return Signs(
            words=self._words(claim, sentences)
            if reads
            else max(support.share(claim, stretch) for stretch in stretches),
            concepts=max((len(named & support.concepts(stretch)) + 0.5) / (len(named) + 1) for stretch in stretches),
            nearness=float((self._embed(stretches) @ self._embed([claim])[0]).max()) if reads else None,
            missing=_lacks(claim, evidence),
        )

    def _words(self, claim: str, sentences: Sequence[str]) -> float:
        """The best stretch's share of the claim's words, each as near as its nearest word there."""
        wanted = _content(claim)
        if not wanted or _HAN_CHARACTER.search(claim):
            return max(support.share(claim, stretch) for stretch in _stretches(sentences))
        near = [self._near(claim, wanted, sentence) for sentence in sentences]
        return max(
            math.fsum(max(beside) for beside in zip(*near[start : start + _STRETCH], strict=True)) / len(wanted)
            for start in range(max(1, len(near) - _STRETCH + 1))
        )

    def _near(self, claim: str, wanted: Sequence[str], sentence: str) -> list[float]:
        """How near each wanted word is to a word of the sentence, 0 to 1."""
        there, stems, named = _content(sentence), support.claim_words(sentence), support.concepts(sentence)
        same = {
            word for match in find_terms(claim) if match.term.en.lower() in named for word in _content(match.surface)
        }
        nearest = (self._embed(wanted) @ self._embed(there).T).max(axis=1) if there else [0.0] * len(wanted)
        return [
            1.0
            if word in same or (support.claim_words(word) and support.claim_words(word) <= stems)
            else min(max((float(cosine) - _FAR) / (_NEAR - _FAR), 0.0), 1.0)
            for word, cosine in zip(wanted, nearest, strict=True)
        ]

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, a row a text; each text is embedded once."""
        import numpy as np

        assert self._embedder is not None
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors.update(zip(new, self._embedder.embed_passages(new), strict=True))
        return np.stack([self._vectors[text] for text in texts])


def _stretches(sentences: Sequence[str]) -> list[str]:
    """Every run of three consecutive sentences; all of them where there are fewer."""
    last = max(1, len(sentences) - _STRETCH + 1)
    return [" ".join(sentences[start : start + _STRETCH]) for start in range(last)]


def _content(text: str) -> list[str]:
    """The Latin words of ``text`` in lower case, each once, stop words left out."""
    found = (word.lower() for word in _LATIN_WORD.findall(text))
    return [word for word in dict.fromkeys(found) if word not in ENGLISH_STOP_WORDS]


def _lacks(claim: str, evidence: str) -> bool:
    """Whether a number, a drug or a group of patients of the claim is missing from the evidence."""
    numbers = {one.key for one in quantities(claim)} - {one.key for one in quantities(evidence)}
    return bool(numbers or support.missing_drug(claim, evidence) or support.missing_group(claim, evidence))
