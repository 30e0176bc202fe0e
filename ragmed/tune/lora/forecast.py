"""What a run will take of the device's memory, before it begins, and the settings that would fit where it does not.

The weights are counted exactly (``ragmed.models.shape``), the adapter by its shapes: 32-bit numbers, their gradients
and the two moments of AdamW, 16 bytes each. What backward passes hold is an estimate from the tensors that PyTorch
keeps for one layer of Qwen, tested against what small runs took (``tests/tune/lora/test_forecast.py``). Logits are
never held whole: TRL 1.16 computes the loss in tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragmed.errors import NotPossibleError
from ragmed.models.tiers import GIB, Device
from ragmed.tune.dataset.rows import Form

if TYPE_CHECKING:
    from ragmed.models.shape import ModelShape
    from ragmed.settings import TuneSettings

_HALF, _FULL = 2, 4
"""Bytes of a 16-bit and of a 32-bit number."""
_ADAM = 4 * _FULL
"""Bytes of a number that learns: itself, its gradient, two moments."""
_TILE = 512 * 8192
"""Logits that TRL holds at once."""
_PROGRAM = {Device.CUDA: int(1.25 * GIB), Device.CPU: int(0.9 * GIB)}
"""The runtime and the libraries: of a card an allowance (not measured here), of a CPU what a program takes that has
loaded torch, transformers and trl."""
_SPARE = 1.1
"""The allocator's waste."""
LEAST_LENGTH = 512
"""Tokens: a prompt with rules, example and two passages takes about as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingForecast:
    """Memory of a run, bytes."""

    weights: int
    adapter: int
    activations: int
    program: int
    loading: int
    """Beside the weights while they are read; gone when the run begins."""
    learning: int
    """Numbers that learn."""
    share: float
    """Of all numbers of the network with the adapter."""

    @property
    def total(self) -> int:
        return self.program + max(self.weights + self.loading, int(_SPARE * self._running))

    @property
    def _running(self) -> int:
        return self.weights + self.adapter + self.activations


def lora_numbers(shape: ModelShape, settings: TuneSettings) -> int:
    """Numbers of the adapter: rank × (rows + columns) of every matrix that is adapted."""
    names = ("q", "k", "v", "o", "gate", "up", "down")
    layer = sum(
        settings.rank * (rows + columns)
        for name, (rows, columns) in zip(names, shape.linears(), strict=True)
        if name in settings.targets
    )
    return shape.layers * layer


def forecast(
    form: Form, shape: ModelShape, settings: TuneSettings, device: Device, *, longest: int = 0
) -> TrainingForecast:
    """``longest``: tokens of the longest row, where the rows are known; else ``settings.length``."""
    learning = lora_numbers(shape, settings)
    adapter = _ADAM * learning + (0 if form is Form.SFT else _FULL * learning)  # the frozen policy beside it
    tokens = (min(longest, settings.length) or settings.length) * sequences(form, settings)
    layer = tokens * _layer_token(shape, settings)
    held = shape.layers * (tokens * _HALF * shape.hidden if settings.checkpointing else layer)
    matrix = 2 * _HALF * max(rows * columns for rows, columns in shape.linears())
    ends = tokens * (2 * _FULL + 2 * _HALF) * shape.hidden
    tile = 3 * _FULL * min(_TILE, 512 * shape.vocabulary)
    weights = shape.weight_bytes("nf4")
    largest = max(shape.vocabulary * shape.hidden, *(rows * columns for rows, columns in shape.linears()))
    return TrainingForecast(
        weights=weights,
        adapter=adapter,
        activations=held + layer + matrix + ends + tile,
        program=_PROGRAM.get(device, _PROGRAM[Device.CPU]),
        loading=2 * _FULL * largest if device is Device.CPU else _HALF * largest,
        learning=learning,
        share=learning / (shape.parameters() + learning),
    )


def sequences(form: Form, settings: TuneSettings) -> int:
    """Sequences that go through the network at once: of a preferred and a rejected answer two."""
    if form is Form.DPO:
        return 2 * settings.batch
    return max(2, settings.batch) if form is Form.KTO else settings.batch


def _layer_token(shape: ModelShape, settings: TuneSettings) -> int:
    """Bytes that backward needs of one layer for one token.

    16 bits: the layer's input, both norms' outputs, queries, keys and values before and after rotation, the
    attention's output, the output of its projection, four rows of the MLP. 32 bits: both norms' inputs, and for each
    adapted matrix its input (twice with dropout, and a byte for what is left out), as the adapter computes in 32 bits.
    Twice the largest of these for gradients on their way.
    """
    hidden, wide = shape.hidden, shape.intermediate
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    halves = 5 * hidden + 3 * queries + 5 * keys + 4 * wide
    fulls = 2 * hidden
    inputs = {"q": hidden, "k": hidden, "v": hidden, "o": queries, "gate": hidden, "up": hidden, "down": wide}
    adapted = sum(inputs[name] for name in settings.targets)
    each = 2 * _FULL + 1 if settings.dropout else _FULL
    return _HALF * halves + _FULL * fulls + each * adapted + 2 * _FULL * max(wide, queries)


def require_fitting_run(form: Form, shape: ModelShape, settings: TuneSettings, device: Device, free: int) -> None:
    """Raises NotPossibleError where the forecast is over ``free`` bytes, with the settings that would fit."""
    found = forecast(form, shape, settings, device)
    if found.total <= free:
        return
    said = f"the run would take {gib(found.total)} and {gib(free)} are free"
    for smaller in _smaller(settings, form):
        total = forecast(form, shape, smaller, device).total
        if total <= free:
            changes = ", ".join(
                f"tune.{name} = {str(value).lower() if isinstance(value, bool) else value}"
                for name, value in smaller.model_dump().items()
                if value != getattr(settings, name)
            )
            raise NotPossibleError(said, remedy=f"{changes} would take {gib(total)}")
    raise NotPossibleError(said, remedy="free memory, or tune a smaller model: `ragmed models list`")


def _smaller(settings: TuneSettings, form: Form) -> Iterator[TuneSettings]:
    """What gives up least first: time, then rows at once, then the rank, then long rows."""
    current = settings
    if not current.checkpointing:
        current = current.model_copy(update={"checkpointing": True})
        yield current
    least = 2 if form is Form.KTO else 1
    while current.batch > least:
        batch = max(least, current.batch // 2)
        current = current.model_copy(update={"batch": batch, "accumulate": current.accumulate * current.batch // batch})
        yield current
    while current.rank > 8:
        current = current.model_copy(update={"rank": max(8, current.rank // 2)})
        yield current
    while current.length > LEAST_LENGTH:
        current = current.model_copy(update={"length": max(LEAST_LENGTH, current.length // 2)})
        yield current


def gib(size: int) -> str:
    """Bytes for a person."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / (1 << 20):.0f} MiB"
