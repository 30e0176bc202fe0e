"""The count of a network's numbers and bytes, held to the networks that transformers and bitsandbytes really build."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from ragmed.errors import ModelError
from ragmed.models.published import PUBLISHED, Published, published
from ragmed.models.shape import ModelShape, read_shape
from tests.models.tiny import QWEN2, QWEN3, tiny_config, write_tiny


def _of(config: dict[str, object]) -> ModelShape:
    return read_shape(json.dumps(config).encode(), "tiny")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("more", [{}, {"attention_bias": True}, {"head_dim": 24}, {"num_key_value_heads": 1}], ids=str)
@pytest.mark.parametrize("base", [QWEN2, QWEN3], ids=["qwen2", "qwen3"])
def test_parameters_are_those_of_the_real_network(base: dict[str, object], more: dict[str, object], tied: bool) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = tiny_config(base, tie_word_embeddings=tied, **more)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config))
    assert _of(config).parameters() == sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize("model", PUBLISHED, ids=lambda model: model.short)
def test_published_shapes_have_the_published_number_of_parameters(model: Published) -> None:
    assert model.shape.parameters() == pytest.approx(model.billions * 1e9, rel=0.02)


@pytest.mark.parametrize(("short", "gigabytes"), [("qwen2.5-0.5b", 0.45), ("qwen2.5-1.5b", 1.12), ("qwen2.5-7b", 5.6)])
def test_the_forecast_of_4_bit_weights_agrees_with_what_was_measured(short: str, gigabytes: float) -> None:
    bytes_of = published(short).shape.weight_bytes("nf4")
    assert bytes_of / 1e9 == pytest.approx(gigabytes, rel=0.03)
    assert short != "qwen2.5-7b" or bytes_of / 1e9 <= 5.6


@pytest.mark.parametrize("base", [QWEN2, QWEN3], ids=["qwen2", "qwen3"])
def test_the_forecast_of_4_bit_weights_agrees_with_what_bitsandbytes_allocates(
    base: dict[str, object], tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    write_tiny(tmp_path, tiny_config(base, hidden_size=256, intermediate_size=512, num_hidden_layers=3))
    four = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch and bitsandbytes about this CPU
        model = AutoModelForCausalLM.from_pretrained(
            tmp_path, quantization_config=four, dtype=torch.bfloat16, device_map={"": "cpu"}
        )
    held: dict[int, int] = {}
    packed = 0
    for each in model.parameters():
        tensors = [each.data]
        state = getattr(each, "quant_state", None)
        if state is not None:
            packed += 1
            tensors += [state.absmax, state.code, state.offset, state.state2.absmax, state.state2.code]
        held |= {tensor.data_ptr(): tensor.numel() * tensor.element_size() for tensor in tensors}
    assert packed == 3 * 7, "every matrix of a layer is in 4 bits"
    shape = read_shape((tmp_path / "config.json").read_bytes(), "tiny")
    assert shape.weight_bytes("nf4") == pytest.approx(sum(held.values()), rel=0.02)
    assert shape.weight_bytes("none") == pytest.approx(
        sum(file.stat().st_size for file in tmp_path.glob("*.safetensors")), rel=0.02
    )


def test_the_cache_is_two_rows_of_16_bits_for_each_layer_and_token() -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    config = tiny_config(QWEN2)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config)).to(torch.bfloat16).eval()
    with torch.no_grad():
        cache = model(torch.arange(17)[None], use_cache=True).past_key_values
    held = sum(part.numel() * part.element_size() for layer in cache.layers for part in (layer.keys, layer.values))
    assert _of(config).cache_bytes(17) == held


def test_reading_a_prompt_stays_under_the_forecast_of_activations() -> None:
    import torch
    from torch.profiler import ProfilerActivity, profile
    from transformers import AutoConfig, AutoModelForCausalLM

    config = tiny_config(QWEN2, hidden_size=256, intermediate_size=1024, vocab_size=512, num_hidden_layers=2)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config)).to(torch.bfloat16).eval()
    tokens, shape = 512, _of(config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
            model(torch.arange(tokens)[None], use_cache=True, logits_to_keep=1)
    running = peak = 0
    for event in sorted(found.profiler.kineto_results.events(), key=lambda event: event.start_ns()):
        if event.name() == "[memory]":
            running += event.nbytes()
            peak = max(peak, running)
    forecast = shape.activation_bytes(tokens) + shape.cache_bytes(tokens)
    assert forecast * 0.4 < peak <= forecast


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"architectures": ["LlamaForCausalLM"]}, "LlamaForCausalLM"),
        ({"architectures": ["Qwen3MoeForCausalLM"]}, "Qwen3MoeForCausalLM"),
        ({"architectures": None, "model_type": "bert"}, "bert"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantised already"),
        ({"hidden_size": "64"}, "hidden_size"),
        ({"num_hidden_layers": 0}, "num_hidden_layers"),
        ({"vocab_size": 10**12}, "vocab_size"),
        ({"num_key_value_heads": 3}, "heads"),
    ],
    ids=str,
)
def test_what_cannot_run_is_refused_by_name(change: dict[str, object], words: str) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        _of(tiny_config(QWEN2, **change))
    assert str(caught.value).startswith("tiny: ")
    assert caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe"])
def test_a_damaged_configuration_is_no_traceback(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        read_shape(content, "tiny")
