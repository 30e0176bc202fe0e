"""The tree against RFC 6962's own definition, for all sizes and pairs to 130."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from ragmed.audit import merkle
from ragmed.errors import BadInputError, IntegrityError

LEAVES = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]
"""The eight leaves that implementations of RFC 6962 are tried on."""
MOST = 130


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def defined(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, as it stands there."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\x01" + defined(leaves[:split]) + defined(leaves[split:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if index < split:
        return [*path(index, leaves[:split]), defined(leaves[split:])]
    return [*path(index - split, leaves[split:]), defined(leaves[:split])]


def subproof(old: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if old == len(leaves):
        return [] if whole else [defined(leaves)]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    if old <= split:
        return [*subproof(old, leaves[:split], whole), defined(leaves[split:])]
    return [*subproof(old - split, leaves[split:], False), defined(leaves[:split])]


class Stored:
    """The subtrees that appending completed."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.hashes: dict[tuple[int, int], bytes] = {}
        self.reads = 0
        for index, leaf in enumerate(leaves):
            for level, place, found in merkle.completed(index, merkle.leaf_hash(leaf), self):
                assert (level, place) not in self.hashes
                self.hashes[level, place] = found

    def __call__(self, level: int, place: int) -> bytes:
        self.reads += 1
        return self.hashes[level, place]


MANY = [f"entry {number}".encode() for number in range(MOST)]
STORED = Stored(MANY)
ROOTS = [defined(MANY[:size]) for size in range(MOST + 1)]


def test_roots_of_all_sizes() -> None:
    growing = merkle.Growing()
    assert growing.root() == ROOTS[0] == merkle.root(0, STORED)
    for size, leaf in enumerate(MANY, 1):
        completed = list(growing.add(merkle.leaf_hash(leaf)))
        assert all(STORED.hashes[level, place] == found for level, place, found in completed)
        assert growing.root() == ROOTS[size] == merkle.root(size, STORED)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_roots_of_the_eight_leaves(size: int, expected: str) -> None:
    assert defined(LEAVES[:size]).hex() == expected
    assert merkle.root(size, Stored(LEAVES)).hex() == expected


def test_inclusion_of_every_leaf_in_every_size() -> None:
    for size in range(1, MOST + 1):
        for index in range(size):
            proof = merkle.inclusion_path(index, size, STORED)
            assert list(proof) == path(index, MANY[:size])
            merkle.check_inclusion(merkle.leaf_hash(MANY[index]), index, size, proof, ROOTS[size])


def test_consistency_of_every_pair_of_sizes() -> None:
    for new in range(MOST + 1):
        for old in range(new + 1):
            proof = merkle.consistency_path(old, new, STORED)
            assert list(proof) == (subproof(old, MANY[:new], True) if old else [])
            merkle.check_consistency(old, new, ROOTS[old], ROOTS[new], proof)


def test_a_wrong_proof_of_inclusion_is_refused() -> None:
    for size in range(1, 40):
        for index in range(size):
            leaf, proof = merkle.leaf_hash(MANY[index]), merkle.inclusion_path(index, size, STORED)
            wrong = [
                (merkle.leaf_hash(b"other"), index, size, proof, ROOTS[size]),
                (leaf, index, size, (*proof, bytes(32)), ROOTS[size]),
                (leaf, index, size, proof, ROOTS[size + 1]),
                (leaf, index + 1, size, proof, ROOTS[size]),
                (leaf, index, 2 * size + 1, proof, ROOTS[size]),
                (leaf, -1, size, proof, ROOTS[size]),
            ]
            wrong += [(leaf, index, size, proof[:-1], ROOTS[size])] if proof else []
            wrong += [
                (leaf, index, size, (*proof[:at], bytes(32), *proof[at + 1 :]), ROOTS[size]) for at in range(len(proof))
            ]
            for arguments in wrong:
                with pytest.raises(IntegrityError):
                    merkle.check_inclusion(*arguments)


def test_a_wrong_proof_of_consistency_is_refused() -> None:
    for new in range(1, 40):
        for old in range(1, new + 1):
            proof = merkle.consistency_path(old, new, STORED)
            wrong = [
                (old, new, bytes(32), ROOTS[new], proof),
                (old, new, ROOTS[old], bytes(32), proof),
                (old, new, ROOTS[old], ROOTS[new], (*proof, bytes(32))),
                (new + 1, new, ROOTS[old], ROOTS[new], proof),
            ]
            wrong += [(old, new, ROOTS[old], ROOTS[new], proof[:-1])] if proof else []
            wrong += [
                (old, new, ROOTS[old], ROOTS[new], (*proof[:at], bytes(32), *proof[at + 1 :]))
                for at in range(len(proof))
            ]
            for arguments in wrong:
                with pytest.raises(IntegrityError):
                    merkle.check_consistency(*arguments)
    with pytest.raises(IntegrityError):
        merkle.check_consistency(0, 3, bytes(32), ROOTS[3], ())


def test_what_is_not_in_the_tree_has_no_proof() -> None:
    for ask in (
        lambda: merkle.inclusion_path(5, 5, STORED),
        lambda: merkle.inclusion_path(-1, 5, STORED),
        lambda: merkle.consistency_path(6, 5, STORED),
    ):
        with pytest.raises(BadInputError):
            ask()


def test_roots_and_proofs_read_few_hashes() -> None:
    deep: dict[tuple[int, int], int] = {}

    def subtree(level: int, place: int) -> bytes:
        deep[level, place] = deep.get((level, place), 0) + 1
        return bytes(32)

    size = 999_999
    for ask in (
        lambda: merkle.root(size, subtree),
        lambda: merkle.inclusion_path(123_456, size, subtree),
        lambda: merkle.inclusion_path(size - 1, size, subtree),
        lambda: merkle.consistency_path(654_321, size, subtree),
    ):
        deep.clear()
        ask()
        assert sum(deep.values()) <= 40
