"""The processor and memory of this machine, as far as they decide how a model is run on it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """What models run on where there is no card."""

    flags: frozenset[str] = frozenset()
    """Its extensions, named as Linux names them."""
    memory_bytes: int = 0
    """Of the machine; 0: not known."""

    @property
    def matrix_units(self) -> bool:
        """Whether it multiplies matrices of 16 bits by itself (AMX)."""
        return "amx_bf16" in self.flags


def this_processor() -> Processor:
    """That of this machine."""
    return Processor(flags=frozenset(cpu_flags()), memory_bytes=memory_bytes())


def memory_bytes() -> int:
    """Of the machine; 0 where the system does not tell."""
    if hasattr(os, "sysconf") and {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= {*os.sysconf_names}:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def cpu_flags() -> set[str]:
    """The CPU's extensions, where the system lists them."""
    listing = Path("/proc/cpuinfo")
    if not listing.is_file():
        return set()
    for line in listing.read_text(encoding="utf-8").splitlines():
        if line.startswith("flags"):
            return set(line.split(":", 1)[1].split())
    return set()
