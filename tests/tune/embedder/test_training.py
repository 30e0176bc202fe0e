"""A few steps of training, and what is written of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
import torch

from ragmed.index.architecture import is_minilm
from ragmed.index.embedder import model_folder
from ragmed.interfaces import Embedder
from ragmed.settings import Settings
from ragmed.tune.embedder.batches import Batch, batches
from ragmed.tune.embedder.negatives import HardNegatives
from ragmed.tune.embedder.network import WEIGHTS, LearningNetwork
from ragmed.tune.embedder.training import Trained, TrainingPlan, share_of_rate, train
from ragmed.tune.embedder.tuning import Task

PLAN = TrainingPlan(steps=6, batch=4, tokens=48, rate=5e-4, warm_up=1, bf16=False)


@pytest.fixture(scope="module")
def folder(house: Settings) -> Path:
    return model_folder(house.embedder)


def endless(task: Task, base: Embedder) -> Iterator[Batch]:
    negatives = HardNegatives(task.rows, np.ones(len(task.rows), dtype=np.bool_))
    return batches(task.learned, task.rows, negatives, base, size=PLAN.batch, seed=PLAN.seed)


def trained(task: Task, base: Embedder, folder: Path, place: Path, plan: TrainingPlan = PLAN) -> Trained:
    network = LearningNetwork(folder)
    done = train(network, folder, endless(task, base), plan, most_steps=100)
    network.write(place, blend=1.0)
    return done


def test_a_few_steps_on_a_batch_lower_its_loss(task: Task, base: Embedder, folder: Path) -> None:
    batch = next(endless(task, base))
    done = train(LearningNetwork(folder), folder, repeat(batch), PLAN, most_steps=100)
    assert done.steps == PLAN.steps
    assert done.last_loss < done.first_loss / 2
    assert not done.cut_short


def test_a_seed_means_the_same_weights(task: Task, base: Embedder, folder: Path, tmp_path: Path) -> None:
    plan = replace(PLAN, steps=2)
    first = trained(task, base, folder, tmp_path / "first.safetensors", plan)
    again = trained(task, base, folder, tmp_path / "again.safetensors", plan)
    assert first.last_loss == again.last_loss
    assert (tmp_path / "first.safetensors").read_bytes() == (tmp_path / "again.safetensors").read_bytes()
    assert (tmp_path / "first.safetensors").read_bytes() != (folder / WEIGHTS).read_bytes()


def test_a_time_limit_ends_training_and_says_so(task: Task, base: Embedder, folder: Path, tmp_path: Path) -> None:
    plan = TrainingPlan(minutes=1e-6, batch=4, tokens=16, bf16=False)
    done = trained(task, base, folder, tmp_path / WEIGHTS, plan)
    assert done.steps == 1
    assert done.cut_short


def test_the_learning_network_is_the_one_that_searches(base: Embedder, folder: Path) -> None:
    texts = ["Give adrenaline.", "Ground-glass nodules are followed by CT."]
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    vectors = LearningNetwork(folder).embed([item.ids for item in tokenizer.encode_batch(texts)], bf16=False)
    assert np.abs(vectors.detach().numpy() - base.embed_passages(texts)).max() < 1e-6


def test_blending_reaches_from_the_base_to_what_was_learned(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    network = LearningNetwork(folder)
    with torch.no_grad():
        for tensor in network.parameters():
            tensor.add_(1)
    for blend in (0.0, 0.5, 1.0):
        network.write(tmp_path / f"{blend}.safetensors", blend)
    base, half, whole = load_file(folder / WEIGHTS), *(load_file(tmp_path / f"{b}.safetensors") for b in (0.5, 1.0))
    unchanged = load_file(tmp_path / "0.0.safetensors")
    assert base.keys() == half.keys() == whole.keys()
    for name, tensor in base.items():
        assert torch.equal(unchanged[name], tensor)
        moved = 1.0 if "encoder.layer" in name else 0.0
        assert torch.allclose(whole[name].float() - tensor.float(), torch.full(tensor.shape, moved), atol=1e-5), name
        assert torch.allclose(half[name].float() - tensor.float(), torch.full(tensor.shape, moved / 2), atol=1e-5)


def test_the_rate_rises_then_falls_and_its_rise_does_not_know_the_end() -> None:
    shares = [share_of_rate(step, 40, 10) for step in range(40)]
    assert shares[:10] == [share_of_rate(step, 400, 10) for step in range(10)]
    assert max(shares) == shares[9] == 1
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert math.isclose(shares[-1], 1 / 30)


def test_a_folder_is_known_by_its_files(folder: Path, tmp_path: Path) -> None:
    assert is_minilm(folder)
    assert not is_minilm(tmp_path)
    for name in ("config.json", "modules.json", "1_Pooling/config.json", "model.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(folder / name)
    assert is_minilm(tmp_path)
    other = tmp_path / "config.json"
    other.unlink()
    other.write_text((folder / "config.json").read_text().replace('"num_hidden_layers": 6', '"num_hidden_layers": 12'))
    assert not is_minilm(tmp_path)
