"""The shape of a network that judges pairs of texts, as its ``config.json`` states it, and the meaning of its labels.

BERT, RoBERTa, XLM-RoBERTa and DeBERTa (versions 2 and 3) with a head for sequence classification. Law: a model whose
labels are not entailment, neutral and contradiction, each once, is refused, for what its numbers mean would be a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ragmed.errors import ModelError
from ragmed.models.sizes import REMEDY, size_of

_PREFIXES = {
    "BertForSequenceClassification": "bert",
    "RobertaForSequenceClassification": "roberta",
    "XLMRobertaForSequenceClassification": "roberta",
    "DebertaV2ForSequenceClassification": "deberta",
}
"""Architecture → what its tensors' names begin with."""
ARCHITECTURES = tuple(_PREFIXES)
ENTAILMENT, NEUTRAL, CONTRADICTION = "entailment", "neutral", "contradiction"
_SPELLINGS = {
    ENTAILMENT: ("entailment", "entail", "entails", "entailed"),
    NEUTRAL: ("neutral",),
    CONTRADICTION: ("contradiction", "contradict", "contradicts", "contradictory"),
}
"""Label → how publishers write it, capitals and signs aside."""
_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierShape:
    """Sizes of a network, and which of its outputs means what."""

    architecture: str
    hidden: int
    layers: int
    intermediate: int
    vocabulary: int
    embedding: int
    """Width of the embedding matrix; ``hidden`` but for some DeBERTas."""
    max_tokens: int
    """Tokens of a pair at most, special ones included."""
    padding: int
    """Id of the token that fills up a batch."""
    token_types: int
    """Kinds of text that are told apart by an id for each token; under 2: none are."""
    labels: tuple[str, ...]
    """Output i means label i: ``entailment``, ``neutral`` and ``contradiction`` in the model's own order."""

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the matrices that must be there; vectors are not looked at."""
        start, wide, deberta = _PREFIXES[self.architecture], self.hidden, self.architecture.startswith("Deberta")
        inward = ("query_proj", "key_proj", "value_proj") if deberta else ("query", "key", "value")
        expected: dict[str, tuple[int, ...]] = {
            f"{start}.embeddings.word_embeddings.weight": (self.vocabulary, self.embedding)
        }
        for layer in range(self.layers):
            here = f"{start}.encoder.layer.{layer}"
            expected |= {f"{here}.attention.self.{name}.weight": (wide, wide) for name in inward}
            expected[f"{here}.attention.output.dense.weight"] = (wide, wide)
            expected[f"{here}.intermediate.dense.weight"] = (self.intermediate, wide)
            expected[f"{here}.output.dense.weight"] = (wide, self.intermediate)
        head = {"bert": "bert.pooler.dense", "roberta": "classifier.dense", "deberta": "pooler.dense"}[start]
        last = "classifier.out_proj" if start == "roberta" else "classifier"
        return expected | {f"{head}.weight": (wide, wide), f"{last}.weight": (len(self.labels), wide)}


def is_classifier(architecture: object) -> bool:
    """Whether it is one that this module knows."""
    return architecture in ARCHITECTURES


def classifier_shape(config: dict[str, Any], architecture: str, name: str) -> ClassifierShape:
    """The shape that a configuration states. Raises ModelError, which names the model ``name`` and the reason."""
    hidden = size_of(config, "hidden_size", name)
    positions = size_of(config, "max_position_embeddings", name)
    padding = config.get("pad_token_id", 0)
    if type(padding) is not int or padding < 0:
        raise ModelError(f"{name}: config.json: pad_token_id is {padding!r}", remedy=REMEDY)
    # RoBERTa counts positions from behind that of the padding
    unused = padding + 1 if _PREFIXES[architecture] == "roberta" else 0
    types = config.get("type_vocab_size", 2 if architecture.startswith("Bert") else 0)
    return ClassifierShape(
        architecture=architecture,
        hidden=hidden,
        layers=size_of(config, "num_hidden_layers", name, largest=1000),
        intermediate=size_of(config, "intermediate_size", name),
        vocabulary=size_of(config, "vocab_size", name),
        embedding=size_of(config, "embedding_size", name, hidden),
        max_tokens=positions - unused,
        padding=padding,
        token_types=types if type(types) is int else 0,
        labels=_labels(config.get("id2label"), name),
    )


def _labels(stated: object, name: str) -> tuple[str, ...]:
    """The labels in the order of the outputs. Raises ModelError."""
    by_id = {str(key): value for key, value in stated.items()} if isinstance(stated, dict) else {}
    written = [by_id.get(str(number)) for number in range(len(by_id))]
    found = tuple(_label(one) for one in written)
    if sorted(found) != sorted(_SPELLINGS):
        shown = ", ".join(repr(str(one)[:40]) for one in list(by_id.values())[:_SHOWN]) or "none"
        raise ModelError(
            f"{name}: its labels are not entailment, neutral and contradiction but {shown}",
            remedy="take a model for natural language inference (NLI) with these three labels: see docs/models.md",
        )
    return found


def _label(written: object) -> str:
    plain = re.sub(r"[^a-z]", "", str(written).lower())
    return next((label for label, spellings in _SPELLINGS.items() if plain in spellings), "")
