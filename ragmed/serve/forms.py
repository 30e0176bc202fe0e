"""The forms of requests and responses: what ``/openapi.json`` says, and what a request is held to.

RagMed's own requests refuse a key that they do not know. The OpenAI-compatible one ignores such keys, because clients
send many that have no meaning here. Values are never bent into another type.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ragmed.records import Filters, Language

DATE = r"^([0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?)?$"
RECORD_ID = r"^[0-9A-Za-z_-]{4,80}$"
KEY = r"^[0-9]{1,4}[a-z]{0,2}$"


def _whole(value: object) -> object:
    """JSON knows one kind of number: ``8.0`` is the whole number 8."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_EXAMPLE = "What is the first dose of adrenaline in anaphylaxis?"


class _Own(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Foreign(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class FiltersForm(_Own):
    """Which documents may answer; what is left out does not restrict."""

    include_superseded: bool = Field(False, description="older editions too")
    languages: list[Literal["en", "zh"]] = []
    publishers: list[str] = []
    series: list[str] = []
    document_ids: list[str] = []
    editions: list[str] = Field([], description="as printed; an older one too")
    published_after: str = Field("", pattern=DATE, description="year, month or day, itself included")
    published_before: str = Field("", pattern=DATE)

    def filters(self) -> Filters:
        return Filters(
            include_superseded=self.include_superseded,
            languages=tuple(Language(one) for one in self.languages),
            publishers=tuple(self.publishers),
            series=tuple(self.series),
            document_ids=tuple(self.document_ids),
            editions=tuple(self.editions),
            published_after=self.published_after,
            published_before=self.published_before,
        )


class AnswerRequest(_Own):
    """A question for ``/v1/answers``."""

    question: str = Field(
        description="in English or Chinese; longer than `answer.question_characters` is rejected", examples=[_EXAMPLE]
    )
    mode: Literal["auto", "answer", "differential"] = "auto"
    language: Literal["auto", "en", "zh"] = "auto"
    filters: FiltersForm = FiltersForm()
    stream: bool = Field(False, description="as server-sent events: `evidence`, then `answer` or `error`")


class SearchRequest(_Own):
    """Words for ``/v1/search``."""

    query: str = Field(examples=[_EXAMPLE])
    k: Annotated[int, Field(ge=1, le=50, description="how many hits"), BeforeValidator(_whole)] = 8
    filters: FiltersForm = FiltersForm()


class Part(_Foreign):
    """A part of a message's content; only texts are read."""

    type: str
    text: str | None = None


class ChatMessage(_Foreign):
    """One turn. The last one of the user is the question; the others have no effect."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(_Foreign):
    """What a stream carries beside the text."""

    include_usage: bool | None = None


class PlainFormat(_Foreign):
    """The only form that text comes in."""

    type: Literal["text"]


def _needs_a_question(schema: dict[str, Any]) -> None:
    asked = {"type": "object", "properties": {"role": {"const": "user"}}, "required": ["role"]}
    schema["properties"]["messages"]["contains"] = asked


class ChatRequest(_Foreign):
    """An OpenAI chat completion request; keys that are not named here are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True, json_schema_extra=_needs_a_question)

    model: str = Field(json_schema_extra={"enum": ["ragmed", "ragmed-differential"]})
    messages: list[ChatMessage] = Field(min_length=1, examples=[[{"role": "user", "content": _EXAMPLE}]])
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1), BeforeValidator(_whole)] | None = None
    response_format: PlainFormat | None = None


# --- responses; they say what is sent, and tests hold what is sent to them ---


class CitationForm(BaseModel):
    """A quotation: words on a page of an edition, checked. The same as in ``ragmed ask --json``."""

    key: str
    marker: int
    document_id: str
    series: str
    title: str
    edition: str
    published_on: str
    status: Literal["current", "superseded", "withdrawn"]
    superseded_by: str | None
    page_number: int
    page_label: str
    start: int
    end: int
    chunk_id: str
    quote: str
    verdict: str
    reason: str
    source_path: str
    source_sha256: str
    licence: str
    permission: str


class ClaimForm(BaseModel):
    """A sentence of an answer."""

    text: str
    start: int
    end: int
    verdict: str
    citations: list[CitationForm]


class FindingForm(BaseModel):
    """A line of a differential card."""

    text: str
    in_case: bool
    citation: CitationForm | None


class CandidateForm(BaseModel):
    """A diagnosis of a differential card."""

    diagnosis: str
    cannot_miss: bool
    citation: CitationForm | None
    supporting: list[FindingForm]
    against: list[FindingForm]
    next_tests: list[FindingForm]


class WithheldForm(BaseModel):
    """A sentence that failed its check and is no part of the answer."""

    text: str
    verdict: str
    reason: str


class GeneratorForm(BaseModel):
    """What wrote the prose."""

    kind: str
    model_id: str
    revision: str
    adapter_sha256: str | None


class TimingsForm(BaseModel):
    """Milliseconds."""

    analyse: float
    retrieve: float
    generate: float
    verify: float
    total: float


class AnswerForm(BaseModel):
    """An answer: what ``ragmed ask --json`` prints."""

    record_id: str
    asked_at: str
    question: str
    language: Literal["en", "zh", "other"]
    mode: Literal["answer", "differential"]
    outcome: Literal["answered", "abstained", "rejected"]
    notice: str
    text: str
    claims: list[ClaimForm]
    differential: list[CandidateForm] | None
    case: list[FindingForm]
    citation_keys: list[str]
    withheld: list[WithheldForm]
    coverage: float
    missing_terms: list[str]
    nearest_titles: list[str]
    snapshot_id: str
    generator: GeneratorForm
    timings_ms: TimingsForm


class ScorePartForm(BaseModel):
    """What one half of the search gave for a hit."""

    name: str
    score: float
    rank: int


class HitForm(BaseModel):
    """A passage found."""

    rank: int
    score: float
    parts: list[ScorePartForm]
    chunk_id: str
    document_id: str
    series: str
    title: str
    edition: str
    status: Literal["current", "superseded", "withdrawn"]
    page_number: int
    page_label: str
    heading_path: list[str]
    start: int
    end: int
    text: str
    source_path: str


class SearchForm(BaseModel):
    """What ``ragmed search --json`` prints."""

    query: str
    language: Literal["en", "zh", "other"]
    snapshot_id: str
    coverage: float
    missing_terms: list[str]
    hits: list[HitForm]


class ModelForm(BaseModel):
    """A name that ``model`` may have."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelsForm(BaseModel):
    """All names."""

    object: Literal["list"]
    data: list[ModelForm]


class UsageForm(BaseModel):
    """Always 0: RagMed counts no tokens."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class ChatAnswer(BaseModel):
    """The message. ``outcome`` and what follows it are RagMed's own."""

    role: Literal["assistant"]
    content: str
    outcome: Literal["answered", "abstained", "rejected", "declined"]
    record_id: str | None = Field(description="null where nothing was asked of the library and nothing was kept")
    citations: list[CitationForm]


class ChatChoice(BaseModel):
    """The only choice."""

    index: int
    message: ChatAnswer
    finish_reason: Literal["stop"]
    logprobs: None


class ChatForm(BaseModel):
    """An OpenAI chat completion."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    system_fingerprint: str | None = Field(description="the snapshot of the library that was asked")
    choices: list[ChatChoice]
    usage: UsageForm


class ErrorDetail(BaseModel):
    """Why, and what to do."""

    message: str
    type: str
    code: str
    remedy: str
    param: str | None


class ErrorForm(BaseModel):
    """What a caller gets who is not served."""

    error: ErrorDetail


class HealthForm(BaseModel):
    """Whether the process lives, or is ready."""

    status: str
    faults: dict[str, str] = {}
