"""The model that judges pairs, with tiny real ones: labels, room, batches, the lock, and never the network."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.engines import Inference, TextPair
from ragmed.errors import IntegrityError, MissingPartError, ModelError, RagMedError
from ragmed.generate.entailment import EntailmentModel
from ragmed.models.adopting import lock_folder
from ragmed.settings import AnswerSettings
from tests.generate import tiny_entailment as tiny
from tests.models.test_store import flip

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    with tiny.one_thread():
        yield


def model_in(folder: Path, **more: object) -> EntailmentModel:
    return EntailmentModel(AnswerSettings(entailment_model=str(folder), **more), folder.parent)  # type: ignore[arg-type]


def pair(hypothesis: str, *premise: str, needed: int = 0) -> TextPair:
    """A premise of which one sentence is needed."""
    return TextPair(
        premise=premise, needed=tuple(number == needed for number in range(len(premise))), hypothesis=hypothesis
    )


def one(model: EntailmentModel, asked: TextPair) -> Inference:
    (found,) = model.infer([asked])
    assert found is not None
    return found


@pytest.fixture(scope="module")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("models") / "random", tiny.network())


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("bert", tiny.LABELS),
        ("roberta", ("contradiction", "neutral", "entailment")),
        ("xlm-roberta", ("CONTRADICTION", "ENTAILMENT", "NEUTRAL")),
        ("deberta-v2", ("neutral", "Entails", "Contradicts")),
    ],
)
def test_what_an_output_means_is_read_from_the_model(tmp_path: Path, kind: str, labels: tuple[str, ...]) -> None:
    for said in labels:
        folder = tiny.always(tmp_path / said, said, kind=kind, labels=labels)
        found = one(model_in(folder), pair("give oxygen .", "give oxygen at once ."))
        likeliest = max(("entailment", "neutral", "contradiction"), key=lambda name: float(getattr(found, name)))
        assert likeliest[:6] == said.lower()[:6]
        assert found.entailment + found.neutral + found.contradiction == pytest.approx(1)


def test_a_trained_model_tells_a_denial(tmp_path: Path) -> None:
    model = model_in(tiny.trained_on_not(tmp_path / "trained", ("contradiction", "entailment", "neutral")))
    premise = "give adrenaline at once to adults with shock ."
    given, denied = model.infer(
        [pair("adults get adrenaline .", premise), pair("adults not get adrenaline .", premise)]
    )
    assert given is not None
    assert denied is not None
    assert given.entailment > 0.9
    assert denied.contradiction > 0.9


def test_a_batch_says_what_single_pairs_say_and_the_same_every_time(random_weights: Path) -> None:
    pairs = [pair(" ".join(tiny.WORDS[start : start + 3]), " ".join(tiny.WORDS[: start + 1])) for start in range(40)]
    model = model_in(random_weights)
    together = model.infer(pairs)
    assert together == model.infer(pairs)
    assert together == model_in(random_weights).infer(pairs), "a new process would load the same"
    for asked, found in zip(pairs, together, strict=True):
        alone = one(model, asked)
        assert found is not None
        assert found.entailment == pytest.approx(alone.entailment, abs=1e-5)
        assert found.contradiction == pytest.approx(alone.contradiction, abs=1e-5)
    assert len({found.entailment for found in together if found}) > 30, "random weights tell pairs apart"


def test_what_there_is_no_room_for_is_left_out_by_whole_sentences_the_farthest_first(random_weights: Path) -> None:
    # 64 positions: 3 special tokens, 4 of the hypothesis, 20 a sentence
    far, near, cited, behind = (" ".join([word] * 20) for word in ("blood", "oxygen", "adrenaline", "fluids"))
    model = model_in(random_weights)
    hypothesis = "give adrenaline at once"
    long = one(model, pair(hypothesis, far, near, cited, behind, needed=2))
    assert long.left_out == 2
    kept = one(model, pair(hypothesis, near, cited, needed=1))
    assert kept.left_out == 0
    assert long == replace(kept, left_out=2), "of two equally near ones the later goes"


def test_cited_words_that_do_not_fit_are_never_cut_and_get_no_answer(random_weights: Path) -> None:
    model = model_in(random_weights)
    exactly = " ".join(["oxygen"] * (tiny.POSITIONS - 3 - 1))
    short = pair("give", "give oxygen .")
    found = model.infer([pair("give", exactly), pair("give", exactly + " oxygen"), short])
    assert [result is not None for result in found] == [True, False, True]
    assert found[2] is not None
    assert found[2].entailment == pytest.approx(one(model, short).entailment, abs=1e-5), "results keep their place"
    assert model.infer([]) == ()


def test_a_roberta_has_two_positions_fewer_for_its_padding(tmp_path: Path) -> None:
    model = model_in(tiny.save(tmp_path / "xlm", tiny.network("xlm-roberta")))
    room = tiny.POSITIONS - 1 - 3 - 1  # padding is token 0 here, so positions begin at 1
    fits, does_not = model.infer(
        [pair("give", " ".join(["oxygen"] * room)), pair("give", " ".join(["oxygen"] * (room + 1)))]
    )
    assert fits is not None
    assert does_not is None


def test_a_model_that_is_not_here_names_the_command(tmp_path: Path) -> None:
    settings = AnswerSettings(entailment_model="Somebody/nli")
    with pytest.raises(MissingPartError, match="Somebody/nli: no such") as caught:
        EntailmentModel(settings, tmp_path).infer([pair("give", "give")])
    assert "ragmed models pull Somebody/nli" in caught.value.remedy


def test_damaged_weights_are_not_loaded(random_weights: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(random_weights, tmp_path / "nli"))
    model_in(folder).warm()
    flip(folder / "model.safetensors", keep_times=True)
    with pytest.raises(IntegrityError, match=r"model\.safetensors"):
        model_in(folder).warm()
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors is missing"):
        model_in(folder).warm()


def _tokenizer_gone(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _head_gone(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    del tensors["classifier.bias"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _nonsense(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors["classifier.bias"] += float("nan")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _other_tokenizer(folder: Path) -> None:
    tiny.tokenizer(parts=False).save_pretrained(folder)


def _tokenizer_damaged(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{", "utf-8")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_tokenizer_gone, r"no tokenizer\.json"),
        (_tokenizer_damaged, "could not be used"),
        (_head_gone, r"classifier\.bias is in no file"),
        (_nonsense, "make no sense"),
        (_other_tokenizer, "does not part one text"),
    ],
)
def test_a_model_that_was_broken_before_it_was_locked_is_refused_in_words(
    tmp_path: Path, harm: object, words: str
) -> None:
    folder = tiny.save(tmp_path / "broken", tiny.network(), lock=False)
    assert callable(harm)
    harm(folder)
    lock_folder(folder)
    with pytest.raises(RagMedError, match=words) as caught:
        model_in(folder).infer([pair("give", "give")])
    assert caught.value.remedy
    assert str(tmp_path) not in f"{caught.value} {caught.value.remedy}"


def test_a_device_that_is_not_here_is_named(random_weights: Path) -> None:
    with pytest.raises(ModelError, match="npu") as caught:
        model_in(random_weights, entailment_device="npu").warm()
    assert "answer.entailment_device" in caught.value.remedy


def test_no_connection_is_opened(random_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert one(model_in(random_weights), pair("give", "give oxygen")).left_out == 0


def test_it_tells_its_name_and_revision_without_being_loaded(random_weights: Path) -> None:
    model = model_in(random_weights)
    lock = json.loads((random_weights / "ragmed.lock.json").read_text("utf-8"))
    assert (model.model_id, model.revision) == ("random", lock["commit"])
