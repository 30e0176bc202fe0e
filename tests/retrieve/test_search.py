"""Search over a small real library: both languages, editions, repeats, labels."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ragmed.errors import NoIndexError, SettingsError
from ragmed.index.folder_store import FolderStore
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.records import Filters, Language, Retrieval
from ragmed.retrieve.search import HybridRetriever, lexical_texts
from ragmed.settings import RetrieveSettings
from tests.retrieve.conftest import DKA, HYPERKALAEMIA_ZH, NEW_STROKE, NODULES, OLD_STROKE, SEPSIS


def ask(retriever: HybridRetriever, question: str, k: int = 5, filters: Filters | None = None) -> Retrieval:
    return retriever.retrieve(retriever.analyse(question, None, filters or Filters()), k)


def texts(found: Retrieval) -> list[str]:
    return [passage.chunk.text for passage in found.passages]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which vasopressor first in septic shock?", SEPSIS),
        ("potassium before insulin in DKA", DKA),
        ("when do I repeat CT for a pure ground-glass nodule", NODULES),
    ],
)
def test_the_passage_that_answers_comes_first(retriever: HybridRetriever, question: str, text: str) -> None:
    assert texts(ask(retriever, question))[0] == text


def test_a_chinese_question_finds_an_english_passage(retriever: HybridRetriever) -> None:
    found = ask(retriever, "感染性休克首选哪种升压药？")
    assert found.query.language is Language.CHINESE
    assert texts(found)[0] == SEPSIS


def test_an_english_question_finds_a_chinese_passage(retriever: HybridRetriever) -> None:
    found = ask(retriever, "hyperkalaemia with ECG changes: calcium gluconate first?")
    assert texts(found)[0] == HYPERKALAEMIA_ZH


def test_an_abbreviation_finds_what_it_stands_for(make_library: Callable[..., HybridRetriever]) -> None:
    retriever = make_library(
        {
            "pneumonia": ("Community-acquired pneumonia is treated with amoxicillin for five days.",),
            "other": ("A cap on spending is set every year by the board of the hospital.",),
        }
    )
    assert "amoxicillin" in texts(ask(retriever, "Antibiotics for CAP with sputum"))[0]


def test_a_mended_slip_finds_the_drug(make_library: Callable[..., HybridRetriever]) -> None:
    retriever = make_library(
        {"metformin": ("Stop metformin before iodinated contrast.",), "other": ("Hold warfarin before surgery.",)}
    )
    assert "metformin" in texts(ask(retriever, "metfomin"))[0]


def test_superseded_editions_answer_only_when_asked_for(retriever: HybridRetriever) -> None:
    question = "alteplase hours after onset of ischaemic stroke"
    assert NEW_STROKE in texts(ask(retriever, question))
    assert OLD_STROKE not in texts(ask(retriever, question, k=20))
    assert OLD_STROKE in texts(ask(retriever, question, k=20, filters=Filters(include_superseded=True)))


def test_filters_leave_only_the_series_asked_for(retriever: HybridRetriever) -> None:
    found = ask(retriever, "septic shock vasopressor", filters=Filters(series=("dka",)))
    assert {passage.document.series for passage in found.passages} == {"dka"}


def test_the_same_text_in_two_documents_is_shown_once(retriever: HybridRetriever) -> None:
    found = ask(retriever, "norepinephrine septic shock vasopressor", k=20)
    assert texts(found).count(SEPSIS) == 1
    assert len(texts(found)) == len(set(texts(found)))


def test_markers_ranks_labels_and_scores_are_in_order(retriever: HybridRetriever) -> None:
    found = ask(retriever, "insulin and potassium", k=4)
    assert [passage.marker for passage in found.passages] == [1, 2, 3, 4]
    assert [passage.hit.rank for passage in found.passages] == [1, 2, 3, 4]
    scores = [passage.hit.score for passage in found.passages]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    for passage in found.passages:
        assert passage.page_label == f"{passage.document.series[:2].upper()}-{passage.chunk.page_number}"
        assert passage.hit.chunk_id == passage.chunk.chunk_id
        assert {part.name for part in passage.hit.parts} <= {"dense", "lexical"}
        assert passage.hit.parts
        assert all(part.rank >= 1 for part in passage.hit.parts)


def test_coverage_and_titles_do_not_depend_on_how_many_passages_are_wanted(retriever: HybridRetriever) -> None:
    few, many = (ask(retriever, "adrenaline dose in anaphylaxis", k=k) for k in (1, 8))
    assert len(few.passages) == 1
    assert few.coverage == many.coverage
    assert few.nearest_titles[0] == many.nearest_titles[0] == "Anaphylaxis"


def test_a_term_that_no_passage_names_is_said(retriever: HybridRetriever) -> None:
    found = ask(retriever, "How do I treat malaria with septic shock?")
    assert found.missing_terms == ("malaria",)


def test_another_embedder_than_the_indexs_is_refused(store: FolderStore) -> None:
    other = HashEmbedder(dimensions=512)
    other.name = "another"
    retriever = HybridRetriever(store, other, RetrieveSettings())
    with pytest.raises(SettingsError, match="another") as error:
        ask(retriever, "sepsis")
    assert "ragmed index" in error.value.remedy


def test_other_weights_of_a_model_of_the_same_name_are_refused(store: FolderStore) -> None:
    other = HashEmbedder(dimensions=32)
    assert other.name == store.current().embedder_name
    with pytest.raises(SettingsError, match=r"weights .* of that name") as raised:
        ask(HybridRetriever(store, other, RetrieveSettings()), "sepsis")
    assert "ragmed index" in raised.value.remedy


def test_without_an_index_nothing_is_searched(tmp_path, embedder: HashEmbedder) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NoIndexError):
        ask(HybridRetriever(FolderStore(tmp_path), embedder, RetrieveSettings()), "sepsis")


def test_filters_that_leave_nothing_give_nothing(retriever: HybridRetriever) -> None:
    found = ask(retriever, "septic shock", filters=Filters(publishers=("Nobody",)))
    assert found.passages == ()
    assert found.coverage == 0
    assert found.nearest_titles == ()


def test_the_users_own_words_weigh_most(retriever: HybridRetriever) -> None:
    weighted = lexical_texts(retriever.analyse("What are the treatments for CAP with sputum?", None, Filters()))
    assert weighted[0].text == "What are the treatments for CAP with sputum?"
    assert all(text.weight < weighted[0].weight for text in weighted[1:])


def test_the_same_question_gives_the_same_hits(retriever: HybridRetriever) -> None:
    assert ask(retriever, "chest CT nodule") == ask(retriever, "chest CT nodule")


def test_the_best_window_lifts_a_chunk_that_says_it_among_other_things(
    make_library: Callable[[dict[str, tuple[str, ...]]], HybridRetriever],
) -> None:
    """The one sentence is a fifth of its chunk; the other chunk speaks of thighs and doses throughout."""
    filler = "Keep the patient lying flat with the legs raised and call the resuscitation team without any delay. " * 6
    near = "Give intramuscular adrenaline into the outer thigh."
    retriever = make_library(
        {
            "shock": (f"{filler}{near} {filler}",),
            "muscle": ("The outer thigh holds the large muscle. Adrenaline acts fast.",),
        }
    )
    snapshot = retriever._snapshots.current()
    query = retriever.analyse(near, None, Filters())
    ranking = retriever.rank(snapshot, query)
    with_windows = dict(zip(ranking.near[0].tolist(), ranking.near[1].tolist(), strict=True))
    plain = dict(zip(ranking.dense[0].tolist(), ranking.dense[1].tolist(), strict=True))
    texts = {row: chunk.text for row, chunk in zip(with_windows, snapshot.chunks(list(with_windows)), strict=True)}
    says = max((row for row, text in texts.items() if near in text), key=lambda row: with_windows[row])
    other = next(row for row, text in texts.items() if "large muscle" in text)
    assert with_windows[says] - plain[says] > with_windows[other] - plain[other]
