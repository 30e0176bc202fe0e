"""An ``Engine`` as a LlamaIndex ``CustomLLM``, for those who build query engines of their own with RagMed's parts.

What it writes is not checked: that is the assistant's work, and a query engine around this class has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms import CustomLLM
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from pydantic import PrivateAttr

from ragmed.engines import Engine, Message, Order


class RagMedLLM(CustomLLM):
    """A local or served model behind LlamaIndex's interface. ``max_tokens``: of an answer."""

    max_tokens: int = 400
    temperature: float = 0.0
    seed: int = 0
    _engine: Engine = PrivateAttr()

    def __init__(self, engine: Engine, **more: Any) -> None:
        super().__init__(**more)
        self._engine = engine

    @property
    def metadata(self) -> LLMMetadata:
        """Sizes in tokens."""
        return LLMMetadata(
            context_window=self._engine.context_tokens,
            num_output=self.max_tokens,
            is_chat_model=True,
            model_name=self._engine.model_id,
        )

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **_more: Any) -> CompletionResponse:
        """The whole text."""
        return CompletionResponse(text="".join(self._pieces([Message(role="user", content=prompt)])))

    @llm_completion_callback()
    def stream_complete(self, prompt: str, formatted: bool = False, **_more: Any) -> CompletionResponseGen:
        """The text so far, again and again, with what is new of it."""

        def told() -> CompletionResponseGen:
            text = ""
            for piece in self._pieces([Message(role="user", content=prompt)]):
                text += piece
                yield CompletionResponse(text=text, delta=piece)

        return told()

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **_more: Any) -> ChatResponse:
        """The whole answer to a chat."""
        text = "".join(self._pieces(_turns(messages)))
        return ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text))

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **_more: Any) -> ChatResponseGen:
        """The answer so far, again and again, with what is new of it."""

        def told() -> ChatResponseGen:
            text = ""
            for piece in self._pieces(_turns(messages)):
                text += piece
                yield ChatResponse(message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=piece)

        return told()

    def _pieces(self, messages: Sequence[Message]) -> Any:
        order = Order(
            messages=tuple(messages),
            markers=0,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=self.seed,
        )
        return (piece.text for piece in self._engine.stream(order) if piece.text)


def _turns(messages: Sequence[ChatMessage]) -> list[Message]:
    return [Message(role=message.role.value, content=message.content or "") for message in messages]
