"""Requests to a served engine: time-outs, what is worth another try, and every failure as a ModelError.

Laws: nothing that the engine says in an error is repeated, since it may repeat the question; no redirect is followed,
since the key would travel; no proxy or other variable of the environment is heeded, since patient text would travel
(``SSL_CERT_FILE`` alone is: it adds authorities, never hosts); certificates are verified.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ragmed.errors import ModelError
from ragmed.generate.address import Address, key_headers

if TYPE_CHECKING:
    import httpx

    from ragmed.settings import ServedSettings

FIRST_WAIT, LONGEST_WAIT = 0.5, 8.0
"""Seconds before the first further try, doubled for each one after; nobody waits longer for an engine that is full."""
_KEPT_OPEN = 2.0
"""Seconds an idle connection is kept: less than any engine keeps it, or a request meets a closing door."""
_SEE_LOG = "look into the engine's log, and check with `ragmed doctor`"


class PassingError(ModelError):
    """A failure that may be over in a moment. ``wait``: seconds the engine asks for; None: it does not say."""

    wait: float | None = None


class RefusedError(ModelError):
    """Something answers, and the request or the address is wrong; ``status`` is the HTTP status, 200 for nonsense."""

    status = 0


class BrokenError(ModelError):
    """The engine fails at this request (500 and the like)."""


class Connection:
    """Requests to one engine. Safe to share between threads; opens nothing before the first request."""

    def __init__(
        self, address: Address, settings: ServedSettings, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self.address = address
        self._settings = settings
        self._sleep = sleep
        self._lock = threading.Lock()
        self._made: httpx.Client | None = None

    def close(self) -> None:
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def json(self, method: str, url: str, body: object = None) -> Any:
        """What the engine answers. Raises ModelError; PassingError and RefusedError tell how it failed."""
        with self.opened(method, url, body) as response:
            try:
                response.read()
                return response.json()
            except ValueError:
                raise self.strange() from None

    @contextmanager
    def opened(self, method: str, url: str, body: object = None) -> Generator[httpx.Response, None, None]:
        """The answer while it comes; leaving the block closes the connection where more would come.

        Raises ModelError, also for what fails within the block.
        """
        import httpx

        headers = {"Accept-Encoding": "identity", **key_headers(self._settings.key_file)}
        failed: ModelError
        try:
            with self._client().stream(method, url, json=body, headers=headers) as response:
                self._check(response)
                yield response
                return
        except httpx.TransportError as error:
            failed = self._told(error)
        except (httpx.HTTPError, httpx.StreamError):
            failed = self.strange()
        raise failed from None  # outside the clause: the library's error bears the request with its key

    def wait_before(self, attempt: int, error: PassingError) -> bool:
        """Waits before the further try ``attempt`` (from 1); False, at once, where there is to be none."""
        if attempt > self._settings.retries:
            return False
        backed_off = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1)) * (0.5 + random.random() / 2)
        wait = backed_off if error.wait is None else max(error.wait, backed_off)
        if wait > LONGEST_WAIT:
            return False
        self._sleep(wait)
        return True

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._made is None:
                settings = self._settings
                self._made = httpx.Client(
                    trust_env=False,
                    follow_redirects=False,
                    verify=ssl.create_default_context(),  # the system's authorities: a hospital has its own
                    timeout=httpx.Timeout(settings.silence_seconds, connect=settings.connect_seconds),
                    limits=httpx.Limits(max_connections=None, keepalive_expiry=_KEPT_OPEN),
                )
            return self._made

    def _told(self, error: httpx.TransportError) -> ModelError:
        import httpx

        where = self.address.where
        if isinstance(error, httpx.ConnectTimeout):
            within = f"{self._settings.connect_seconds:g} s"
            return ModelError(f"the engine at {where} cannot be reached within {within}", remedy="check served.url")
        if isinstance(error, httpx.TimeoutException):
            silent = f"{self._settings.silence_seconds:g} s"
            return ModelError(
                f"the engine at {where} has been silent for {silent}",
                remedy="it may be overloaded or still loading; served.silence_seconds allows it more",
            )
        if isinstance(error, httpx.ConnectError):
            if "CERTIFICATE" in str(error).upper():
                return ModelError(
                    f"the certificate of the engine at {where} is not trusted",
                    remedy="install the authority that signed it, or name it with SSL_CERT_FILE",
                )
            return PassingError(f"the engine at {where} cannot be reached", remedy="start it, or mend served.url")
        return PassingError(f"the engine at {where} broke the connection", remedy=_SEE_LOG)

    def strange(self) -> RefusedError:
        """The error for an answer that no such engine gives."""
        failed = RefusedError(
            f"the engine at {self.address.where} answers in a way that is not understood",
            remedy="check that served.url leads to an OpenAI-compatible engine, mostly with /v1 at its end",
        )
        failed.status = 200
        return failed

    def _check(self, response: httpx.Response) -> None:
        """Raises ModelError for any status but 200."""
        status = response.status_code
        if status == 200:
            return
        failed: ModelError
        the_engine = f"the engine at {self.address.where}"
        if 300 <= status < 400:
            failed = RefusedError(
                f"{the_engine} sends on to another address, which is not followed",
                remedy="set served.url to the address where the engine itself answers",
            )
        elif status in (401, 403):
            failed = RefusedError(f"{the_engine} refuses the key ({status})", remedy="see served.key_file")
        elif status == 404:
            failed = RefusedError(
                f"{the_engine} does not know the model or the address (404)",
                remedy="check served.model, and that served.url ends as the engine's API does, mostly in /v1",
            )
        elif status in (429, 502, 503, 504):
            failed = PassingError(f"{the_engine} is overloaded or not ready ({status})", remedy=_SEE_LOG)
            failed.wait = _asked_wait(response.headers.get("Retry-After", ""))
        elif 400 <= status < 500:
            failed = RefusedError(
                f"{the_engine} refuses the request ({status})",
                remedy="served.context_tokens may be more than it allows; look into its log",
            )
        else:
            failed = BrokenError(f"{the_engine} fails ({status})", remedy=_SEE_LOG)
        if isinstance(failed, RefusedError):
            failed.status = status
        raise failed


def _asked_wait(text: str) -> float | None:
    """Seconds of a ``Retry-After`` header: a number, or a date."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
