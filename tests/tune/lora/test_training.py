"""A run: what learned and what did not, its manifest, and a killed run that ends with the same weights."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ragmed.canonical import sha256_file
from ragmed.engines import Message, Order
from ragmed.errors import BadInputError, BusyError, IntegrityError, NotPossibleError
from ragmed.generate.local import LocalEngine
from ragmed.settings import ModelSettings, Settings
from ragmed.tune.dataset.rows import Form
from ragmed.tune.lora import training
from ragmed.tune.lora.run_folder import RunFolder
from ragmed.tune.lora.training import Ran, WantedRun, run
from ragmed.tune.lora.watching import Pace
from tests.tune.lora.rows_on_disk import asked, settings_for, supervised, write


def weights(folder: Path) -> dict[str, Any]:
    return dict(load_file(folder / "adapter" / "adapter_model.safetensors"))


def answer(settings: Settings, adapter: Path | None) -> str:
    engine = LocalEngine(ModelSettings(name=settings.model.name, device="cpu", quantisation="nf4", adapter=adapter))
    messages = tuple(Message(**turn) for turn in asked(3))
    order = Order(messages=messages, max_tokens=12, temperature=0, top_p=1, seed=0, markers=0)
    return "".join(piece.text for piece in engine.stream(order))


def test_every_layer_of_the_adapter_learned_and_the_base_did_not(tiny: Path, sft: Ran) -> None:
    learned = weights(sft.folder.folder)
    moved = {name for name, one in learned.items() if "lora_B" in name and float(one.abs().max()) > 0}
    assert len(moved) == 7 * 3  # seven matrices in each of three layers; they began with zeros
    assert all(one.dtype == torch.float32 for one in learned.values())
    assert not any("lora" not in name for name in learned)
    known = {one["path"]: one["sha256"] for one in json.loads((tiny / "ragmed.lock.json").read_bytes())["files"]}
    assert sha256_file(tiny / "model.safetensors") == known["model.safetensors"]


def test_a_base_that_answered_in_this_process_does_not_keep_the_next_run_from_learning(
    tiny: Path, rows: Path, tmp_path: Path, sft: Ran
) -> None:
    """FACTS: one ``generate()`` on the object that is trained, and the lower layers learn nothing."""
    settings = settings_for(tiny)
    answer(settings, None)
    again = run(settings, WantedRun(form=Form.SFT, dataset=rows, out=tmp_path / "again"))
    assert again.manifest["adapter_sha256"] == sft.manifest["adapter_sha256"]  # and the same weights besides


def test_what_was_learned_is_heard(tiny: Path, sft: Ran) -> None:
    settings = settings_for(tiny)
    plain, tuned = answer(settings, None), answer(settings, sft.folder.adapter)
    assert plain != tuned


def test_the_manifest_says_what_was_done(sft: Ran) -> None:
    told = sft.manifest
    assert told["form"] == "sft"
    assert told["begins_with"] is None
    assert told["rows"]["learned"] == 12
    assert told["rows"]["validated"] == 3
    assert told["steps_done"] == 6  # twelve rows, four a step, twice
    assert told["loss"]["last"] < told["loss"]["first"]
    assert told["loss"]["validation"] is not None
    assert told["trainable"]["numbers"] > 0
    assert told["memory_bytes"]["peak"] > 100_000_000
    assert len(told["adapter_sha256"]) == 64
    assert told["versions"]["trl"]
    assert [one["step"] for one in told["curve"] if one["loss"] is not None] == [1, 2, 3, 4, 5, 6]
    assert (sft.folder.folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(one.name for one in sft.folder.folder.iterdir()) == ["adapter", "loss.png", "plan.json", "run.json"]
    assert str(sft.folder.folder.parent) not in json.dumps(told)


def test_the_reference_of_a_preference_run_is_the_adapter_that_it_begins_with(
    tiny: Path, rows: Path, sft: Ran, tmp_path: Path
) -> None:
    before = weights(sft.folder.folder)
    paces: list[Pace] = []
    wanted = WantedRun(form=Form.DPO, dataset=rows, out=tmp_path / "dpo", begins_with=sft.folder.folder)
    dpo = run(settings_for(tiny, dropout=0), wanted, paces.append)
    # where policy and reference are one, nothing is preferred: the loss is that of a coin (arXiv 2305.18290, eq. 7)
    assert dpo.manifest["loss"]["first"] == pytest.approx(math.log(2), abs=1e-4)
    assert dpo.manifest["loss"]["last"] < 0.69
    assert dpo.manifest["begins_with"] == sft.manifest["adapter_sha256"]
    after = weights(dpo.folder.folder)
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert all(torch.equal(one, weights(sft.folder.folder)[name]) for name, one in before.items())
    assert paces[-1].step == paces[-1].steps == 3
    assert paces[-1].seconds_left == 0


def test_thumbs_alone_teach_too(tiny: Path, rows: Path, sft: Ran, tmp_path: Path) -> None:
    wanted = WantedRun(form=Form.KTO, dataset=rows, out=tmp_path / "kto", begins_with=sft.folder.adapter)
    kto = run(settings_for(tiny, batch=1, dropout=0), wanted)
    assert kto.manifest["loss"]["first"] == pytest.approx(0.5, abs=1e-3)
    assert kto.manifest["loss"]["last"] < 0.5


def test_a_preference_run_without_a_beginning_is_refused(tiny: Path, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="begins with an adapter"):
        run(settings_for(tiny), WantedRun(form=Form.DPO, dataset=rows, out=tmp_path / "dpo"))


KILLED = """
import sys, time
from pathlib import Path
from ragmed.tune.dataset.rows import Form
from ragmed.tune.lora.training import WantedRun, run
from tests.tune.lora.rows_on_disk import settings_for
def watch(pace):
    print(pace.step, flush=True)
    if pace.step == int(sys.argv[5]):
        time.sleep(60)
form, begins = Form(sys.argv[4]), sys.argv[6:]
wanted = WantedRun(form=form, dataset=Path(sys.argv[2]), out=Path(sys.argv[3]),
                   begins_with=Path(begins[0]) if begins else None)
run(settings_for(Path(sys.argv[1])), wanted, watch)
"""


def killed_at(step: int, tiny: Path, rows: Path, out: Path, form: Form, *begins: Path) -> None:
    command = [sys.executable, "-c", KILLED, *map(str, (tiny, rows, out, form.value, step, *begins))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.strip() == str(step):
                time.sleep(0.2)
                os.kill(child.pid, signal.SIGKILL)
                break
    assert child.returncode == -signal.SIGKILL


def test_a_killed_run_is_resumed_to_the_same_weights(tiny: Path, rows: Path, tmp_path: Path, sft: Ran) -> None:
    out = tmp_path / "killed"
    killed_at(5, tiny, rows, out, Form.SFT)
    assert not RunFolder(out).finished
    assert not (out / "adapter").exists()
    wanted = WantedRun(form=Form.SFT, dataset=rows, out=out)
    with pytest.raises(BadInputError, match="a run was begun here"):
        run(settings_for(tiny), wanted)
    with pytest.raises(BadInputError, match="begun with other settings"):
        run(settings_for(tiny, rank=8), WantedRun(form=Form.SFT, dataset=rows, out=out, resume=True))
    whole = run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=rows, out=out, resume=True))
    assert whole.manifest["resumed_from_step"] == 4
    assert whole.manifest["adapter_sha256"] == sft.manifest["adapter_sha256"]
    assert [one["loss"] for one in whole.manifest["curve"]] == [one["loss"] for one in sft.manifest["curve"]]
    with pytest.raises(BadInputError, match="finished"):
        run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=rows, out=out, resume=True))


def test_a_killed_preference_run_keeps_its_reference(tiny: Path, rows: Path, sft: Ran, tmp_path: Path) -> None:
    begins = sft.folder.adapter
    whole = run(settings_for(tiny), WantedRun(form=Form.DPO, dataset=rows, out=tmp_path / "whole", begins_with=begins))
    killed_at(3, tiny, rows, tmp_path / "killed", Form.DPO, begins)
    wanted = WantedRun(form=Form.DPO, dataset=rows, out=tmp_path / "killed", begins_with=begins, resume=True)
    resumed = run(settings_for(tiny), wanted)
    assert resumed.manifest["resumed_from_step"] == 2
    assert resumed.manifest["adapter_sha256"] == whole.manifest["adapter_sha256"]


FULL = """
import resource, sys
from pathlib import Path
from ragmed.errors import NotPossibleError
from ragmed.tune.dataset.rows import Form
from ragmed.tune.lora.training import WantedRun, run
from tests.tune.lora.rows_on_disk import settings_for
wanted = WantedRun(form=Form.SFT, dataset=Path(sys.argv[2]), out=Path(sys.argv[3]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
try:
    run(settings_for(Path(sys.argv[1])), wanted)
except NotPossibleError as error:
    print(type(error).__name__, error, "|", error.remedy)
"""


@pytest.mark.parametrize("most", [16, 20_000, 90_000])
def test_where_the_disk_takes_no_more_a_run_says_so_and_is_resumed_to_the_same_weights(
    tiny: Path, rows: Path, tmp_path: Path, sft: Ran, most: int
) -> None:
    """No file may be larger than ``most``: the plan is not written, or a checkpoint's weights, or its optimiser."""
    out = tmp_path / "full"
    command = [sys.executable, "-c", FULL, *map(str, (tiny, rows, out, most))]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr[-2000:]
    assert told.stdout.startswith(f"NotPossibleError {out}: the run cannot be written"), told.stdout
    begun = (out / "plan.json").is_file()
    assert begun == (most > 16)
    assert ("--resume" in told.stdout) == begun
    assert not RunFolder(out).finished
    whole = run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=rows, out=out, resume=begun))
    assert whole.manifest["adapter_sha256"] == sft.manifest["adapter_sha256"]


def test_a_checkpoint_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.begin({"form": "sft"})
    for step, state in ((2, '{"step": 2}'), (4, '{"step"'), (10, "")):
        place = folder.checkpoints / f"checkpoint-{step}"
        place.mkdir(parents=True)
        (place / "trainer_state.json").write_text(state)
    assert folder.resume({"form": "sft"}) == folder.checkpoints / "checkpoint-2"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.begin({})
    with folder.held(), pytest.raises(BusyError, match="is at this run"), folder.held():
        pass


def test_a_run_that_cannot_fit_is_refused_before_anything_is_written(
    tiny: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "free_bytes", lambda _: 1 << 20)
    with pytest.raises(NotPossibleError, match=r"would take .* are free"):
        run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=rows, out=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_rows_that_are_all_too_long_or_missing_are_told(tiny: Path, rows: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"all 12 rows .* longer than 64 tokens") as told:
        run(settings_for(tiny, length=64), WantedRun(form=Form.SFT, dataset=rows, out=tmp_path / "out"))
    assert "tune.length" in told.value.remedy
    only = write(tmp_path / "only", {"sft/train.jsonl": []})
    with pytest.raises(BadInputError, match="no sft rows"):
        run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=only, out=tmp_path / "out"))
    with pytest.raises(BadInputError, match="no dataset"):
        run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=tmp_path / "nothing", out=tmp_path / "out"))


def test_rows_that_were_changed_behind_the_card_are_refused(tiny: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "rows", {"sft/train.jsonl": supervised(range(4))})
    (folder / "sft" / "train.jsonl").write_bytes((folder / "sft" / "train.jsonl").read_bytes().replace(b"mg", b"kg"))
    with pytest.raises(IntegrityError, match=r"train\.jsonl"):
        run(settings_for(tiny), WantedRun(form=Form.SFT, dataset=folder, out=tmp_path / "out"))


def test_packed_rows_are_learned_in_fewer_sequences(tiny: Path, rows: Path, tmp_path: Path) -> None:
    packed = run(
        settings_for(tiny, packing=True, batch=1, accumulate=1),
        WantedRun(form=Form.SFT, dataset=rows, out=tmp_path / "packed"),
    )
    assert packed.manifest["rows"]["learned"] == 12
    assert packed.manifest["rows"]["sequences"] < 12
    assert packed.manifest["loss"]["last"] < packed.manifest["loss"]["first"]
