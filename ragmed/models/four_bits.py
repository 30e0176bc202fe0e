"""Weights whose files hold 4 bits: the one form that RagMed writes (`ragmed tune export --to nf4`) and reads.

NF4 with double quantisation, as bitsandbytes serialises it: what loading a 16-bit model would make of it here. Other
forms (GPTQ, AWQ, 8 bits, layers left out) would be another model than the one that was tuned and gated.
"""

from __future__ import annotations

from typing import Any

BLOCK = 64
"""Weights that share one scale (bitsandbytes' default ``blocksize`` for 4 bits)."""
SCALES = 256
"""Scales that share one 32-bit scale of their own (double quantisation)."""
NF4 = {
    "quant_method": "bitsandbytes",
    "load_in_4bit": True,
    "load_in_8bit": False,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_use_double_quant": True,
    "bnb_4bit_compute_dtype": "bfloat16",
    "bnb_4bit_quant_storage": "uint8",
}
"""``quantization_config`` of a ``config.json``."""


def is_nf4(stated: Any) -> bool:
    """Whether a ``quantization_config`` is that form, of every matrix of every layer."""
    if not isinstance(stated, dict) or stated.get("llm_int8_skip_modules"):
        return False
    return all(stated.get(key) == value for key, value in NF4.items())


def nf4_tensors(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of what stands for the matrix ``name``: two weights a byte, and the scales of its blocks.

    The note of its form beside them (``.quant_state.bitsandbytes__nf4``) has no shape of its own.
    """
    blocks = -(-rows * columns // BLOCK)
    return {
        name: (-(-rows * columns // 2), 1),
        f"{name}.absmax": (blocks,),
        f"{name}.nested_absmax": (-(-blocks // SCALES),),
    }


def is_bytes(name: str) -> bool:
    """Of those names, whether the tensor is of bytes and not of floats."""
    return ".layers." in name and name.endswith(("_proj.weight", ".absmax"))
