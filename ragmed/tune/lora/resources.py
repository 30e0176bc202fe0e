"""What a run may take of this machine, what it took, and what its speed depends on."""

from __future__ import annotations

import os
import platform
import resource
import sys
from pathlib import Path
from typing import Any

from ragmed.models.processor import memory_bytes
from ragmed.models.tiers import Device


def free_bytes(device: Device) -> int:
    """Memory that a run may take now."""
    if device is Device.CUDA:
        import torch

        return int(torch.cuda.mem_get_info()[0])
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return memory_bytes()
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), "")
    return int(found) * 1024 if found.isdigit() else memory_bytes()


def peak_bytes(device: Device) -> int:
    """The most that this process has held: of a card by torch's count, else resident memory."""
    if device is Device.CUDA:
        import torch

        return int(torch.cuda.max_memory_allocated())
    if (marked := _high_water()) is not None:
        return marked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _high_water() -> int | None:
    """Of Linux: unlike ``getrusage``, it knows nothing of the process that started this one."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    found = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), "")
    return int(found) * 1024 if found.isdigit() else None


def hardware(device: Device) -> dict[str, Any]:
    """What a run's speed depends on, without the machine's name."""
    import torch

    words = torch.cuda.get_device_name(0) if device is Device.CUDA else platform.machine()
    return {"device": device.value, "words": words, "cores": os.cpu_count(), "threads": torch.get_num_threads()}
