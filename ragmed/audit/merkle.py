"""The Merkle tree of RFC 6962 (section 2.1; the same in RFC 9162), as pure functions over stored hashes.

Laws of this room: nothing is kept here. A complete subtree never changes, so that each is stored once, as
(``level``, ``place``): it covers leaves ``place << level`` up to ``(place + 1) << level``. A root or a proof of any
size is then read from O(log n) of them. Leaves count from 0; hashes are 32 bytes. A check raises IntegrityError or
returns nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from ragmed.errors import BadInputError, IntegrityError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""Hash of the complete subtree at (level, place)."""
Completed = tuple[int, int, bytes]
"""Level, place and hash of a complete subtree."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of a leaf: SHA-256 of 0x00 and its bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256 of 0x01 and its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def completed(index: int, leaf: bytes, subtree: Subtree) -> Iterator[Completed]:
    """The subtrees that appending the leaf with hash ``leaf`` as number ``index`` completes, the leaf itself first."""
    level, place, found = 0, index, leaf
    yield level, place, found
    while place & 1:
        found = node_hash(subtree(level, place - 1), found)
        level, place = level + 1, place >> 1
        yield level, place, found


def root(size: int, subtree: Subtree) -> bytes:
    """Tree hash of the first ``size`` leaves."""
    return _range(0, size, subtree) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, subtree: Subtree) -> tuple[bytes, ...]:
    """PATH(index, D[size]): the siblings from the leaf up. Raises BadInputError where there is no such leaf."""
    if not 0 <= index < size:
        raise BadInputError(f"a tree of {size} entries has no entry {index + 1}", remedy="ask for one that it holds")
    return tuple(_path(index, 0, size, subtree))


def consistency_path(old: int, new: int, subtree: Subtree) -> tuple[bytes, ...]:
    """PROOF(old, D[new]). Empty for equal sizes and for ``old`` 0, which every tree goes on from."""
    if not 0 <= old <= new:
        raise BadInputError(f"a tree of {new} entries does not go on from {old}", remedy="give the smaller size first")
    if old in (0, new):
        return ()
    return tuple(_subproof(old, 0, new, subtree, whole=True))


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected: bytes) -> None:
    """RFC 9162, 2.1.3.2: the leaf with hash ``leaf`` is number ``index`` of the tree with root ``expected``."""
    if not 0 <= index < size:
        raise IntegrityError(f"a tree of {size} entries has no entry {index + 1}")
    node, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise IntegrityError("the proof of inclusion is too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise IntegrityError("the proof of inclusion is too short")
    if found != expected:
        raise IntegrityError(f"entry {index + 1} is not in the tree with this root")


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """RFC 9162, 2.1.4.2: the tree of ``new`` leaves goes on from the one of ``old`` leaves."""
    if not 0 <= old <= new:
        raise IntegrityError(f"a tree of {new} entries does not go on from one of {old}")
    if old in (0, new):
        if path or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise IntegrityError(f"the trees of {old} and {new} entries differ")
        return
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        raise IntegrityError("the proof of consistency is too short")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            raise IntegrityError("the proof of consistency is too long")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise IntegrityError("the proof of consistency is too short")
    if first != old_root or second != new_root:
        raise IntegrityError(f"the tree of {new} entries does not go on from the one of {old}")


class Growing:
    """The root of leaves that come one after the other; keeps O(log n) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # of complete subtrees, the largest first

    def add(self, leaf: bytes) -> Iterator[Completed]:
        """Take the next leaf's hash; yields the subtrees that it completes, itself first. Run it to its end."""
        found, level, place = leaf, 0, self.size
        yield level, place, found
        while place & 1:
            found = node_hash(self._peaks.pop(), found)
            level, place = level + 1, place >> 1
            yield level, place, found
        self._peaks.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Tree hash of what has come so far."""
        if not self._peaks:
            return EMPTY_ROOT
        *larger, found = self._peaks
        for peak in reversed(larger):
            found = node_hash(peak, found)
        return found


def _range(begin: int, end: int, subtree: Subtree) -> bytes:
    """Hash over leaves [begin, end), where ``begin`` is a multiple of the largest power of two in the length."""
    count = end - begin
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtree(level, begin >> level)
    middle = begin + _split(count)
    return node_hash(_range(begin, middle, subtree), _range(middle, end, subtree))


def _path(index: int, begin: int, end: int, subtree: Subtree) -> list[bytes]:
    if end - begin == 1:
        return []
    middle = begin + _split(end - begin)
    if index < middle:
        return [*_path(index, begin, middle, subtree), _range(middle, end, subtree)]
    return [*_path(index, middle, end, subtree), _range(begin, middle, subtree)]


def _subproof(old: int, begin: int, end: int, subtree: Subtree, *, whole: bool) -> list[bytes]:
    """SUBPROOF; ``old`` counts from ``begin``. ``whole``: the old root itself is known to whoever checks."""
    if old == end - begin:
        return [] if whole else [_range(begin, end, subtree)]
    middle = begin + _split(end - begin)
    if old <= middle - begin:
        return [*_subproof(old, begin, middle, subtree, whole=whole), _range(middle, end, subtree)]
    return [
        *_subproof(old - (middle - begin), middle, end, subtree, whole=False),
        _range(begin, middle, subtree),
    ]


def _split(count: int) -> int:
    """The largest power of two below ``count``."""
    return int(1 << (count - 1).bit_length() - 1)
