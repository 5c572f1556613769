"""The Merkle tree, by the published test vectors of Certificate Transparency (RFC 6962 and its reference logs)."""

import random

import pytest

from worker.archive.merkle import (
    Frontier,
    Nodes,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    subtrees,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    leaf_hash(bytes.fromhex(text))
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
#: Root of the first n of them.
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
#: Leaf, size of the tree, path.
PATHS = (
    (0, 1, ()),
    (
        0,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        5,
        8,
        (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (2, 3, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
    (
        1,
        5,
        (
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)
#: Size before, size after, proof.
PROOFS = (
    (1, 1, ()),
    (
        1,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        6,
        8,
        (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (
        2,
        5,
        (
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)


def nodes_of(leaves: list[bytes]) -> Nodes:
    return lambda level, position: root_of(leaves[position << level : (position + 1) << level])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    """For every size; grown leaf by leaf, or taken up from its complete subtrees."""
    expected = ROOTS[size]
    read = nodes_of(LEAVES)
    taken_up = Frontier(size, [read(level, position) for level, position in subtrees(size)])

    assert expected == root_of(LEAVES[:size]).hex()
    assert expected == taken_up.root.hex()


@pytest.mark.parametrize(("leaf", "size", "path"), PATHS)
def test_paths_are_the_published_ones(leaf: int, size: int, path: tuple[str, ...]) -> None:
    """And each leads to the root."""
    found = inclusion_proof(nodes_of(LEAVES), leaf, size)

    assert list(path) == [step.hex() for step in found]
    assert verify_inclusion(LEAVES[leaf], leaf, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("before", "after", "proof"), PROOFS)
def test_consistency_proofs_are_the_published_ones(before: int, after: int, proof: tuple[str, ...]) -> None:
    """And each shows that the smaller tree is the beginning of the larger one."""
    found = consistency_proof(nodes_of(LEAVES), before, after)

    assert list(proof) == [step.hex() for step in found]
    assert verify_consistency(before, bytes.fromhex(ROOTS[before]), after, bytes.fromhex(ROOTS[after]), found)


def test_every_proof_of_every_small_tree_holds_and_no_other() -> None:
    """A proof fails for another leaf or root, cut short, made longer, or with a step changed."""
    leaves = [leaf_hash(bytes([number])) for number in range(34)]
    read, chance = nodes_of(leaves), random.Random(1)
    for size in range(1, len(leaves)):
        root = root_of(leaves[:size])
        for leaf in range(size):
            path = inclusion_proof(read, leaf, size)
            assert verify_inclusion(leaves[leaf], leaf, size, path, root)
            for wrong in _spoilt(path, chance):
                assert not verify_inclusion(leaves[leaf], leaf, size, wrong, root)
            assert not verify_inclusion(leaves[leaf + 1], leaf, size, path, root)
            assert not verify_inclusion(leaves[leaf], size, size, path, root)
        for before in range(size + 1):
            proof, old = consistency_proof(read, before, size), root_of(leaves[:before])
            assert verify_consistency(before, old, size, root, proof)
            assert not verify_consistency(before, leaves[-1], size, root, proof)
            if 0 < before < size:
                for wrong in _spoilt(proof, chance):
                    assert not verify_consistency(before, old, size, root, wrong)


def _spoilt(proof: list[bytes], chance: random.Random) -> list[list[bytes]]:
    """Return a proof with a step too few, one too many, and one changed."""
    longer = [*proof, leaf_hash(b"more")]
    if not proof:
        return [longer]
    changed = list(proof)
    changed[chance.randrange(len(proof))] = leaf_hash(b"other")
    return [proof[:-1], longer, changed]
