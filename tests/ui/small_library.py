"""A small real program for the app's tests: a few pages of text drawn by Pillow, and answers written by hand.

It stands at the seam that ``ragmed.assemble`` fills in the real program: nothing of the app is patched.
"""

from __future__ import annotations

import io
import struct
import textwrap
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ragmed.changes import QuarantinedPage
from ragmed.errors import IntegrityError, NoIndexError, NotFoundError, NotPossibleError
from ragmed.index.manifest import HeldFile, LibraryNote, RefusedFile
from ragmed.index.report import BuildReport
from ragmed.interfaces import EvidenceFound, FileProgress, Finished, Progress
from ragmed.librarian import Librarian
from ragmed.records import (
    AnswerRecord,
    Candidate,
    Chunk,
    Citation,
    CitationCheck,
    Claim,
    Document,
    DocumentStatus,
    Filters,
    Finding,
    Generation,
    Hit,
    Language,
    Mode,
    NoteKind,
    Outcome,
    Page,
    Passage,
    Query,
    ReadNote,
    Retrieval,
    Timings,
    Verdict,
    Withheld,
)
from ragmed.settings import Settings

PUBLISHED = "2026-11-20T08:00:00.000+00:00"
ASKED = "2026-11-23T21:14:00.000+00:00"
SNAPSHOT = "000003-3fa9c1d2"
WIDTH, HEIGHT = 595.0, 842.0
LINE, MARGIN, SIZE = 18.0, 60.0, 10.0
HOSTILE = '<script>window.stolen=1</script><img src=x onerror="window.stolen=1"> [a](javascript:alert(1)) **bold** ![b](https://example.org/b.png) :material/home: $x$'


def _document(number: int, title: str, **more: object) -> Document:
    digest = f"{number:016x}"
    fields: dict[str, object] = {
        "document_id": f"d-{digest}",
        "series": title.lower().replace(" ", "-"),
        "title": title,
        "publisher": "RagMed demonstration library",
        "edition": "1.2026",
        "published_on": "2026-02-02",
        "language": Language.ENGLISH,
        "sha256": digest * 4,
        "licence": "CC-BY-4.0",
        "source_path": f"document-{number}.pdf",
        "media_type": "application/pdf",
        "page_count": 4,
    }
    return Document(**{**fields, **more})  # type: ignore[arg-type]


NODULES_OLD = _document(
    1,
    "Pulmonary nodules in adults",
    edition="Version 1.2025",
    published_on="2025-03",
    status=DocumentStatus.SUPERSEDED,
    superseded_by="d-0000000000000002",
)
NODULES = _document(
    2,
    "Pulmonary nodules in adults",
    edition="Version 2.2026",
    published_on="2026-06-15",
    supersedes="d-0000000000000001",
)
PNEUMONIA = _document(3, "Community-acquired pneumonia in adults", edition="1.2026")
CHINESE = _document(
    4,
    "肺结节诊治要点",
    publisher="RagMed 演示文库",
    edition="2026年第1版",
    published_on="2026-05-20",
    language=Language.CHINESE,
)
UNDATED = _document(5, HOSTILE, publisher="", edition="", published_on="")

EVERY = (NODULES_OLD, NODULES, PNEUMONIA, CHINESE, UNDATED)

TEXTS: dict[tuple[str, int], tuple[str, str]] = {
    (NODULES_OLD.document_id, 2): (
        "NOD-2",
        "Follow-up of ground-glass nodules\nPure ground-glass nodules above 6 mm need CT after 3 months.\n",
    ),
    (NODULES.document_id, 2): (
        "NOD-2",
        "Follow-up of ground-glass nodules\n"
        "Several pure ground-glass nodules of 6 mm or more need CT after 3 to 6 months, because many of them are infection "
        "or inflammation and clear.\n"
        "If they persist, the largest nodule guides management and CT is repeated at 2 and 4 years.\n"
        "Persistent ground-glass nodules in a smoker are most often atypical adenomatous hyperplasia, adenocarcinoma in situ "
        "or minimally invasive adenocarcinoma.\n"
        "Normal serum tumour markers do not exclude early lung adenocarcinoma.\n"
        "A solid part of 6 mm or more that persists or grows should be resected or biopsied.\n"
        "Antibiotics should not be given only to see whether a nodule clears.\n",
    ),
    (NODULES.document_id, 3): (
        "NOD-3",
        "Differential diagnosis of multiple ground-glass nodules\n"
        "Fever, cough and a raised C-reactive protein speak for infection.\n"
        "Upper lobe nodules in a person from an area where tuberculosis is common need sputum for acid-fast bacilli.\n",
    ),
    (PNEUMONIA.document_id, 1): (
        "1",
        "Treatment at home\nAmoxicillin 500 mg three times a day for 5 days is given for CURB-65 of 0 or 1.\n"
        "Doxycycline 200 mg on the first day and then 100 mg a day is the alternative in penicillin allergy.\n",
    ),
    (CHINESE.document_id, 1): (
        "1",
        "磨玻璃结节的处理\n多发纯磨玻璃结节≥6 mm者,3~6个月后复查CT。\n肿瘤标志物正常不能排除早期肺腺癌。\n",
    ),
    (UNDATED.document_id, 1): ("1", f"Heading {HOSTILE}\nQuoted: {HOSTILE} ends.\n"),
}


def _page(document_id: str, number: int) -> Page:
    label, text = TEXTS[(document_id, number)]
    boxes = bytearray()
    column, row = 0, 0
    for character in text:
        if character == "\n" or column >= 76:
            column, row = (0 if character == "\n" else 1), row + 1
            left = MARGIN
        else:
            left = MARGIN + column * 6.2
            column += 1
        top = 120 + row * LINE if character != "\n" else 0.0
        if character == "\n":
            boxes += struct.pack("<4H", 0, 0, 0, 0)
        else:
            boxes += struct.pack("<4H", *(round(10 * side) for side in (left, top, left + 6, top + 12)))
    return Page(
        document_id=document_id, number=number, label=label, text=text, boxes=bytes(boxes), width=WIDTH, height=HEIGHT
    )


def _quote(document: Document, number: int, words: str) -> tuple[int, int]:
    text = TEXTS[(document.document_id, number)][1]
    start = text.index(words)
    return start, start + len(words)


def _passage(marker: int, document: Document, number: int) -> Passage:
    label, text = TEXTS[(document.document_id, number)]
    chunk_id = f"{document.document_id}-p{number}-0-{len(text)}"
    chunk = Chunk(
        chunk_id=chunk_id,
        document_id=document.document_id,
        page_number=number,
        start=0,
        end=len(text),
        text=text,
        heading_path=(text.splitlines()[0],),
        language=document.language,
    )
    return Passage(
        marker=marker,
        hit=Hit(chunk_id=chunk_id, rank=marker, score=0.9),
        chunk=chunk,
        document=document,
        page_label=label,
    )


def _check(
    claim: int,
    marker: int,
    document: Document,
    number: int,
    words: str,
    verdict: Verdict = Verdict.VERBATIM,
    reason: str = "",
) -> CitationCheck:
    start, end = _quote(document, number, words)
    return CitationCheck(
        citation=Citation(
            claim=claim,
            marker=marker,
            chunk_id=f"{document.document_id}-p{number}-0-9",
            document_id=document.document_id,
            page_number=number,
            start=start,
            end=end,
            quote=words,
        ),
        verdict=verdict,
        reason=reason,
    )


def _record(
    record_id: str,
    question: str,
    claims: Sequence[str],
    checks: Sequence[CitationCheck],
    passages: Sequence[Passage],
    **more: object,
) -> AnswerRecord:
    text, spans = "", []
    for claim in claims:
        spans.append(Claim(text=claim, start=len(text), end=len(text) + len(claim)))
        text += claim + "\n"
    language = Language.CHINESE if any("一" <= character <= "鿿" for character in question) else Language.ENGLISH
    nearest = tuple(more.pop("nearest_titles", ()))  # type: ignore[call-overload]
    missing = tuple(more.pop("missing_terms", ()))  # type: ignore[call-overload]
    fields: dict[str, object] = {
        "record_id": record_id,
        "asked_at": ASKED,
        "question": question,
        "language": language,
        "mode": Mode.ANSWER,
        "outcome": Outcome.ANSWERED,
        "text": text,
        "claims": tuple(spans),
        "checks": tuple(checks),
        "differential": None,
        "withheld": (),
        "retrieval": Retrieval(
            query=Query(text=question, language=language, english=question, chinese=question),
            passages=tuple(passages),
            coverage=0.8 if passages else 0.1,
            missing_terms=missing,
            nearest_titles=nearest,
        ),
        "documents": tuple({passage.document.document_id: passage.document for passage in passages}.values()),
        "snapshot_id": SNAPSHOT,
        "generation": Generation(text=text, kind="extractive", model_id="extractive", revision="1"),
        "timings_ms": Timings(analyse=3, retrieve=41, generate=120, verify=210, total=384),
    }
    return AnswerRecord(**{**fields, **more})  # type: ignore[arg-type]


def _case(record_id: str, question: str) -> AnswerRecord:
    if any("一" <= character <= "鿿" for character in question):
        return _case_chinese(record_id, question)
    q = [
        "Persistent ground-glass nodules in a smoker are most often atypical adenomatous hyperplasia, adenocarcinoma in situ "
        "or minimally invasive adenocarcinoma.",
        "Normal serum tumour markers do not exclude early lung adenocarcinoma.",
        "Several pure ground-glass nodules of 6 mm or more need CT after 3 to 6 months, because many of them are infection "
        "or inflammation and clear.",
        "A solid part of 6 mm or more that persists or grows should be resected or biopsied.",
        "Fever, cough and a raised C-reactive protein speak for infection.",
        "Upper lobe nodules in a person from an area where tuberculosis is common need sputum for acid-fast bacilli.",
    ]
    checks = [
        _check(0, 1, NODULES, 2, q[0]),
        _check(1, 1, NODULES, 2, q[1]),
        _check(2, 1, NODULES, 2, q[2]),
        _check(-1, 1, NODULES, 2, q[3]),
        _check(-1, 2, NODULES, 3, q[4], Verdict.SUPPORTED),
        _check(-1, 2, NODULES, 3, q[5], Verdict.SUPPORTED),
    ]
    differential = (
        Candidate(
            diagnosis="Early lung adenocarcinoma spectrum",
            cannot_miss=True,
            citation=0,
            supporting=(
                Finding(text="multiple ground-glass nodules on CT", citation=0, in_case=True),
                Finding(text="long smoking history", citation=0, in_case=True),
                Finding(text="nodule persists at repeat CT", citation=2),
            ),
            against=(Finding(text="normal tumour markers (they do not exclude it)", citation=1, in_case=True),),
            next_tests=(
                Finding(text="CT again after 3 to 6 months", citation=2),
                Finding(text="resection or biopsy of a solid part of 6 mm or more", citation=3),
            ),
        ),
        Candidate(
            diagnosis="Infection",
            cannot_miss=False,
            citation=4,
            supporting=(Finding(text="fever, cough, raised C-reactive protein", citation=4),),
            against=(),
            next_tests=(
                Finding(text="sputum for acid-fast bacilli", citation=5),
                Finding(text="Aspergillus antigen", citation=None),
            ),
        ),
        Candidate(
            diagnosis="Organising pneumonia or other inflammation",
            cannot_miss=False,
            citation=None,
            supporting=(Finding(text="nodules that clear or move", citation=2),),
            against=(),
            next_tests=(Finding(text="bronchoalveolar lavage", citation=None),),
        ),
    )
    return _record(
        record_id,
        question,
        q[:3],
        checks,
        [_passage(1, NODULES, 2), _passage(2, NODULES, 3), _passage(3, PNEUMONIA, 1)],
        mode=Mode.DIFFERENTIAL,
        differential=differential,
    )


def _case_chinese(record_id: str, question: str) -> AnswerRecord:
    first, second = "多发纯磨玻璃结节≥6 mm者,3~6个月后复查CT。", "肿瘤标志物正常不能排除早期肺腺癌。"
    checks = [_check(0, 1, CHINESE, 1, first), _check(1, 1, CHINESE, 1, second)]
    differential = (
        Candidate(
            diagnosis="早期肺腺癌谱系",
            cannot_miss=True,
            citation=1,
            supporting=(
                Finding(text="CT多发磨玻璃结节", citation=0, in_case=True),
                Finding(text="长期吸烟史", citation=None, in_case=True),
            ),
            against=(Finding(text="肿瘤标志物正常(不能排除)", citation=1, in_case=True),),
            next_tests=(Finding(text="3~6个月后复查CT", citation=0),),
        ),
        Candidate(
            diagnosis="感染性病变",
            cannot_miss=False,
            citation=None,
            supporting=(),
            against=(),
            next_tests=(Finding(text="痰抗酸染色", citation=None),),
        ),
    )
    return _record(
        record_id,
        question,
        [first, second],
        checks,
        [_passage(1, CHINESE, 1), _passage(2, NODULES, 2)],
        mode=Mode.DIFFERENTIAL,
        differential=differential,
    )


def _dose(record_id: str, question: str) -> AnswerRecord:
    first = "Amoxicillin 500 mg three times a day for 5 days is given for CURB-65 of 0 or 1."
    second = "Doxycycline 200 mg on the first day and then 100 mg a day is the alternative in penicillin allergy."
    return _record(
        record_id,
        question,
        [first, second, "Pure ground-glass nodules are followed by CT."],
        [
            _check(0, 1, PNEUMONIA, 1, first),
            _check(1, 1, PNEUMONIA, 1, second),
            _check(
                2, 2, NODULES_OLD, 2, "Pure ground-glass nodules above 6 mm need CT after 3 months.", Verdict.SUPPORTED
            ),
        ],
        [_passage(1, PNEUMONIA, 1), _passage(2, NODULES_OLD, 2), _passage(3, NODULES, 3)],
        withheld=(
            Withheld(
                text="Amoxicillin 1 g three times a day is given for 5 days.",
                verdict=Verdict.NUMBER_MISMATCH,
                reason="“1 g” stands on the page as “500 mg”",
            ),
        ),
        missing_terms=("macrolide resistance",),
    )


def _hostile(record_id: str, question: str) -> AnswerRecord:
    return _record(
        record_id,
        question,
        [f"Quoted: {HOSTILE} ends."],
        [_check(0, 1, UNDATED, 1, f"Quoted: {HOSTILE} ends.")],
        [_passage(1, UNDATED, 1)],
        missing_terms=(HOSTILE,),
        withheld=(Withheld(text=HOSTILE, verdict=Verdict.UNSUPPORTED, reason=HOSTILE),),
    )


def _abstain(record_id: str, question: str) -> AnswerRecord:
    return _record(
        record_id,
        question,
        [],
        [],
        [],
        outcome=Outcome.ABSTAINED,
        notice="",
        nearest_titles=("Pulmonary nodules in adults", "Community-acquired pneumonia in adults"),
        missing_terms=("football",),
    )


def _answered(record_id: str, question: str) -> AnswerRecord:
    """What a question gets: by the words in it."""
    if "football" in question:
        return _abstain(record_id, question)
    if "smok" in question or "吸烟" in question:
        return _case(record_id, question)
    if "script" in question:
        return _hostile(record_id, question)
    return _dose(record_id, question)


@dataclass
class SmallManifest:
    """One file that could not be read, a remark of the library, and what is counted in all."""

    quarantined: tuple[QuarantinedPage, ...] = ()
    held: tuple[HeldFile, ...] = ()
    note_counts: tuple[tuple[str, int], ...] = (("hidden_text", 1), ("metadata", 1), ("ocr", 14), ("refused", 1))

    refused: tuple[RefusedFile, ...] = (
        RefusedFile(
            source_path="scan.pdf",
            sha256="0" * 64,
            notes=(
                ReadNote(
                    kind=NoteKind.REFUSED,
                    message="scan.pdf: no text layer on its 3 pages (install tesseract (with chi_sim))",
                ),
            ),
        ),
    )
    library_notes: tuple[LibraryNote, ...] = (
        LibraryNote(
            source_path="document-3.pdf",
            note=ReadNote(kind=NoteKind.METADATA, message="no publication date found", page_number=1),
        ),
    )


@dataclass(frozen=True)
class SmallSegment:
    """What reading one document brought up."""

    own: tuple[ReadNote, ...] = ()

    def notes(self) -> tuple[ReadNote, ...]:
        return self.own


PNEUMONIA_NOTES = (
    *(
        ReadNote(kind=NoteKind.OCR, message=f"page {number} is a scan; it was read by OCR", page_number=number)
        for number in range(2, 16)
    ),
    ReadNote(kind=NoteKind.HIDDEN_TEXT, message="12 characters are white on white", page_number=1),
)


@dataclass
class SmallSnapshot:
    """Published pages, kept in memory."""

    snapshot_id: str = SNAPSHOT
    published_at: str = PUBLISHED
    embedder_name: str = "none"
    embedder_engine: str = "none"
    embedder_revision: str = ""
    kept: tuple[Document, ...] = (NODULES_OLD, NODULES, PNEUMONIA, CHINESE)

    def documents(self) -> tuple[Document, ...]:
        return self.kept

    def page(self, document_id: str, number: int) -> Page:
        if (document_id, number) not in TEXTS:
            raise NotFoundError(f"no page {number} in {document_id}")
        return _page(document_id, number)

    def chunk_count(self) -> int:
        return len(TEXTS)

    def chunks(self, rows: Sequence[int]) -> tuple[Chunk, ...]:
        documents = {document.document_id: document for document in EVERY}
        places = list(TEXTS)
        return tuple(_passage(1, documents[places[row][0]], places[row][1]).chunk for row in rows)

    def segment(self, document_id: str) -> SmallSegment:
        return SmallSegment(PNEUMONIA_NOTES if document_id == PNEUMONIA.document_id else ())

    @property
    def manifest(self) -> SmallManifest:
        return SmallManifest()


@dataclass
class SmallSnapshots:
    snapshot: SmallSnapshot | None = field(default_factory=SmallSnapshot)

    def current(self) -> SmallSnapshot:
        if self.snapshot is None:
            raise NoIndexError("nothing has been published yet", remedy="build the index")
        return self.snapshot

    def get(self, snapshot_id: str) -> SmallSnapshot:
        if self.snapshot is None or snapshot_id != self.snapshot.snapshot_id:
            raise NotFoundError(f"no snapshot {snapshot_id}")
        return self.snapshot


class SmallRecords:
    """Answers, kept in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, AnswerRecord] = {}
        self._lock = threading.Lock()

    def append(self, record: AnswerRecord) -> None:
        with self._lock:
            self._kept[record.record_id] = record

    def get(self, record_id: str) -> AnswerRecord:
        with self._lock:
            found = [record for key, record in self._kept.items() if key.startswith(record_id)]
        if len(found) != 1:
            raise NotFoundError(f"no record {record_id}")
        return found[0]

    def unanswered(self, limit: int) -> tuple[AnswerRecord, ...]:
        everyone = self.recent(len(self._kept))
        return tuple(record for record in everyone if record.outcome is Outcome.ABSTAINED)[:limit]

    def cited_series(self, since: str, after: int = 0) -> Iterator[tuple[int, frozenset[str]]]:
        for number, record in enumerate(reversed(self.recent(len(self._kept))), start=1):
            if number > after and record.asked_at >= since and record.outcome is Outcome.ANSWERED:
                yield number, frozenset(document.series for document in record.documents)

    def recent(self, limit: int) -> tuple[AnswerRecord, ...]:
        with self._lock:
            return tuple(reversed(list(self._kept.values())))[:limit]


@dataclass
class ScriptedAssistant:
    """Answers by the words of the question, and keeps every answer before it is shown."""

    records: SmallRecords
    asked: list[tuple[str, Mode | None, bool]] = field(default_factory=list)

    def ask(
        self,
        question: str,
        *,
        mode: Mode | None = None,
        language: Language | None = None,
        filters: Filters | None = None,
    ) -> Iterator[EvidenceFound | Finished]:
        del language
        if question == "fault":
            raise ZeroDivisionError("a secret in the message")
        if question == "refused":
            raise IntegrityError("index/chunks.sqlite: not the bytes of the manifest", remedy="build the index again")
        self.asked.append((question, mode, bool(filters and filters.include_superseded)))
        record = _answered(f"{0x3F2A0000 + len(self.asked):08x}{'0' * 24}", question)
        if mode is Mode.ANSWER:
            record = replace(record, mode=mode, differential=None)
        yield EvidenceFound(retrieval=record.retrieval, snapshot_id=record.snapshot_id)
        self.records.append(record)
        yield Finished(record=record)


class SmallProgram:
    """What ``assemble.open_program`` gives, over the small library. Nothing is published before ``build``."""

    def __init__(self, folder: Path, *, port: int = 8501, published: bool = True) -> None:
        self.settings = Settings(library=folder, index=folder / "index", app={"port": port})
        self.snapshots = SmallSnapshots(SmallSnapshot() if published else None)
        self.records = SmallRecords()
        self.assistant = ScriptedAssistant(self.records)
        if published:
            for number, question in enumerate(QUESTIONS.values()):
                self.records.append(_answered(f"{0xA0000000 + number:08x}{'0' * 24}", question))

    def render_page(self, record: AnswerRecord, check: CitationCheck, width: int) -> bytes:
        citation = check.citation
        return draw(
            self.snapshots.get(record.snapshot_id).page(citation.document_id, citation.page_number),
            citation.start,
            citation.end,
            width,
        )

    def warm(self) -> None:
        self.snapshots.current()

    @cached_property
    def librarian(self) -> Librarian:
        return Librarian(self.settings, self.snapshots, self.records, self._no_build)  # type: ignore[arg-type]

    def _no_build(self, *_: object, **__: object) -> BuildReport:
        raise NotPossibleError("the small library is not built", remedy="use a real one")

    def build(self, progress: Progress, files: FileProgress) -> None:
        del files
        for number in range(1, 4):
            progress("reading", number, 3)
        self.snapshots.snapshot = SmallSnapshot()


QUESTIONS = {
    "case": "68-year-old man, CT shows multiple ground-glass nodules in both lungs, tumour markers normal, long smoking history: which differential diagnoses come first?",
    "case_zh": "这位68岁男性患者,CT显示肺部多发磨玻璃结节,肿瘤标志物正常,有长期吸烟史——下一步该优先考虑哪些鉴别诊断?",
    "dose": "Which antibiotic, and how much, for pneumonia at home?",
    "abstain": "Who won the football world cup in 2022?",
    "hostile": "script :material/home: **b** $x$ :red[r] ![b](https://example.org/b.png) <img src=x>",
}


def kept_id(name: str) -> str:
    """Record id under which the answer to ``QUESTIONS[name]`` is already kept."""
    return f"{0xA0000000 + list(QUESTIONS).index(name):08x}{'0' * 24}"


def draw(page: Page, start: int, end: int, width: int) -> bytes:
    """The page as a picture, its characters where its boxes say, those of [start, end) on yellow."""
    scale = width / page.width
    picture = Image.new("RGB", (width, round(page.height * scale)), "white")
    pen = ImageDraw.Draw(picture)
    try:
        font = ImageFont.truetype("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", round(SIZE * scale))
    except OSError:
        font = ImageFont.load_default(round(SIZE * scale))
    boxes = list(struct.iter_unpack("<4H", page.boxes))
    for left, top, right, bottom in boxes[start:end]:
        pen.rectangle(
            [left / 10 * scale - 1, top / 10 * scale - 1, (right / 10 + 0.4) * scale, bottom / 10 * scale],
            fill="#ffe27a",
        )
    for character, (left, top, _right, _bottom) in zip(page.text, boxes, strict=True):
        if character != "\n":
            pen.text((left / 10 * scale, (top / 10 - 1) * scale), character, fill="#222222", font=font)
    pen.text((MARGIN * scale, 60 * scale), textwrap.shorten(page.label, 40), fill="#777777", font=font)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=False, compress_level=1)
    return stream.getvalue()
