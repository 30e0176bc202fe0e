"""Models whose files hold 4 bits: the form that an export writes is read, every other is refused."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from ragmed.errors import ModelError
from ragmed.generate.loading import quantisation_of
from ragmed.models.four_bits import NF4
from ragmed.models.safetensors import weight_faults, weights_in
from ragmed.models.shape import ModelShape, read_either, read_shape
from ragmed.models.tiers import GIB, Device, default_bits, forecast, missing_bits
from ragmed.settings import ModelSettings
from tests.models.test_classifier import content as classifier_content
from tests.models.tiny import QWEN2, tiny_config


def shape_of(**stated: object) -> ModelShape:
    return read_shape(json.dumps(tiny_config(QWEN2, **stated)).encode(), "tiny")


PACKED = shape_of(quantization_config=NF4)


def test_its_own_form_is_read_whatever_stands_beside() -> None:
    assert PACKED.four_bits
    assert not shape_of().four_bits
    assert shape_of(quantization_config={**NF4, "_load_in_4bit": True, "llm_int8_threshold": 6.0}) == PACKED
    assert PACKED.parameters() == shape_of().parameters()


@pytest.mark.parametrize(
    "other",
    [
        {"bnb_4bit_quant_type": "fp4"},
        {"bnb_4bit_use_double_quant": False},
        {"bnb_4bit_compute_dtype": "float16"},
        {"load_in_4bit": False, "load_in_8bit": True},
        {"llm_int8_skip_modules": ["model.layers.0.mlp.up_proj"]},
        {"quant_method": "awq"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_form_is_another_model(other: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="quantised already") as caught:
        shape_of(quantization_config={**NF4, **other})
    assert "16 bits" in caught.value.remedy


def test_what_judges_pairs_is_read_in_16_bits_alone() -> None:
    with pytest.raises(ModelError, match="quantised already"):
        read_either(classifier_content(quantization_config=NF4), "nli")


def file_of(shape: ModelShape, types: dict[str, str] | None = None) -> bytes:
    """A weights file with what the shape asks for, all of it zeros."""
    header, end = {}, 0
    for name, size in shape.tensors().items():
        packed = name.endswith(("_proj.weight", ".absmax"))
        kind = (types or {}).get(name, "U8" if packed else "F32")
        width = {"U8": 1, "F32": 4, "BF16": 2}[kind]
        start, end = end, end + width * size[0] * (size[1] if len(size) > 1 else 1)
        header[name] = {"dtype": kind, "shape": size, "data_offsets": [start, end]}
    stated = json.dumps(header).encode()
    return struct.pack("<Q", len(stated)) + stated + bytes(end)


ONE = "model.layers.1.mlp.down_proj.weight"


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (None, ""),
        ({ONE: "F32"}, f"{ONE}: its numbers are F32, config.json says 4 bits"),
        ({f"{ONE}.absmax": "BF16"}, f"{ONE}.absmax: its numbers are BF16"),
        ({"model.norm.weight": "U8"}, "model.norm.weight: its numbers are U8, not of 16"),
    ],
    ids=["none", "floats", "scales", "norm"],
)
def test_its_weights_are_held_against_its_configuration(
    tmp_path: Path, harm: dict[str, str] | None, words: str
) -> None:
    (tmp_path / "model.safetensors").write_bytes(file_of(PACKED, harm))
    found = [f"{one.path}: {one.words}" for one in weight_faults(weights_in(tmp_path), PACKED)]
    assert len(found) == (1 if words else 0)
    assert all(words in one for one in found)


def test_16_bit_weights_under_such_a_configuration_are_told(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(file_of(PACKED))
    assert "config.json says" in next(iter(weight_faults(weights_in(tmp_path), shape_of()))).words


def test_it_is_held_in_4_bits_or_not_at_all() -> None:
    assert default_bits(PACKED, Device.CPU, 64 * GIB, 512, matrix_units=True).quantisation == "nf4"
    for device, wanted, words in (
        (Device.MPS, "auto", "no 4 bits on mps"),
        (Device.CPU, "none", "no 16 to load"),
        (Device.CPU, "auto", ""),
        (Device.CUDA, "nf4", ""),
    ):
        assert words in missing_bits(PACKED, device, wanted)
        settings = ModelSettings(quantisation=wanted)
        if words:
            with pytest.raises(ModelError, match=words) as caught:
                quantisation_of(settings, device, PACKED)
            assert caught.value.remedy
        else:
            assert quantisation_of(settings, device, PACKED) == "nf4"
    assert missing_bits(shape_of(), Device.CPU, "none") == ""


def test_on_a_cpu_there_are_no_16_bits_beside_it_while_it_loads() -> None:
    plain, packed = (forecast(one, Device.CPU, "nf4", 512) for one in (shape_of(), PACKED))
    assert plain.program - packed.program == shape_of().weight_bytes("none")
    assert plain.weights == packed.weights
