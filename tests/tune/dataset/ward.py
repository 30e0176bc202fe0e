"""A ward's library, written by hand and published without files: six English and three Chinese guidelines with
headings, a table, one in two editions, one whose licence restricts it; and what a doctor may say of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ragmed.answer.assistant import RagMedAssistant
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.audit.log import SqliteLog
from ragmed.auditor import Auditor
from ragmed.generate.prose import ProseGenerator
from ragmed.generate.scripted import ScriptedEngine
from ragmed.index.folder_store import FolderStore
from ragmed.index.snapshot import Snapshot
from ragmed.interfaces import Assistant, Finished
from ragmed.records import AnswerRecord, Block, BlockKind, Language, NoteKind, Reading, ReadNote
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import AnswerSettings, ModelSettings, RetrieveSettings, Settings
from ragmed.tune.dataset.making import Dataset, Wanted, make_dataset
from tests.index.support import EMBEDDER, publish, reading

Sections = dict[str, tuple[str, ...]]

ENGLISH: dict[str, Sections] = {
    "Anaphylaxis": {
        "First treatment": (
            "Give adrenaline 0.5 mg into the outer thigh muscle as soon as anaphylaxis is suspected.",
            "Antihistamines must not delay adrenaline.",
            "Lay the patient flat with raised legs unless breathing is difficult.",
        ),
        "Investigations": (
            "Take serum tryptase within two hours of the reaction.",
            "A normal tryptase does not exclude anaphylaxis.",
        ),
        "Doses by age": (
            "Age | Dose | Volume",
            "Adult | 500 micrograms | 0.5 mL",
            "Child under 6 years | 150 micrograms | 0.15 mL",
        ),
    },
    "Septic shock": {
        "Antibiotics": (
            "Broad-spectrum antibiotics should start within one hour of recognising septic shock.",
            "Stop ceftriaxone when cultures stay negative for 48 hours.",
        ),
        "Circulation": (
            "Norepinephrine is the first vasopressor, aiming at a mean arterial pressure of 65 mmHg.",
            "Measure lactate again when the first value exceeds 2 mmol/L.",
        ),
    },
    "Acute stroke": {
        "Thrombolysis": (
            "Alteplase 0.9 mg/kg can be offered within 4.5 hours of onset.",
            "Do not offer thrombolysis while the platelet count is below 100.",
        ),
        "Swallowing": (
            "Screen swallowing before any food, fluid or oral medicine.",
            "Refer failed screens to a speech therapist.",
        ),
    },
    "Diabetic ketoacidosis": {
        "Fluids": (
            "Start with one litre of isotonic saline over the first hour.",
            "Add potassium chloride once serum potassium falls under 5.5 mmol/L.",
        ),
        "Insulin": (
            "Fixed-rate insulin runs at 0.1 units/kg/h after fluids have begun.",
            "Continue long-acting insulin at its usual time.",
        ),
    },
    "Pulmonary embolism": {
        "Anticoagulation": (
            "Apixaban 10 mg twice daily for seven days is a first choice in stable embolism.",
            "Warfarin needs overlapping heparin until the INR has been above 2 for a day.",
        ),
        "Imaging": (
            "Computed tomography angiography is the test of choice.",
            "Ventilation-perfusion scans suit pregnant women.",
        ),
    },
    "Bacterial meningitis": {
        "Before the hospital": (
            "Intramuscular benzylpenicillin should be given when transfer takes longer than one hour.",
            "Ask whether household contacts need prophylaxis.",
        ),
        "Lumbar puncture": (
            "Lumbar puncture waits while consciousness is falling or seizures continue.",
            "Dexamethasone 10 mg accompanies the first antibiotic dose.",
        ),
    },
}
CHINESE: dict[str, Sections] = {
    "成人急性高钾血症": {
        "保护心脏": (
            "心电图有高钾改变时，应立即静脉注射10%葡萄糖酸钙30 mL。",
            "洋地黄中毒者注射钙剂应缓慢并持续监护。",
        ),
        "转移血钾": ("普通胰岛素10单位加葡萄糖25 g静脉输注15分钟。", "沙丁胺醇10 mg雾化吸入可作为补充治疗。"),
    },
    "社区获得性肺炎": {
        "抗菌治疗": ("重症患者应在诊断后1小时内使用抗菌药物。", "青霉素过敏者可选用左氧氟沙星500 mg每日一次。"),
        "出院": ("体温正常48小时且可口服者可以出院。", "吸烟者出院前应接受戒烟指导。"),
    },
    "急性冠脉综合征": {
        "抗血小板": ("无禁忌者立即嚼服阿司匹林300 mg。", "替格瑞洛首剂180 mg，近期脑出血者禁用。"),
        "再灌注": ("发病12小时内的ST段抬高型心肌梗死应行直接冠状动脉介入治疗。", "预计延迟超过120分钟时应考虑溶栓。"),
    },
}
RESTRICTED = "Ward secrets"
FORBIDS = "ai: this document may not be used with artificial intelligence tools"


def guideline(
    title: str, sections: Sections, *, series: str = "", edition: str = "", notes: tuple[ReadNote, ...] = ()
) -> Reading:
    """One page: each section's heading on a line, then its sentences on one line or its rows on lines of their own."""
    text = ""
    blocks: list[Block] = []
    for heading, sentences in sections.items():
        path = (title, heading)
        start = len(text)
        text += heading
        blocks.append(Block(start=start, end=len(text), kind=BlockKind.HEADING, level=2, heading_path=(title,)))
        text += "\n"
        rows = " | " in sentences[0]
        for piece in sentences if rows else (("" if heading[0] > "\u4dff" else " ").join(sentences),):
            start = len(text)
            text += piece
            kind = BlockKind.TABLE_ROW if rows else BlockKind.PARAGRAPH
            blocks.append(Block(start=start, end=len(text), kind=kind, heading_path=path))
            text += "\n"
    language = Language.CHINESE if title[0] > "\u4dff" else Language.ENGLISH
    made = reading(
        f"{series or title.replace(' ', '-').lower()}{edition[-6:]}.txt",
        [text],
        title=title,
        series=series or title.replace(" ", "-").lower(),
        edition=edition,
        language=language,
        notes=notes,
    )
    return replace(made, pages=tuple(replace(page, blocks=tuple(blocks)) for page in made.pages))


def library(*, changed: bool = False) -> list[Reading]:
    """``changed``: one sentence of one guideline is another."""
    old = {
        "Thrombolysis": ("Alteplase 0.9 mg/kg can be offered within 3 hours of onset.", "Ask for the time of onset.")
    }
    english = dict(ENGLISH)
    if changed:
        english["Septic shock"] = {
            **english["Septic shock"],
            "Circulation": ("Vasopressin 0.03 units/min may be added as a second vasopressor.",),
        }
    made = [guideline(title, sections) for title, sections in {**english, **CHINESE}.items()]
    made[2] = guideline("Acute stroke", ENGLISH["Acute stroke"], edition="Version 2.2026")
    made.append(guideline("Acute stroke", old, edition="Version 1.2026"))
    secret = {"Hidden dose": ("Secretin 7 mg is given on Tuesdays to every patient of bay nine.",)}
    note = ReadNote(kind=NoteKind.LICENCE, message=FORBIDS, page_number=1)
    made.append(guideline(RESTRICTED, secret, notes=(note,)))
    return made


@dataclass
class Ward:
    """Index, log and desk over one folder."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, readings: Sequence[Reading] = ()) -> Ward:
        publish(folder / "index", readings or library())
        return cls(folder)

    @cached_property
    def settings(self) -> Settings:
        return Settings(
            index=self.folder / "index",
            retrieve=RetrieveSettings(abstain_below=0.0),
            answer=AnswerSettings(max_claims=3),
        )

    @cached_property
    def store(self) -> FolderStore:
        return FolderStore(self.folder / "index")

    @cached_property
    def snapshot(self) -> Snapshot:
        return self.store.current()

    @cached_property
    def log(self) -> SqliteLog:
        return SqliteLog(self.folder / "index" / "records.sqlite", self.settings.audit)

    @cached_property
    def retriever(self) -> HybridRetriever:
        return HybridRetriever(self.store, EMBEDDER, self.settings.retrieve)

    @property
    def auditor(self) -> Auditor:
        def none(*_: object) -> Assistant:
            raise NotImplementedError

        return Auditor(self.settings, self.store, self.log, none, user="reviewer", files=())

    def asked(self, question: str, writes: str = "") -> AnswerRecord:
        """The answer to a question: quoted, or as a language model ``writes`` it."""
        quoting = ExtractiveGenerator(EMBEDDER, max_claims=2)
        if writes:
            writer = ProseGenerator(ScriptedEngine(writes), ModelSettings())
            made = RagMedAssistant(self.store, self.retriever, writer, self.log, self.settings, instead=quoting)
        else:
            made = RagMedAssistant(self.store, self.retriever, quoting, self.log, self.settings)
        last = list(made.ask(question))[-1]
        assert isinstance(last, Finished)
        return last.record

    def make(self, out: Path, **wanted: object) -> Dataset:
        """A dataset of the ward."""
        given: dict[str, object] = {"out": out, "passages": 4, **wanted}
        return make_dataset(Wanted(**given), self.snapshot, self.retriever, self.log)  # type: ignore[arg-type]
