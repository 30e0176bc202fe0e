"""Doctor's look at a served engine: what answers at its address, and what of the way there is unsafe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.errors import RagMedError
from ragmed.examined import Examined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmed.settings import Settings


def examine_served(settings: Settings) -> Iterator[Examined]:
    """What answers at ``served.url``, and what of the way there is unsafe; nothing where none is set."""
    served = settings.served
    if not served.url:
        return
    from ragmed.generate.address import address_of
    from ragmed.generate.served import ServedEngine

    wanted = settings.answer.generator == "served"
    try:
        address = address_of(served.url)
        engine = ServedEngine(served)
        try:
            told = f"{engine.model_id}{f' ({engine.revision})' if engine.revision else ''} at {address.where}"
            counts = engine.counts
            found = f"{told}; context {engine.context_tokens:,} tokens, {'counted' if counts else 'overestimated'}"
            way, held = engine.markers_held()
        finally:
            engine.close()
    except RagMedError as error:
        yield Examined(subject="engine", state="fault" if wanted else "short", found=str(error), remedy=error.remedy)
        return
    yield Examined(
        subject="engine",
        state="fine" if counts else "short",
        found=found,
        remedy="" if counts else "it cannot count, so prompts are kept short: see docs/deploy.md, Ollama",
    )
    yield _markers(way, held)
    if address.api.startswith("http://") and not address.here:
        yield Examined(
            subject="engine's network",
            state="short",
            found=f"questions go to {address.where} unencrypted",
            remedy="use https:// or an encrypted network between the two machines",
        )
    if served.key_file is not None and served.key_file.stat().st_mode & 0o077:
        yield Examined(
            subject="engine's key",
            state="short",
            found=f"{served.key_file.name} can be read by other users of this machine",
            remedy=f"chmod 600 {served.key_file}",
        )


def _markers(way: str, held: bool | None) -> Examined:
    """Whether the engine is held to the numbers of passages while it writes (``ServedEngine.markers_held``)."""
    if held:
        return Examined(
            subject="engine's markers", state="fine", found=f"no line ends without a passage's number ({way})"
        )
    later = "passages' numbers are checked afterwards alone"
    if not way:
        return Examined(subject="engine's markers", state="fine", found=f"{later}: the engine is not asked for more")
    why = f"it refuses `{way}`" if held is None else f"it takes `{way}` and does not keep to it"
    return Examined(
        subject="engine's markers",
        state="short",
        found=f"{later}: {why}",
        remedy="see docs/deploy.md for the field that your engine takes, or set served.markers to off",
    )
