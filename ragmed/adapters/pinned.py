"""Whether an answer was written with an adapter that the settings named, past the gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragmed.records import AnswerRecord, Generation

_SETTING = "model.adapter"


def pinned_name(record: AnswerRecord, generation: Generation) -> str:
    """The name of the folder that ``model.adapter`` named when ``generation`` (of ``record``) was written; empty where
    it named none."""
    stated = dict(record.settings).get(_SETTING, "null")
    return str(json.loads(stated) or "") if generation.adapter_sha256 else ""
