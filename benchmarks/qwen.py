"""A Qwen of true shape and random weights, in 4 bits: load, memory, reading and writing speed, way by way in one run.

    python benchmarks/qwen.py [--shape 0.5b] [--ways …] [--prompt 1100] [--answer 120] [--rounds 3] [--keep-as qwen]

Random weights have the true memory and speed, and write nonsense. So that looking ahead in the prompt is measured as
answers are, what is written is dictated: the model's logits at each place of the answer are set to the next token of a
text that copies sentences of the passages and marks them. The model computes all of it all the same. How much of an
answer is copied decides what looking ahead is worth, so it is measured for a copy and for one in which every sixth
word is another.

Each way runs in a process of its own, one after another: 16 bits and 4 bits as `generate` does it, 4 bits with
the prefix read once, with looking ahead, with both; and over a memory of fixed size, which on CUDA is compiled too.
`first_s` is from the order to the first piece, at the second question and later ones (the prefix is read by then, where
a way keeps it); `decode_tok_s` counts from there.
On CUDA the same script runs with `--shape 7b --prompt 4096`; without one it says so in what it keeps.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from machine import machine, save

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SHAPES: dict[str, dict[str, int]] = {  # published configurations of Qwen2.5 instruct models
    "0.5b": {"hidden_size": 896, "intermediate_size": 4864, "layers": 24, "heads": 14, "kv": 2, "vocab": 151_936},
    "1.5b": {"hidden_size": 1536, "intermediate_size": 8960, "layers": 28, "heads": 12, "kv": 2, "vocab": 151_936},
    "7b": {"hidden_size": 3584, "intermediate_size": 18_944, "layers": 28, "heads": 28, "kv": 4, "vocab": 152_064},
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "layers": 2, "heads": 4, "kv": 2, "vocab": 9000},
}
WAYS: dict[str, dict[str, Any]] = {
    "bf16 plain": {"quantisation": "none", "reuse_prefix": False, "look_ahead": 0},
    "bf16 both": {"quantisation": "none", "reuse_prefix": True, "look_ahead": 8},
    "nf4 plain": {"quantisation": "nf4", "reuse_prefix": False, "look_ahead": 0},
    "nf4 prefix": {"quantisation": "nf4", "reuse_prefix": True, "look_ahead": 0},
    "nf4 look-ahead": {"quantisation": "nf4", "reuse_prefix": False, "look_ahead": 8},
    "nf4 both": {"quantisation": "nf4", "reuse_prefix": True, "look_ahead": 8},
    "nf4 fixed": {"quantisation": "nf4", "reuse_prefix": True, "look_ahead": 0, "fixed_memory": True},
    "bf16 fixed": {"quantisation": "none", "reuse_prefix": True, "look_ahead": 0, "fixed_memory": True},
}
ON_CUDA: dict[str, dict[str, Any]] = {
    "bf16 fixed, compiled": {**WAYS["bf16 fixed"], "compiled": True},
}
"""Ways that make sense on a card only."""
CHANGED = ("copy", "every sixth word another")


def sentences() -> list[str]:
    """Sentences of the demonstration library's Markdown, ours to use."""
    text = " ".join(
        path.read_text("utf-8") for path in sorted(ROOT.glob("guidelines/*.md")) + sorted(ROOT.glob("docs/*.md"))
    )
    return [
        one.strip() + "."
        for one in text.replace("\n", " ").split(". ")
        if 40 < len(one) < 300 and not set("|[]【】`") & set(one)
    ]


def build(folder: Path, shape: str) -> Path:
    """A locked model of random weights with a tokenizer trained on the sentences."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    from ragmed.models.adopting import lock_folder

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        sentences(), trainers.BpeTrainer(vocab_size=8000, special_tokens=special, initial_alphabet=alphabet)
    )
    words = PreTrainedTokenizerFast(tokenizer_object=made, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    words.chat_template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    chosen = SHAPES[shape]
    config = Qwen2Config(
        vocab_size=chosen["vocab"],
        hidden_size=chosen["hidden_size"],
        intermediate_size=chosen["intermediate_size"],
        num_hidden_layers=chosen["layers"],
        num_attention_heads=chosen["heads"],
        num_key_value_heads=chosen["kv"],
        max_position_embeddings=32_768,
        tie_word_embeddings=shape != "7b",
        bos_token_id=None,
        eos_token_id=2,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    Qwen2ForCausalLM(config).save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    words.save_pretrained(folder)
    lock_folder(folder)
    return folder


def order_of(engine: Any, prompt_tokens: int, answer_tokens: int, number: int) -> tuple[Any, str]:
    """A question over passages of about so many tokens, and a text that copies them."""
    from ragmed.engines import Order
    from ragmed.generate.prompt import messages_of, prompt_of
    from ragmed.records import Language, Mode, Query
    from tests.answer.small_library import SmallSnapshot, document, passages_of, plain_page

    found = sentences()
    start = number * 40 % (len(found) - 60)
    owner = document("guide", title="Emergency care")
    query = Query(text="What is to be done first, and when?", language=Language.ENGLISH, english="", chinese="")
    messages: Any = ()
    for count in range(1, 60):
        texts = [" ".join(found[(start + 3 * i + j) % len(found)] for j in range(3)) for i in range(count)]
        pages = [plain_page(owner, text, number=n) for n, text in enumerate(texts, 1)]
        messages = messages_of(prompt_of(query, Mode.ANSWER, passages_of(SmallSnapshot([owner], pages))))
        if engine.count(messages) >= prompt_tokens:
            break
    copied = "\n".join(f"{found[(start + 3 * i) % len(found)][:-1]} [{i + 1}]." for i in range(min(count, 6)))
    return Order(messages=messages, markers=count, max_tokens=answer_tokens), copied


def other_words(line: str) -> str:
    """The line with every sixth word another, its marker left."""
    return " ".join("however" if n % 6 == 5 and "[" not in word else word for n, word in enumerate(line.split(" ")))


def whole_lines(tokenizer: Any, text: str, most: int) -> list[int]:
    """Tokens of as many lines of ``text`` as ``most`` tokens hold."""
    lines = text.splitlines()
    while len(tokenizer.encode("\n".join(lines), add_special_tokens=False)) > most:
        lines.pop()
    return list(tokenizer.encode("\n".join(lines), add_special_tokens=False))


def dictate(loaded: Any, script: Sequence[int], prompt_length: int) -> None:
    """Have the model say ``script`` behind a prompt of this length; all the rest is computed as ever."""
    import torch
    from transformers import LogitsProcessor

    class Dictated(LogitsProcessor):
        """Before all other rules, so that these are at work as ever."""

        def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            at = input_ids.shape[1] - prompt_length
            if at < len(script):
                scores = torch.zeros_like(scores)
                scores[0, script[at]] = 100.0
            return scores

    true_generate = type(loaded.weights).generate

    def generate(*args: Any, **more: Any) -> Any:
        more["logits_processor"].insert(0, Dictated())
        return true_generate(loaded.weights, *args, **more)

    loaded.weights.generate = generate


def measure(folder: str, way: str, options: dict[str, int], send: Any) -> None:
    """One way, in this process."""
    import torch

    from ragmed.generate.local import LocalEngine, Speed
    from ragmed.settings import ModelSettings

    chosen = {**WAYS, **ON_CUDA}[way]
    settings = ModelSettings(name=folder, quantisation=chosen["quantisation"], answer_tokens=options["answer"])
    engine = LocalEngine(settings, speed=Speed(**{key: chosen[key] for key in chosen if key != "quantisation"}))
    began = time.perf_counter()
    engine.warm()
    found: dict[str, Any] = {"load_s": round(time.perf_counter() - began, 1)}
    loaded = engine._loaded
    assert loaded is not None
    found["weights_gb"] = round(loaded.weights.get_memory_footprint() / 1e9, 3)
    cuda = loaded.weights.device.type == "cuda"
    for kind in CHANGED:
        firsts, speeds, prefills, wholes = [], [], [], []
        for number in range(options["rounds"] + 1):
            order, copied = order_of(engine, options["prompt"], options["answer"], number)
            if kind != "copy":
                copied = "\n".join(other_words(line) for line in copied.splitlines())
            ids = engine._tokens(order.messages)
            script = whole_lines(engine._tokenizer, copied, options["answer"] - 1)
            dictate(loaded, [*script, loaded.ends[0]], len(ids))
            began = time.perf_counter()
            first = 0.0
            text = ""
            for piece in engine.stream(order):
                if piece.text and not first:
                    first = time.perf_counter() - began
                text += piece.text
            whole = time.perf_counter() - began
            assert text.strip() == engine._tokenizer.decode(script).strip(), "what was dictated was not written"
            if number:  # the first question also reads the prefix and wakes the machine
                firsts.append(first)
                prefills.append(len(ids) / first)
                speeds.append(len(script) / (whole - first))
                wholes.append(whole)
        found[kind] = {
            "prompt_tokens": len(ids),
            "answer_tokens": len(script),
            "first_s": round(statistics.median(firsts), 2),
            "prompt_tok_s": round(statistics.median(prefills)),
            "decode_tok_s": round(statistics.median(speeds), 1),
            "whole_s": round(statistics.median(wholes), 1),
        }
    found["peak_gb"] = round(
        torch.cuda.max_memory_allocated() / 1e9 if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2
    )
    send.send((str(loaded.weights.device), found))


def on_cuda() -> bool:
    """Whether a card is there."""
    import torch

    return torch.cuda.is_available()


def main() -> None:
    """Measure and keep."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--shape", choices=SHAPES, default="0.5b")
    words.add_argument("--ways", nargs="+", choices=[*WAYS, *ON_CUDA], default=[])
    words.add_argument("--prompt", type=int, default=1100)
    words.add_argument("--answer", type=int, default=120)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--keep-as", default="")
    said = words.parse_args()
    options = {"prompt": said.prompt, "answer": said.answer, "rounds": said.rounds}
    card = on_cuda()
    chosen = said.ways or [*WAYS, *(ON_CUDA if card else ())]
    ways: dict[str, Any] = {} if card else dict.fromkeys(ON_CUDA, "not measured on CUDA")
    device = ""
    with tempfile.TemporaryDirectory() as scratch:
        folder = build(Path(scratch) / f"qwen2.5-{said.shape}-shaped", said.shape)
        spawn = multiprocessing.get_context("spawn")
        for way in chosen:
            receive, send = spawn.Pipe(duplex=False)
            process = spawn.Process(target=measure, args=(str(folder), way, options, send))
            process.start()
            send.close()
            device, ways[way] = receive.recv()
            process.join()
            print(json.dumps({way: ways[way]}), flush=True)
    result = {
        "command": f"python benchmarks/qwen.py --shape {said.shape} --prompt {said.prompt} --answer {said.answer}",
        "machine": machine(),
        "device": device,
        "cuda": "measured" if device.startswith("cuda") else "not measured on CUDA",
        "shape": said.shape,
        "ways": ways,
    }
    save(said.keep_as or f"qwen-{said.shape}", result) if said.keep_as != "-" else print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
