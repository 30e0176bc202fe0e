"""A hub on loopback that plays Hugging Face and ModelScope: lists, files, Range, redirects, and whatever goes wrong."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NEXT = "fedcba9876543210fedcba9876543210fedcba98"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Asked:
    """One request as it came in."""

    path: str
    range: str
    if_range: str
    token: str
    store: bool
    """Asked of the file store, not of the hub."""


@dataclass
class FakeHub:
    """What it serves and how it fails; tests set the fields between requests."""

    model_id: str = "Qwen/Tiny-Instruct"
    commit: str = COMMIT
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    """The next answers with a weights file end after so many bytes of the body."""
    failures: list[int] = field(default_factory=list)
    """The next requests for a file are answered with these codes."""
    refusal: int = 0
    """Answer every request with this code."""
    served: dict[str, bytes] = field(default_factory=dict)
    """Bytes that are sent instead of those listed."""
    etags: dict[str, str] = field(default_factory=dict)
    listed: dict[str, object] = field(default_factory=dict)
    """Fields of the listing that are not true."""
    ranges: bool = True
    heeds_if_range: bool = True
    told_hashes: bool = True
    moving: bool = False
    """ModelScope lists another file for the commit than for the branch."""
    gate: threading.Event | None = None
    """While not set, weights are held back after their first bytes."""
    started: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    store_url: str = ""

    def etag(self, path: str) -> str:
        return self.etags.get(path, f'"{sha256(self.content(path))[:32]}"')

    def content(self, path: str) -> bytes:
        return self.served.get(path, self.files[path])

    def of(self, path: str) -> list[Asked]:
        """Requests that were answered with this file, at the store."""
        return [one for one in self.asked if one.store and one.path.endswith(path)]

    def huggingface(self, revision: str) -> object | None:
        if revision not in ("main", self.commit):
            return None
        siblings = []
        for path, content in self.files.items():
            row: dict[str, object] = {"rfilename": path, "size": len(content)}
            if self.told_hashes:
                row["blobId"] = git_blob(content)
            if path.endswith(".safetensors") and self.told_hashes:
                row["lfs"] = {"sha256": sha256(content), "size": len(content), "pointerSize": 135}
            siblings.append(row)
        return {"id": self.model_id, "sha": self.commit, "siblings": siblings, **self.listed}

    def modelscope(self, revision: str) -> object:
        if revision not in ("master", self.commit):
            return {"Code": 200, "Success": True, "Data": {"Files": None, "LatestCommitter": None}}
        rows: list[dict[str, object]] = [{"Path": "assets", "Type": "tree", "Size": 0, "Revision": NEXT}]
        for path, content in self.files.items():
            first = "config.json" in path
            row = {"Path": path, "Type": "blob", "Size": len(content), "Revision": self.commit if first else "a" * 40}
            if revision == "master":  # a list at a commit may come without hashes
                row["Sha256"] = sha256(content)
            rows.append(row)
        if self.moving and revision != "master":
            rows.append({"Path": "new.json", "Type": "blob", "Size": 1, "Revision": self.commit})
        newest = {"Id": "", "ShortId": self.commit[:8]}
        return {"Code": 200, "Success": True, "Data": {"Files": rows, "LatestCommitter": newest, **self.listed}}


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    hub: FakeHub
    store: bool

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        hub, parts = self.hub, urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        headers = self.headers
        hub.asked.append(
            Asked(
                path=path,
                range=headers.get("Range", ""),
                if_range=headers.get("If-Range", ""),
                token=headers.get("Authorization", ""),
                store=self.store,
            )
        )
        if hub.refusal:
            self._send(hub.refusal, b"no")
        elif self.store:
            self._file(path.removeprefix("/"))
        elif path == f"/api/models/{hub.model_id}/revision/main" or path.startswith(f"/api/models/{hub.model_id}/rev"):
            self._json(hub.huggingface(path.rsplit("/", 1)[1]))
        elif path == f"/api/v1/models/{hub.model_id}/repo/files":
            self._json(hub.modelscope(query["Revision"][0]))
        elif path == f"/api/v1/models/{hub.model_id}/repo" and query["Revision"] == [hub.commit]:
            self._redirect(query["FilePath"][0])
        elif path.startswith(f"/{hub.model_id}/resolve/{hub.commit}/"):
            self._redirect(path.split(f"/{hub.commit}/", 1)[1])
        else:
            self._send(404, b"not found")

    def _redirect(self, path: str) -> None:
        self._send(302, b"", {"Location": f"{self.hub.store_url}/{path}"})

    def _json(self, value: object | None) -> None:
        self._send(404, b"{}") if value is None else self._send(200, json.dumps(value).encode())

    def _file(self, path: str) -> None:
        hub = self.hub
        if hub.failures:
            self._send(hub.failures.pop(0), b"later")
            return
        whole, etag = hub.content(path), hub.etag(path)
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        if (hub.heeds_if_range and self.headers.get("If-Range", etag) != etag) or not hub.ranges:
            start = 0
        if start and start >= len(whole):
            self._send(416, b"")
            return
        body = whole[start:]
        more = {"ETag": etag}
        if start:
            more["Content-Range"] = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        cut = hub.cut_after.pop(0) if path.endswith(".safetensors") and hub.cut_after else None
        self._send(206 if start else 200, body, more, cut=cut, held=path.endswith(".safetensors"))

    def _send(
        self, code: int, body: bytes, more: dict[str, str] | None = None, *, cut: int | None = None, held: bool = False
    ) -> None:
        self.send_response(code)
        for key, value in {"Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if held and self.hub.gate is not None:
            self.wfile.write(body[:1])
            self.wfile.flush()
            self.hub.started.set()
            self.hub.gate.wait(20)
            body = body[1:]
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the tests."""


@contextmanager
def running_hub(hub: FakeHub) -> Iterator[FakeHub]:
    """Serve ``hub`` on two ports of loopback: the hub itself, and the file store that it redirects to."""
    servers = []
    try:
        for store in (False, True):
            answers = type("Answers", (_Answers,), {"hub": hub, "store": store})
            server = _Server(("127.0.0.1", 0), answers)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            servers.append(server)
        hub.url, hub.store_url = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def files_of(folder: Path) -> dict[str, bytes]:
    """What a hub has of a model: the folder's files, and others that nobody should take."""
    found = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return found | {
        "README.md": b"# Tiny\n",
        "pytorch_model.bin": b"\x80\x02pickle",
        "modeling_tiny.py": b"raise SystemExit\n",
        "onnx/model.onnx": b"onnx",
        "LICENSE": b"Apache-2.0\n",
    }
