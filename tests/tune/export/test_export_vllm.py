"""A real vLLM serves what was exported, and writes the local engine's tokens; ``make vllm-test`` starts it."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path

import pytest

from tests.tune.export.greedy import MOST, equal_lengths, greedy, prompts
from tests.tune.export.learned_qwen import QUESTIONS, messages_of

FOLDER = os.environ.get("VLLM_EXPORTS", "")
pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="no vLLM serves exports (VLLM_EXPORTS); `make vllm-test` starts one"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]


def served(variable: str, model: str) -> list[tuple[list[int], list[int]]]:
    """Of each question: the prompt's tokens as vLLM makes them of the chat, and the answer's."""
    return [_asked(os.environ[variable], model, question) for question in QUESTIONS]


def _asked(url: str, model: str, question: str) -> tuple[list[int], list[int]]:
    asked = {
        "model": model,
        "messages": [{"role": one.role, "content": one.content} for one in messages_of(question)],
        "temperature": 0,
        "max_tokens": MOST,
        "return_token_ids": True,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    request = urllib.request.Request(
        f"{url}/chat/completions", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:
        found = json.loads(response.read())
    return found["prompt_token_ids"], found["choices"][0]["token_ids"]


def test_the_merged_folder_writes_what_the_local_engine_writes_with_it() -> None:
    merged = Path(FOLDER) / "ward-merged"
    answers = served("VLLM_MERGED_URL", "ward")
    assert [asked for asked, _ in answers] == prompts(merged)
    _same(greedy(merged, quantisation="none"), [found for _, found in answers])


def test_the_merged_folder_writes_what_the_4_bit_model_with_the_adapter_writes() -> None:
    found = [answer for _, answer in served("VLLM_MERGED_URL", "ward")]
    _same(greedy(Path(FOLDER) / "learned-qwen", Path(FOLDER) / "learned-adapter"), found)


def test_the_adapter_folder_writes_what_the_local_engine_writes_with_it() -> None:
    base, adapter = Path(FOLDER) / "learned-qwen", Path(FOLDER) / "ward-adapter"
    answers = served("VLLM_ADAPTER_URL", "ward")
    assert [asked for asked, _ in answers] == prompts(base)
    _same(greedy(base, adapter, quantisation="none"), [found for _, found in answers])


def test_the_model_beside_the_adapter_is_still_the_base() -> None:
    found = [answer for _, answer in served("VLLM_ADAPTER_URL", "base")]
    _same(greedy(Path(FOLDER) / "learned-qwen", quantisation="none"), found)


def _same(local: list[list[int]], found: list[list[int]]) -> None:
    """To the last token of each of the twenty answers."""
    lengths = equal_lengths(local, found)
    assert found == local, f"the same: {lengths}"
    assert len(found) == 20
