"""The forms of responses: what ``/openapi.json`` says of them.

They describe and do not make: what is sent is ``ask --json``'s own document and its like, and tests hold it to these
forms.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class EntailmentForm(BaseModel):
    """What the second check, a model that judges pairs of texts, said of the sentence."""

    label: Literal["entailment", "neutral", "contradiction"]
    entailment: float
    contradiction: float
    model_id: str
    revision: str
    left_out: int


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
    entailment: EntailmentForm | None
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


class ConflictForm(BaseModel):
    """Two guidelines that say different things of one matter; neither is preferred."""

    first: CitationForm = Field(description="of the document that was published last, where the dates tell")
    second: CitationForm
    first_words: str
    second_words: str


class AssumptionForm(BaseModel):
    """Something about the patient that the answer takes for granted; ``holds`` is false where the question says
    otherwise. ``label`` is of the patient that the answer is for."""

    key: str
    holds: bool
    label: str


class WithheldForm(BaseModel):
    """A sentence that failed its check and is no part of the answer."""

    text: str
    verdict: str
    reason: str
    entailment: EntailmentForm | None


class GeneratorForm(BaseModel):
    """What wrote the prose."""

    kind: str
    model_id: str
    revision: str
    adapter_sha256: str | None


class RefusedForm(BaseModel):
    """Why the language model's draft is not the answer, and its sentences that failed."""

    reason: str
    generator: GeneratorForm
    withheld: list[WithheldForm]


class TimingsForm(BaseModel):
    """Milliseconds. ``evidence`` and ``first_piece`` count from the question; their budgets are what they ought to
    take at most (the latter on a GPU)."""

    analyse: float
    retrieve: float
    generate: float
    verify: float
    total: float
    first_piece: float
    evidence: float
    evidence_budget: float
    first_piece_budget: float


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
    conflicts: list[ConflictForm]
    assumptions: list[AssumptionForm]
    citation_keys: list[str]
    withheld: list[WithheldForm]
    refused: RefusedForm | None
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
