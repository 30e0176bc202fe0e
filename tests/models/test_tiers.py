"""Which model for which machine, over a table of machines; nothing that does not fit by its own forecast."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.models.published import PUBLISHED, find_published
from ragmed.models.tiers import Device, Tier, choose, default_bits, disk_bytes, forecast, gib, tier_of, usable_bytes

GIB = 1 << 30
MUCH = 1000 * GIB


@pytest.mark.parametrize(
    ("device", "memory", "tier", "model", "quantisation"),
    [
        (Device.CUDA, 139 * GIB, Tier.NVIDIA_LARGE, "qwen2.5-14b", "nf4"),
        (Device.CUDA, 24 * GIB, Tier.NVIDIA_LARGE, "qwen2.5-14b", "nf4"),
        (Device.CUDA, 20475 << 20, Tier.NVIDIA_LARGE, "qwen2.5-14b", "nf4"),
        (Device.CUDA, 16 * GIB, Tier.NVIDIA_MIDDLE, "qwen2.5-7b", "nf4"),
        (Device.CUDA, 12288 << 20, Tier.NVIDIA_MIDDLE, "qwen2.5-7b", "nf4"),
        (Device.CUDA, 8188 << 20, Tier.NVIDIA_MIDDLE, "qwen3-4b-2507", "nf4"),
        (Device.CUDA, 6 * GIB, Tier.NVIDIA_SMALL, "qwen3-4b-2507", "nf4"),
        (Device.CUDA, 4 * GIB, Tier.NVIDIA_SMALL, "qwen2.5-1.5b", "nf4"),
        (Device.CUDA, 2 * GIB, Tier.NVIDIA_SMALL, None, "nf4"),
        (Device.CPU, 128 * GIB, Tier.CPU, "qwen2.5-0.5b", "nf4"),
        (Device.CPU, 4 * GIB, Tier.CPU, "qwen2.5-0.5b", "nf4"),
        (Device.CPU, 2 * GIB, Tier.CPU, None, "nf4"),
        (Device.MPS, 64 * GIB, Tier.APPLE, "qwen2.5-7b", "none"),
        (Device.MPS, 16 * GIB, Tier.APPLE, "qwen3-4b-2507", "none"),
        (Device.MPS, 8 * GIB, Tier.APPLE, "qwen2.5-1.5b", "none"),
        (Device.NPU, 64 * GIB, Tier.ASCEND, "qwen2.5-7b", "none"),
        (Device.NPU, 16 * GIB, Tier.ASCEND, "qwen3-4b-2507", "none"),
    ],
    ids=str,
)
def test_each_machine_has_its_default(
    device: Device, memory: int, tier: Tier, model: str | None, quantisation: str
) -> None:
    choice = choose(device, memory, MUCH)
    assert (choice.tier, choice.quantisation) == (tier, quantisation)
    assert (choice.model.short if choice.model else None) == model
    assert choice.why


@given(
    device=st.sampled_from(Device),
    memory=st.integers(0, 200 * GIB),
    disk=st.integers(0, 80 * GIB),
    matrix_units=st.booleans(),
)
def test_nothing_is_chosen_that_does_not_fit(device: Device, memory: int, disk: int, matrix_units: bool) -> None:
    choice = choose(device, memory, disk, matrix_units=matrix_units)
    if choice.model is None:
        assert choice.forecast is None
        assert "no model fits" in choice.why
        return
    assert choice.forecast == forecast(choice.model.shape, device, choice.quantisation, choice.prompt_tokens)
    assert choice.forecast.total <= usable_bytes(device, memory) <= memory
    assert disk_bytes(choice.model) < disk
    assert choice.model.licence == "Apache-2.0"


def test_a_full_disk_takes_a_smaller_model_and_says_why() -> None:
    choice = choose(Device.CUDA, 24 * GIB, 16 * GIB)
    assert choice.model is not None
    assert choice.model.short == "qwen2.5-7b"
    assert "Qwen2.5-14B-Instruct would take" in choice.why
    assert "free disk" in choice.why


def test_a_forecast_is_the_sum_of_its_parts_and_grows_with_the_prompt() -> None:
    shape = PUBLISHED[0].shape
    short, long = (forecast(shape, Device.CUDA, "nf4", tokens) for tokens in (256, 4096))
    assert short.total == short.weights + short.cache + short.activations + short.program
    assert long.weights == short.weights
    assert long.cache > short.cache
    assert long.activations > short.activations


@pytest.mark.parametrize(("short", "peak"), [("qwen2.5-0.5b", 2.9e9), ("qwen2.5-1.5b", 5.2e9)])
def test_the_forecast_on_a_cpu_covers_the_measured_peak(short: str, peak: float) -> None:
    model = find_published(short)
    assert model is not None
    assert peak <= forecast(model.shape, Device.CPU, "nf4", 512).total <= peak * 1.25


def test_every_gigabyte_of_a_card_has_a_tier() -> None:
    tiers = [tier_of(Device.CUDA, size * 10**9) for size in range(1, 100)]
    assert tiers == sorted(tiers, key=[Tier.NVIDIA_SMALL, Tier.NVIDIA_MIDDLE, Tier.NVIDIA_LARGE].index)


@pytest.mark.parametrize(
    ("device", "memory", "matrix_units", "quantisation", "why"),
    [
        (Device.CPU, 16 * GIB, True, "none", "has AMX: 16 bits are faster"),
        (Device.CPU, 16 * GIB, False, "nf4", "no AMX: 4 bits are faster"),
        (Device.CPU, 3 * GIB, True, "nf4", "has AMX, but 16 bits would take"),
        (Device.CPU, 0, True, "nf4", "has AMX, but 16 bits would take"),
        (Device.CUDA, 16 * GIB, True, "nf4", ""),
        (Device.MPS, 16 * GIB, True, "none", "no 4 bits on mps"),
        (Device.NPU, 16 * GIB, False, "none", "no 4 bits on npu"),
    ],
    ids=str,
)
def test_the_bits_are_those_that_are_faster_and_fit(
    device: Device, memory: int, matrix_units: bool, quantisation: str, why: str
) -> None:
    shape = next(one.shape for one in PUBLISHED if one.short == "qwen2.5-0.5b")
    bits = default_bits(shape, device, memory, 1100, matrix_units=matrix_units)
    assert bits.quantisation == quantisation
    assert why in bits.why
    assert bool(bits.why) == bool(why)


def test_a_processor_with_amx_has_another_default() -> None:
    fast, slow = choose(Device.CPU, 16 * GIB, MUCH, matrix_units=True), choose(Device.CPU, 16 * GIB, MUCH)
    assert (fast.model, fast.quantisation) == (slow.model, "none")
    assert fast.forecast is not None
    assert slow.forecast is not None
    assert fast.forecast.total < slow.forecast.total, "4 bits are packed from 16 while they are loaded"


def test_ids_and_short_names_are_found_whatever_their_capitals() -> None:
    for one in PUBLISHED:
        assert find_published(one.model_id.upper()) is find_published(one.short) is one
    assert len({one.short for one in PUBLISHED}) == len({one.model_id for one in PUBLISHED}) == len(PUBLISHED)
    assert find_published("qwen9-1000b") is None


def test_the_documents_name_the_defaults_with_their_forecasts() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in page.splitlines() if "GiB |" in line]
    machines = {
        Tier.NVIDIA_LARGE: (Device.CUDA, 24),
        Tier.NVIDIA_MIDDLE: (Device.CUDA, 12),
        Tier.NVIDIA_SMALL: (Device.CUDA, 6),
        Tier.APPLE: (Device.MPS, 32),
        Tier.ASCEND: (Device.NPU, 32),
        Tier.CPU: (Device.CPU, 16),
    }
    expected = []
    for tier, (device, memory) in machines.items():
        choice = choose(device, memory * GIB, MUCH)
        assert choice.tier is tier
        assert choice.model is not None
        assert choice.forecast is not None
        bits, fetched = "4" if choice.quantisation == "nf4" else "16", f"{disk_bytes(choice.model) / 1e9:.1f} GB"
        expected.append([tier.value, choice.model.short, bits, fetched, gib(choice.forecast.total)])
    assert rows == expected
