"""What this machine has to compute with, found without loading torch: memory, CPU, graphics cards, accelerators.

The programs of the drivers are asked (``nvidia-smi``, ``npu-smi``); one that fails is told and counts as no card.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from ragmed.models.processor import memory_bytes, this_processor
from ragmed.models.tiers import Device

_PATIENCE = 20.0
"""Seconds for a driver's program: a broken driver can hang."""
_MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where a model would run here."""

    device: Device
    memory_bytes: int
    """Of the largest card; of the machine for CPU and MPS. 0: not known."""
    system_bytes: int
    """Of the machine itself, for a model that is told to run on the CPU."""
    words: str
    matrix_units: bool = False
    """The processor multiplies matrices of 16 bits by itself (AMX)."""
    trouble: str = ""
    """Why something that is there is not used."""
    remedy: str = ""


def find_machine(torch: str | None = None) -> Machine:
    """The device that a model would run on here. ``torch``: the version of torch, as the installed one if None."""
    torch = _torch_version() if torch is None else torch
    if shutil.which("nvidia-smi"):
        return _nvidia(torch)
    if shutil.which("npu-smi"):
        return _ascend()
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return _machine(Device.MPS, memory_bytes(), "Apple GPU (MPS), shares the memory")
    return _cpu("none; everything runs on the CPU")


def _cpu(words: str, trouble: str = "", remedy: str = "") -> Machine:
    return replace(_machine(Device.CPU, memory_bytes(), words), trouble=trouble, remedy=remedy)


def _machine(device: Device, memory: int, words: str) -> Machine:
    return Machine(
        device=device,
        memory_bytes=memory,
        system_bytes=memory_bytes(),
        words=words,
        matrix_units=this_processor().matrix_units,
    )


def _torch_version() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return ""


def _ask(*command: str) -> str:
    """What a driver's program prints; empty where it fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _nvidia(torch: str) -> Machine:
    listing = _ask("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
    cards = [line.rsplit(",", 1) for line in listing.splitlines() if line.rsplit(",", 1)[-1].strip().isdigit()]
    if not cards:
        return _cpu("nvidia-smi fails", "nvidia-smi fails", "check the driver; the CPU is used")
    words = "; ".join(f"{name.strip()}, {int(mib) / 1024:.1f} GiB" for name, mib in cards)
    if "+cpu" in torch:
        return _cpu(words, "torch is built for the CPU alone", "install a CUDA build of torch; the CPU is used")
    return _machine(Device.CUDA, max(int(mib) for _, mib in cards) * _MIB, words)


def _ascend() -> Machine:
    listing = _ask("npu-smi", "info", "-t", "memory", "-i", "0")
    sizes = [int(size) for size in re.findall(r"Capacity\(MB\)\s*:\s*(\d+)", listing)]
    if not any(sizes):
        return _cpu("npu-smi fails", "npu-smi does not tell the card's memory", "check the driver; the CPU is used")
    return _machine(Device.NPU, max(sizes) * _MIB, f"Ascend NPU, {max(sizes) / 1024:.1f} GiB")
