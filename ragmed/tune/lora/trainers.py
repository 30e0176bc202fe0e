"""TRL's trainers, fed with tokens: what they would tokenise or cast themselves is done here, and held by tests.

The reference of a preference run is the adapter that it begins with, frozen: TRL keeps a copy of it beside the one that
learns. TRL rounds an adapter on a 4-bit base to 16 bits; here it keeps its 32, as AdamW's steps are smaller than 16
bits can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ragmed.models.tiers import Device
from ragmed.tune.dataset.rows import Form
from ragmed.tune.lora.base import learning_parameters

if TYPE_CHECKING:
    from ragmed.settings import TuneSettings
    from ragmed.tune.lora.tokens import Tokens

KEPT_CHECKPOINTS = 2
"""The newest, and one more should a kill have cut it short."""


def trainer_of(
    form: Form,
    model: Any,
    tokenizer: Any,
    learn: Tokens,
    validate: Tokens,
    settings: TuneSettings,
    *,
    device: Device,
    checkpoints: Path,
    steps: int = 0,
    callbacks: Sequence[Any] = (),
) -> Any:
    """A trainer that is ready to run. ``steps``: so many instead of the epochs (0: the epochs)."""
    from datasets import Dataset
    from transformers import PrinterCallback

    before = {name: one.detach().clone() for name, one in learning_parameters(model)}
    columns = {"train_dataset": Dataset.from_list([*learn.columns])}
    if validate.columns:
        columns["eval_dataset"] = Dataset.from_list([*validate.columns])
    arguments = _arguments(form, settings, device, checkpoints, steps, validating=bool(validate.columns))
    trainer = _class_of(form)(
        model=model,
        args=_config_of(form, settings, arguments),
        processing_class=tokenizer,
        callbacks=[*callbacks],
        **columns,
    )
    for name, one in learning_parameters(trainer.model):
        one.data = before[name].to(one.device)
    trainer.remove_callback(PrinterCallback)  # it prints to stdout, which belongs to results
    return trainer


def _arguments(
    form: Form, settings: TuneSettings, device: Device, checkpoints: Path, steps: int, *, validating: bool
) -> dict[str, Any]:
    """What all trainers are told alike."""
    supervised = form is Form.SFT
    return {
        "output_dir": str(checkpoints),
        "learning_rate": settings.learning_rate if supervised else settings.preference_rate,
        "num_train_epochs": settings.epochs if supervised else settings.preference_epochs,
        "max_steps": steps or -1,
        "per_device_train_batch_size": max(2, settings.batch) if form is Form.KTO else settings.batch,
        "per_device_eval_batch_size": max(2, settings.batch) if form is Form.KTO else settings.batch,
        "gradient_accumulation_steps": settings.accumulate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": settings.warmup,
        "max_grad_norm": 1.0,
        "weight_decay": 0.0,
        "optim": "adamw_torch",
        "gradient_checkpointing": settings.checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False} if settings.checkpointing else None,
        "bf16": False,  # the base computes in 16 bits by itself, the adapter in 32
        "use_cpu": device is Device.CPU,
        "seed": settings.seed,
        "data_seed": settings.seed,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "eval_strategy": "epoch" if validating else "no",
        "save_strategy": "steps",
        "save_steps": settings.save_steps,
        "save_total_limit": KEPT_CHECKPOINTS,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": device is Device.CUDA,
        "dataloader_num_workers": 0,
        "max_length": None,  # nothing is cut: what is too long was left out
        "remove_unused_columns": False,
    }


def _config_of(form: Form, settings: TuneSettings, arguments: dict[str, Any]) -> Any:
    if form is Form.SFT:
        from trl.trainer.sft_config import SFTConfig

        return SFTConfig(
            padding_free=settings.packing,
            packing=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            loss_type="nll",
            **arguments,
        )
    if form is Form.DPO:
        from trl.trainer.dpo_config import DPOConfig

        return DPOConfig(beta=settings.beta, loss_type=["sigmoid"], **arguments)
    from trl.trainer.kto_config import KTOConfig

    return KTOConfig(beta=settings.beta, loss_type="kto", train_sampling_strategy="sequential", **arguments)


def _class_of(form: Form) -> Any:
    if form is Form.SFT:
        from trl.trainer.sft_trainer import SFTTrainer

        return SFTTrainer
    if form is Form.DPO:
        from trl.trainer.dpo_trainer import DPOTrainer

        class OfTokens(DPOTrainer):
            """Takes tokens as they are."""

            def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
                return dataset

        return OfTokens
    from trl.trainer.kto_trainer import KTOTrainer

    class OfWantedTokens(KTOTrainer):
        """Takes tokens as they are, and pairs each prompt of a batch with the answer of the one before it, by which
        the divergence from the reference is estimated (arXiv 2402.01306, section 4.1)."""

        def _prepare_dataset(self, dataset: Any, _tokenizer: Any, args: Any, *_: Any) -> Any:
            size = args.per_device_train_batch_size
            answers = dataset["completion_ids"]
            batches = [answers[start : start + size] for start in range(0, len(answers), size)]
            shifted = [answer for batch in batches for answer in (batch[-1], *batch[:-1])]
            return dataset.add_column("KL_completion_ids", shifted)

    return OfWantedTokens
