"""Canonical JSON, hashing and atomic writes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragmed.canonical import canonical_json, sha256_file, sha256_of, write_atomic, write_private
from ragmed.records import Filters, Language

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


@given(st.dictionaries(st.text(), VALUES))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert canonical_json(value) == canonical_json(dict(reversed(value.items())))


def test_records_and_enums_have_one_form() -> None:
    filters = Filters(languages=(Language.CHINESE,), series=("肺结节",))
    expected = (
        '{"document_ids":[],"editions":[],"include_superseded":false,"languages":["zh"],"published_after":"",'
        '"published_before":"","publishers":[],"series":["肺结节"]}'
    ).encode()
    assert canonical_json(filters) == expected
    assert sha256_of(filters) == hashlib.sha256(expected).hexdigest()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_without_a_json_form_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(value)


def test_a_set_has_no_canonical_form() -> None:
    with pytest.raises(TypeError, match="set"):
        canonical_json({"a": {1}})


def test_a_write_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "pointer"
    write_atomic(path, b"old")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["pointer"]
    assert sha256_file(path) == hashlib.sha256(b"new").hexdigest()


def test_a_write_that_fails_leaves_the_old_bytes(tmp_path: Path) -> None:
    path = tmp_path / "pointer"
    path.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match="pointer"):
        write_atomic(path, b"new")
    assert os.listdir(tmp_path) == ["pointer"]


def test_a_private_file_is_for_its_owner_alone_and_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "answers.csv"
    assert write_private(path, [b"one\n", b"two\n"]) == 8
    assert path.read_bytes() == b"one\ntwo\n"
    assert path.stat().st_mode & 0o777 == 0o600

    def broken() -> Iterator[bytes]:
        yield b"three\n"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_private(path, broken())
    assert path.read_bytes() == b"one\ntwo\n"
    assert [one.name for one in path.parent.iterdir()] == ["answers.csv"]
