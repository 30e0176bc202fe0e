"""A model's folder → tokenizer and weights, on the device at hand, in 4 bits where it can.

Laws of this room: bytes are compared with the lock before they are loaded; nothing is fetched and no code of a model's
folder is run; whatever goes wrong is a ModelError that says what to do, for the library can be quoted without a model.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.adapters.files import ADAPTER_FILES, BROKEN, adapter_sha256
from ragmed.errors import ModelError, RagMedError
from ragmed.models import tiers
from ragmed.models.processor import Processor, this_processor
from ragmed.models.store import InstalledModel, require_whole
from ragmed.models.tiers import Device

if TYPE_CHECKING:
    from ragmed.models.shape import ModelShape
    from ragmed.settings import ModelSettings


def device_of(settings: ModelSettings) -> Device:
    """The device named in the settings, or the fastest one there. Raises ModelError where the named one is missing."""
    there = devices_here()
    if settings.device == "auto":
        return next(device for device, found in there.items() if found)
    if not there[Device(settings.device)]:
        raise ModelError(f"this machine has no {settings.device} device", remedy="set model.device to auto")
    return Device(settings.device)


def devices_here() -> dict[Device, bool]:
    """Every kind of device, the fastest first, and whether there is one."""
    import torch

    return {
        Device.CUDA: torch.cuda.is_available(),
        Device.NPU: _has_npu(torch),
        Device.MPS: torch.backends.mps.is_available(),
        Device.CPU: True,
    }


def _has_npu(torch: Any) -> bool:
    """Ascend's plug-in adds ``torch.npu`` where it is installed."""
    return hasattr(torch, "npu") and bool(torch.npu.is_available())


def quantisation_of(
    settings: ModelSettings, device: Device, shape: ModelShape, processor: Processor | None = None
) -> str:
    """``nf4`` or ``bf16``: as the settings name it, or what the device runs fastest (``tiers.default_bits``).

    ``processor``: this machine's where it is None. Raises ModelError where the device cannot.
    """
    if why := tiers.missing_bits(shape, device, settings.quantisation):
        raise ModelError(
            f"the model cannot be held as asked: {why}",
            remedy="set model.quantisation and model.device to auto, or take the model in 16 bits",
        )
    held = settings.quantisation
    if held == "auto":
        processor = processor or this_processor()
        tokens = settings.prompt_tokens or prompt_tokens_of(device)
        bits = tiers.default_bits(shape, device, processor.memory_bytes, tokens, matrix_units=processor.matrix_units)
        held = bits.quantisation
    return "nf4" if held == "nf4" else "bf16"


def prompt_tokens_of(device: Device) -> int:
    """Tokens of a prompt that the device reads in good time; of a graphics card its memory decides."""
    import torch

    card = torch.cuda.get_device_properties(0).total_memory if device is Device.CUDA else 0
    return tiers.prompt_tokens_of(device, card)


@dataclass(frozen=True)
class Adapter:
    """A tuned adapter's folder, as PEFT writes it."""

    folder: Path
    named: str = ""
    """The hash that its bytes must have, where a register names it by that."""

    @property
    def name(self) -> str:
        """For messages: never a path."""
        return self.named[:12] or self.folder.name

    @property
    def remedy(self) -> str:
        """What to do where it is not as it should be."""
        return BROKEN if self.named else "name an adapter's folder in model.adapter, or leave the setting empty"

    def require(self) -> None:
        """Raises ModelError where it is none."""
        missing = [name for name in ADAPTER_FILES if not (self.folder / name).is_file()]
        if missing:
            raise ModelError(f"adapter {self.name}: no {' and no '.join(missing)}", remedy=self.remedy)

    @cached_property
    def sha256(self) -> str:
        """Of both files' hashes, in order."""
        if self.named:
            return self.named
        self.require()
        return adapter_sha256(self.folder)


def load_tokenizer(model: InstalledModel) -> Any:
    """The model's tokenizer with its chat template. Raises ModelError, IntegrityError (bytes are not the lock's)."""
    from transformers import AutoTokenizer

    require_whole(model)
    with told(model.name):
        tokenizer = AutoTokenizer.from_pretrained(model.folder, local_files_only=True, trust_remote_code=False)
    if not tokenizer.chat_template:
        raise ModelError(f"model {model.name}: its tokenizer has no chat template", remedy="use an instruct model")
    return tokenizer


def load_weights(
    model: InstalledModel, settings: ModelSettings, adapter: Adapter | None, processor: Processor | None = None
) -> Any:
    """The model, ready to generate; with an adapter as PEFT wraps it. Raises ModelError, IntegrityError (bytes are not
    the lock's, or the adapter's)."""
    from ragmed.generate.tuned import put_on, verified

    device = device_of(settings)
    four_bits = quantisation_of(settings, device, model.config, processor) == "nf4"
    with told(model.name):
        loaded = load_base(model, device, four_bits=four_bits)
        _reads_only_what_is_new(loaded)
        if adapter:
            loaded = put_on(loaded, verified(loaded, adapter))
        return loaded.eval()


def load_base(model: InstalledModel, device: Device, *, four_bits: bool) -> Any:
    """The model's weights alone, in NF4 with double quantisation or in 16 bits. Files that hold 4 bits
    are loaded as they are, into the same weights.

    Raises ModelError, IntegrityError (bytes are not the lock's).
    """
    import torch
    from transformers import AutoModelForCausalLM, BitsAndBytesConfig

    require_whole(model)
    if model.config.four_bits and not four_bits:
        raise ModelError(f"model {model.name}: its files hold 4 bits", remedy="set model.quantisation to auto")
    how = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    with told(model.name):
        return AutoModelForCausalLM.from_pretrained(
            model.folder,
            dtype=torch.bfloat16,
            device_map={"": device},
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            # of files that hold 4 bits the configuration tells; a None here would hide it (transformers 5.23)
            **({"quantization_config": how} if four_bits and not model.config.four_bits else {}),
        )


def _reads_only_what_is_new(loaded: Any) -> None:
    """Looking ahead in the prompt, transformers 5.23 reads the whole prompt into a memory that holds its beginning
    already, and every position is then wrong; its other ways leave out what is in the memory, and so does this."""
    prepare = loaded.prepare_inputs_for_generation

    @wraps(prepare)  # its signature is looked at
    def prepared(input_ids: Any, next_sequence_length: int | None = None, **more: Any) -> Any:
        memory = more.get("past_key_values")
        if next_sequence_length is None and more.get("is_first_iteration") and memory is not None:
            known = int(memory.get_seq_length())
            if 0 < known < input_ids.shape[1]:
                next_sequence_length = input_ids.shape[1] - known
        return prepare(input_ids, next_sequence_length=next_sequence_length, **more)

    loaded.prepare_inputs_for_generation = prepared


@contextmanager
def told(name: str) -> Iterator[None]:
    """What loading raises, as a ModelError of the model's name; and none of its warnings on the terminal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except RagMedError:
        raise
    except Exception as error:
        raise as_model_error(name, error) from error


def as_model_error(name: str, error: Exception) -> ModelError:
    """What a failure of loading or generating is called."""
    said = type(error).__name__
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return ModelError(f"model {name}: not enough memory", remedy="`ragmed doctor` says which model fits here")
    if isinstance(error, ImportError):
        return ModelError(f"model {name}: a package is missing ({error.name})", remedy="install RagMed's requirements")
    return ModelError(f"model {name}: could not be used ({said})", remedy="`ragmed models check` says what is wrong")


def quiet_libraries() -> None:
    """No progress bars, no advice and no network from the libraries that load a model."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    from transformers.utils import logging as advice

    advice.set_verbosity_error()
    advice.disable_progress_bar()
    # it advises to install what would load machine code from the network
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)


def end_tokens(loaded: Any, tokenizer: Any, folder: Path) -> tuple[int, ...]:
    """Ids of the tokens that end an answer: the model's own, and the tokenizer's."""
    stated: list[int] = []
    file = folder / "generation_config.json"
    if file.is_file():
        found = json.loads(file.read_text("utf-8")).get("eos_token_id")
        stated += found if isinstance(found, list) else [found] if isinstance(found, int) else []
    for one in (loaded.config.eos_token_id, tokenizer.eos_token_id):
        stated += one if isinstance(one, list) else [one] if isinstance(one, int) else []
    return tuple(dict.fromkeys(stated))
