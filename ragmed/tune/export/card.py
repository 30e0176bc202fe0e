"""The model card of an exported folder: where it is from, what the gate said, how it was made and how it is served.

Law: it names no person, no path of a machine, and nothing of a patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragmed import __version__
from ragmed.models.published import APACHE, find_published
from ragmed.tune.export.adapter_folder import served_rank
from ragmed.tune.export.wanted import ExportForm

if TYPE_CHECKING:
    from ragmed.adapters.change import Obstacle
    from ragmed.adapters.register import RegisteredAdapter

CARD, NOTE = "README.md", "export.json"
ADAPTER = "adapter"
"""Of the 4-bit form: the adapter's folder within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a card tells of."""

    form: ExportForm
    name: str
    """The folder's."""
    adapter: RegisteredAdapter
    written_sha256: str
    """Of the adapter's files in the folder; its own hash where it was merged."""
    rank: int
    obstacle: Obstacle | None
    """What stood against the export."""
    date: str

    @property
    def licence(self) -> str:
        """The base model's; empty where it is none of RagMed's table."""
        known = find_published(self.adapter.model)
        return known.licence if known else ""

    def commands(self, folder: str) -> tuple[str, ...]:
        """How it is put to use where it lies in ``folder``: lines for a shell, or for ``ragmed.toml``."""
        served = "--host 127.0.0.1 --port 8000 --generation-config vllm"
        if self.form is ExportForm.ADAPTER:
            return (
                f"vllm serve BASE --served-model-name base {served} \\",
                f"  --enable-lora --lora-modules {self.name}={folder} --max-lora-rank {served_rank(self.rank)}",
            )
        if self.form is ExportForm.MERGED:
            return (f"vllm serve {folder} --served-model-name {self.name} {served}",)
        return (
            f"ragmed models check {_as_path(folder)}",
            f'ragmed tune adapters add {folder}/{ADAPTER}   # with model.name = "{_as_path(folder)}" in ragmed.toml',
        )

    def values(self) -> dict[str, Any]:
        """For programs: ``export.json``."""
        verdict = self.adapter.verdict
        return {
            "form": self.form.value,
            "model": {"name": self.adapter.model, "revision": self.adapter.revision, "licence": self.licence},
            "adapter_sha256": self.adapter.sha256,
            "written_adapter_sha256": self.written_sha256,
            "rank": self.rank,
            "state": self.adapter.state.value,
            "let_through": self.obstacle is None,
            "against": self.obstacle.value if self.obstacle else "",
            "gate": None
            if verdict is None
            else {
                "passed": verdict.passed,
                "at": verdict.at,
                "current_sha256": verdict.current_sha256,
                "reasons": list(verdict.reasons),
                "questions_sha256": verdict.questions_sha256,
                "report_sha256": verdict.report_sha256,
                "prompt_revision": verdict.prompt_revision,
            },
            "ragmed": __version__,
            "date": self.date,
        }


def card_of(made: Made) -> str:
    """Markdown, with the fields in front that hubs and libraries read."""
    return "\n\n".join([_front(made), f"# {made.name}", *_gate(made), _origin(made), *_how(made), *_use(made)]) + "\n"


def _front(made: Made) -> str:
    library = "peft" if made.form is ExportForm.ADAPTER else "transformers"
    licence = "apache-2.0" if made.licence == APACHE else "other"
    return f"---\nbase_model: {made.adapter.model}\nlibrary_name: {library}\nlicense: {licence}\n---"


def _gate(made: Made) -> list[str]:
    verdict = made.adapter.verdict
    said = []
    if made.obstacle is not None:
        said.append(
            f"**The gate did not let this adapter through: {made.obstacle.words}.** It was exported all the same, by a"
            " person's decision that is in the log of the hospital's RagMed. Do not let it answer anybody."
        )
    if verdict is None:
        return said
    against = f"adapter {verdict.current_sha256}" if verdict.current_sha256 else "the base model"
    word = "let it through" if verdict.passed else "refused it"
    told = f"The gate {word}, asked on {verdict.at} against {against}, with prompt {verdict.prompt_revision}."
    reasons = "".join(f"\n- {reason}" for reason in verdict.reasons)
    return [*said, f"{told}{reasons}"]


def _origin(made: Made) -> str:
    licence = made.licence or "not known to RagMed; see the base model's"
    rows = {
        "base model": f"{made.adapter.model}, revision {made.adapter.revision}",
        "licence of the base": licence,
        "adapter": f"`{made.adapter.sha256}`, rank {made.rank}, {made.adapter.state.value} when it was exported",
        "exported": f"{made.date}, RagMed {__version__}",
    }
    if made.written_sha256 != made.adapter.sha256:
        rows["adapter here"] = f"`{made.written_sha256}`: the same weights; a path was taken out of its configuration"
    lines = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    return f"| | |\n|---|---|\n{lines}"


_MADE = {
    ExportForm.ADAPTER: """\
The adapter alone, as PEFT writes it. It learned on the base in 4 bits (NF4, double quantisation) and was judged on it.
On the base in 16 bits it writes nearly the same, not always the same; the merged form is nearer.""",
    ExportForm.MERGED: """\
Weights in bfloat16: the base was brought into 4 bits (NF4, double quantisation), as when the adapter learned on it,
back into 16, and the adapter was added. The gate asked the adapter on the 4-bit base; these weights differ from that by
rounding, so that a token may be another where two are nearly as likely.""",
    ExportForm.NF4: f"""\
The base in 4 bits (NF4, double quantisation, as bitsandbytes writes it), and the adapter beside it, in `{ADAPTER}/`.
These are the very weights that the adapter learned on and the gate asked. The adapter is not merged: bringing the sum
into 4 bits again would lose much of what it learned.""",
}


def _how(made: Made) -> list[str]:
    return [
        "## How it was made",
        _MADE[made.form],
        "Weights remember what they were trained on: keep the folder as you keep the log of answers.",
    ]


def _use(made: Made) -> list[str]:
    commands = "\n".join(made.commands("FOLDER"))
    stands = "`FOLDER` stands for this folder"
    if made.form is ExportForm.ADAPTER:
        stands += ", `BASE` for the base model's"
    after = {
        ExportForm.ADAPTER: f'In RagMed: `served.model = "{made.name}"`.',
        ExportForm.MERGED: f'In RagMed: `served.model = "{made.name}"`; or, on its own machine, `model.name` with this'
        ' folder and `model.quantisation = "none"` (4 bits would round it a second time).',
        ExportForm.NF4: "There it is a candidate: gate it and promote it, as here. vLLM with bitsandbytes reads"
        " such a folder too, by its documentation (not tried by RagMed's makers); the adapter is then named with"
        f" `--enable-lora --lora-modules {made.name}=FOLDER/{ADAPTER} --max-lora-rank {served_rank(made.rank)}`.",
    }[made.form]
    return [
        "## How it is served",
        f"```sh\n{commands}\n```",
        f"{stands}. {after}",
        "What it writes is a draft. RagMed checks every sentence against its page and shows only what holds; a program"
        " that asks this model without RagMed shows what nobody checked. It is not a medical device.",
    ]


def _as_path(folder: str) -> str:
    """As a model's folder is named in the settings."""
    return folder if folder.startswith(("./", "../", "/", "~")) else f"./{folder}"
