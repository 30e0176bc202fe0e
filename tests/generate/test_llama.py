"""The model in LlamaIndex's own query engine."""

from __future__ import annotations

import pytest
from llama_index.core import Settings, get_response_synthesizer
from llama_index.core.llms import ChatMessage
from llama_index.core.schema import NodeWithScore, TextNode

from ragmed.generate.llama import RagMedLLM
from ragmed.generate.scripted import ScriptedEngine

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_it_says_what_the_engine_writes() -> None:
    engine = ScriptedEngine("Give adrenaline 0.5 mg")
    llm = RagMedLLM(engine, max_tokens=50)
    assert llm.complete("What dose?").text.strip() == "Give adrenaline 0.5 mg"
    parts = list(llm.stream_complete("What dose?"))
    assert [part.delta for part in parts][:2] == ["Give ", "adrenaline "]
    assert parts[-1].text.strip() == "Give adrenaline 0.5 mg"
    assert llm.metadata.context_window == 8_000
    turns = [ChatMessage(role="system", content="Be brief."), ChatMessage(role="user", content="What dose?")]
    assert str(llm.chat(turns).message.content).strip() == "Give adrenaline 0.5 mg"
    assert list(llm.stream_chat(turns))[-1].message.content == parts[-1].text
    assert [message.role for message in engine.orders[-1].messages] == ["system", "user"]


def test_it_answers_in_a_query_engine_of_llama_index() -> None:
    Settings._tokenizer = str.split  # type: ignore[assignment]  # else its data would be fetched from a network
    llm = RagMedLLM(ScriptedEngine("Within one hour"))
    synthesizer = get_response_synthesizer(llm=llm)
    found = [NodeWithScore(node=TextNode(text="In septic shock, give antibiotics within one hour."), score=1.0)]
    assert str(synthesizer.synthesize("When?", nodes=found)).strip() == "Within one hour"
