"""The forms of requests: what ``/openapi.json`` says of them, and what each is held to.

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
