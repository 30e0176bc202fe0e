"""The whole way: a model that wins is kept, is searched with, and is told from another of its name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ragmed import assemble
from ragmed.errors import BadInputError, NoIndexError, SettingsError
from ragmed.index.embedder import MiniLmEmbedder, load_embedder, model_folder
from ragmed.records import Filters
from ragmed.settings import Settings
from ragmed.tune.embedder.training import TrainingPlan
from ragmed.tune.embedder.tuning import TUNED, Tuning, tune_embedder

PLAN = TrainingPlan(steps=16, batch=8, tokens=64, rate=5e-4, warm_up=2)


@pytest.fixture(scope="module")
def kept(house: Settings, tmp_path_factory: pytest.TempPathFactory) -> Tuning:
    return tune_embedder(house, tmp_path_factory.mktemp("kept") / "house-model", plan=PLAN)


def with_model(settings: Settings, folder: Path, index: Path) -> Settings:
    embedder = settings.embedder.model_copy(update={"model": str(folder)})
    return settings.model_copy(update={"embedder": embedder, "index": index})


def test_the_words_of_a_house_are_learned_and_the_model_is_kept(kept: Tuning) -> None:
    assert kept.reasons == ()
    assert kept.judged.comparison.low > 0
    told = json.loads((kept.out / TUNED).read_text("utf-8"))
    assert told["adopted"]
    assert told["snapshot_id"] == kept.task.snapshot_id
    assert told["base"]["revision"] == kept.base.revision
    assert told["revision"] == kept.tuned.revision != kept.base.revision
    assert told["training"]["plan"]["seed"] == 7
    assert told["held_out"]["ci95"][0] > 0
    assert not list(kept.out.parent.glob(".building-*"))


def test_a_kept_model_runs_on_the_fast_path_and_as_any_sentence_transformer(kept: Tuning, house: Settings) -> None:
    from sentence_transformers import SentenceTransformer

    embedder = load_embedder(house.embedder.model_copy(update={"model": str(kept.out)}))
    assert isinstance(embedder, MiniLmEmbedder)
    assert (embedder.name, embedder.revision) == ("house-model", kept.tuned.revision)
    texts = ["Kwell", "Halve the amount above seventy years."]
    theirs = SentenceTransformer(str(kept.out), device="cpu", local_files_only=True).encode(texts)
    assert abs(embedder.embed_passages(texts) - theirs).max() < 1e-5


def test_a_kept_model_indexes_and_searches(kept: Tuning, house: Settings, tmp_path: Path) -> None:
    settings = with_model(house, kept.out, tmp_path / "index")
    assemble.build_index(settings)
    program = assemble.open_program(settings)
    assert program.snapshots.current().embedder_revision == kept.tuned.revision
    query = program.retriever.analyse("Warfarin: Kwell", None, Filters())
    assert program.retriever.retrieve(query, 3).passages[0].document.title.startswith("Warfarin")
    other = Path(shutil.copytree(kept.out, tmp_path / kept.out.name))
    shutil.copyfile(model_folder(house.embedder) / "model.safetensors", other / "model.safetensors")
    changed = assemble.open_program(with_model(house, other, tmp_path / "index"))
    with pytest.raises(SettingsError, match="weights") as raised:
        changed.retriever.retrieve(query, 3)
    assert "ragmed index" in raised.value.remedy


def test_a_worse_model_is_refused_and_nothing_is_written(house: Settings, out: Path) -> None:
    plan = TrainingPlan(steps=3, batch=4, tokens=32, rate=0.1, warm_up=1)
    tuning = tune_embedder(house, out, plan=plan)
    assert not tuning.adopted
    assert tuning.judged.comparison.difference < 0
    assert "held-out" in tuning.reasons[0]
    assert list(out.parent.iterdir()) == []


def test_what_cannot_work_is_said_before_the_work(house: Settings, out: Path, tmp_path: Path) -> None:
    out.mkdir()
    with pytest.raises(BadInputError, match="something already"):
        tune_embedder(house, out, plan=PLAN)
    with pytest.raises(BadInputError, match="no such folder"):
        tune_embedder(house, tmp_path / "absent" / "model", plan=PLAN)
    with pytest.raises(BadInputError, match="default embedder"):
        tune_embedder(house, tmp_path / house.embedder.model, plan=PLAN)
    with pytest.raises(NoIndexError):
        tune_embedder(house.model_copy(update={"index": tmp_path / "none"}), tmp_path / "model", plan=PLAN)
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ragmed.cli", "tune", "embedder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


def test_the_command_refuses_with_a_code_and_words(house: Settings, out: Path) -> None:
    done = run("--out", out, "--index", house.index, "--steps", 1, "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["adopted"] is False
    assert not out.exists()
    out.mkdir()
    taken = run("--out", out, "--index", house.index)
    assert taken.returncode == 2
    assert "something already" in taken.stderr
    assert "Traceback" not in taken.stderr
