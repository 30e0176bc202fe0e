"""``ragmed models``: language models onto this machine, which there are, and whether they are whole."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ragmed.commands.flags import JsonFlag, SettingsFlag, settings_of
from ragmed.errors import BadInputError

if TYPE_CHECKING:
    from ragmed.settings import Settings

app = typer.Typer(help="Language models on this machine.", no_args_is_help=True, rich_markup_mode=None)
FolderFlag = Annotated[Path | None, typer.Option("--folder", help="Folder with the models. [models/]")]
_TOKENS = {"huggingface": "HF_TOKEN", "modelscope": "MODELSCOPE_API_TOKEN"}


class Source(StrEnum):
    """A hub of models."""

    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


def _settings(file: Path | None, folder: Path | None) -> Settings:
    chosen = settings_of(None, None, file)
    if folder is None:
        return chosen
    return chosen.model_copy(update={"model": chosen.model.model_copy(update={"folder": folder})})


@app.command("pull")
def pull(
    name: Annotated[
        str, typer.Argument(help="OWNER/NAME of a hub, a name of `ragmed models list`, or a copied folder: ./FOLDER.")
    ],
    source: Annotated[Source | None, typer.Option("--from", help="The hub. [huggingface]")] = None,
    revision: Annotated[str, typer.Option("--revision", help="Branch, tag or commit. [the hub's main one]")] = "",
    endpoint: Annotated[str, typer.Option("--endpoint", help="Address of a mirror of that hub.")] = "",
    folder: FolderFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Fetch a model, whole and pinned; or lock a folder that was copied here."""
    from ragmed import terminal
    from ragmed.models.adopting import lock_folder
    from ragmed.models.places import as_path, is_path
    from ragmed.models.pulling import pull as pull_model

    chosen = _settings(settings, folder).model
    with terminal.progress() as show_progress:
        if is_path(name):
            if source or revision or endpoint:
                raise BadInputError(
                    f"{name!r} is a folder, so --from, --revision and --endpoint do not go with it",
                    remedy="leave them out",
                )
            lock, fetched = lock_folder(as_path(name), show_progress), None
            # below the folder of models its name is enough, elsewhere its path is needed
            below = as_path(name).resolve().parent == chosen.folder.resolve()
            setting = lock.model_id if below else str(as_path(name).resolve())
        else:
            hub = (source or Source.HUGGINGFACE).value
            pulled = pull_model(
                name,
                chosen.folder,
                source=hub,
                revision=revision,
                endpoint=endpoint,
                token=os.environ.get(_TOKENS[hub], ""),
                progress=show_progress,
            )
            lock, fetched, setting = pulled.lock, pulled.fetched, pulled.lock.model_id
    terminal.print_locked(lock, fetched, setting, as_json=as_json)


@app.command("list")
def list_models(folder: FolderFlag = None, settings: SettingsFlag = None, as_json: JsonFlag = False) -> None:
    """What is here and which one answers; the defaults of each kind of machine."""
    from ragmed import terminal
    from ragmed.models import checking, tiers

    chosen = _settings(settings, folder)
    found = checking.list_models(chosen.model, chosen.answer.entailment_model)
    terminal.print_models(found, tiers.defaults(), as_json=as_json)


@app.command("check")
def check(
    name: Annotated[str, typer.Argument(help="A model; without one those of the settings, or all that are here.")] = "",
    folder: FolderFlag = None,
    settings: SettingsFlag = None,
    as_json: JsonFlag = False,
) -> None:
    """Hash every file against the lock, and look at the weights' headers."""
    from ragmed import terminal
    from ragmed.models.checking import check_models

    chosen = _settings(settings, folder)
    with terminal.progress() as show_progress:
        checked = check_models(chosen.model, name, show_progress, entailment=chosen.answer.entailment_model)
    terminal.print_checked(checked, as_json=as_json)
    raise typer.Exit(1 if any(one.faults for one in checked) else 0)
