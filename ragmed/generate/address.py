"""Where a served engine is, how messages call it, and the key that it asks for.

Laws: a key stands in no address, message or log and is kept in no attribute; messages name the host and port at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ragmed.errors import ModelError, SettingsError
from ragmed.settings import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An engine's address: ``api`` ends in what ``served.url`` ends in, mostly ``/v1``; ``root`` is without that."""

    api: str
    root: str
    where: str
    """``host:port``, for messages."""
    here: bool
    """Whether it is this machine, by a loopback address."""


def address_of(url: str) -> Address:
    """``url`` taken apart. Raises SettingsError where it cannot be an engine's, or would carry a secret."""
    remedy = "give an address such as http://127.0.0.1:8000/v1"
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise SettingsError("setting 'served.url': not an address", remedy=remedy) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("setting 'served.url': not an http:// or https:// address", remedy=remedy)
    if parts.username or parts.password or parts.query or parts.fragment:
        # the settings of an answer are kept with it: a secret in the address would be kept too
        raise SettingsError(
            "setting 'served.url': an address without user, password or question mark is wanted",
            remedy="put the key into a file and name it as served.key_file",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/")
    base = f"{parts.scheme}://{host}:{port}"
    return Address(
        api=base + path, root=base + path.removesuffix("/v1"), where=f"{host}:{port}", here=parts.hostname in LOOPBACK
    )


def key_headers(file: Path | None) -> dict[str, str]:
    """The headers that carry the key; none without a file. Read anew each time, so that a key can be changed.

    Raises ModelError where the file gives no key.
    """
    if file is None:
        return {}
    remedy = "see served.key_file: a text file with the key alone, readable by this program's user only"
    try:
        key = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise ModelError(f"{file.name}: no such key file", remedy=remedy) from None
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"{file.name}: the key file cannot be read", remedy=remedy) from None
    if not key or not key.isprintable() or " " in key:
        raise ModelError(f"{file.name}: the key file does not hold one key", remedy=remedy)
    return {"Authorization": f"Bearer {key}"}
