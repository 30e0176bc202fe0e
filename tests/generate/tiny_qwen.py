"""Tiny Qwen2 and Qwen3 models: the true architecture, random weights, a tokenizer trained on a few sentences.

They say nothing that makes sense, and everything that runs a real one runs them: 4-bit layers, adapters, templates,
streaming, markers. A builder gives a folder as ``from_pretrained`` wants it.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from ragmed.models.adopting import lock_folder

TEXTS = (
    "In septic shock, give broad-spectrum antibiotics within one hour of recognition [1].",
    "Give adrenaline 0.5 mg into the outer thigh at once [2]. Take two sets of blood cultures [3].",
    "Passage [1] Title: Sepsis in adults, edition 2.2026, page 3. Question: what is the dose? NOT COVERED",
    "感染性休克应在识别后一小时内使用广谱抗生素[1]。肌内注射肾上腺素 0.5 mg[2]。文献库没有涵盖这个问题。",
)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


THINKING = TEMPLATE.partition("{% if enable_thinking")[0] + "<think>\n{% endif %}"
"""The template of a model that always thinks."""


def tokenizer(template: str = TEMPLATE) -> PreTrainedTokenizerFast:
    """Byte-level BPE with single digits, as Qwen's is, and a ChatML template."""
    made = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=list(SPECIAL), initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator(TEXTS, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=4096
    )
    fast.chat_template = template
    return fast


def build(
    folder: Path,
    *,
    kind: str = "qwen3",
    seed: int = 0,
    hidden: int = 128,
    layers: int = 2,
    template: str = TEMPLATE,
) -> Path:
    """A model of random weights in ``folder``, which is made; ``kind``: ``qwen2`` or ``qwen3``."""
    words = tokenizer(template)
    torch.manual_seed(seed)
    shape = {
        "vocab_size": len(words),
        "hidden_size": hidden,
        "intermediate_size": 2 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": words.convert_tokens_to_ids("<|im_end|>"),
        "pad_token_id": words.convert_tokens_to_ids("<|endoftext|>"),
    }
    if kind == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**shape))
    else:
        model = Qwen3ForCausalLM(Qwen3Config(**shape, head_dim=hidden // 4))
    torch.manual_seed(seed)  # again: how many numbers a model takes to begin with depends on what was loaded before
    with torch.no_grad():
        for weights in model.parameters():  # larger than the usual start, so that the likeliest token is no tie
            if weights.dim() > 1:
                weights.normal_(0.0, 0.15)
    folder.mkdir(parents=True)
    model.to(torch.bfloat16).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def add_adapter(base: Path, folder: Path, *, seed: int = 1) -> Path:
    """A LoRA adapter for the model in ``base``, whose weights are random and large enough to change what it writes."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    chosen = LoraConfig(r=4, lora_alpha=16, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    tuned = get_peft_model(AutoModelForCausalLM.from_pretrained(base), chosen)
    tuned.save_pretrained(folder)
    stated = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    stated["base_model_name_or_path"] = base.name  # as a hospital's would be named: by the model, not by a path
    (folder / "adapter_config.json").write_text(json.dumps(stated), "utf-8")
    return folder


def lock(folder: Path) -> None:
    """What `ragmed models pull ./FOLDER` does."""
    lock_folder(folder)
