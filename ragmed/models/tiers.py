"""Which model for which machine: the hardware tiers, their candidates, and the forecast that decides between them.

Law: nothing is chosen that its own forecast says does not fit, in memory or on the disk; then no model is chosen and
the library is quoted. The candidates of a tier go from the best to the smallest. Models whose licence restricts use are
no defaults.

Where the figures come from: on a GPU, the CUDA runtime, its libraries and the allocator's waste take about 1 to 1.5
GiB beside what a forecast counts (an allowance, not measured here). On a CPU the 16-bit weights lie in memory while
they are packed to 4 bits: a 0.5B-shaped model peaked at 1.9 to 2.9 GB, a 1.5B-shaped one at 5.2 GB, which is both
weights and 1 to 1.5 GB for the program. The same two read 260 to 310 and 81 tokens of a prompt a second and write 9 to
17 and 5 (two AVX512-BF16 cores): the larger one is too slow to wait for, so a CPU takes half a billion parameters and a
short prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ragmed.models.published import PUBLISHED, Published, published
from ragmed.models.shape import ModelShape, Quantisation

GIB = 1 << 30
ANSWER_TOKENS = 512
"""Room in the KV cache behind the prompt."""
DISK_MARGIN = GIB // 4
"""Left free on the disk beside a downloaded model, bytes."""


class Device(StrEnum):
    """What a model runs on."""

    CUDA = "cuda"
    CPU = "cpu"
    MPS = "mps"
    NPU = "npu"


class Tier(StrEnum):
    """A kind of machine that has one sensible default."""

    NVIDIA_LARGE = "NVIDIA, 20 GB or more"
    NVIDIA_MIDDLE = "NVIDIA, 8 to 16 GB"
    NVIDIA_SMALL = "NVIDIA, under 8 GB"
    APPLE = "Apple MPS"
    ASCEND = "Ascend"
    CPU = "CPU only"


_LARGE_FROM, _MIDDLE_FROM = int(19.5e9), int(7.5e9)
"""A card sold as 20 or 8 GB reports a little less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    candidates: tuple[str, ...]
    prompt_tokens: int
    why: str


_PLANS = {
    Tier.NVIDIA_LARGE: _Plan(
        candidates=("qwen2.5-14b", "qwen2.5-7b", "qwen3-4b-2507", "qwen2.5-1.5b", "qwen2.5-0.5b"),
        prompt_tokens=4096,
        why="4 bits leave room for the largest model that still answers while the doctor waits",
    ),
    Tier.NVIDIA_MIDDLE: _Plan(
        candidates=("qwen2.5-7b", "qwen3-4b-2507", "qwen2.5-1.5b", "qwen2.5-0.5b"),
        prompt_tokens=4096,
        why="4 bits bring the largest model in that leaves room for a whole prompt",
    ),
    Tier.NVIDIA_SMALL: _Plan(
        candidates=("qwen3-4b-2507", "qwen2.5-1.5b", "qwen2.5-0.5b"),
        prompt_tokens=2048,
        why="4 bits and a shorter prompt fit a small card",
    ),
    Tier.APPLE: _Plan(
        candidates=("qwen2.5-7b", "qwen3-4b-2507", "qwen2.5-1.5b", "qwen2.5-0.5b"),
        prompt_tokens=2048,
        why="16 bits: bitsandbytes has no 4-bit kernels of its own for MPS; two thirds of the memory may be the GPU's",
    ),
    Tier.ASCEND: _Plan(
        candidates=("qwen2.5-7b", "qwen3-4b-2507", "qwen2.5-1.5b", "qwen2.5-0.5b"),
        prompt_tokens=4096,
        why="16 bits and a smaller model: bitsandbytes' 4 bits are not there on Ascend",
    ),
    Tier.CPU: _Plan(
        candidates=("qwen2.5-0.5b",),
        prompt_tokens=1100,
        why="on a CPU only about half a billion parameters answer in good time, and only a short prompt is read in "
        "5 seconds",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Memory that a model takes on its device, bytes."""

    weights: int
    cache: int
    activations: int
    program: int
    """The device's runtime and libraries; on a CPU also the 16-bit weights that are packed while it loads."""

    @property
    def total(self) -> int:
        return self.weights + self.cache + self.activations + self.program


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The default of one machine."""

    tier: Tier
    model: Published | None
    """None: nothing fits, and the library is quoted."""
    quantisation: Quantisation
    prompt_tokens: int
    forecast: Forecast | None
    why: str


def tier_of(device: Device, memory_bytes: int) -> Tier:
    """The tier of a machine; ``memory_bytes`` of the device (CPU, MPS: of the machine)."""
    if device is Device.CUDA:
        if memory_bytes >= _LARGE_FROM:
            return Tier.NVIDIA_LARGE
        return Tier.NVIDIA_MIDDLE if memory_bytes >= _MIDDLE_FROM else Tier.NVIDIA_SMALL
    return {Device.MPS: Tier.APPLE, Device.NPU: Tier.ASCEND, Device.CPU: Tier.CPU}[device]


def prompt_tokens_of(device: Device, memory_bytes: int) -> int:
    """Tokens of a prompt that such a machine reads in good time."""
    return _PLANS[tier_of(device, memory_bytes)].prompt_tokens


def possible_bits(device: Device) -> Quantisation:
    """4 bits where bitsandbytes' kernels are: CUDA and CPU."""
    return "nf4" if device in (Device.CUDA, Device.CPU) else "none"


def missing_bits(shape: ModelShape, device: Device, wanted: str) -> str:
    """Why a model cannot be held in the bits ``wanted`` (``nf4``, ``none`` or ``auto``) there; empty where it can."""
    nowhere = possible_bits(device) != "nf4"
    if nowhere and (wanted == "nf4" or shape.four_bits):
        return f"there are no 4 bits on {device.value}"
    return "its files hold 4 bits, and there are no 16 to load" if wanted == "none" and shape.four_bits else ""


def usable_bytes(device: Device, memory_bytes: int) -> int:
    """Of the memory, what a model with its program may take.

    CPU: all but 1 GiB for the system. MPS: two thirds (what Metal advises as working set on small machines). Cards: all
    but 8%, for the driver and a screen.
    """
    if device is Device.CPU:
        return max(0, memory_bytes - GIB)
    return memory_bytes * 2 // 3 if device is Device.MPS else memory_bytes * 92 // 100


def forecast(shape: ModelShape, device: Device, quantisation: Quantisation, prompt_tokens: int) -> Forecast:
    """What a model of this shape takes there while it reads ``prompt_tokens`` and answers."""
    program = int(1.5 * GIB) if device is Device.CUDA else GIB
    if device is Device.CPU:
        packs = quantisation == "nf4" and not shape.four_bits
        program = int(1.5e9) + (shape.weight_bytes("none") if packs else 0)
    return Forecast(
        weights=shape.weight_bytes(quantisation),
        cache=shape.cache_bytes(prompt_tokens + ANSWER_TOKENS),
        activations=shape.activation_bytes(prompt_tokens),
        program=program,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """In how many bits a model is held on a machine, and why so."""

    quantisation: Quantisation
    why: str


def default_bits(
    shape: ModelShape, device: Device, memory_bytes: int, prompt_tokens: int, *, matrix_units: bool
) -> Bits:
    """What is faster there and fits. ``matrix_units``: the processor has AMX.

    Measured with the shape of the 0.5B model alone (docs/figures.md): with AMX 16 bits read a prompt three times as
    fast as 4 bits; without it 4 bits are faster. It goes by the memory of the machine, not by what is free of it now:
    the same machine must write the same answer tomorrow.
    """
    if shape.four_bits:
        return Bits(quantisation="nf4", why="its files hold 4 bits")
    if device is not Device.CPU:
        held = possible_bits(device)
        return Bits(quantisation=held, why="" if held == "nf4" else f"there are no 4 bits on {device.value}")
    if not matrix_units:
        return Bits(quantisation="nf4", why="this processor has no AMX: 4 bits are faster")
    taken, usable = forecast(shape, device, "none", prompt_tokens).total, usable_bytes(device, memory_bytes)
    if taken > usable:
        return Bits(
            quantisation="nf4", why=f"this processor has AMX, but 16 bits would take {gib(taken)} of {gib(usable)}"
        )
    return Bits(quantisation="none", why="this processor has AMX: 16 bits are faster")


def disk_bytes(model: Published) -> int:
    """What its files take on the disk: 16-bit weights, tokenizer and configuration."""
    return model.shape.weight_bytes("none") + 32_000_000


def choose(device: Device, memory_bytes: int, free_disk_bytes: int, *, matrix_units: bool = False) -> Choice:
    """The default for this machine: the first candidate of its tier that fits into memory and onto the disk.

    ``memory_bytes``: of the largest card, or of the machine for CPU and MPS. ``free_disk_bytes``: where models lie.
    ``matrix_units``: the processor has AMX.
    """
    tier, quantisation = tier_of(device, memory_bytes), possible_bits(device)
    plan = _PLANS[tier]
    usable = usable_bytes(device, memory_bytes)
    passed: list[str] = []
    for short in plan.candidates:
        model = published(short)
        bits = default_bits(model.shape, device, memory_bytes, plan.prompt_tokens, matrix_units=matrix_units)
        quantisation = bits.quantisation
        taken = forecast(model.shape, device, quantisation, plan.prompt_tokens)
        if taken.total > usable:
            passed.append(f"{model.model_id} would take {gib(taken.total)} of {gib(usable)} memory")
        elif disk_bytes(model) + DISK_MARGIN > free_disk_bytes:
            passed.append(f"{model.model_id} would take {gib(disk_bytes(model))} of {gib(free_disk_bytes)} free disk")
        else:
            return Choice(
                tier=tier,
                model=model,
                quantisation=quantisation,
                prompt_tokens=plan.prompt_tokens,
                forecast=taken,
                why="; ".join([plan.why, *passed]),
            )
    return Choice(
        tier=tier,
        model=None,
        quantisation=quantisation,
        prompt_tokens=plan.prompt_tokens,
        forecast=None,
        why="; ".join(["no model fits", *passed]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """A model of the table as ``ragmed models list`` shows it."""

    name: str
    model_id: str
    licence: str
    tiers: tuple[str, ...]
    """Kinds of machine that it is the first candidate of."""
    bytes_in_4_bits: int
    bytes_in_16_bits: int
    """Also what is fetched."""


def defaults() -> tuple[Default, ...]:
    """The table of models, each with the tiers whose default it is."""
    return tuple(
        Default(
            name=one.short,
            model_id=one.model_id,
            licence=one.licence,
            tiers=tuple(tier.value for tier, plan in _PLANS.items() if plan.candidates[0] == one.short),
            bytes_in_4_bits=one.shape.weight_bytes("nf4"),
            bytes_in_16_bits=one.shape.weight_bytes("none"),
        )
        for one in PUBLISHED
    )


def gib(count: int) -> str:
    """``5.2 GiB``."""
    return f"{count / GIB:,.1f} GiB"
