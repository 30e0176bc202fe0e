"""Which model a served engine has, of which revision, with how long a context; and how prompts are counted by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ragmed.engines import Engine, Message
from ragmed.errors import ModelError, SettingsError
from ragmed.generate.cards import bare_name
from ragmed.generate.served import ServedEngine
from ragmed.generate.token_counts import most_tokens
from ragmed.settings import ServedSettings
from tests.generate.played_engine import ORDER, PlayedEngine, engine_at, playing, says, status

ADAPTER = {
    "data": [
        {"id": "tiny", "root": "Qwen/Qwen2.5-7B-Instruct", "max_model_len": 2048, "parent": None},
        {"id": "tuned", "root": "/srv/adapters/ward-7", "max_model_len": None, "parent": "tiny"},
    ]
}
LLAMA_CPP = {
    "data": [
        {
            "id": "/models/qwen3-8b-q4_k_m.gguf",
            "meta": {"n_ctx_train": 40960, "n_params": 8190735360, "size": 5020000256},
        }
    ]
}
OLLAMA = {"data": [{"id": "qwen2.5:7b", "created": 1720000000, "owned_by": "library"}]}


def described(played: PlayedEngine, models: Any, **settings: Any) -> tuple[str, str, int, int]:
    played.models = models
    with engine_at(played.url, **settings) as engine:
        return engine.model_id, engine.revision, engine.context_tokens, engine.prompt_tokens


def test_it_is_an_engine(played: PlayedEngine) -> None:
    engine: Engine = ServedEngine(ServedSettings(url=played.url))
    assert (engine.kind, engine.adapter_sha256, engine.quantisation) == ("served", None, "")
    assert played.asked == []


def test_the_first_model_is_taken_where_none_is_named(played: PlayedEngine) -> None:
    assert described(played, ADAPTER) == ("tiny", "Qwen/Qwen2.5-7B-Instruct", 2048, 1536)


def test_an_adapter_is_chosen_by_name_and_has_the_context_of_its_base(played: PlayedEngine) -> None:
    found = described(played, ADAPTER, model="tuned")
    assert found == ("tuned", "ward-7 on Qwen/Qwen2.5-7B-Instruct", 2048, 1536)
    played.replies = [says("Yes.")]
    with engine_at(played.url, model="tuned") as engine:
        list(engine.stream(ORDER))
    assert played.chats()[0].body["model"] == "tuned"


def test_the_settings_bound_the_context_too(played: PlayedEngine) -> None:
    assert described(played, ADAPTER, context_tokens=1000)[2:] == (1000, 500)


def test_no_path_of_the_engines_machine_is_told(played: PlayedEngine) -> None:
    model_id, revision, context, _ = described(played, LLAMA_CPP, context_tokens=50000)
    assert (model_id, context) == ("qwen3-8b-q4_k_m.gguf", 40960)
    assert revision == "8190735360 parameters in 5020000256 bytes"
    played.replies = [says("Yes.")]
    with engine_at(played.url) as engine:
        list(engine.stream(ORDER))
    assert played.chats()[0].body["model"] == "/models/qwen3-8b-q4_k_m.gguf"


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("qwen2.5:7b", "qwen2.5:7b"),
        ("/srv/hub/models--Qwen--Qwen3-8B/snapshots/9c925d6", "9c925d6"),
        ("./here/model", "model"),
        ("a/b/c", "c"),
        ("C:\\models\\qwen.gguf", "qwen.gguf"),
        ("C:/models/qwen.gguf", "qwen.gguf"),
    ],
)
def test_bare_names(name: str, bare: str) -> None:
    assert bare_name(name) == bare


def test_ollama_tells_a_digest(played: PlayedEngine) -> None:
    played.others["/api/tags"] = lambda one: one.json({"models": [{"name": "qwen2.5:7b", "digest": "845dbda0ea48"}]})
    assert described(played, OLLAMA, model="qwen2.5:7b") == ("qwen2.5:7b", "845dbda0ea48", 4096, 3584)


@pytest.mark.parametrize(
    ("models", "wanted"),
    [
        ({"data": [{"id": "qwen3:latest", "root": "x"}]}, "qwen3"),
        ({"data": [{"id": "Qwen/Qwen3-8B", "root": "x"}]}, "Qwen/Qwen3-8B:ward"),
        ({"data": [{"id": "one", "aliases": ["other"], "root": "x"}]}, "other"),
        ({"data": []}, "anything"),
        ({"object": "list"}, "anything"),
    ],
)
def test_names_that_engines_complete_by_themselves(played: PlayedEngine, models: Any, wanted: str) -> None:
    assert described(played, models, model=wanted)[0] == wanted


def test_a_wrong_name_is_told_with_the_right_ones(played: PlayedEngine) -> None:
    with pytest.raises(ModelError, match=r"no model 'nope'; it has: tiny, tuned") as caught:
        described(played, ADAPTER, model="nope")
    assert "served.model" in caught.value.remedy


def test_an_engine_without_a_list(played: PlayedEngine) -> None:
    played.others["/v1/models"] = status(404)
    assert described(played, {}, model="named")[0] == "named"
    with pytest.raises(ModelError):
        described(played, {})
    del played.others["/v1/models"]
    with pytest.raises(ModelError, match="lists no model"):
        described(played, {"data": []})


def test_an_engine_started_anew_with_another_model_is_noticed(played: PlayedEngine) -> None:
    now = [0.0]
    with engine_at(played.url, clock=lambda: now[0]) as engine:
        assert engine.revision == "tiny-qwen"
        played.models = {"data": [{"id": "tiny", "root": "/srv/models/other", "max_model_len": 900}]}
        assert engine.revision == "tiny-qwen"
        now[0] = 61.0
        assert (engine.revision, engine.context_tokens) == ("other", 900)


def test_another_engine_at_the_same_address_is_learned_anew(played: PlayedEngine) -> None:
    now = [0.0]
    with engine_at(played.url, clock=lambda: now[0]) as engine:
        assert engine.count(MESSAGES) == most_tokens(MESSAGES)
        assert not engine.counts
        played.others["/tokenize"] = lambda one: one.json({"count": 12, "tokens": []})
        played.models = {"data": [{"id": "tiny", "root": "other", "max_model_len": 900}]}
        now[0] = 61.0
        assert engine.context_tokens == 900
        assert engine.count(MESSAGES) == 12
        assert engine.counts


# --- counting ---

MESSAGES = (Message(role="system", content="Cite."), Message(role="user", content="肾上腺素 0.5 mg"))


def counted(played: PlayedEngine) -> tuple[int, int]:
    """Of MESSAGES, twice."""
    with engine_at(played.url) as engine:
        return engine.count(MESSAGES), engine.count(MESSAGES)


def test_vllm_counts_with_its_template(played: PlayedEngine) -> None:
    played.others["/tokenize"] = lambda one: one.json({"count": len(one.body["messages"]) * 10, "tokens": []})
    assert counted(played) == (20, 20)
    assert played.paths().count("/tokenize") == 1  # the second time it was known
    body = played.asked[-1].body
    assert body["model"] == "tiny"
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


def test_llama_cpp_makes_the_prompt_first(played: PlayedEngine) -> None:
    played.others["/apply-template"] = lambda one: one.json({"prompt": "<s>" + one.body["messages"][1]["content"]})
    played.others["/tokenize"] = lambda one: one.json({"tokens": list(one.body.get("content", ""))})
    assert counted(played) == (3 + len(MESSAGES[1].content),) * 2


def test_sglang_counts_bare_text(played: PlayedEngine) -> None:
    def tokenize(one: Any) -> None:
        if isinstance(one.body.get("prompt"), str):
            one.json({"count": len(one.body["prompt"].split()), "tokens": []})
        else:
            one.json({"error": "prompt"}, 400)

    played.others["/tokenize"] = tokenize
    assert counted(played)[0] == 6 + 64 + 32


@pytest.mark.parametrize(
    "refusal", [status(404), status(405), status(500), lambda one: one.raw(b"<html>", kind="text/html")]
)
def test_an_engine_that_cannot_count_is_asked_once_and_then_no_more(played: PlayedEngine, refusal: Any) -> None:
    played.others["/tokenize"] = played.others["/apply-template"] = refusal
    with engine_at(played.url) as engine:
        assert engine.count(MESSAGES) == most_tokens(MESSAGES)
        asked = len(played.asked)
        assert engine.count(ORDER.messages) == most_tokens(ORDER.messages)
        assert len(played.asked) == asked
        played.replies = [says("Yes.")]
        assert list(engine.stream(ORDER))


def test_an_engine_that_is_away_does_not_keep_from_counting(played: PlayedEngine) -> None:
    played.others["/tokenize"] = status(503)
    with engine_at(played.url) as engine:
        assert engine.count(MESSAGES) == most_tokens(MESSAGES)
        played.others["/tokenize"] = lambda one: one.json({"count": 12, "tokens": []})
        assert engine.count(MESSAGES) == 12  # the guess was not kept


# --- addresses ---


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000/v1", "ftp://host/v1", "http://", "http://host:port/v1", "file:///etc/passwd"]
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(SettingsError, match=r"served\.url"):
        ServedEngine(ServedSettings(url=url))


@pytest.mark.parametrize("url", ["http://user:sk-1@host/v1", "http://host/v1?key=sk-1", "http://host/v1#sk-1"])
def test_an_address_bears_no_secret(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ServedEngine(ServedSettings(url=url))
    assert "sk-1" not in str(caught.value) + caught.value.remedy


def test_an_address_below_a_path(played: PlayedEngine) -> None:
    base = played.url.removesuffix("/v1")
    played.others["/engine/v1/models"] = lambda one: one.json(ADAPTER)
    played.others["/engine/tokenize"] = lambda one: one.json({"count": 5, "tokens": []})
    with engine_at(f"{base}/engine/v1/") as engine:
        assert engine.count(MESSAGES) == 5


def test_certificates_are_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = self_signed(tmp_path)
    with playing(str(certificate)) as played:
        with engine_at(played.url) as engine, pytest.raises(ModelError, match="certificate of the engine") as caught:
            _ = engine.model_id
        assert "SSL_CERT_FILE" in caught.value.remedy
        assert played.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with engine_at(played.url) as engine:
            assert engine.model_id == "tiny"


def self_signed(folder: Path) -> Path:
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "engine.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "engine.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
