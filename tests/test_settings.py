"""Settings: precedence, clear errors, and the page that documents them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from ragmed.errors import SettingsError
from ragmed.settings import AppSettings, Settings, load_settings

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
