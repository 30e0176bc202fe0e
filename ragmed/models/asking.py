"""Asking a hub over HTTP: the client, tries, and refusals in words.

Laws: an access token goes to the hub's own address only, and never unencrypted; a body is never read beyond what was
expected; whoever is busy or out of reach is asked again a few times, ever more slowly.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from ragmed.errors import BadInputError, ModelError, NotFoundError

TIMEOUT = httpx.Timeout(30.0, connect=15.0)
TRIES = 6
"""So often in a row without a further byte."""
_PAUSE = 0.5
"""Seconds before the second try; doubled before each further one."""
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of a server that may answer otherwise a moment later."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
SPELLING = "check the spelling and --revision; `ragmed models list` names some"


class CutError(Exception):
    """A try ended early; the message says why."""


def client_for(endpoint: str, token: str) -> httpx.Client:
    """An HTTP client for a hub. Raises BadInputError for what is no address, or would send the token unencrypted."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
        raise BadInputError(f"{endpoint!r} is no hub's address", remedy="write it as https://hub.example")
    if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise BadInputError(
            f"{endpoint!r}: the access token would travel unencrypted", remedy="use https, or unset the token"
        )
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # httpx sends the token on to the same origin only, so a redirect to a file store goes without it
    headers |= {"User-Agent": "ragmed", "Accept-Encoding": "identity"}
    return httpx.Client(headers=headers, follow_redirects=True, timeout=TIMEOUT, max_redirects=5)


def wait_after(failed: int, pause: Callable[[float], None]) -> None:
    """The pause after so many tries in vain."""
    pause(_PAUSE * 2**failed)


def read_whole(client: httpx.Client, address: str, what: str, longest: int, pause: Callable[[float], None]) -> bytes:
    """A short answer. ``what`` names it in messages. Raises NotFoundError, ModelError."""
    reason: Exception = CutError("it was not asked")
    for failed in range(TRIES):
        if failed:
            wait_after(failed, pause)
        try:
            with client.stream("GET", address) as response:
                if response.status_code not in BUSY:
                    raise_for(response, what)
                    return _body(response, what, longest)
                reason = CutError(f"it answered {response.status_code}")
        except httpx.HTTPError as error:
            reason = error
    raise unreachable(what, reason)


def _body(response: httpx.Response, what: str, longest: int) -> bytes:
    content = bytearray()
    for piece in response.iter_bytes():
        content += piece
        if len(content) > longest:
            raise ModelError(f"{what}: the hub's answer does not end", remedy="check --endpoint")
    return bytes(content)


def raise_for(response: httpx.Response, what: str) -> None:
    """Turns a refusal into words. ``what``: the model, or the model and a file."""
    code = response.status_code
    if code in (401, 403):
        raise ModelError(
            f"{what}: the hub wants to know who asks ({code})",
            remedy="the model is gated or private, or its name is misspelt: accept its licence on the hub's page, make "
            "an access token there, and put it into the variable HF_TOKEN (MODELSCOPE_API_TOKEN for ModelScope)",
        )
    if code == 404:
        raise NotFoundError(f"{what}: the hub has no such thing", remedy=SPELLING)
    if code >= 400:
        raise ModelError(f"{what}: the hub answered {code}", remedy="try again later, or name another hub with --from")


def unreachable(what: str, error: Exception) -> ModelError:
    """The hub cannot be talked to."""
    return ModelError(
        f"{what}: the hub cannot be reached ({error or type(error).__name__})",
        remedy="check the network and proxy, or name a mirror with --endpoint or another hub with --from; without a "
        "network, copy the files and run `ragmed models pull ./FOLDER`",
    )
