"""The dataset in the forms that other trainers read: ms-swift and LLaMA-Factory.

Each is a small function of the rows; ``meta`` stays behind, as neither reads it. A folder of its own holds the files,
and for LLaMA-Factory the ``dataset_info.json`` that names them (``dataset_dir`` is that folder).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ragmed.canonical import plain
from ragmed.tune.dataset.card import Placed
from ragmed.tune.dataset.rows import Form, Row, Split

_NAME = "ragmed"


def lines_of(objects: Sequence[Mapping[str, Any]]) -> bytes:
    """JSON Lines, UTF-8."""
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in objects).encode("utf-8")


def ms_swift(row: Row) -> dict[str, Any]:
    """``messages`` with the answer as its last turn; ``rejected_response`` or ``label`` beside it."""
    made: dict[str, Any] = {"messages": [*plain(row.prompt), {"role": "assistant", "content": row.answer}]}
    if row.form is Form.DPO:
        made["rejected_response"] = row.rejected
    if row.form is Form.KTO:
        made["label"] = row.label
    return made


def llama_factory(row: Row) -> dict[str, Any]:
    """``messages`` in OpenAI's roles (its ``sharegpt`` formatting with tags); ``chosen`` and ``rejected`` as turns."""
    prompt = plain(row.prompt)
    answer = {"role": "assistant", "content": row.answer}
    if row.form is Form.DPO:
        return {"messages": prompt, "chosen": answer, "rejected": {"role": "assistant", "content": row.rejected}}
    made: dict[str, Any] = {"messages": [*prompt, answer]}
    if row.form is Form.KTO:
        made["label"] = row.label
    return made


def dataset_info(names: Sequence[tuple[Form, str]]) -> dict[str, Any]:
    """LLaMA-Factory's description of files: name of each without its ending, and how it is read."""
    columns: dict[Form, dict[str, str]] = {
        Form.SFT: {"messages": "messages"},
        Form.DPO: {"messages": "messages", "chosen": "chosen", "rejected": "rejected"},
        Form.KTO: {"messages": "messages", "kto_tag": "label"},
    }
    tags = {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    }
    return {
        name.removesuffix(".jsonl").replace("-", "_"): {
            "file_name": name,
            "formatting": "sharegpt",
            **({"ranking": True} if form is Form.DPO else {}),
            "columns": columns[form],
            "tags": tags,
        }
        for form, name in names
    }


FORMATS: dict[str, Callable[[Row], dict[str, Any]]] = {"ms-swift": ms_swift, "llama-factory": llama_factory}


def exported(rows: Sequence[Placed], form: str) -> dict[str, bytes]:
    """File name → bytes of the dataset in another format, inside the folder named after it."""
    made: dict[str, bytes] = {}
    names: list[tuple[Form, str]] = []
    for kind in Form:
        for split in Split:
            own = [row for side, row in rows if side is split and row.form is kind]
            if own:
                name = f"{_NAME}-{kind.value}-{split.value}.jsonl"
                names.append((kind, name))
                made[f"{form}/{name}"] = lines_of([FORMATS[form](row) for row in own])
    if form == "llama-factory":
        info = json.dumps(dataset_info(names), ensure_ascii=False, indent=2, sort_keys=True)
        made[f"{form}/dataset_info.json"] = f"{info}\n".encode()
    return made
