"""What a served engine tells of itself: which model answers, of which revision, with how long a context.

    vLLM, SGLang   root (folder or hub id), parent (an adapter's base), max_model_len
    llama.cpp      meta: n_params, size, n_ctx or n_ctx_train
    Ollama         nothing in /v1/models; the digest of the weights in /api/tags

Only Ollama tells a hash of the weights. So ``revision`` is what they do tell: the last part of ``root`` (the commit,
where the engine serves a hub's snapshot folder), the size of the file, the digest. ``created`` is the time of asking,
mostly, and not used.

Law: no path of the engine's machine goes further than its last part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from ragmed.errors import ModelError

SHOWN = 6
"""Names in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The model that answers."""

    asked_as: str
    """Its name as requests give it."""
    model_id: str
    """Its name as records keep it."""
    revision: str
    context_tokens: int | None
    """None where the engine does not tell."""
    engine: str = ""
    """What it calls itself: ``vllm``, ``sglang``, ``llamacpp``, ``library`` (Ollama), another, nothing."""


def chosen_card(listing: object, wanted: str, where: str) -> Card:
    """The card of the model ``wanted`` (empty: the first) of an answer of ``/models``.

    An engine that lists nothing is believed to have what is wanted. Raises ModelError where it lists others only.
    """
    cards = {str(card["id"]): card for card in _rows(listing, "data") if card.get("id")}
    if not cards and not wanted:
        raise ModelError(f"the engine at {where} lists no model", remedy="name one as served.model")
    name = wanted or next(iter(cards))
    listed = _listed_as(name, cards)
    if cards and listed is None:
        there = ", ".join(bare_name(card) for card in list(cards)[:SHOWN]) + (", …" if len(cards) > SHOWN else "")
        raise ModelError(
            f"the engine at {where} has no model {bare_name(name)!r}; it has: {there}",
            remedy="set served.model to one of them, or serve the model or adapter under this name",
        )
    card = cards.get(listed or "", {})
    parent = cards.get(str(card.get("parent") or ""), {})
    return Card(
        asked_as=name,
        model_id=bare_name(name),
        revision=" on ".join(told for told in (_revision(card), _revision(parent)) if told),
        context_tokens=_context(card) or _context(parent),
        engine=str(card.get("owned_by") or ""),
    )


def digest_of(listing: object, name: str) -> str:
    """The digest of a model in Ollama's ``/api/tags``, or nothing."""
    for row in _rows(listing, "models"):
        if name in (row.get("name"), row.get("model")) or f"{name}:latest" in (row.get("name"), row.get("model")):
            return str(row.get("digest") or "")
    return ""


def bare_name(name: str) -> str:
    """``name``, or the last part of it where it is a path; a hub's id stays whole."""
    windows = "\\" in name or name[1:3] == ":/"
    parts = (PureWindowsPath(name) if windows else PurePosixPath(name)).parts
    return parts[-1] if parts and (windows or name.startswith(("/", ".", "~")) or len(parts) > 2) else name


def _listed_as(name: str, cards: Mapping[str, Any]) -> str | None:
    # Ollama completes a name by `:latest`; SGLang calls an adapter `model:adapter` and lists both apart
    for listed in (name, f"{name}:latest", name.rpartition(":")[0]):
        if listed in cards:
            return listed
    for listed, card in cards.items():
        if name in _texts(card.get("aliases")):
            return listed
    return None


def _revision(card: Mapping[str, Any]) -> str:
    root = str(card.get("root") or "")
    if root:
        return bare_name(root)
    meta = card.get("meta")
    if isinstance(meta, Mapping) and meta.get("n_params"):
        return f"{meta['n_params']} parameters in {meta.get('size', '?')} bytes"
    return ""


def _context(card: Mapping[str, Any]) -> int | None:
    meta = card.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    for tokens in (card.get("max_model_len"), meta.get("n_ctx"), meta.get("n_ctx_train")):
        if isinstance(tokens, int) and tokens > 0:
            return tokens
    return None


def _rows(listing: object, key: str) -> list[Mapping[str, Any]]:
    rows = listing.get(key) if isinstance(listing, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _texts(found: object) -> Sequence[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
