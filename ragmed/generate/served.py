"""A language model behind an OpenAI-compatible address: vLLM, SGLang, llama.cpp, Ollama.

The engine is another program, often on another machine. It gets the messages and nothing else, and what it gives is a
draft like any other: whether it holds is checked behind it. When it cannot be used, the error says why and what to do,
and the composer quotes the library.

Laws: nothing is asked before the first use; two answers are never glued together (further tries only before the first
piece of text, a failure after it is the end); thoughts are no text; closing the stream closes the connection, at which
an engine stops its work; an engine that fails again and again is left alone (``breaker``).
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ragmed.engines import EnginePiece, Message, Order
from ragmed.errors import ModelError
from ragmed.generate.address import address_of
from ragmed.generate.bounds import PROOF, Extras, Try, proof_of, way_of
from ragmed.generate.breaker import Breaker, Pass
from ragmed.generate.cards import Card, chosen_card, digest_of
from ragmed.generate.connection import BrokenError, Connection, PassingError, RefusedError
from ragmed.generate.replies import written
from ragmed.generate.token_counts import WAYS, as_json, most_tokens

if TYPE_CHECKING:
    from ragmed.settings import ServedSettings

ANSWER_TOKENS = 512
"""Kept free for the answer where nothing else is said."""
_ASKED_AGAIN = 60.0
"""Seconds after which the engine is asked anew what it serves: it may have been started with another model."""
_COUNTS_KEPT = 256
_NO_WAY = -1
_NO_THOUGHTS: dict[str, object] = {"chat_template_kwargs": {"enable_thinking": False}}
_NOTHING = Order(messages=(), markers=0, max_tokens=0)
_PROOF_TOKENS = 8
_REFUSALS = (400, 422)
"""What an engine says of a field that it does not take."""


class ServedEngine:
    """An ``Engine`` (``ragmed.interfaces``) over HTTP. Safe to share between threads.

    ``answer_tokens``: the most that an answer will be asked to have; prompts leave so much room. Raises SettingsError
    where ``settings.url`` is no address.
    """

    kind = "served"
    adapter_sha256 = None
    """An adapter is served under a name of its own, which is then ``model_id``; its bytes are not seen from here."""
    quantisation = ""

    def __init__(
        self,
        settings: ServedSettings,
        *,
        answer_tokens: int = ANSWER_TOKENS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._address = address_of(settings.url)
        self._settings = settings
        self._answer_tokens = answer_tokens
        self._clock = clock
        self._connection = Connection(self._address, settings, sleep=sleep)
        self._breaker = Breaker(f"the engine at {self._address.where}", settings.rest_seconds, clock)
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._card: Card | None = None
        self._asked_at = -math.inf
        self._extras = Extras()
        self._way: int | None = None
        self._counts: OrderedDict[bytes, int] = OrderedDict()

    @property
    def model_id(self) -> str:
        """The model's name at the engine. Raises ModelError where the engine does not tell."""
        return self._known().model_id

    @property
    def revision(self) -> str:
        """What the engine tells of the weights, as ``cards`` says; may be empty. Raises ModelError."""
        return self._known().revision

    @property
    def context_tokens(self) -> int:
        """The settings', or the engine's where that is less. Raises ModelError."""
        told = self._known().context_tokens
        return self._settings.context_tokens if told is None else min(told, self._settings.context_tokens)

    @property
    def prompt_tokens(self) -> int:
        """The context without room for an answer. Raises ModelError."""
        context = self.context_tokens
        return context - min(self._answer_tokens, context // 2)

    @property
    def counts(self) -> bool:
        """Whether the engine counts tokens itself, or they are overestimated here. Raises ModelError."""
        self._counted((Message(role="user", content="?"),))
        return self._way != _NO_WAY

    def markers_held(self) -> tuple[str, bool | None]:
        """The field by which the engine is asked for markers of passages alone (empty: it is not), and whether it keeps
        to such a thing: asked for one word, it writes that and no other; None: it refuses. Raises ModelError."""
        card = self._known()
        way = way_of(self._settings.markers, card.engine)
        if not way:
            return "", None
        body = {
            "model": card.asked_as,
            "messages": as_json((Message(role="user", content="Say no."),)),
            "stream": True,
            "temperature": 0.0,
            "max_tokens": _PROOF_TOKENS,
        }
        for one in self._extras.tries(_NOTHING, ""):
            try:
                pieces = self._once({**body, **one.fields, **proof_of(way)})
                return way, "".join(piece.text for piece in pieces).strip() == PROOF
            except RefusedError as error:
                if error.status not in _REFUSALS:
                    raise
        return way, None

    def close(self) -> None:
        """Closes idle connections; the engine may be used again."""
        self._connection.close()

    def warm(self) -> None:
        """Ask the engine for its name, so that a question finds the connection open. Raises ModelError."""
        _ = self.model_id

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of these messages: counted by the engine, or too many (``token_counts``) where it cannot."""
        try:
            return self._counted(messages)
        except ModelError:
            return most_tokens(messages)

    def _counted(self, messages: Sequence[Message]) -> int:
        """Like ``count``; raises ModelError where an engine that can count does not answer."""
        digest = hashlib.blake2b(json.dumps(as_json(messages)).encode()).digest()  # no patient text is kept
        with self._lock:
            found = self._counts.get(digest)
        if found is not None:
            return found
        counted = self._asked_count(messages, self._known().asked_as)
        with self._lock:
            self._counts[digest] = counted
            while len(self._counts) > _COUNTS_KEPT:
                self._counts.popitem(last=False)
        return counted

    def stream(self, order: Order) -> Generator[EnginePiece, None, None]:
        """The text, piece by piece; the last piece bears why it ended. Raises ModelError."""
        card = self._known()
        tokens, context = self._counted(order.messages), self.context_tokens
        if tokens >= context:
            raise ModelError(
                f"the prompt takes {tokens} tokens, of {context} that the engine at {self._address.where} has",
                remedy="serve the model with a longer context and raise served.context_tokens",
            )
        body: dict[str, Any] = {
            "model": card.asked_as,
            "messages": as_json(order.messages),
            "stream": True,
            "temperature": order.temperature,
            "top_p": order.top_p,
            "seed": order.seed,
            "max_tokens": min(order.max_tokens, context - tokens),
        }
        tries = self._extras.tries(order, way_of(self._settings.markers, card.engine))
        leave = self._breaker.admit()
        try:
            yield from self._tried(leave, body, tries)
        except RefusedError:
            raise  # the engine is well
        except ModelError:
            leave.failed()
            self._forget()
            raise
        finally:
            leave.ended()

    # --- tries ---

    def _tried(self, leave: Pass, body: dict[str, Any], tries: tuple[Try, ...]) -> Iterator[EnginePiece]:
        """The answer of the first try that gives any text."""
        attempt, at, begun = 0, 0, False
        while True:
            try:
                for piece in self._once({**body, **tries[at].fields}):
                    if not begun:
                        begun = True
                        leave.answers()
                        self._extras.worked(tries[at], tries)
                    yield piece
            except RefusedError as error:
                if begun or error.status not in _REFUSALS or at + 1 == len(tries):
                    raise
                at += 1
            except PassingError as error:
                attempt += 1
                if begun or not self._connection.wait_before(attempt, error):
                    raise
            else:
                leave.succeeded()
                return

    def _once(self, body: dict[str, Any]) -> Iterator[EnginePiece]:
        with self._connection.opened("POST", f"{self._address.api}/chat/completions", body) as response:
            if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise self._connection.strange()
            yield from written(
                response,
                where=self._address.where,
                max_tokens=body["max_tokens"],
                silence_seconds=self._settings.silence_seconds,
                clock=self._clock,
            )

    def _asked(self, ask: Callable[[], Any], harmless: tuple[type[ModelError], ...] = (RefusedError,)) -> Any:
        """``ask``, with leave, further tries and the failures counted, but the ``harmless``.

        That an engine tells of itself does not show that it can answer: only answers end a row of failures.
        """
        leave = self._breaker.admit()
        attempt = 0
        try:
            while True:
                try:
                    return ask()
                except PassingError as error:
                    attempt += 1
                    if not self._connection.wait_before(attempt, error):
                        raise
        except harmless:
            raise
        except ModelError:
            leave.failed()
            raise
        finally:
            leave.ended()

    # --- what the engine tells of itself ---

    def _known(self) -> Card:
        with self._asking:  # one thread asks, the others wait for what it finds
            if self._card is None or self._clock() - self._asked_at >= _ASKED_AGAIN:
                card = self._asked_card()
                if card != self._card:
                    with self._lock:
                        self._counts.clear()
                        self._way = None
                    self._extras.forget()
                self._card, self._asked_at = card, self._clock()
            return self._card

    def _forget(self) -> None:
        self._asked_at = -math.inf

    def _asked_card(self) -> Card:
        url, wanted = f"{self._address.api}/models", self._settings.model
        try:
            listing = self._asked(lambda: self._connection.json("GET", url))
        except RefusedError as error:
            if error.status != 404 or not wanted:
                raise
            listing = None  # an engine without a list of models: the settings name one
        card = chosen_card(listing, wanted, self._address.where)
        if card.revision or card.context_tokens is not None:
            return card
        try:
            digest = digest_of(self._connection.json("GET", f"{self._address.root}/api/tags"), card.asked_as)
        except ModelError:
            return card
        return replace(card, revision=digest)

    def _asked_count(self, messages: Sequence[Message], model: str) -> int:
        """By the way of counting that this engine has; raises ModelError where it does not answer."""

        def ask(path: str, body: object) -> Any:
            url, refusals = self._address.root + path, (RefusedError, BrokenError)
            try:
                return self._asked(lambda: self._connection.json("POST", url, body), refusals)
            except refusals:
                return None

        with self._lock:
            known = self._way
        ways = range(len(WAYS)) if known is None else (known,) if known != _NO_WAY else ()
        for way in ways:
            counted = WAYS[way](ask, model, messages, _NO_THOUGHTS)
            if counted is not None:
                self._learn(way)
                return counted
        self._learn(_NO_WAY)
        return most_tokens(messages)

    def _learn(self, way: int) -> None:
        with self._lock:
            self._way = way
