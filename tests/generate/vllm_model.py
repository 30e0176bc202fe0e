"""A tiny Qwen2 that vLLM can serve: random weights, a trained byte-level BPE, ChatML, and a LoRA adapter for it.

It writes nonsense. What it is good for: mechanics that random weights show as well as trained ones.
"""

from __future__ import annotations

from pathlib import Path

LETTERS = [
    "What is the first dose of adrenaline in anaphylaxis?",
    "Answer from the passages only; end every sentence in the marker of its passage, such as [1].",
    "过敏性休克时肾上腺素的首次剂量是多少？只根据下列段落回答，每句话以段落编号结尾。",
]
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CONTEXT = 1024


def make(folder: Path) -> tuple[Path, Path]:
    """The folders of the model and of its adapter, made in ``folder`` where they are not there yet."""
    base, adapter = folder / "tiny-qwen2", folder / "tiny-adapter"
    if not (adapter / "adapter_config.json").is_file():
        _make_tokenizer(base)
        _make_weights(base, adapter)
    return base, adapter


def _make_tokenizer(base: Path) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=512, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    bpe.train_from_iterator(LETTERS * 20, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>", model_max_length=CONTEXT
    )
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(base)


def _make_weights(base: Path, adapter: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(11)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        initializer_range=0.2,  # the usual 0.02 makes all tokens nearly as likely as each other
        bos_token_id=tokenizer.convert_tokens_to_ids("<|endoftext|>"),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] = 0.0  # never the likeliest: answers are as long as tests ask for
    model.save_pretrained(base)
    lora = LoraConfig(r=8, lora_alpha=64, target_modules=["q_proj", "v_proj", "o_proj"], init_lora_weights=False)
    get_peft_model(model, lora).save_pretrained(adapter)


if __name__ == "__main__":
    import sys

    print(*make(Path(sys.argv[1])))
