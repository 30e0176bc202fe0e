"""A small library that is published and asked for real (hash embedder, hand-made readings), with the auditor's desk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ragmed.answer.assistant import RagMedAssistant
from ragmed.answer.extractive import ExtractiveGenerator
from ragmed.audit.log import SqliteLog
from ragmed.audit.replay import KeepsNothing, OneSnapshot
from ragmed.auditor import Auditor
from ragmed.index.folder_store import FolderStore
from ragmed.interfaces import Finished, Keeper, SnapshotReader, Snapshots
from ragmed.records import AnswerRecord, Generation, Language, Reading
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import AnswerSettings, AuditSettings, RetrieveSettings, Settings
from tests.index.support import EMBEDDER, publish, reading

if TYPE_CHECKING:
    from ragmed.interfaces import Assistant

NODULE = "Follow a ground-glass nodule of 6 mm with a CT scan after {} months."
SMOKING = "Advise every patient with a nodule to stop smoking."
ADRENALINE = "Give intramuscular adrenaline 0.5 mg into the outer thigh at once in anaphylaxis."
FEVER_ZH = "社区获得性肺炎患者应尽早使用抗菌药物。"
HOW_LONG = "When should a ground-glass nodule of 6 mm have a CT scan?"
DOSE = "What is the dose of intramuscular adrenaline in anaphylaxis?"
PNEUMONIA_ZH = "社区获得性肺炎患者何时使用抗菌药物?"


def nodules(version: int, months: str) -> Reading:
    return reading(
        f"nodules-{version}.txt",
        [NODULE.format(months) + " " + SMOKING],
        series="nodules",
        edition=f"Version {version}.2026",
        published_on=f"2026-0{version}",
    )


def library(*more: Reading) -> list[Reading]:
    return [
        nodules(1, "twelve"),
        reading("anaphylaxis.txt", [ADRENALINE]),
        reading("feiyan.txt", [FEVER_ZH], title="社区获得性肺炎", language=Language.CHINESE),
        *more,
    ]


class Bench:
    """Index, log, assistant and auditor over one folder."""

    def __init__(self, folder: Path, *, retention_days: int = 2192, max_claims: int = 7) -> None:
        self.index = folder / "index"
        self.publish(library())
        self.settings = Settings(
            index=self.index,
            retrieve=RetrieveSettings(abstain_below=0.0),
            answer=AnswerSettings(max_claims=max_claims),
            audit=AuditSettings(retention_days=retention_days),
        )
        self.store = FolderStore(self.index)
        self.log = SqliteLog(self.index / "records.sqlite", self.settings.audit)
        self.assistant = self._assistant(self.store, self.settings, self.log)
        self.auditor = self.auditor_with(self.settings)

    def auditor_with(self, settings: Settings) -> Auditor:
        files = (self.index / "records.sqlite", self.index / "records.keys")
        return Auditor(settings, self.store, self.log, self.assistant_of, user="auditor", files=files)

    def publish(self, readings: Sequence[Reading]) -> str:
        published = publish(self.index, readings)
        assert published
        return published

    def ask(self, *questions: str) -> list[AnswerRecord]:
        """The records of the answers."""
        found = []
        for question in questions:
            *_, last = self.assistant.ask(question)
            assert isinstance(last, Finished)
            found.append(last.record)
        return found

    def assistant_of(
        self, snapshot: SnapshotReader, settings: Settings, written: Generation | None = None
    ) -> Assistant:
        return self._assistant(OneSnapshot(snapshot), settings, KeepsNothing())

    def _assistant(self, snapshots: Snapshots, settings: Settings, keeper: Keeper) -> RagMedAssistant:
        retriever = HybridRetriever(snapshots, EMBEDDER, settings.retrieve)
        generator = ExtractiveGenerator(EMBEDDER, max_claims=settings.answer.max_claims)
        return RagMedAssistant(snapshots, retriever, generator, keeper, settings, user="ward 3")
