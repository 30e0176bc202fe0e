"""Tiny Qwen networks with random weights, as files: what pulls, checks and loads are tried on."""

from __future__ import annotations

import json
import struct
from pathlib import Path

SIZES: dict[str, object] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 320,
    "max_position_embeddings": 1024,
    "tie_word_embeddings": True,
}
QWEN2: dict[str, object] = {"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", **SIZES}
QWEN3: dict[str, object] = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 32, **SIZES}


def tiny_config(base: dict[str, object], **more: object) -> dict[str, object]:
    return {**base, **more}


def write_tiny(folder: Path, config: dict[str, object]) -> None:
    """A model as transformers saves it, weights in bfloat16."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(7)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config)).to(torch.bfloat16)
    model.save_pretrained(folder)


def tensors_of(config: dict[str, object]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a Qwen2's tensors, as published files have them (output matrix tied)."""
    hidden, wide = int(str(config["hidden_size"])), int(str(config["intermediate_size"]))
    keys = hidden // int(str(config["num_attention_heads"])) * int(str(config["num_key_value_heads"]))
    found: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (int(str(config["vocab_size"])), hidden),
        "model.norm.weight": (hidden,),
    }
    for layer in range(int(str(config["num_hidden_layers"]))):
        start = f"model.layers.{layer}"
        for name, rows in (("q", hidden), ("k", keys), ("v", keys)):
            found |= {f"{start}.self_attn.{name}_proj.weight": (rows, hidden)}
            found |= {f"{start}.self_attn.{name}_proj.bias": (rows,)}
        found |= {f"{start}.self_attn.o_proj.weight": (hidden, hidden)}
        found |= {f"{start}.mlp.{name}_proj.weight": (wide, hidden) for name in ("gate", "up")}
        found |= {f"{start}.mlp.down_proj.weight": (hidden, wide)}
        found |= {f"{start}.{name}_layernorm.weight": (hidden,) for name in ("input", "post_attention")}
    return found


def safetensors(tensors: dict[str, tuple[int, ...]], *, fill: int = 0) -> bytes:
    """A file of these tensors in bfloat16, every byte made from ``fill``."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in tensors.items():
        size = 2
        for one in shape:
            size *= one
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    body = bytes((number * 31 + fill) % 251 for number in range(end))
    return struct.pack("<Q", len(text)) + text + body


def write_weights(folder: Path, config: dict[str, object], *, fill: int = 0) -> None:
    """Configuration, tokenizer and one weights file, written without torch."""
    _write_words(folder, config)
    (folder / "model.safetensors").write_bytes(safetensors(tensors_of(config), fill=fill))


def write_sharded(folder: Path, config: dict[str, object]) -> None:
    """The same with the weights in two files and an index."""
    _write_words(folder, config)
    tensors = tensors_of(config)
    names = sorted(tensors)
    halves = (names[: len(names) // 2], names[len(names) // 2 :])
    places = {}
    for number, half in enumerate(halves, start=1):
        file = f"model-{number:05}-of-00002.safetensors"
        (folder / file).write_bytes(safetensors({name: tensors[name] for name in half}))
        places |= dict.fromkeys(half, file)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def _write_words(folder: Path, config: dict[str, object]) -> None:
    for name, content in {
        "config.json": config,
        "generation_config.json": {"do_sample": False},
        "tokenizer.json": {"version": "1.0"},
        "tokenizer_config.json": {"chat_template": "{{ messages }}"},
    }.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
