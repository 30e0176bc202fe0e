"""How much text two documents share, from a small fingerprint of each.

Laws of this room: pure and deterministic; furniture is not counted; documents in different languages share nothing. A
fingerprint is the smallest hashes of all runs of words (a bottom-k sketch, Broder 1997), from which the share of the
smaller text that stands in the larger is estimated. What many unlike documents hold, a licence page or a notice on
references, is boilerplate and counts for nothing.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ragmed.records import BlockKind, Page
from ragmed.text.language import HAN

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FINGERPRINT_VERSION = "1"
"""Changes whenever the same pages may give another fingerprint."""

WIDTH = 5
"""Words of a run."""
WIDTH_HAN = 8
"""Characters of a run where most are Chinese."""
SKETCH = 2048
"""Hashes kept: 8 KB a document; the standard error of a share of 0.5 is about 0.011."""
FEWEST = 20
"""Runs of the smaller text in the common range of two sketches under which their share is unknown, and called 0."""
BOILERPLATE = 5
"""Groups of unlike documents that must hold a run of words for it to be boilerplate."""
_UNLIKE = 0.5
"""Share under which two documents are unlike for that count."""

_TOKEN = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_Hashes = npt.NDArray[np.uint32]
_EVERYTHING = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What is kept of a document's text to tell how much of it another document shares."""

    size: int
    """Different runs of words in the document."""
    sketch: bytes
    """The smallest hashes of these runs, at most ``SKETCH``, ascending, little-endian uint32."""

    def encode(self) -> str:
        """As a word for JSON."""
        return f"{FINGERPRINT_VERSION}:{self.size}:{b64encode(self.sketch).decode()}"

    @classmethod
    def decode(cls, text: str) -> Fingerprint | None:
        """From such a word; None where another version wrote it."""
        version, _, rest = text.partition(":")
        size, _, sketch = rest.partition(":")
        if version != FINGERPRINT_VERSION or not size.isdigit():
            return None
        return cls(size=int(size), sketch=b64decode(sketch))


def fingerprint(pages: Iterable[Page]) -> Fingerprint:
    """The fingerprint of a document's text without furniture."""
    tokens = [token for page in pages for text in _matter(page) for token in _TOKEN.findall(text.lower())]
    han = sum(ord(token[0]) >= 0x3000 for token in tokens)
    width = WIDTH_HAN if han * 2 > len(tokens) else WIDTH
    if len(tokens) < width:
        return Fingerprint(size=0, sketch=b"")
    ids = np.array([_hash(token) for token in tokens], dtype=np.uint64)
    runs = np.zeros(len(tokens) - width + 1, dtype=np.uint64)
    for place in range(width):
        runs = runs * np.uint64(0x9E3779B97F4A7C15) + ids[place : place + len(runs)]
    hashes = np.unique(_mixed(runs) >> np.uint64(32)).astype("<u4")
    return Fingerprint(size=len(hashes), sketch=hashes[:SKETCH].tobytes())


def _matter(page: Page) -> Iterator[str]:
    position = 0
    for block in sorted(page.blocks, key=lambda block: block.start):
        if block.kind is BlockKind.FURNITURE:
            yield page.text[position : block.start]
            position = max(position, block.end)
    yield page.text[position:]


@lru_cache(maxsize=1 << 16)
def _hash(token: str) -> int:
    return int.from_bytes(blake2b(token.encode(), digest_size=8).digest(), "little")


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of splitmix64, which spreads neighbouring sums over the whole range."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def share(one: Fingerprint, other: Fingerprint) -> float:
    """The estimated share of the smaller text that stands in the larger, 0 to 1."""
    return _share(_hashes(one), _limit(one), _hashes(other), _limit(other))


def _hashes(one: Fingerprint) -> _Hashes:
    return np.frombuffer(one.sketch, dtype="<u4")


def _limit(one: Fingerprint) -> int:
    """The hash up to which the sketch holds every run."""
    return _EVERYTHING if one.size * 4 == len(one.sketch) else int(_hashes(one)[-1])


def _share(mine: _Hashes, my_limit: int, theirs: _Hashes, their_limit: int) -> float:
    limit = min(my_limit, their_limit)
    mine = mine[: np.searchsorted(mine, limit, side="right")] if limit < _EVERYTHING else mine
    theirs = theirs[: np.searchsorted(theirs, limit, side="right")] if limit < _EVERYTHING else theirs
    fewer = min(len(mine), len(theirs))
    if fewer < FEWEST:
        return 0.0
    return len(np.intersect1d(mine, theirs, assume_unique=True)) / fewer


def shares(fingerprints: Mapping[str, Fingerprint], *, least: float) -> dict[tuple[str, str], float]:
    """For every two documents that share at least ``least`` of the smaller text: how much, boilerplate left out.

    Keys are pairs of the mapping's keys in its order. Documents that share nothing are never compared.
    """
    names = list(fingerprints)
    sketches = [_hashes(one) for one in fingerprints.values()]
    limits = [_limit(one) for one in fingerprints.values()]
    raw = {pair: value for pair, value in _pairs(sketches, limits, least).items() if value >= least}
    groups = _groups(len(names), (pair for pair, value in raw.items() if value >= _UNLIKE))
    common = _boilerplate(sketches, groups)
    if len(common):
        sketches = [np.setdiff1d(sketch, common, assume_unique=True) for sketch in sketches]
        told = _pairs(sketches, limits, least)
        raw |= {pair: told.get(pair, 0.0) for pair in raw if groups[pair[0]] != groups[pair[1]]}
    return {(names[a], names[b]): value for (a, b), value in sorted(raw.items()) if value >= least}


def _incidence(sketches: Sequence[_Hashes]) -> tuple[_Hashes, csr_array]:
    """The different hashes, ascending; and a row for each sketch with a 1 for each of them that it holds."""
    from scipy.sparse import csr_array

    hashes, columns = np.unique(np.concatenate([*sketches, np.zeros(0, np.uint32)]), return_inverse=True)
    rows = np.cumsum([0, *(len(sketch) for sketch in sketches)])
    ones = np.ones(len(columns), dtype=np.int32)
    return hashes, csr_array((ones, columns, rows), shape=(len(sketches), len(hashes)))


def _pairs(sketches: Sequence[_Hashes], limits: Sequence[int], least: float) -> dict[tuple[int, int], float]:
    """The shares of all documents that hold about ``least`` and more in common, or a little less.

    What two sketches have in common lies below the limits of both, so that the product of the incidence matrix with
    itself counts what ``_share`` counts pair by pair.
    """
    if not sketches:
        return {}
    _, held = _incidence(sketches)
    together = (held @ held.T).tocoo()
    wanted = (together.row < together.col) & (together.data >= FEWEST * least)
    found = {}
    for a, b, count in zip(
        *(part[wanted].tolist() for part in (together.row, together.col, together.data)), strict=True
    ):
        limit = min(limits[a], limits[b])
        fewer = min(_within(sketches[place], limits[place], limit) for place in (a, b))
        if fewer >= FEWEST:
            found[a, b] = count / fewer
    return found


def _within(sketch: _Hashes, own: int, limit: int) -> int:
    """How many hashes of a sketch, whole up to ``own``, are at most ``limit``."""
    return len(sketch) if limit == own else int(np.searchsorted(sketch, limit, side="right"))


def _boilerplate(sketches: Sequence[_Hashes], groups: Sequence[int]) -> _Hashes:
    """The hashes that ``BOILERPLATE`` groups or more hold."""
    hashes, held = _incidence(sketches)
    of_group = np.asarray(groups, dtype=np.int64)[np.repeat(np.arange(len(sketches)), np.diff(held.indptr))]
    different = np.unique(held.indices.astype(np.int64) * (len(sketches) + 1) + of_group)
    return hashes[np.bincount(different // (len(sketches) + 1), minlength=len(hashes)) >= BOILERPLATE]


def _groups(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """For each place the number of its group, where ``pairs`` belong together."""
    parents = list(range(count))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for one, other in pairs:
        parents[root(other)] = root(one)
    return [root(place) for place in range(count)]
