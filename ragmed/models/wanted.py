"""Which files make a model: configuration, tokenizer, safetensors, licence. Pickles and code never.

From a hub exactly the files known by name are taken. In a folder that somebody copied, every file of a kind that a
loader may read is locked, so that none can be slipped in later.
"""

from __future__ import annotations

import os
from pathlib import Path

from ragmed.models.lock_file import OWN, PART, PART_NOTE

CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
INDEX = "model.safetensors.index.json"
WEIGHTS = ".safetensors"
_NAMES = frozenset(
    {
        CONFIG,
        INDEX,
        "generation_config.json",
        TOKENIZER,
        "tokenizer_config.json",
        "vocab.json",
        "merges.txt",
        "special_tokens_map.json",
        "added_tokens.json",
        "chat_template.jinja",
        "chat_template.json",
        "LICENSE",
        "LICENSE.txt",
        "LICENSE.md",
        "NOTICE",
    }
)
_READ = (".json", ".jinja", ".txt", ".model", WEIGHTS)
"""What transformers may read of a model's folder unasked, extra chat templates and adapters among them."""


def from_hub(path: str) -> bool:
    """Whether this file of a hub is taken: those at the top that a text model needs."""
    return path in _NAMES or (path.endswith(WEIGHTS) and "/" not in path)


def is_read(path: str) -> bool:
    """Whether a loader may read a file of this name in a model's folder."""
    return path.endswith(_READ)


def files_in(folder: Path) -> tuple[str, ...]:
    """Every file of the folder but RagMed's own, with slashes, in order; folders that are links are not entered."""
    found = []
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        below = Path(top).relative_to(folder)
        found += [
            (below / name).as_posix()
            for name in files
            if name not in OWN and not _is_ours(name) and (Path(top) / name).is_file()
        ]
    return tuple(sorted(found))


def parts_in(folder: Path) -> tuple[Path, ...]:
    """What is half fetched."""
    return tuple(sorted(path for path in folder.glob(f"*{PART}") if not path.name.startswith(".")))


def leftovers_in(folder: Path) -> tuple[Path, ...]:
    """Parts, their notes, and what a killed write left."""
    return tuple(sorted([*folder.glob(f"*{PART}"), *folder.glob(f"*{PART_NOTE}")]))


def _is_ours(name: str) -> bool:
    return name.endswith((PART, PART_NOTE))
