"""What the gate did not let through leaves only by a person's word, which log and card keep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ragmed.adapters.change import AdapterAction, AdapterState, Obstacle
from ragmed.errors import BadInputError, NotFoundError, NotPossibleError
from ragmed.models.store import installed
from ragmed.settings import Settings
from tests.tune.export.made import added, exported, hospital, judged, register_of

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


@pytest.fixture
def here(learned: tuple[Path, Path], tmp_path: Path) -> Settings:
    return hospital(tmp_path, learned[0])


@pytest.fixture
def candidate(here: Settings, learned: tuple[Path, Path]) -> str:
    return added(here, learned[1])


def out(here: Settings) -> Path:
    return here.index.parent / "ward"


def refused(here: Settings, sha256: str, words: str) -> None:
    before = register_of(here).changes()
    with pytest.raises(NotPossibleError, match=words) as caught:
        exported_again(here, sha256)
    assert caught.value.remedy
    assert not out(here).exists()
    assert register_of(here).changes() == before


def exported_again(here: Settings, sha256: str) -> None:
    from ragmed.adapting import export_adapter

    export_adapter(here, sha256, "adapter", out(here), by="dr-owen", told=lambda needs: None)


def test_what_passed_is_exported_and_logged(here: Settings, candidate: str) -> None:
    judged(here, candidate)
    exported(here, candidate[:8], "adapter", out(here))
    last = register_of(here).changes()[-1]
    assert (last.action, last.adapter_sha256, last.user, last.overridden) == (
        AdapterAction.EXPORT,
        candidate,
        "dr-owen",
        None,
    )
    assert last.exported == "adapter ward"
    assert last.verdict is not None
    assert register_of(here).find(candidate).state is AdapterState.GATED, "it stands where it stood"


def test_a_models_revision_is_in_the_log(here: Settings, candidate: str) -> None:
    judged(here, candidate)
    exported(here, candidate, "nf4", out(here))
    revision = installed(here.model.model_copy(update={"name": str(out(here))})).revision
    assert register_of(here).changes()[-1].exported == f"nf4 ward {revision}"


@pytest.mark.parametrize(
    ("case", "words", "obstacle"),
    [
        ("ungated", "not been through the gate", Obstacle.UNGATED),
        ("refused", r"refused it \(number mismatches", Obstacle.REFUSED),
        ("retired", "was retired", Obstacle.RETIRED),
        ("other prompt", "asked with prompt 0", Obstacle.OTHER_PROMPT),
        ("other current", "compared it with adapter", Obstacle.OTHER_CURRENT),
        ("promoted past the gate", "not been through the gate", Obstacle.UNGATED),
        ("promoted and refused later", "refused it", Obstacle.REFUSED),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else None,
)
def test_what_did_not_pass_leaves_only_by_name_and_reason(
    here: Settings, candidate: str, case: str, words: str, obstacle: Obstacle
) -> None:
    register = register_of(here)
    if case == "refused":
        judged(here, candidate, passed=False)
    elif case == "retired":
        judged(here, candidate)
        register.retire(candidate, "dr-owen")
    elif case == "other prompt":
        judged(here, candidate, prompt_revision="0")
    elif case == "other current":
        judged(here, candidate, current_sha256="d" * 64)
    elif case == "promoted past the gate":
        register.promote(candidate, "dr-owen", "for the demonstration", True)
    elif case == "promoted and refused later":
        judged(here, candidate)
        register.promote(candidate, "dr-owen")
        judged(here, candidate, passed=False)
    refused(here, candidate, words)
    past = {"without_gate": True, "by": "dr-owen", "why": "a study without patients"}
    found = exported(here, candidate, "adapter", out(here), **past)
    assert found.made.obstacle is obstacle
    last = register_of(here).changes()[-1]
    assert (last.overridden, last.why, last.user) == (obstacle, "a study without patients", "dr-owen")
    card = (out(here) / "README.md").read_text("utf-8")
    assert f"**The gate did not let this adapter through: {obstacle.words}.**" in card
    note = json.loads((out(here) / "export.json").read_text("utf-8"))
    assert (note["let_through"], note["against"]) == (False, obstacle.value)


def test_what_was_promoted_through_the_gate_may_go(here: Settings, candidate: str) -> None:
    judged(here, candidate)
    register_of(here).promote(candidate, "dr-owen")
    assert exported(here, candidate, "adapter", out(here)).made.obstacle is None


@pytest.mark.parametrize("missing", ["by", "why"])
def test_nobody_and_no_reason_export_nothing(here: Settings, candidate: str, missing: str) -> None:
    stated = {"without_gate": True, "by": "dr-owen", "why": "a study", missing: " "}
    with pytest.raises(BadInputError):
        exported(here, candidate, "adapter", out(here), **stated)
    assert not out(here).exists()


def test_an_unknown_one_and_another_models_are_told(here: Settings, candidate: str, forms: dict[str, Path]) -> None:
    with pytest.raises(NotFoundError, match="no adapter abcd"):
        exported(here, "abcd", "adapter", out(here))
    other = here.model_copy(update={"model": here.model.model_copy(update={"name": str(forms["nf4"])})})
    with pytest.raises(NotPossibleError, match="was made for learned-qwen"):
        exported(other, candidate, "adapter", out(here))
