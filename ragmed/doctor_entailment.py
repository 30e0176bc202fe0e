"""Doctor's look at the model of the second check: named, here, of the right kind, and where it will run.

Looks at names, sizes and the configuration; nothing is hashed or loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.errors import ModelError, RagMedError
from ragmed.examined import Examined
from ragmed.models.checking import WHOLE, list_models
from ragmed.models.store import installed_entailer
from ragmed.models.tiers import gib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ragmed.machine import Machine
    from ragmed.settings import Settings

_BYTES = 4
"""Of each of its numbers in memory."""


def examine_entailment(settings: Settings, machine: Machine) -> Iterator[Examined]:
    """One line where ``answer.entailment_model`` names a model; nothing where it names none."""
    answer = settings.answer
    if not answer.entailment_model:
        return
    try:
        model = installed_entailer(answer.entailment_model, settings.model.folder)
        listed = next(one for one in list_models(settings.model, answer.entailment_model) if one.checks)
        if listed.state != WHOLE:
            raise ModelError(f"{model.name}: {listed.words}", remedy="see `ragmed models check`")
        if answer.entailment_device not in ("cpu", machine.device.value):
            raise ModelError(
                f"answer.entailment_device is {answer.entailment_device}, and this machine has none",
                remedy="set it to cpu",
            )
    except RagMedError as error:
        found = f"{error}; sentences are checked by the rules alone, and each answer says so"
        yield Examined(subject="second check", state="fault", found=found, remedy=error.remedy)
        return
    yield Examined(
        subject="second check",
        state="fine",
        found=f"{model.name} on {answer.entailment_device}, {gib(_BYTES * listed.parameters)}, pairs of "
        f"{model.config.max_tokens:,} tokens; withholds what it finds under {100 * answer.entailment_least:g}% likely",
    )
