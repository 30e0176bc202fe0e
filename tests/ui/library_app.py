"""Serves the real app over a small library of real files: ``python -m tests.ui.library_app FOLDER PORT [readonly]``.

Two things stand at their seams: the hash embedder, and a runner that says of ``scanned.md`` what OCR would have said.
"""

from __future__ import annotations

import sys
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from ragmed.assemble import Program
from ragmed.audit.replay import KeepsNothing, OneSnapshot
from ragmed.index.build import build
from ragmed.index.hash_embedder import HashEmbedder
from ragmed.interfaces import Assistant, Embedder, FileProgress, Progress, SnapshotReader
from ragmed.librarian import Librarian
from ragmed.records import Generation, NoteKind, ReadNote
from ragmed.retrieve.search import HybridRetriever
from ragmed.settings import Settings
from ragmed.ui import server
from ragmed.ui.desk import Desk, Jobs
from tests.index.scripted_runner import ScriptedRunner

SEPSIS = """# Sepsis in adults

Version {edition}.2026

## Antibiotics

In septic shock, give broad-spectrum antibiotics within {when} of recognition.
Take two sets of blood cultures before the first dose.
{more}

## Fluids

Give {fluid} ml/kg of balanced crystalloid in the first three hours.
Measure lactate again after the first litre.
"""
SEPSIS_1 = SEPSIS.format(edition=1, when="three hours", fluid=20, more="Review the antibiotics every day.")
SEPSIS_2 = SEPSIS.format(edition=2, when="one hour", fluid=30, more="Stop them when procalcitonin has fallen by 80%.")
ANAPHYLAXIS = """# Anaphylaxis at any age

Version 3.2025

## First treatment

Give adrenaline 0.5 mg into the outer thigh at once, and again after five minutes if there is no response.
"""
KETOACIDOSIS = """# Diabetic ketoacidosis

Version 1.2026

## Insulin

Start a fixed-rate infusion of insulin at 0.1 units/kg/h once fluids are running.
"""
RESTRICTED = """# Stroke thrombolysis

Version 5.2026

This content may not be used with artificial intelligence tools without written permission.

## Dose

Give alteplase 0.9 mg/kg, of which a tenth as a bolus, within 4.5 hours of onset.
"""
SCANNED = """# Burns protocol

Version 1.2024

## Fluids

Give 4 ml/kg for each percent of burned surface in the first day.
"""
NOTES = {
    "scanned.md": (ReadNote(kind=NoteKind.OCR, message="page 1 is a scan; it was read by OCR", page_number=1),),
}


class LibraryProgram(Program):
    """The program, with the seams filled as the module says."""

    @cached_property
    def embedder(self) -> Embedder:
        return HashEmbedder()

    def assistant_of(
        self, snapshot: SnapshotReader, settings: Settings, written: Generation | None = None
    ) -> Assistant:
        only = OneSnapshot(snapshot)
        retriever = HybridRetriever(only, self.embedder, settings.retrieve, multilingual=False)
        adapters = self.writers.recorded_adapter(written) if written is not None else None
        return self._assistant(only, retriever, self.embedder, settings, KeepsNothing(), adapters)

    @cached_property
    def librarian(self) -> Librarian:
        return Librarian(self.settings, self.snapshots, self.records, self.build_with)

    def build_with(self, settings: Settings, /, **more: Any) -> Any:
        building = partial(build, embedder=HashEmbedder(), runner=ScriptedRunner(NOTES))
        return building(settings, citing=self.records.quotes_from, **more)


def program_over(folder: Path, port: int = 8501, *, librarian: bool | None = None) -> LibraryProgram:
    """The program over ``folder``; its library is made and published when it is first asked for."""
    library = folder / "library"
    settings = Settings(
        library=library,
        index=folder / "index",
        app={"port": port, "librarian": librarian, "auditor": librarian, "upload_mib": 1},
        reader={"workers": 1},
        chunk={"min_tokens": 4},
        answer={"generator": "extractive"},
        retrieve={"abstain_below": 0.05},
    )
    program = LibraryProgram(settings)
    if not library.exists():
        library.mkdir(parents=True)
        (library / "sepsis.md").write_text(SEPSIS_1, "utf-8")
        (library / "anaphylaxis.md").write_text(ANAPHYLAXIS, "utf-8")
        program.build_with(settings, dry_run=False, inbox=False)
    return program


def main(folder: str, port: str, *more: str) -> None:
    program = program_over(Path(folder), int(port), librarian=False if "readonly" in more else None)

    def first(progress: Progress, files: FileProgress) -> object:
        return program.build_with(program.settings, dry_run=False, inbox=True, progress=progress, files=files)

    server.run(Desk(program, Jobs(), first))


if __name__ == "__main__":
    main(*sys.argv[1:])
