"""The model that judges whether one text follows from another: an ``Entailer`` over transformers.

Laws of this room: nothing is loaded before the first pair, and nothing is fetched; bytes are compared with the lock
before they are loaded; a pair is read whole or without sentences that it can spare, never cut inside one; which output
means what is read from the model's own configuration. Numbers are of 32 bits, so that a replay finds the same ones.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ragmed.engines import Inference
from ragmed.errors import ModelError, RagMedError
from ragmed.generate.loading import as_model_error, devices_here, quiet_libraries, told
from ragmed.models.classifier import CONTRADICTION, ENTAILMENT, NEUTRAL
from ragmed.models.store import installed_entailer, require_whole
from ragmed.models.tiers import Device
from ragmed.models.wanted import TOKENIZER

if TYPE_CHECKING:
    from pathlib import Path

    from ragmed.engines import TextPair
    from ragmed.models.store import InstalledClassifier
    from ragmed.settings import AnswerSettings

_BATCH = 16
"""Pairs that are read at once."""
_BETWEEN = " "
"""Between the sentences of a premise; Chinese ones end in a mark of their own, so it does no harm there."""


class EntailmentModel:
    """An ``Entailer``. Safe to share between threads."""

    def __init__(self, settings: AnswerSettings, folder: Path) -> None:
        """``folder``: that of the models, for a model that is named and not given as a path."""
        self._settings = settings
        self._folder = folder
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None
        """Weights and tokenizer."""

    @cached_property
    def _model(self) -> InstalledClassifier:
        return installed_entailer(self._settings.entailment_model, self._folder)

    @property
    def model_id(self) -> str:
        return self._model.name

    @property
    def revision(self) -> str:
        return self._model.revision

    def warm(self) -> None:
        """Load the model. Raises ModelError, IntegrityError, MissingPartError."""
        self._parts()

    def infer(self, pairs: Sequence[TextPair]) -> tuple[Inference | None, ...]:
        """Result i is of pair i; None where its needed sentences alone are too long. Raises as ``warm``."""
        weights, tokenizer = self._parts()
        found: list[Inference | None] = [None] * len(pairs)
        try:
            fitted = [self._fitted(pair, tokenizer) for pair in pairs]
            rows = [row for row, one in enumerate(fitted) if one is not None]
            for start in range(0, len(rows), _BATCH):
                batch = rows[start : start + _BATCH]
                chances = self._read([fitted[row] for row in batch], weights)
                for row, chance in zip(batch, chances, strict=True):
                    one = fitted[row]
                    assert one is not None
                    by_label = dict(zip(self._model.config.labels, chance, strict=True))
                    found[row] = Inference(
                        entailment=by_label[ENTAILMENT],
                        neutral=by_label[NEUTRAL],
                        contradiction=by_label[CONTRADICTION],
                        left_out=one[1],
                    )
        except RagMedError:
            raise
        except Exception as error:
            raise as_model_error(self.model_id, error) from error
        return tuple(found)

    def _parts(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self._model, self._settings.entailment_device)
            return self._loaded

    def _fitted(self, pair: TextPair, tokenizer: Any) -> tuple[Any, int] | None:
        """The pair's tokens, and how many of its sentences were left out for them to fit; None where they cannot."""
        kept = list(range(len(pair.premise)))
        needed = [number for number in kept if pair.needed[number]]
        while True:
            tokens = tokenizer.encode(_BETWEEN.join(pair.premise[number] for number in kept), pair.hypothesis)
            if len(tokens) <= self._model.config.max_tokens:
                return tokens, len(pair.premise) - len(kept)
            spare = [number for number in kept if not pair.needed[number]]
            if not spare:
                return None
            kept.remove(max(spare, key=lambda number: (min(abs(number - one) for one in needed or [0]), number)))

    def _read(self, fitted: Sequence[tuple[Any, int] | None], weights: Any) -> list[list[float]]:
        """Probabilities in the order of the model's outputs, a row for each pair."""
        import torch

        shape, tokens = self._model.config, [one[0] for one in fitted if one is not None]
        longest = max(len(one) for one in tokens)

        def padded(rows: list[list[int]], filler: int) -> Any:
            return torch.tensor([row + [filler] * (longest - len(row)) for row in rows], device=weights.device)

        given = {
            "input_ids": padded([one.ids for one in tokens], shape.padding),
            "attention_mask": padded([one.attention_mask for one in tokens], 0),
        }
        if shape.token_types > 1:
            given["token_type_ids"] = padded([one.type_ids for one in tokens], 0)
        with torch.inference_mode():
            chances = weights(**given).logits.float().softmax(dim=-1).cpu()
        if not bool(torch.isfinite(chances).all()):
            raise ModelError(f"model {self.model_id}: its numbers make no sense", remedy="pull or copy it again")
        found: list[list[float]] = chances.tolist()
        return found


def _load(model: InstalledClassifier, wanted: str) -> tuple[Any, Any]:
    """Weights and tokenizer. Raises ModelError, IntegrityError (bytes are not the lock's)."""
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModelForSequenceClassification

    device = Device(wanted)
    if not devices_here()[device]:
        raise ModelError(f"this machine has no {device} device", remedy="set answer.entailment_device to cpu")
    require_whole(model)
    if not (model.folder / TOKENIZER).is_file():
        raise ModelError(f"model {model.name}: it has no {TOKENIZER}", remedy="take a model that ships one")
    quiet_libraries()
    with told(model.name):
        tokenizer = Tokenizer.from_file(str(model.folder / TOKENIZER))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        weights, loading = AutoModelForSequenceClassification.from_pretrained(
            model.folder,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    missing = sorted(loading["missing_keys"])
    if missing:  # transformers would fill them with random numbers
        raise ModelError(
            f"model {model.name}: {missing[0]} is in no file of it", remedy="`ragmed models check` says what is wrong"
        )
    if tokenizer.num_special_tokens_to_add(is_pair=True) < 2:
        raise ModelError(
            f"model {model.name}: its tokenizer does not part one text from the other",
            remedy=f"take a model that ships a {TOKENIZER} for pairs of texts",
        )
    if tokenizer.get_vocab_size() > model.config.vocabulary:
        raise ModelError(f"model {model.name}: its tokenizer is of another model", remedy="pull or copy it again")
    return weights.to(device).eval(), tokenizer
