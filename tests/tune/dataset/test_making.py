"""The folder: the same bytes for the same library and seed, whole or not there, with a card that is true."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ragmed.canonical import sha256_bytes
from ragmed.errors import BadInputError
from ragmed.generate.prompt import REVISION
from tests.tune.dataset.reading_rows import everything, rows
from tests.tune.dataset.ward import Ward, library

AGAIN = (
    "import sys; from pathlib import Path; from tests.tune.dataset.ward import Ward;"
    " Ward(Path(sys.argv[1])).make(Path(sys.argv[2]), across=True, formats=('ms-swift', 'llama-factory'))"
)


def test_another_process_makes_the_same_bytes(ward: Ward, dataset: Path, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONHASHSEED": "99", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", AGAIN, str(ward.folder), str(tmp_path / "again")]
    subprocess.run(command, check=True, env=environment, cwd=root, capture_output=True)
    assert everything(tmp_path / "again") == everything(dataset)


def test_another_seed_and_another_library_make_others(ward: Ward, dataset: Path, tmp_path: Path) -> None:
    first = everything(dataset)
    ward.make(tmp_path / "seed", across=True, seed=8)
    assert everything(tmp_path / "seed")["sft/train.jsonl"] != first["sft/train.jsonl"]
    other = Ward.of(tmp_path / "other", library(changed=True))
    other.make(tmp_path / "changed", across=True)
    assert b"Vasopressin" in b"".join(everything(tmp_path / "changed").values())


def test_the_card_tells_hashes_counts_snapshot_prompt_and_seed(ward: Ward, dataset: Path) -> None:
    card = json.loads((dataset / "card.json").read_text("utf-8"))
    files = everything(dataset)
    assert card["files"] == {
        name: sha256_bytes(content) for name, content in files.items() if not name.startswith("card.")
    }
    assert (card["snapshot_id"], card["prompt_revision"], card["seed"]) == (ward.snapshot.snapshot_id, REVISION, 7)
    assert sum(one["rows"] for one in card["counts"]) == len(rows(dataset))
    assert card["problems"] == card["unchecked"] == 0
    text = files["card.md"].decode("utf-8")
    for one in card["documents"]:
        assert one["document_id"] in text
    assert all(digest in text for digest in card["files"].values())


def test_the_folder_is_for_its_owner_alone_and_never_half_there(ward: Ward, tmp_path: Path) -> None:
    ward.make(tmp_path / "rows", most=3)
    assert stat.S_IMODE((tmp_path / "rows").stat().st_mode) == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]
    with pytest.raises(BadInputError, match="something already"):
        ward.make(tmp_path / "rows")
    with pytest.raises(BadInputError, match="no such folder"):
        ward.make(tmp_path / "none" / "rows")
    with pytest.raises(BadInputError, match="no such file"):
        ward.make(tmp_path / "more", files=(tmp_path / "none.jsonl",))
    with pytest.raises(BadInputError, match="nothing to make rows of"):
        ward.make(tmp_path / "more", library=False)
    with pytest.raises(BadInputError, match="no such document or series"):
        ward.make(tmp_path / "more", permitted=("d-none",))
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]
