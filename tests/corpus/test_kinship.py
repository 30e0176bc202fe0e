"""Documents of different series that are editions of one guideline, and those of which a person is asked."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from ragmed.changes import QuestionKind
from ragmed.corpus.edition_diff import placed_pieces
from ragmed.corpus.kinship import ASK, SAME, Kin, find_kin
from ragmed.corpus.likeness import Fingerprint, fingerprint, share
from ragmed.corpus.reading import file_to_read, read_file
from ragmed.records import Document, Language, NoteKind, Page
from tests.corpus.small_files import DOCUMENT_ID, LIMITS

_WORDS = [f"word{number}" for number in range(3000)]


def some_text(seed: int, words: int) -> list[str]:
    return random.Random(seed).choices(_WORDS, k=words)


TEXT = some_text(1, 2000)


def print_of(*parts: list[str]) -> Fingerprint:
    text = " ".join(word for part in parts for word in part)
    return fingerprint([Page(document_id=DOCUMENT_ID, number=1, label="1", text=text)])


ALIKE = print_of(TEXT[:1900], some_text(2, 100))
WHOLE = print_of(TEXT)


def a_document(name: str, day: str = "2026-01-01", **fields: object) -> Document:
    document = Document(
        document_id=f"d-{name}",
        series=f"series-{name}",
        title="Sepsis",
        publisher="Test",
        edition="",
        published_on=day,
        language=Language.ENGLISH,
        sha256="0" * 64,
        licence="",
        source_path=f"{name}.pdf",
        media_type="application/pdf",
        page_count=1,
    )
    return replace(document, **fields)  # type: ignore[arg-type]


OLDER, NEWER = a_document("old", "2024-01-01"), a_document("new", "2026-01-01")


def is_newer(one: Document, other: Document) -> bool:
    return bool(one.published_on and other.published_on) and one.published_on > other.published_on


def kin(
    *documents: Document,
    prints: dict[str, Fingerprint] | None = None,
    distinct: tuple[str, ...] = (),
    placed: tuple[str, ...] = (),
) -> Kin:
    prints = prints or {one.document_id: ALIKE if place else WHOLE for place, one in enumerate(documents)}
    return find_kin(
        documents,
        prints,
        is_newer=is_newer,
        are_distinct=lambda one, other: one in distinct and other in distinct,
        placed=placed,
    )


def test_a_newer_edition_under_another_name_joins_the_older_ones_series() -> None:
    found = kin(NEWER, OLDER)
    (one,) = found.joined
    assert (one.document_id, one.series, one.note.kind) == ("d-new", "series-old", NoteKind.METADATA)
    assert "old.pdf" in one.note.message
    assert "ragmed library distinct new.pdf old.pdf" in one.note.message
    assert found.questions == ()


@pytest.mark.parametrize(
    ("older", "newer", "reason"),
    [
        (OLDER, replace(NEWER, published_on=""), "which is newer"),
        (OLDER, replace(NEWER, publisher="Another"), "published by Another"),
        (OLDER, replace(NEWER, title="Sepsis in children"), "children"),
        (replace(OLDER, title="Sepsis: summary"), NEWER, "summary"),
        (replace(OLDER, title="Tumours, part 1"), replace(NEWER, title="Tumours, part 2"), "part 1"),
        (replace(OLDER, title="成人肺炎"), replace(NEWER, title="儿童肺炎"), "儿童"),
        (replace(OLDER, series="nice-ng253"), replace(NEWER, series="nice-ng254"), "nice-ng253"),
    ],
)
def test_in_doubt_a_person_is_asked_and_told_what_speaks_against_it(
    older: Document, newer: Document, reason: str
) -> None:
    found = kin(older, newer)
    assert found.joined == ()
    (question,) = found.questions
    assert question.kind is QuestionKind.SAME_SERIES
    assert set(question.document_ids) == {"d-old", "d-new"}
    assert set(question.source_paths) == {"old.pdf", "new.pdf"}
    assert reason in question.text
    assert question.likeness >= SAME


def test_half_the_text_is_asked_about_and_a_tenth_is_not() -> None:
    half = {"d-old": WHOLE, "d-new": print_of(TEXT[:1000], some_text(3, 1000))}
    (question,) = kin(OLDER, NEWER, prints=half).questions
    assert question.likeness == pytest.approx(0.5, abs=0.05)
    assert "much of the text differs" in question.text
    tenth = {"d-old": WHOLE, "d-new": print_of(TEXT[:200], some_text(3, 1800))}
    assert kin(OLDER, NEWER, prints=tenth) == Kin()


def test_a_digest_is_asked_about_though_all_its_text_stands_in_the_guideline() -> None:
    found = kin(OLDER, NEWER, prints={"d-old": WHOLE, "d-new": print_of(TEXT[:600])})
    assert found.joined == ()
    assert "digest" in found.questions[0].text


def test_documents_of_a_few_lines_are_never_joined() -> None:
    short = {"d-old": print_of(TEXT[:150]), "d-new": print_of(TEXT[:150])}
    found = kin(OLDER, NEWER, prints=short)
    assert found.joined == ()
    assert "too little text" in found.questions[0].text


def test_what_a_person_decided_is_neither_joined_nor_asked() -> None:
    assert kin(OLDER, NEWER, distinct=("d-old", "d-new")) == Kin()
    assert kin(OLDER, NEWER, placed=("old.pdf", "new.pdf")) == Kin()


def test_a_series_that_a_person_gave_is_kept_and_the_other_joins_it() -> None:
    (one,) = kin(OLDER, NEWER, placed=("new.pdf",)).joined
    assert (one.document_id, one.series) == ("d-old", "series-new")


def test_other_languages_are_no_kin_and_one_series_is_settled() -> None:
    assert kin(OLDER, replace(NEWER, language=Language.CHINESE)) == Kin()
    assert kin(OLDER, replace(NEWER, series=OLDER.series)) == Kin()


APART = {"d-old": WHOLE, "d-new": print_of(some_text(8, 1500))}


@pytest.mark.parametrize(("one", "other"), [("", ""), ("St Anne", ""), ("St Anne", "St Luke")])
def test_one_title_and_another_text_is_asked_about_where_the_publisher_does_not_tell(one: str, other: str) -> None:
    older = replace(OLDER, publisher=one)
    newer = replace(NEWER, publisher=other, series=OLDER.series)
    found = kin(older, newer, prints=APART)
    assert found.strangers == {frozenset({"d-old", "d-new"})}
    (question,) = found.questions
    assert (question.kind, question.series) == (QuestionKind.SAME_SERIES, (OLDER.series, OLDER.series))
    assert question.likeness < 0.02
    assert "one title" in question.text
    assert kin(older, newer, prints=APART, distinct=("d-old", "d-new")) == Kin()
    assert kin(older, newer, prints=APART, placed=("new.pdf",)) == Kin()


def test_one_title_is_enough_where_publisher_number_or_text_agree() -> None:
    same = replace(NEWER, series=OLDER.series)
    assert kin(OLDER, same, prints=APART) == Kin(), "one publisher, rewritten"
    numbered = replace(OLDER, series="nice-ng253", publisher=""), replace(NEWER, series="nice-ng253", publisher="")
    assert kin(*numbered, prints=APART) == Kin()
    unnamed = replace(OLDER, publisher=""), replace(same, publisher="")
    much = {"d-old": WHOLE, "d-new": print_of(TEXT[:500], some_text(3, 1500))}
    assert kin(*unnamed, prints=much) == Kin()
    written_over = unnamed[0], replace(unnamed[1], source_path=OLDER.source_path)
    assert kin(*written_over, prints=APART) == Kin(), "to write a file over is to say that it replaces it"


def test_many_strangers_of_one_title_are_not_all_asked_at_once() -> None:
    many = [replace(a_document(f"h{n}"), publisher="", series="sepsis") for n in range(6)]
    found = kin(*many, prints={one.document_id: print_of(some_text(20 + n, 900)) for n, one in enumerate(many)})
    assert len(found.strangers) == 15
    assert 3 <= len(found.questions) <= 5
    assert {path for question in found.questions for path in question.source_paths} == {f"h{n}.pdf" for n in range(6)}


def test_three_editions_under_three_names_become_one_series_that_of_the_oldest() -> None:
    middle = a_document("mid", "2025-01-01")
    found = kin(NEWER, OLDER, middle)
    assert {one.document_id: one.series for one in found.joined} == {"d-new": "series-old", "d-mid": "series-old"}
    assert found.questions == ()


def test_all_editions_of_a_joined_series_move_together() -> None:
    second = a_document("new2", "2027-01-01", series=NEWER.series)
    prints = {"d-old": WHOLE, "d-new": ALIKE, "d-new2": print_of(some_text(9, 2000))}
    found = kin(OLDER, NEWER, second, prints=prints)
    assert {one.document_id for one in found.joined} == {"d-new", "d-new2"}


def test_two_series_are_asked_about_once() -> None:
    others = [replace(a_document(f"n{n}", ""), series="series-new") for n in range(3)]
    assert len(kin(OLDER, *others).questions) == 1


def test_an_edition_distinct_from_one_of_the_series_is_asked_about_not_joined() -> None:
    second = a_document("new2", "2027-01-01", series=NEWER.series)
    found = kin(OLDER, NEWER, second, distinct=("d-old", "d-new2"))
    assert found.joined == ()
    assert len(found.questions) == 1


def test_the_digests_of_the_demonstration_library_are_all_different(demonstration_library: Path) -> None:
    paths = sorted(path for path in demonstration_library.iterdir() if path.suffix in (".pdf", ".html", ".docx"))
    readings = [read_file(file_to_read(path), LIMITS) for path in paths]
    prints = {one.source_path: fingerprint(one.pages) for one in readings if one.document}
    alike = {(a, b) for a, b in itertools.combinations(prints, 2) if share(prints[a], prints[b]) >= ASK}
    assert [tuple(Path(path).name for path in pair) for pair in alike] == [("nsclc-v1-2026.pdf", "nsclc-v2-2026.pdf")]
    (one, two) = next(iter(alike))
    assert share(prints[one], prints[two]) >= SAME


@pytest.mark.data
def test_real_guidelines_are_not_alike_and_their_edited_selves_are(data: Path) -> None:
    names = (
        "cdc-outpatient-infection-prevention-2016",
        "fda-diversity-action-plans-draft",
        "uspstf-lung-draft-bulletin",
    )
    readings = [read_file(file_to_read(data / "guidelines" / "us_gov" / f"{name}.pdf"), LIMITS) for name in names]
    prints = [fingerprint(one.pages) for one in readings]
    assert all(share(one, other) < ASK / 2 for one, other in itertools.combinations(prints, 2))
    rng = random.Random(5)
    for reading, own in zip(readings, prints, strict=True):
        pieces = [one.piece.text for one in placed_pieces(reading.pages)]
        for changed, least in ((0.05, SAME), (0.4, ASK)):
            text = "\n".join(
                " ".join(some_text(rng.randrange(99), 18)) if rng.random() < changed else piece for piece in pieces
            )
            edited = fingerprint([Page(document_id=DOCUMENT_ID, number=1, label="1", text=text)])
            assert share(own, edited) >= least
