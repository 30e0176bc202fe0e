"""A tiny Qwen that has learned something, and an adapter that has learned otherwise on its 4 bits.

Random weights hardly prefer one token to another, and rounding then decides; a model that learned prefers what it
learned by far, as those do that a hospital exports. Twenty questions, each with the answer that the base learned by
heart, and the adapter gives each the answer of another; all of it in seconds on a CPU, from one seed.
"""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from ragmed.engines import Message
from ragmed.generate.chat import answer_ids, prompt_ids
from ragmed.models.store import open_model
from ragmed.models.tiers import Device
from ragmed.settings import TuneSettings
from ragmed.tune.lora.base import fresh_base, learning_parameters, new_adapter, save_adapter
from tests.generate import tiny_qwen

DRUGS = (
    "adrenaline",
    "antibiotics",
    "cultures",
    "oxygen",
    "肾上腺素",
    "抗生素",
    "fluids",
    "steroids",
    "insulin",
    "saline",
)
QUESTIONS = tuple(f"{drug}: {asked}" for drug in DRUGS for asked in ("dose?", "何时？"))
CONTEXT = 256
MODEL, ADAPTER = "learned-qwen", "learned-adapter"


def messages_of(question: str) -> tuple[Message, ...]:
    return (Message(role="user", content=question),)


def answer_of(place: int, *, tuned: bool) -> str:
    """What the base, or the adapter, learned to say to that question."""
    place = (place + 7 * tuned) % len(QUESTIONS)
    seed = 7 * place + 3
    return f"Give {seed % 60 + 1} {('mg', 'min')[seed % 2]} [{seed % 3 + 1}]. 剂量{place}[{place % 4 + 1}]。"


def build(folder: Path) -> tuple[Path, Path]:
    """The folders of the model, which is locked, and of the adapter, in ``folder``, which is made."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two that wait for each other beside other workers are far slower
    try:
        return _build(folder)
    finally:
        torch.set_num_threads(threads)


def _build(folder: Path) -> tuple[Path, Path]:
    base, adapter = folder / MODEL, folder / ADAPTER
    words = tiny_qwen.tokenizer()
    torch.manual_seed(5)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(words),
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=words.convert_tokens_to_ids("<|im_end|>"),
            pad_token_id=words.convert_tokens_to_ids("<|endoftext|>"),
        )
    )
    _learn(model, list(model.parameters()), words, tuned=False, rate=4e-3, steps=90)
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(base)
    words.save_pretrained(base)
    tiny_qwen.lock(base)
    torch.manual_seed(6)
    wrapped = new_adapter(
        fresh_base(open_model(base, base.name), Device.CPU), TuneSettings(rank=8, alpha=32, dropout=0)
    )
    _learn(wrapped, [one for _, one in learning_parameters(wrapped)], words, tuned=True, rate=1e-2, steps=60)
    adapter.mkdir()
    save_adapter(wrapped, adapter, base.name)
    return base, adapter


def _learn(model, parameters, words, *, tuned: bool, rate: float, steps: int) -> None:  # type: ignore[no-untyped-def]
    rows = []
    for place, question in enumerate(QUESTIONS):
        asked, answer = prompt_ids(words, messages_of(question)), answer_ids(words, answer_of(place, tuned=tuned))
        rows.append((asked + answer, [-100] * len(asked) + answer))
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([one + [words.pad_token_id] * (longest - len(one)) for one, _ in rows])
    labels = torch.tensor([one + [-100] * (longest - len(one)) for _, one in rows])
    mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one, _ in rows])
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.0)
    model.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 10) * (1 - step / steps)
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
    assert float(loss.detach()) < 0.1, "it has not learned its answers"
