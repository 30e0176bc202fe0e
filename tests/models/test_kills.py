"""A pull that is killed at any step of its work on the disk: never two revisions in one, and the next one mends it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from ragmed.errors import IntegrityError, RagMedError
from ragmed.models.pulling import pull
from ragmed.models.store import open_model, require_whole
from tests.models.hub import COMMIT, NEXT, FakeHub
from tests.models.tiny import QWEN2, safetensors, tensors_of, tiny_config

STEPS = ("os.rename", "os.remove", "os.truncate")
_KILLED = 9


def _pull_and_die(hub: FakeHub, models: Path, at: int) -> int:
    """Pull in a process that ends before its ``at``-th step on the disk (0: never). Returns its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    steps = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        if event in STEPS and str(models) in str(arguments[0]):
            steps += 1
            if steps == at:
                os._exit(_KILLED)

    sys.addaudithook(hook)
    try:
        pull(hub.model_id, models, endpoint=hub.url)
    except BaseException:  # noqa: BLE001 - the child must never run on into pytest
        os._exit(1)
    os._exit(0)


@pytest.mark.parametrize(
    ("case", "every"),
    # the files of a first pull come one like the other, so a few of the steps will do
    [("first pull", 9), ("new revision", 1), ("new revision with a file less", 2)],
)
def test_a_pull_killed_at_any_step_leaves_one_revision_or_none(
    hub: FakeHub, models: Path, tmp_path: Path, case: str, every: int
) -> None:
    first = case == "first pull"
    hub.files["special_tokens_map.json"] = b"{}"
    before = tmp_path / "before"
    if not first:
        pull(hub.model_id, before, endpoint=hub.url)
        hub.files["model.safetensors"] = safetensors(tensors_of(tiny_config(QWEN2)), fill=9)
        hub.files["tokenizer.json"], hub.commit = b'{"version": "2.0"}', NEXT
    if case == "new revision with a file less":
        del hub.files["special_tokens_map.json"]
    folder = models / "Qwen--Tiny-Instruct"
    seen = set()
    for at in range(1, 200, every):
        shutil.rmtree(models, ignore_errors=True)
        if not first:
            shutil.copytree(before, models)
        code = _pull_and_die(hub, models, at)
        assert code in (0, _KILLED)
        try:
            model = open_model(folder, "tiny")
            require_whole(model)
            seen.add(model.revision)
        except RagMedError as error:
            assert not isinstance(error, IntegrityError), "a lock never stands over files of another revision"
            seen.add("refused")
        if code == 0:
            break
        assert pull(hub.model_id, models, endpoint=hub.url).lock.commit == hub.commit
        require_whole(open_model(folder, "tiny"))
        assert not [path.name for path in folder.iterdir() if path.name.endswith((".part", ".part.json"))]
    else:
        pytest.fail("the pull never came to its end")
    assert at > 10
    assert seen == ({"refused", COMMIT} if first else {"refused", COMMIT, NEXT})
