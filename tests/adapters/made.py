"""Adapters' files without a model, a register over a real log, and verdicts."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from ragmed.adapters.register import AdapterRegister
from ragmed.adapters.verdict import GateVerdict
from ragmed.audit.log import SqliteLog

MODEL, REVISION, PROMPT = "tiny", "r1", "7"
AT = "2026-12-01T08:00:00.000Z"


def adapter_files(folder: Path, seed: int = 1, **stated: object) -> Path:
    """A LoRA adapter of one layer, whose numbers are ``seed``."""
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 1, **stated}), "utf-8")
    content = struct.pack("<2f", seed, -seed)
    layer = "base_model.model.model.layers.0.self_attn.q_proj"
    header = {
        f"{layer}.lora_{part}.weight": {"dtype": "F32", "shape": [1, 1], "data_offsets": [4 * at, 4 * at + 4]}
        for at, part in enumerate("AB")
    }
    stated_header = json.dumps(header).encode("ascii")
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(stated_header)) + stated_header + content)
    return folder


def register_over(folder: Path) -> AdapterRegister:
    """A register and its log in one index folder."""
    return AdapterRegister(folder / "adapters", SqliteLog(folder / "records.sqlite"))


def added(register: AdapterRegister, seed: int = 1, **more: str) -> str:
    """The hash of an adapter that was added."""
    source = register.folder.parent / f"source-{seed}"
    if not source.exists():
        adapter_files(source, seed)
    stated = {"model": MODEL, "revision": REVISION, "by": "dr-owen", **more}
    return register.add(source, **stated).sha256


def verdict_on(register: AdapterRegister, sha256: str, *, passed: bool = True, **more: object) -> GateVerdict:
    """What a gate would say of it now."""
    now = register.promoted(MODEL, REVISION)
    stated: dict[str, object] = {
        "adapter_sha256": sha256,
        "model": MODEL,
        "revision": REVISION,
        "current_sha256": now.sha256 if now else None,
        "passed": passed,
        "reasons": () if passed else ("number mismatches rose from 1 to 9 of 100",),
        "questions_sha256": "a" * 64,
        "report_sha256": "b" * 64,
        "prompt_revision": PROMPT,
        "at": AT,
    }
    return GateVerdict(**{**stated, **more})  # type: ignore[arg-type]


def promoted(register: AdapterRegister, seed: int = 1) -> str:
    """The hash of an adapter that went the whole way."""
    sha256 = added(register, seed)
    register.gated(verdict_on(register, sha256))
    register.promote(sha256, "dr-owen")
    return sha256
