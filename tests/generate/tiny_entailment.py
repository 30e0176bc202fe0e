"""Tiny networks that judge pairs of texts: the true architectures, a word-level tokenizer, and a head that is set by
hand or trained for a moment. What they say is known beforehand; everything that runs a published one runs them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModelForSequenceClassification,
    BertConfig,
    DebertaV2Config,
    PretrainedConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
    XLMRobertaConfig,
)

from ragmed.models.adopting import lock_folder

LABELS = ("entailment", "neutral", "contradiction")
WORDS = (
    "give",
    "adrenaline",
    "oxygen",
    "fluids",
    "at",
    "once",
    "not",
    "the",
    "to",
    "adults",
    "children",
    "with",
    "shock",
    "observe",
    "for",
    "twelve",
    "hours",
    "mg",
    "into",
    "outer",
    "thigh",
    ".",
    ",",
    ":",
    "–",
    "in",
    "of",
    "and",
    "take",
    "blood",
    "cultures",
    "before",
    "first",
    "dose",
    "antibiotics",
    "within",
    "three",
    "is",
    "are",
    "given",
    "get",
)
POSITIONS = 64
KINDS: dict[str, type[PretrainedConfig]] = {
    "bert": BertConfig,
    "roberta": RobertaConfig,
    "xlm-roberta": XLMRobertaConfig,
    "deberta-v2": DebertaV2Config,
}


@contextmanager
def one_thread() -> Iterator[None]:
    """So small a network only waits for a second thread, and for long where others use the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def tokenizer(*, parts: bool = True) -> PreTrainedTokenizerFast:
    """Words and Chinese characters; ``parts``: pairs are told apart by special tokens, as they have to be."""
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
    made = Tokenizer(models.WordLevel({word: row for row, word in enumerate((*special, *WORDS))}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    if parts:
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
    return PreTrainedTokenizerFast(tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]")


def network(kind: str = "bert", labels: tuple[str, ...] = LABELS, positions: int = POSITIONS) -> Any:
    """Random weights of this architecture, large enough that a word more or less changes what it says."""
    torch.manual_seed(3)
    more = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False}
    config = KINDS[kind](
        vocab_size=4 + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=positions,
        pad_token_id=0,
        type_vocab_size={"bert": 2, "deberta-v2": 0}.get(kind, 1),
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
        **(more if kind == "deberta-v2" else {}),
    )
    made = AutoModelForSequenceClassification.from_config(config)
    torch.manual_seed(3)
    with torch.no_grad():
        for weights in made.parameters():
            if weights.dim() > 1:
                weights.normal_(0.0, 0.2)
    return made.eval()


def save(folder: Path, made: Any, words: PreTrainedTokenizerFast | None = None, *, lock: bool = True) -> Path:
    """As a publisher has it, and locked as `ragmed models pull ./FOLDER` does."""
    folder.mkdir(parents=True)
    made.save_pretrained(folder)
    (words or tokenizer()).save_pretrained(folder)
    if lock:
        lock_folder(folder)
    return folder


def always(folder: Path, label: str, *, kind: str = "bert", labels: tuple[str, ...] = LABELS, **more: Any) -> Path:
    """A model that says the same of every pair, nearly surely; ``label`` is one of ``labels`` as they are written."""
    made = network(kind, labels, **more)
    last = made.classifier.out_proj if "roberta" in kind else made.classifier
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(torch.tensor([6.0 if one == label else 0.0 for one in labels]))
    return save(folder, made)


def trained_on_not(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """A model that has learnt, in a second or two, that a hypothesis with the word "not" contradicts."""
    made, words, chance = network(labels=labels), tokenizer(), random.Random(5)
    # sentences without it must not tell it apart
    plain = [word for word in WORDS if word != "not"]
    steps = torch.optim.AdamW(made.parameters(), lr=3e-3)
    for _ in range(100):  # without dropout: it is to learn by heart
        pairs, wanted = [], []
        for row in range(16):
            denies = row % 2 == 0
            hypothesis = chance.choices(plain, k=chance.randint(2, 7)) + ["not"] * denies
            chance.shuffle(hypothesis)
            pairs.append((" ".join(chance.choices(plain, k=chance.randint(3, 12))), " ".join(hypothesis)))
            wanted.append(labels.index("contradiction" if denies else "entailment"))
        given = words(pairs, padding=True, return_tensors="pt", return_token_type_ids=True)
        made(**given, labels=torch.tensor(wanted)).loss.backward()
        steps.step()
        steps.zero_grad()
    return save(folder, made)
