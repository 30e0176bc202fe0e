"""A real HTTP server on loopback that plays an engine: it answers what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ragmed.engines import EnginePiece, Message, Order
from ragmed.generate.served import ServedEngine
from ragmed.settings import ServedSettings

QUESTION = "How much adrenaline for the man with the name Zebulon Quux?"
ORDER = Order(
    messages=(Message(role="system", content="Cite."), Message(role="user", content=QUESTION)), markers=2, max_tokens=50
)
VLLM_MODELS = {"data": [{"id": "tiny", "root": "/srv/models/tiny-qwen", "max_model_len": 2048}]}

Reply = Callable[["Asked"], None]


@dataclass
class Asked:
    """One request, and the means to answer it."""

    path: str
    headers: dict[str, str]
    body: Any
    handler: BaseHTTPRequestHandler

    def json(self, body: object, status: int = 200, **headers: str) -> None:
        self.raw(json.dumps(body).encode(), status, "application/json", **headers)

    def raw(self, body: bytes, status: int = 200, kind: str = "text/plain", **headers: str) -> None:
        self.handler.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def stream(self, *pieces: bytes, pause: float = 0.0) -> None:
        """The bytes as they are, each sent alone; the connection then ends."""
        self.handler.send_response(200)
        self.handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()
        for piece in pieces:
            self.handler.wfile.write(piece)
            self.handler.wfile.flush()
            time.sleep(pause)

    def cut(self) -> None:
        """Breaks the connection at once."""
        self.handler.close_connection = True
        self.handler.connection.shutdown(socket.SHUT_RDWR)


@dataclass
class PlayedEngine:
    """What the server is to answer. ``replies`` to chats are used up in order, the last one again and again."""

    url: str = ""
    models: Any = field(default_factory=lambda: VLLM_MODELS)
    replies: list[Reply] = field(default_factory=list)
    others: dict[str, Reply] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def chats(self) -> list[Asked]:
        return [one for one in self.asked if one.path == "/v1/chat/completions"]

    def paths(self) -> list[str]:
        return [one.path for one in self.asked]

    def answer(self, one: Asked) -> None:
        if one.path in self.others:
            self.others[one.path](one)
        elif one.path == "/v1/models":
            one.json(self.models)
        elif one.path == "/v1/chat/completions":
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            reply(one)
        else:
            one.json({"detail": "Not Found"}, 404)


def event(content: str = "", reason: str | None = None, **delta: str) -> bytes:
    choice = {"index": 0, "delta": {"content": content, **delta}, "finish_reason": reason}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def says(*texts: str, reason: str = "stop") -> Reply:
    return lambda one: one.stream(*(event(text) for text in texts), event(reason=reason), DONE)


def status(code: int, **headers: str) -> Reply:
    return lambda one: one.json({"error": {"message": f"no: {QUESTION}"}}, code, **headers)


@contextmanager
def playing(certificate: str | None = None) -> Iterator[PlayedEngine]:
    """An engine that plays until the block ends; with a certificate's file, over TLS."""
    played = PlayedEngine()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            one = Asked(self.path, dict(self.headers), body, self)
            played.asked.append(one)
            try:
                played.answer(one)
            except (BrokenPipeError, ConnectionResetError, ValueError):
                self.close_connection = True

        do_GET = do_POST = _any

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # a client that left

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    played.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}/v1"
    try:
        yield played
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def engine_at(url: str, *, sleep: Callable[[float], object] | None = None, **settings: Any) -> Iterator[ServedEngine]:
    """A ServedEngine that waits for nothing, unless it is told how."""
    more: dict[str, Any] = {"clock": settings.pop("clock")} if "clock" in settings else {}
    engine = ServedEngine(ServedSettings(url=url, **settings), sleep=sleep or (lambda _: None), **more)
    try:
        yield engine
    finally:
        engine.close()


def text_of(pieces: list[EnginePiece]) -> str:
    return "".join(piece.text for piece in pieces)
