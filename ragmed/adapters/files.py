"""The two files of an adapter as PEFT writes them: their common hash, whether they are an adapter's, and copies.

Laws: nothing is loaded here, and no code of a folder is run; a copy is whole under its name or not there.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from ragmed.canonical import sha256_bytes, sha256_file, sync_folder
from ragmed.errors import BadInputError, IntegrityError, NotPossibleError
from ragmed.models.safetensors import read_header

CONFIG, WEIGHTS = ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
RUN_FILE = "run.json"
"""The manifest of the run that made it, where it was at hand."""
COPYING = ".adding-"
_LARGEST_CONFIG = 1 << 20
_LARGEST_MANIFEST = 8 << 20


def adapter_sha256(folder: Path) -> str:
    """Of both files' hashes, in order. Raises OSError where one is not there."""
    return joined_sha256(sha256_file(folder / name) for name in ADAPTER_FILES)


def joined_sha256(hashes: Iterable[str]) -> str:
    """The name of an adapter whose files have these hashes, in the order of ``ADAPTER_FILES``."""
    return sha256_bytes("\n".join(hashes).encode("ascii"))


def name_of(folder: Path) -> str:
    """The hash of a LoRA adapter's files. Raises BadInputError for others, which names the folder by its last part."""
    try:
        _check(folder)
        return adapter_sha256(folder)
    except OSError as error:
        raise BadInputError(
            f"adapter {folder.resolve().name} cannot be read ({error.strerror})", remedy="make its files readable"
        ) from error


def _check(folder: Path) -> None:
    name = folder.resolve().name
    missing = [one for one in ADAPTER_FILES if not (folder / one).is_file()]
    if missing:
        raise BadInputError(
            f"adapter {name}: no {' and no '.join(missing)}", remedy="name the folder that the training wrote"
        )
    try:
        stated = config_of(folder)
        tensors = read_header(folder / WEIGHTS)
    except ValueError as error:
        raise BadInputError(f"adapter {name}: {error}", remedy="copy the folder again, or train it again") from None
    if stated.get("peft_type") != "LORA" or not any(".lora_" in one for one in tensors):
        raise BadInputError(f"adapter {name}: this is no LoRA adapter", remedy="train one with `ragmed tune sft`")


def config_of(folder: Path) -> dict[str, object]:
    """What ``adapter_config.json`` states. Raises ValueError."""
    with (folder / CONFIG).open("rb") as stream:
        content = stream.read(_LARGEST_CONFIG + 1)
    try:
        found = json.loads(content) if len(content) <= _LARGEST_CONFIG else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{CONFIG} is damaged")  # noqa: TRY004 - one kind of error for a damaged file
    return found


def require_bytes(folder: Path, sha256: str) -> None:
    """Raises IntegrityError where the folder does not hold the adapter of this hash."""
    try:
        found = adapter_sha256(folder)
    except FileNotFoundError as error:
        lost = Path(str(error.filename)).name
        raise IntegrityError(f"adapter {sha256[:12]}: {lost} is gone", remedy=BROKEN) from None
    except OSError as error:
        raise IntegrityError(f"adapter {sha256[:12]} cannot be read ({error.strerror})", remedy=BROKEN) from None
    if found != sha256:
        raise IntegrityError(f"adapter {sha256[:12]}: its bytes are not those that it is named by", remedy=BROKEN)


BROKEN = "`ragmed tune adapters add` with the folder that it was added from puts it right; or `ragmed tune rollback`"


def keep_copy(source: Path, register: Path, sha256: str, made_by: str) -> Path:
    """Copy an adapter's files, and its run's manifest where it lies beside them, to ``register/sha256``.

    What lies there and is not whole is put aside first. Raises IntegrityError where the source changed meanwhile,
    NotPossibleError.
    """
    try:
        register.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in register.glob(f"{COPYING}*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        making = register / f"{COPYING}{secrets.token_hex(6)}"
        making.mkdir(mode=0o700)
        for name in ADAPTER_FILES:
            _copy(source / name, making / name)
        require_bytes(making, sha256)
        manifest = _manifest_of(source, made_by)
        if manifest is not None:
            _copy(manifest, making / RUN_FILE)
        sync_folder(making)
        place = register / sha256
        if place.exists():
            place.rename(register / f"{COPYING}{secrets.token_hex(6)}")
        making.rename(place)
        sync_folder(register)
    except OSError as error:
        raise NotPossibleError(
            f"adapter {sha256[:12]}: the register cannot be written ({error.strerror})",
            remedy="make room, or make the folder of the register writable",
        ) from error
    return place


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())
    target.chmod(0o400)


def _manifest_of(source: Path, made_by: str) -> Path | None:
    """The JSON file with this hash in the adapter's folder or the one around it."""
    if not made_by:
        return None
    for folder in (source, source.resolve().parent):
        for path in sorted(folder.glob("*.json")):
            if (
                path.is_file()
                and path.stat().st_size <= _LARGEST_MANIFEST
                and sha256_bytes(path.read_bytes()) == made_by
            ):
                return path
    return None
