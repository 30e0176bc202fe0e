"""What the two hubs say of a model: the commit behind a revision, and its files with size and hash.

Laws: what a hub says is checked before anything is done with it (names that lead out of the folder end the pull); a
revision becomes a commit first, and files are asked for by that commit only, so that a hub that moves on cannot mix two
states.

Interfaces as the hubs' own clients use them: Hugging Face ``api/models/ID/revision/REV?blobs=true`` and
``ID/resolve/COMMIT/PATH``; ModelScope ``api/v1/models/ID/repo/files?Revision=…`` and ``…/repo?Revision=…&FilePath=…``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from ragmed.errors import ModelError, NotFoundError
from ragmed.models.asking import SPELLING
from ragmed.models.lock_file import is_safe

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST = 16 << 20
"""Bytes of the longest listing that is read: those of Qwen take some kilobytes."""

Ask = Callable[[str, str, int], bytes]
"""What an address answers: ``ask(address, what, longest)``; ``what`` names it in messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubFile:
    """One file as the hub lists it; hashes in lower-case hex, empty where the hub does not tell."""

    path: str
    size: int
    sha256: str = ""
    blob: str = ""
    """Git's SHA-1 of the content (``blob SIZE\\0`` and the bytes)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A model at one commit."""

    source: str
    model_id: str
    commit: str
    files: tuple[HubFile, ...]


class Hub(Protocol):
    """A place that models are pulled from."""

    source: str
    revision: str
    """What is taken where no revision is named."""

    def listing(self, model_id: str, revision: str) -> Listing:
        """Raises NotFoundError, ModelError (not reachable, not permitted, what it says makes no sense)."""
        ...

    def address(self, listing: Listing, path: str) -> str:
        """Where the file is fetched from."""
        ...


class HuggingFace:
    """Hugging Face, or a mirror with the same interface."""

    source = "huggingface"
    revision = "main"

    def __init__(self, ask: Ask, endpoint: str) -> None:
        self._ask, self._endpoint = ask, endpoint.rstrip("/")

    def listing(self, model_id: str, revision: str) -> Listing:
        address = f"{self._endpoint}/api/models/{model_id}/revision/{quote(revision, safe='')}?blobs=true"
        said = _json(self._ask, address, model_id, revision)
        commit = said.get("sha")
        if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
            raise _senseless(model_id, "no commit")
        files = []
        for one in _rows(said.get("siblings"), model_id):
            stated = one.get("lfs")
            lfs: dict[str, Any] = stated if isinstance(stated, dict) else {}
            size = lfs.get("size", one.get("size"))
            files.append(
                _file(model_id, one.get("rfilename"), size, lfs.get("sha256"), "" if lfs else one.get("blobId"))
            )
        return _checked(Listing(source=self.source, model_id=model_id, commit=commit, files=tuple(files)))

    def address(self, listing: Listing, path: str) -> str:
        return f"{self._endpoint}/{listing.model_id}/resolve/{listing.commit}/{quote(path)}"


class ModelScope:
    """ModelScope. It answers 200 with no files for a revision that it does not know."""

    source = "modelscope"
    revision = "master"

    def __init__(self, ask: Ask, endpoint: str) -> None:
        self._ask, self._endpoint = ask, endpoint.rstrip("/")

    def listing(self, model_id: str, revision: str) -> Listing:
        """The files at ``revision``; then, so that the pin is one that the hub knows, at the commit behind it.

        Its list at a commit may lack hashes, so those of the revision's list stay; both must name the same files.
        """
        files, commit = self._files(model_id, revision)
        if not _COMMIT.fullmatch(revision):
            pinned, _ = self._files(model_id, commit)
            if {(one.path, one.size) for one in pinned} != {(one.path, one.size) for one in files}:
                raise ModelError(
                    f"{model_id}: the hub lists other files for {revision} than for its commit",
                    remedy="try again; it may just be changing",
                )
        return _checked(Listing(source=self.source, model_id=model_id, commit=commit, files=files))

    def _files(self, model_id: str, revision: str) -> tuple[tuple[HubFile, ...], str]:
        address = (
            f"{self._endpoint}/api/v1/models/{model_id}/repo/files?Revision={quote(revision, safe='')}&Recursive=true"
        )
        said = _json(self._ask, address, model_id, revision).get("Data")
        said = said if isinstance(said, dict) else {}
        if said.get("Files") is None:
            raise _no_such(model_id, revision)
        rows = [one for one in _rows(said["Files"], model_id) if one.get("Type") != "tree"]
        files = tuple(_file(model_id, one.get("Path"), one.get("Size"), one.get("Sha256"), "") for one in rows)
        return files, revision if _COMMIT.fullmatch(revision) else self._commit(model_id, said, rows)

    @staticmethod
    def _commit(model_id: str, said: dict[str, Any], rows: list[dict[str, Any]]) -> str:
        """The newest commit: named whole, or by its first digits, and then it is that of a file's last change."""
        newest = said.get("LatestCommitter")
        newest = newest if isinstance(newest, dict) else {}
        whole, short = newest.get("Id"), newest.get("ShortId")
        if isinstance(whole, str) and _COMMIT.fullmatch(whole):
            return whole
        known = {str(one.get("Revision")) for one in rows if _COMMIT.fullmatch(str(one.get("Revision")))}
        matching = [one for one in known if isinstance(short, str) and len(short) >= 7 and one.startswith(short)]
        if len(matching) != 1:
            raise ModelError(
                f"{model_id}: the hub does not say which commit is the newest",
                remedy="name a commit of 40 digits with --revision, from the model's page",
            )
        return matching[0]

    def address(self, listing: Listing, path: str) -> str:
        where = f"{self._endpoint}/api/v1/models/{listing.model_id}/repo"
        return f"{where}?Revision={listing.commit}&FilePath={quote(path, safe='')}"


def _json(ask: Ask, address: str, model_id: str, revision: str) -> dict[str, Any]:
    try:
        content = ask(address, model_id, _LONGEST)
    except NotFoundError:
        raise _no_such(model_id, revision) from None
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise _senseless(model_id, "no JSON object")
    return said


def _no_such(model_id: str, revision: str) -> NotFoundError:
    return NotFoundError(f"{model_id}: the hub has no such model or revision ({revision})", remedy=SPELLING)


def _senseless(model_id: str, what: str) -> ModelError:
    return ModelError(f"{model_id}: the hub's answer makes no sense: {what}", remedy="check --endpoint")


def _rows(value: object, model_id: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _senseless(model_id, "no list of files")
    return value


def _file(model_id: str, path: object, size: object, sha256: object, blob: object) -> HubFile:
    if not isinstance(path, str) or not is_safe(path):
        raise ModelError(
            f"{model_id}: the hub lists a file that may not lie in a model's folder: {str(path)[:200]!r}",
            remedy="nothing was fetched; do not use this model",
        )
    if type(size) is not int or size < 0:
        raise _senseless(model_id, f"the size of {path}")
    return HubFile(
        path=path,
        size=size,
        sha256=sha256 if isinstance(sha256, str) and _SHA256.fullmatch(sha256) else "",
        blob=blob if isinstance(blob, str) and _COMMIT.fullmatch(blob) else "",
    )


def _checked(listing: Listing) -> Listing:
    names = [one.path.lower() for one in listing.files]
    if len(set(names)) != len(names):
        raise _senseless(listing.model_id, "two files of one name")
    return listing
