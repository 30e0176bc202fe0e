"""Which recorded answers a new edition, a withdrawal or a removal reaches."""

from __future__ import annotations

from ragmed.changes import (
    ChangeKind,
    CitedQuote,
    EditionChange,
    ImpactKind,
    Piece,
    PieceChange,
    SectionChange,
    Side,
)
from ragmed.index.impact import Fate, impact
from ragmed.records import Document, Language
from ragmed.text.word_diff import word_runs


def a_document(document_id: str, edition: str) -> Document:
    return Document(
        document_id=document_id,
        series="nsclc",
        title="Lung cancer",
        publisher="Test",
        edition=edition,
        published_on="2026",
        language=Language.ENGLISH,
        sha256="0" * 64,
        licence="",
        source_path=f"{document_id}.pdf",
        media_type="application/pdf",
        page_count=1,
    )


OLD, NEW = a_document("d-old", "Version 1.2026"), a_document("d-new", "Version 2.2026")


def a_piece(text: str, page: int = 7) -> Piece:
    return Piece(text=text, page_number=page, page_label=f"N-{page}", start=0, end=len(text))


SCAN = a_piece("• Chest CT is recommended every 6 months for 3 years after resection.")
STOP = a_piece("Smoking should be stopped before surgery. It helps.")
PIECES = (SCAN, STOP, a_piece("Give osimertinib 80 mg daily for 3 years in stage IB."), a_piece("患者不应卧床休息过久"))


def a_quote(text: str, record: str = "r1", document: str = "d-old") -> CitedQuote:
    return CitedQuote(
        record_id=record, asked_at="2026-05-01T08:00:00.000Z", document_id=document, page_number=3, quote=text
    )


def changed(was: str, now: Piece) -> EditionChange:
    old = a_piece(was, page=3)
    change = PieceChange(kind=ChangeKind.CHANGED, old=old, new=now, words=word_runs(was, now.text), weighty=True)
    return EditionChange(old=OLD, new=NEW, sections=(SectionChange(heading_path=(), changes=(change,)),), same=0)


def kinds(*texts: str, change: EditionChange | None = None, pieces: tuple[Piece, ...] = PIECES) -> list[ImpactKind]:
    fate = Fate(old=OLD, new=NEW, pieces=pieces, change=change)
    return [one.kind for one in impact([a_quote(text) for text in texts], {"d-old": fate})]


def test_words_that_the_newer_edition_repeats_are_not_affected() -> None:
    assert kinds("Chest CT is recommended every 6 months\nfor 3 years after resection.") == []
    assert kinds("smoking should be stopped before surgery") == []
    assert kinds("Give osimertinib 80 mg daily for 3 years") == []
    assert kinds("Smoking should be stopped before surgery. Chest CT is recommended every 6 months for 3 years.") == []


def test_a_changed_interval_is_marked_in_the_quote() -> None:
    quote = a_quote("Chest CT is recommended every 12 months for 5 years after resection.")
    (one,) = impact([quote], {"d-old": Fate(old=OLD, new=NEW, pieces=PIECES)})
    assert (one.kind, one.now, one.edition, one.new_edition) == (
        ImpactKind.CHANGED,
        SCAN,
        "Version 1.2026",
        "Version 2.2026",
    )
    assert (one.record_id, one.page_number, one.new_document_id) == ("r1", 3, "d-new")
    assert [run.text.strip() for run in one.words if run.side is Side.OLD] == ["12 months for 5 years"]
    kept = "".join(run.text for run in one.words if run.side is not Side.NEW)
    assert "".join(kept.split()) == "".join(quote.quote.split())


def test_a_number_that_goes_on_is_another_number() -> None:
    pieces = (a_piece("Give the drug in a dose of 5 mg/kg daily to all patients."),)
    assert kinds("Give the drug in a dose of 5 mg", pieces=pieces) == [ImpactKind.CHANGED]
    pieces = (a_piece("Give the drug in a dose of 50 mg daily to all patients."),)
    assert kinds("Give the drug in a dose of 5", pieces=pieces) == [ImpactKind.CHANGED]


def test_what_nothing_resembles_is_gone() -> None:
    (one,) = impact([a_quote("Bevacizumab was an option.")], {"d-old": Fate(old=OLD, new=NEW, pieces=PIECES)})
    assert (one.kind, one.now) == (ImpactKind.GONE, None)
    assert [run.side for run in one.words] == [Side.OLD]


def test_without_a_successor_every_quote_is_withdrawn() -> None:
    (one,) = impact([a_quote(STOP.text)], {"d-old": Fate(old=OLD)})
    assert (one.kind, one.new_document_id, one.words) == (ImpactKind.WITHDRAWN, "", ())


def test_of_two_sentences_the_kept_one_stays_unmarked() -> None:
    quote = a_quote("Smoking should be stopped before surgery. Bevacizumab was an option.")
    (one,) = impact([quote], {"d-old": Fate(old=OLD, new=NEW, pieces=PIECES)})
    assert [(run.side, run.text.strip()) for run in one.words] == [
        (Side.BOTH, "Smoking should be stopped before surgery."),
        (Side.OLD, "Bevacizumab was an option."),
    ]
    assert one.kind is ImpactKind.GONE


def test_the_comparison_says_what_a_sentence_became_even_where_another_is_nearer() -> None:
    now = a_piece("Imaging twice a year is now the rule.")
    change = changed("Chest CT is recommended every 12 months for 5 years after resection.", now)
    fate = Fate(old=OLD, new=NEW, pieces=(*PIECES, now), change=change)
    (one,) = impact([a_quote("Chest CT is recommended every 12 months for 5 years")], {"d-old": fate})
    assert one.now == now


def test_words_whose_sentence_now_denies_them_are_affected() -> None:
    now = a_piece("Osimertinib should not be given to patients with ILD.")
    change = changed("Osimertinib can be given to patients with ILD.", now)
    assert kinds("be given to patients with ILD", change=change, pieces=(now,)) == [ImpactKind.CHANGED]
    assert kinds("患者应卧床休息过久") == [ImpactKind.CHANGED]


def test_short_words_must_be_a_whole_piece() -> None:
    assert kinds("surgery") == [ImpactKind.GONE]
    assert kinds("No.", pieces=(a_piece("No"),)) == []


def test_quotes_of_other_documents_and_repeats_within_an_answer_are_not_told() -> None:
    fate = Fate(old=OLD, new=NEW, pieces=PIECES)
    gone = "Bevacizumab was an option."
    quotes = [a_quote(gone), a_quote(gone), a_quote(gone, record="r2"), a_quote(gone, document="d-other")]
    assert [one.record_id for one in impact(quotes, {"d-old": fate})] == ["r1", "r2"]
    assert impact([], {"d-old": fate}) == ()


def test_a_document_that_only_moves_pages_reaches_no_answer() -> None:
    moved = tuple(Piece(text=p.text, page_number=99, page_label="99", start=5, end=9) for p in PIECES)
    assert kinds(*(piece.text for piece in PIECES), pieces=moved) == []
    assert kinds("before surgery. It helps. Give osimertinib 80 mg daily for 3 years", pieces=moved) == []
