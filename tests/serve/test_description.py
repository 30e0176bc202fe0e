"""``/openapi.json`` is true: schemathesis, which goes by it, finds nothing. ``make serve-fuzz`` looks for longer."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.serve.fuzz import KEY, fuzzed
from tests.serve.serving import Served, served, small_program


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    done = fuzzed(tmp_path, 4, 7, KEY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 10" in done.stdout


def test_the_description_names_what_there_is_and_no_more(plain: Served, folder: Path) -> None:
    described = httpx.get(f"{plain.url}/openapi.json").json()
    assert set(described["paths"]) == {
        "/v1/chat/completions",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/answers",
        "/v1/answers/{record_id}",
        "/v1/answers/{record_id}/citations/{key}.png",
        "/v1/search",
        "/healthz",
        "/readyz",
        "/metrics",
    }
    statuses = {status for path in described["paths"].values() for one in path.values() for status in one["responses"]}
    assert "422" not in statuses
    assert "401" not in statuses, "no key is asked for here"
    with served(small_program(folder), KEY) as running:
        keyed = httpx.get(f"{running.url}/openapi.json").json()
    assert keyed["paths"]["/v1/answers"]["post"]["security"] == [{"key": []}]
    assert "401" in keyed["paths"]["/metrics"]["get"]["responses"]
    assert "security" not in keyed["paths"]["/healthz"]["get"]
