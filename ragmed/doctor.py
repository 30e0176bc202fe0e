"""What this machine can run, and what RagMed will run on it. Looks, and changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ragmed.doctor_entailment import examine_entailment
from ragmed.doctor_model import examine_models
from ragmed.doctor_served import examine_served
from ragmed.errors import NoIndexError, RagMedError
from ragmed.examined import Examined
from ragmed.machine import find_machine
from ragmed.models.processor import cpu_flags, memory_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmed.settings import Settings

PACKAGES = (
    "torch",
    "transformers",
    "sentence-transformers",
    "faiss-cpu",
    "onnxruntime",
    "llama-index-core",
    "pypdf",
    "pypdfium2",
    "streamlit",
    "peft",
    "bitsandbytes",
)
_GIB = 1 << 30
SOON_DAYS = 180
"""A disk that answers alone fill within half a year wants a decision now."""
LOW_DISK_GIB = 5.0
"""Under this, a library of a few thousand pages may not fit twice, and publishing writes the new beside the old."""


def examine(settings: Settings) -> tuple[Examined, ...]:
    """All findings, the machine first, then the programs, the library, and what will answer."""
    return (
        *_machine(settings),
        *_packages(),
        _embedder(settings),
        _ocr(),
        *_library(settings),
        *examine_models(settings, find_machine()),
        *examine_served(settings),
        *examine_entailment(settings, find_machine()),
        _log(settings),
        *_growth(settings),
    )


def _machine(settings: Settings) -> Iterator[Examined]:
    yield Examined(subject="Python", state="fine", found=f"{platform.python_version()} on {platform.machine()}")
    flags = cpu_flags()
    fast = ", ".join(name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if name in flags)
    yield Examined(
        subject="CPU", state="fine", found=f"{os.cpu_count()} cores; {fast or 'no vector extensions listed'}"
    )
    if memory_bytes():
        memory = memory_bytes() / _GIB
        yield Examined(
            subject="memory",
            state="fine" if memory >= 4 else "short",
            found=f"{memory:.1f} GiB",
            remedy="" if memory >= 4 else "4 GiB or more are advised",
        )
    folder = settings.index.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / _GIB
    yield Examined(
        subject="disk",
        state="fine" if free >= LOW_DISK_GIB else "short",
        found=f"{free:.1f} GiB free for {settings.index}",
        remedy="" if free >= LOW_DISK_GIB else "make room before indexing a large library",
    )


def _packages() -> Iterator[Examined]:
    for name in PACKAGES:
        try:
            yield Examined(subject=name, state="fine", found=version(name))
        except PackageNotFoundError:
            yield Examined(subject=name, state="fault", found="not installed", remedy="run `make run` again")


def _embedder(settings: Settings) -> Examined:
    from ragmed.index.embedder import check_weights

    try:
        found = check_weights(settings.embedder, settings.index)
    except RagMedError as error:
        return Examined(subject="embedder", state="fault", found=str(error), remedy=error.remedy)
    return Examined(subject="embedder", state="fine", found=found)


def _ocr() -> Examined:
    program = shutil.which("tesseract")
    remedy = "install tesseract with the languages eng and chi_sim to read scanned pages"
    if program is None:
        return Examined(subject="OCR", state="short", found="tesseract is not installed", remedy=remedy)
    listing = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=False)
    languages = set(listing.stdout.split())
    missing = [name for name in ("eng", "chi_sim") if name not in languages]
    if missing:
        return Examined(subject="OCR", state="short", found=f"tesseract without {', '.join(missing)}", remedy=remedy)
    return Examined(subject="OCR", state="fine", found="tesseract with eng and chi_sim")


def _library(settings: Settings) -> Iterator[Examined]:
    from ragmed.index.folder_store import FolderStore

    there = settings.library.is_dir()
    yield Examined(
        subject="library",
        state="fine" if there else "short",
        found=str(settings.library) if there else f"{settings.library} does not exist",
        remedy="" if there else "name the folder with --library",
    )
    try:
        snapshot = FolderStore(settings.index, settings.trust).current()
    except NoIndexError as error:
        yield Examined(subject="snapshot", state="short", found=str(error), remedy=error.remedy)
    except RagMedError as error:
        yield Examined(subject="snapshot", state="fault", found=str(error), remedy=error.remedy)
    else:
        found = f"{snapshot.snapshot_id}: {len(snapshot.documents())} documents, {snapshot.chunk_count()} chunks"
        yield Examined(subject="snapshot", state="fine", found=found)


def _log(settings: Settings) -> Examined:
    """The log of answers against its newest checkpoint; `ragmed audit verify` looks at all of it."""
    from ragmed.assemble import RECORDS_FILE
    from ragmed.audit.log import SqliteLog

    log = SqliteLog(settings.index / RECORDS_FILE, settings.audit)
    if not log.path.exists():
        return Examined(subject="log", state="fine", found="no answer has been kept yet")
    try:
        standing = log.standing()
    except RagMedError as error:
        return Examined(subject="log", state="fault", found=str(error), remedy=error.remedy)
    finally:
        log.close()
    if standing.unreached is not None:
        return Examined(
            subject="log",
            state="short",
            found=f"{standing.found}; no checkpoint since {standing.unreached.since}: {standing.unreached.reason}",
            remedy="bring the folder of checkpoints back; answers are kept meanwhile",
        )
    return Examined(subject="log", state="fine", found=standing.found)


def _growth(settings: Settings) -> Iterator[Examined]:
    """What answers take of the disk, when it is full, and what retention will hold."""
    from ragmed.assemble import open_program

    program = open_program(settings)
    try:
        found = program.auditor.forecast()
    except RagMedError:
        return  # said of the log already
    finally:
        program.records.close()
    if not found.entries:
        return
    full = f"; disk full about {found.full_on}" if found.full_on else ""
    soon = found.days_left is not None and found.days_left < SOON_DAYS
    yield Examined(
        subject="answers kept",
        state="short" if soon else "fine",
        found=(
            f"{found.bytes_now / 1e6:,.1f} MB for {found.entries:,} entries; {found.bytes_a_day / 1e6:,.2f} MB and "
            f"{found.entries_a_day:,.1f} entries a day over {found.days:.0f} days{full}; "
            f"{found.bytes_at_retention / 1e9:,.2f} GB once {found.retention_days:,} days are kept"
        ),
        remedy="make room on this disk, or look at what `ragmed audit prune` would erase" if soon else "",
    )
