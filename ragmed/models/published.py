"""Published Qwen instruct models that RagMed knows by a short name: id, licence, and the shape that memory is
forecast from before anything is downloaded.

Ids are the same on Hugging Face and ModelScope. Shapes are those of the published ``config.json`` files; once a model
is here, its own file counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from ragmed.errors import NotFoundError
from ragmed.models.shape import ModelShape

APACHE = "Apache-2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One model."""

    short: str
    model_id: str
    billions: float
    """Parameters as its publisher states them."""
    shape: ModelShape
    licence: str = APACHE
    thinks: bool = False
    """Writes thoughts before an answer unless it is told not to."""


def _qwen2(
    hidden: int, layers: int, heads: int, kv_heads: int, intermediate: int, *, vocabulary: int, tied: bool
) -> ModelShape:
    return ModelShape(
        architecture="Qwen2ForCausalLM",
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=hidden // heads,
        intermediate=intermediate,
        vocabulary=vocabulary,
        tied=tied,
        max_positions=32768,
    )


def _qwen3(
    hidden: int, layers: int, heads: int, intermediate: int, *, tied: bool, max_positions: int = 40960
) -> ModelShape:
    return ModelShape(
        architecture="Qwen3ForCausalLM",
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=8,
        head_dim=128,
        intermediate=intermediate,
        vocabulary=151936,
        tied=tied,
        max_positions=max_positions,
    )


def _row(
    short: str, model_id: str, billions: float, shape: ModelShape, licence: str = APACHE, *, thinks: bool = False
) -> Published:
    return Published(short=short, model_id=model_id, billions=billions, shape=shape, licence=licence, thinks=thinks)


_SMALL, _LARGE = 151936, 152064
"""Rows of the vocabulary: up to 3B, and above."""

PUBLISHED: tuple[Published, ...] = (
    _row(
        "qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B-Instruct", 0.49, _qwen2(896, 24, 14, 2, 4864, vocabulary=_SMALL, tied=True)
    ),
    _row("qwen3-0.6b", "Qwen/Qwen3-0.6B", 0.6, _qwen3(1024, 28, 16, 3072, tied=True), thinks=True),
    _row(
        "qwen2.5-1.5b", "Qwen/Qwen2.5-1.5B-Instruct", 1.54, _qwen2(1536, 28, 12, 2, 8960, vocabulary=_SMALL, tied=True)
    ),
    _row("qwen3-1.7b", "Qwen/Qwen3-1.7B", 1.7, _qwen3(2048, 28, 16, 6144, tied=True), thinks=True),
    _row(
        "qwen2.5-3b",
        "Qwen/Qwen2.5-3B-Instruct",
        3.09,
        _qwen2(2048, 36, 16, 2, 11008, vocabulary=_SMALL, tied=True),
        "Qwen Research License (not for commercial use)",
    ),
    _row("qwen3-4b", "Qwen/Qwen3-4B", 4.0, _qwen3(2560, 36, 32, 9728, tied=True), thinks=True),
    _row(
        "qwen3-4b-2507",
        "Qwen/Qwen3-4B-Instruct-2507",
        4.0,
        _qwen3(2560, 36, 32, 9728, tied=True, max_positions=262144),
    ),
    _row("qwen2.5-7b", "Qwen/Qwen2.5-7B-Instruct", 7.61, _qwen2(3584, 28, 28, 4, 18944, vocabulary=_LARGE, tied=False)),
    _row("qwen3-8b", "Qwen/Qwen3-8B", 8.2, _qwen3(4096, 36, 32, 12288, tied=False), thinks=True),
    _row(
        "qwen2.5-14b", "Qwen/Qwen2.5-14B-Instruct", 14.7, _qwen2(5120, 48, 40, 8, 13824, vocabulary=_LARGE, tied=False)
    ),
    _row("qwen3-14b", "Qwen/Qwen3-14B", 14.8, _qwen3(5120, 40, 40, 17408, tied=False), thinks=True),
    _row(
        "qwen2.5-32b", "Qwen/Qwen2.5-32B-Instruct", 32.5, _qwen2(5120, 64, 40, 8, 27648, vocabulary=_LARGE, tied=False)
    ),
    _row("qwen3-32b", "Qwen/Qwen3-32B", 32.8, _qwen3(5120, 64, 64, 25600, tied=False), thinks=True),
)


def find_published(name: str) -> Published | None:
    """The model of this short name or id, capitals aside; None where it is none of the table."""
    wanted = name.lower()
    return next((one for one in PUBLISHED if wanted in (one.short, one.model_id.lower())), None)


def published(name: str) -> Published:
    """The same. Raises NotFoundError."""
    found = find_published(name)
    if found is None:
        raise NotFoundError(f"{name!r} is no model of the table", remedy="see `ragmed models list`")
    return found
