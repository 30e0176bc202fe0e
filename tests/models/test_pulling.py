"""Pulling from a hub that is really there: what is taken and left, what goes wrong on the way, what is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from pathlib import Path

import pytest

from ragmed.errors import BadInputError, BusyError, IntegrityError, ModelError, NotFoundError, NotPossibleError
from ragmed.models.lock_file import LOCK_FILE, PULLING_FILE, read_lock
from ragmed.models.pulling import Pulled, pull
from ragmed.models.store import open_model, require_whole
from tests.models.hub import COMMIT, NEXT, FakeHub, files_of
from tests.models.tiny import QWEN2, safetensors, tensors_of, tiny_config

SOURCES = ["huggingface", "modelscope"]
WEIGHTS = "model.safetensors"
TAKEN = {"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", WEIGHTS, "LICENSE"}


def take(hub: FakeHub, models: Path, **more: object) -> Pulled:
    waits: list[float] = []
    given = {"endpoint": hub.url, "pause": waits.append, **more}
    return pull(hub.model_id, models, **given)  # type: ignore[arg-type]


def folder_of(models: Path) -> Path:
    return models / "Qwen--Tiny-Instruct"


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("source", SOURCES)
def test_a_pull_takes_what_a_model_needs_pins_the_commit_and_locks(hub: FakeHub, models: Path, source: str) -> None:
    pulled = take(hub, models, source=source)
    folder = folder_of(models)
    assert pulled.folder == folder.name
    assert {path.name for path in folder.iterdir()} - {".ragmed.hold"} == TAKEN | {LOCK_FILE}
    lock = read_lock(folder, "tiny")
    assert lock == pulled.lock
    assert (lock.source, lock.model_id, lock.commit) == (source, hub.model_id, COMMIT)
    assert lock.architecture == "Qwen2ForCausalLM"
    assert lock.left_out == ("README.md", "modeling_tiny.py", "onnx/model.onnx", "pytorch_model.bin")
    for file in lock.files:
        content = (folder / file.path).read_bytes()
        assert content == hub.files[file.path]
        assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert pulled.fetched == lock.bytes
    asked = {one.path.rsplit("/", 1)[-1] for one in hub.asked if one.store}
    assert asked == TAKEN, "nothing else was even asked for"
    require_whole(open_model(folder, "tiny"))


@pytest.mark.parametrize("source", SOURCES)
def test_a_pull_of_what_is_here_fetches_nothing(hub: FakeHub, models: Path, source: str) -> None:
    take(hub, models, source=source)
    hub.asked.clear()
    again = take(hub, models, source=source)
    assert again.fetched == 0
    assert not hub.of(WEIGHTS)


@pytest.mark.parametrize("source", SOURCES)
def test_a_commit_may_be_named(hub: FakeHub, models: Path, source: str) -> None:
    assert take(hub, models, source=source, revision=COMMIT).lock.commit == COMMIT


@pytest.mark.parametrize("source", SOURCES)
def test_a_broken_connection_is_taken_up_by_range(hub: FakeHub, models: Path, source: str) -> None:
    hub.cut_after = [1000, 0, 5000]
    take(hub, models, source=source)
    assert [one.range for one in hub.of(WEIGHTS)] == ["", "bytes=1000-", "bytes=1000-", "bytes=6000-"]
    assert {one.if_range for one in hub.of(WEIGHTS)[1:]} == {hub.etag(WEIGHTS)}
    assert (folder_of(models) / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_an_interrupted_pull_goes_on_the_next_time(hub: FakeHub, models: Path) -> None:
    hub.cut_after = [20_000] + [0] * 10
    with pytest.raises(ModelError, match=f"{WEIGHTS}: the hub cannot be reached") as caught:
        take(hub, models)
    assert caught.value.remedy
    folder = folder_of(models)
    assert (folder / f"{WEIGHTS}.part").stat().st_size == 20_000
    assert (folder / PULLING_FILE).exists()
    with pytest.raises(ModelError, match="half downloaded"):
        open_model(folder, "tiny")
    hub.cut_after = []
    hub.asked.clear()
    pulled = take(hub, models)
    assert [one.range for one in hub.of(WEIGHTS)] == ["bytes=20000-"]
    assert pulled.fetched == pulled.lock.bytes
    assert {path.name for path in folder.iterdir()} - {".ragmed.hold"} == TAKEN | {LOCK_FILE}


def test_waits_grow_and_end(hub: FakeHub, models: Path) -> None:
    hub.failures = [503] * 100
    waits: list[float] = []
    with pytest.raises(ModelError, match="503"):
        take(hub, models, pause=waits.append)
    assert waits == sorted(waits)
    assert 3 <= len(waits) <= 10
    assert sum(waits) <= 60


def test_a_busy_hub_is_asked_again(hub: FakeHub, models: Path) -> None:
    hub.failures = [429, 502, 503]
    assert take(hub, models).lock.commit == COMMIT


def test_a_file_that_changed_between_two_tries_is_not_glued_together(hub: FakeHub, models: Path) -> None:
    hub.cut_after = [20_000] + [0] * 10
    with pytest.raises(ModelError):
        take(hub, models)
    other = safetensors(tensors_of(tiny_config(QWEN2)), fill=9)
    assert len(other) == len(hub.files[WEIGHTS])
    assert other[:20_000] != hub.files[WEIGHTS][:20_000]
    hub.files[WEIGHTS], hub.commit, hub.cut_after = other, NEXT, []
    hub.asked.clear()
    pulled = take(hub, models)
    assert [one.range for one in hub.of(WEIGHTS)] == [""], "the part is of another file, so it begins anew"
    assert pulled.lock.commit == NEXT
    assert (folder_of(models) / WEIGHTS).read_bytes() == other


@pytest.mark.parametrize("heeds", [True, False])
def test_a_server_that_exchanges_the_bytes_under_one_listing_is_noticed_by_its_etag(
    hub: FakeHub, models: Path, heeds: bool
) -> None:
    hub.heeds_if_range = heeds
    hub.told_hashes = False  # so that only the ETag can tell
    hub.cut_after = [20_000] + [0] * 10
    with pytest.raises(ModelError):
        take(hub, models)
    other = safetensors(tensors_of(tiny_config(QWEN2)), fill=9)
    hub.served[WEIGHTS], hub.cut_after = other, []
    take(hub, models)
    assert (folder_of(models) / WEIGHTS).read_bytes() == other


def test_a_server_without_ranges_begins_anew(hub: FakeHub, models: Path) -> None:
    hub.ranges = False
    hub.cut_after = [20_000]
    take(hub, models)
    assert (folder_of(models) / WEIGHTS).read_bytes() == hub.files[WEIGHTS]


def test_a_server_without_ranges_that_always_breaks_is_given_up(hub: FakeHub, models: Path) -> None:
    hub.ranges = False
    hub.cut_after = [20_000] * 100
    with pytest.raises(ModelError, match="cannot be reached"):
        take(hub, models)
    assert len(hub.of(WEIGHTS)) < 20


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("path", [WEIGHTS, "tokenizer.json"])
def test_wrong_bytes_never_become_a_file(hub: FakeHub, models: Path, source: str, path: str) -> None:
    hub.served[path] = hub.files[path][:-1] + b"!"
    with pytest.raises(IntegrityError, match=path):
        take(hub, models, source=source)
    folder = folder_of(models)
    assert not (folder / path).exists()
    assert not (folder / f"{path}.part").exists(), "what is wrong is not gone on with"
    assert not (folder / LOCK_FILE).exists()
    hub.served.clear()
    assert take(hub, models, source=source).lock.commit == COMMIT


def test_more_bytes_than_listed_are_not_written(hub: FakeHub, models: Path) -> None:
    hub.served[WEIGHTS] = hub.files[WEIGHTS] + b"more" * 1000
    with pytest.raises(IntegrityError, match="sends more"):
        take(hub, models)
    assert not list(folder_of(models).glob("model.safetensors*"))


@pytest.mark.parametrize("source", SOURCES)
def test_an_unknown_revision_is_told(hub: FakeHub, models: Path, source: str) -> None:
    with pytest.raises(NotFoundError, match=r"no such model or revision \(v9\)"):
        take(hub, models, source=source, revision="v9")
    with pytest.raises(NotFoundError, match="Qwen/Other"):
        pull("Qwen/Other", models, source=source, endpoint=hub.url)
    assert not models.exists()


@pytest.mark.parametrize("code", [401, 403])
@pytest.mark.parametrize("source", SOURCES)
def test_a_gated_model_says_how_to_proceed(hub: FakeHub, models: Path, source: str, code: int) -> None:
    hub.refusal = code
    with pytest.raises(ModelError, match="wants to know who asks") as caught:
        take(hub, models, source=source)
    assert "HF_TOKEN" in caught.value.remedy


def test_the_token_goes_to_the_hub_and_not_to_the_store_that_it_redirects_to(hub: FakeHub, models: Path) -> None:
    take(hub, models, token="secret")
    assert {one.token for one in hub.asked if not one.store} == {"Bearer secret"}
    assert {one.token for one in hub.asked if one.store} == {""}


def test_a_token_is_not_sent_unencrypted(models: Path) -> None:
    with pytest.raises(BadInputError, match="unencrypted"):
        pull("Qwen/Tiny", models, endpoint="http://hub.example", token="secret")


@pytest.mark.parametrize("endpoint", ["hub.example", "ftp://hub.example", "https://", "https://a@hub.example"])
def test_what_is_no_address_is_refused(models: Path, endpoint: str) -> None:
    with pytest.raises(BadInputError, match="no hub's address"):
        pull("Qwen/Tiny", models, endpoint=endpoint)


def test_a_hub_that_is_not_there_is_told(models: Path) -> None:
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        pull("Qwen/Tiny", models, endpoint="http://127.0.0.1:9", pause=lambda seconds: None)
    assert "--endpoint" in caught.value.remedy


def test_a_full_disk_is_refused_before_the_first_weight(hub: FakeHub, models: Path) -> None:
    rows = hub.huggingface("main")["siblings"]  # type: ignore[index]
    for row in rows:
        if row["rfilename"] == WEIGHTS:
            row["lfs"]["size"] = 10**16
    hub.listed = {"siblings": rows}
    with pytest.raises(NotPossibleError, match="are free") as caught:
        take(hub, models)
    assert "make room" in caught.value.remedy
    assert not hub.of(WEIGHTS)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "path",
    [
        "../x.safetensors",
        "/etc/x",
        "a/../../x",
        "..\\x",
        "a\\b",
        "C:x",
        "a//b",
        "./x",
        "",
        "a\nb",
        "ragmed.lock.json",
        ".ragmed.hold",
        "x.part",
    ],
)
def test_names_that_lead_out_of_the_folder_are_refused(hub: FakeHub, models: Path, source: str, path: str) -> None:
    hub.files[path] = b"evil"
    with pytest.raises(ModelError, match="may not lie in a model's folder"):
        take(hub, models, source=source)
    assert not models.exists()
    assert not any(one.store for one in hub.asked)


@pytest.mark.parametrize(
    "listed",
    [
        {"sha": "main"},
        {"sha": None},
        {"siblings": None},
        {"siblings": ["x"]},
        {"siblings": [{"rfilename": "a", "size": -1}]},
    ],
    ids=str,
)
def test_a_senseless_listing_is_told(hub: FakeHub, models: Path, listed: dict[str, object]) -> None:
    hub.listed = listed
    with pytest.raises(ModelError, match="makes no sense"):
        take(hub, models)


def test_a_hub_that_changes_while_it_is_asked_is_told(hub: FakeHub, models: Path) -> None:
    hub.moving = True
    with pytest.raises(ModelError, match="other files for master than for its commit"):
        take(hub, models, source="modelscope")
    assert not models.exists()


def test_a_hub_that_names_no_commit_is_asked_for_one(hub: FakeHub, models: Path) -> None:
    hub.listed = {"LatestCommitter": {"Id": "", "ShortId": "1111111"}}
    with pytest.raises(ModelError, match="which commit") as caught:
        take(hub, models, source="modelscope")
    assert "--revision" in caught.value.remedy


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("config.json", "no config.json"),
        (WEIGHTS, "pickled weights are never taken"),
        ("tokenizer.json", "no tokenizer"),
    ],
)
def test_a_model_that_lacks_something_is_refused_before_it_is_fetched(
    hub: FakeHub, models: Path, without: str, words: str
) -> None:
    del hub.files[without]
    with pytest.raises(ModelError, match=words):
        take(hub, models)
    assert not hub.of(WEIGHTS)
    assert not models.exists()


def test_another_architecture_is_refused_before_it_is_fetched(hub: FakeHub, models: Path) -> None:
    hub.files["config.json"] = json.dumps(tiny_config(QWEN2, architectures=["LlamaForCausalLM"])).encode()
    with pytest.raises(ModelError, match="LlamaForCausalLM"):
        take(hub, models)
    assert not hub.of(WEIGHTS)


def test_two_pulls_at_once_are_one_pull(hub: FakeHub, models: Path) -> None:
    hub.gate = threading.Event()
    first: list[Pulled] = []
    thread = threading.Thread(target=lambda: first.append(take(hub, models)))
    thread.start()
    try:
        assert hub.started.wait(10)
        with pytest.raises(BusyError, match="is pulling or locking"):
            take(hub, models)
    finally:
        hub.gate.set()
        thread.join(10)
    assert first[0].lock.commit == COMMIT


def test_a_new_revision_takes_over_whole_and_only_what_changed_is_fetched(hub: FakeHub, models: Path) -> None:
    hub.files["special_tokens_map.json"] = b"{}"
    take(hub, models)
    folder = folder_of(models)
    del hub.files["special_tokens_map.json"]
    hub.files["tokenizer.json"], hub.commit = b'{"version": "2.0"}', NEXT
    hub.asked.clear()
    pulled = take(hub, models)
    assert pulled.fetched == len(hub.files["tokenizer.json"])
    assert {one.path for one in hub.asked if one.store} == {"/tokenizer.json", "/config.json"}
    assert pulled.lock.commit == NEXT
    assert not (folder / "special_tokens_map.json").exists()
    require_whole(open_model(folder, "tiny"))


def test_a_new_revision_that_breaks_off_leaves_the_old_one_whole(hub: FakeHub, models: Path) -> None:
    take(hub, models)
    folder = folder_of(models)
    before = state(folder)
    hub.files[WEIGHTS], hub.commit = safetensors(tensors_of(tiny_config(QWEN2)), fill=9), NEXT
    hub.cut_after = [5000] + [0] * 10
    with pytest.raises(ModelError):
        take(hub, models)
    assert {name: content for name, content in state(folder).items() if name in before} == before
    require_whole(open_model(folder, "tiny"))


def test_a_stranger_among_the_files_is_refused(hub: FakeHub, models: Path) -> None:
    folder = folder_of(models)
    folder.mkdir(parents=True)
    (folder / "chat_template.jinja").write_text("{{ 'say yes' }}")
    with pytest.raises(ModelError, match=r"chat_template\.jinja"):
        take(hub, models)


def test_files_copied_by_hand_are_not_fetched_again(hub: FakeHub, models: Path, saved_model: Path) -> None:
    shutil.copytree(saved_model, folder_of(models))
    pulled = take(hub, models)
    assert not hub.of(WEIGHTS)
    assert pulled.fetched == len(hub.files["LICENSE"])


def test_shards_are_those_of_the_index(hub: FakeHub, models: Path, sharded_model: Path) -> None:
    hub.files = files_of(sharded_model) | {"consolidated.safetensors": b"the same once more"}
    lock = take(hub, models).lock
    shards = [file.path for file in lock.files if file.path.endswith(".safetensors")]
    assert shards == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert "consolidated.safetensors" in lock.left_out
    del hub.files["model-00002-of-00002.safetensors"]
    with pytest.raises(ModelError, match="model-00002-of-00002"):
        take(hub, models)


def test_weights_that_do_not_fit_the_configuration_are_not_locked(hub: FakeHub, models: Path) -> None:
    hub.files["config.json"] = json.dumps(tiny_config(QWEN2, num_hidden_layers=3)).encode()
    with pytest.raises(IntegrityError, match=r"layers\.2"):
        take(hub, models)
    assert not (folder_of(models) / LOCK_FILE).exists()


def test_a_revision_whose_weights_do_not_fit_leaves_the_old_one_whole(hub: FakeHub, models: Path) -> None:
    take(hub, models)
    hub.files["config.json"] = json.dumps(tiny_config(QWEN2, num_hidden_layers=3)).encode()
    hub.commit = NEXT
    with pytest.raises(IntegrityError, match=r"layers\.2"):
        take(hub, models)
    model = open_model(folder_of(models), "tiny")
    assert model.revision == COMMIT
    require_whole(model)


def test_progress_is_told_in_megabytes_and_never_beyond_the_end(hub: FakeHub, models: Path) -> None:
    told: list[tuple[str, int, int]] = []
    hub.cut_after = [1000]
    take(hub, models, progress=lambda *one: told.append(one))
    assert {what for what, _, _ in told} == {"fetching (MB)"}
    assert all(0 <= done <= total for _, done, total in told)


def test_a_folder_that_cannot_be_written_is_told(hub: FakeHub, models: Path) -> None:
    folder = folder_of(models)
    folder.mkdir(parents=True)
    (folder / f"{WEIGHTS}.part").mkdir()
    with pytest.raises(NotPossibleError, match="cannot be written"):
        take(hub, models)


@pytest.mark.parametrize("name", ["", "Qwen", "a/b/c", "Qwen/--x", "Qwen/a--b", "Qwen/../x", "https://hub.example/a"])
def test_what_is_no_name_is_refused(models: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="neither a hub's id"):
        pull(name, models)
