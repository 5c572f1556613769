"""The Merkle tree of RFC 6962 (section 2.1), whose hashes RFC 9162 keeps: root, inclusion, consistency. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Sequence

#: Returns the hash of the complete subtree at (level, position): ``2**level`` leaves from ``position * 2**level`` on.
Nodes = Callable[[int, int], bytes]

EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The complete subtrees of a tree that grows to the right, the largest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """``hashes`` belong to the set bits of ``size``, the highest first."""
        self.size = size
        self._hashes = list(hashes)

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add the hash of a leaf; return the subtrees that it completes, each as level, position and hash."""
        completed, level, position, current = [], 0, self.size, leaf
        while position % 2:
            current = node_hash(self._hashes.pop(), current)
            level, position = level + 1, position // 2
            completed.append((level, position, current))
        self._hashes.append(current)
        self.size += 1
        return completed

    @property
    def root(self) -> bytes:
        """The hash of the whole tree."""
        if not self._hashes:
            return EMPTY
        root = self._hashes[-1]
        for left in reversed(self._hashes[:-1]):
            root = node_hash(left, root)
        return root


def subtrees(size: int) -> list[tuple[int, int]]:
    """Return level and position of the complete subtrees that make up a tree of this size, the largest first."""
    found, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of leaves."""
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root


def inclusion_proof(nodes: Nodes, leaf: int, size: int) -> list[bytes]:
    """Return the path from a leaf to the root of a tree of this size (RFC 6962, 2.1.1)."""
    path: list[bytes] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + _split(end - first)
        if leaf < middle:
            path.append(_hash(nodes, middle, end))
            end = middle
        else:
            path.append(_hash(nodes, first, middle))
            first = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a leaf's hash stands at this place of a tree, by its path to the root."""
    steps = list(proof)
    if not 0 <= index < size:
        return False
    try:
        return _root_above(leaf, index, size, steps) == root and not steps
    except IndexError:  # the path is too short
        return False


def consistency_proof(nodes: Nodes, old: int, size: int) -> list[bytes]:
    """Return what shows that a tree of ``old`` leaves is the beginning of one of ``size`` (RFC 6962, 2.1.2)."""
    if not 0 < old < size:
        return []
    path: list[bytes] = []
    first, end, whole = 0, size, True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            path.append(_hash(nodes, middle, end))
            end = middle
        else:
            path.append(_hash(nodes, first, middle))
            first, whole = middle, False
    return path[::-1] if whole else [_hash(nodes, first, end), *path[::-1]]


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether a tree is the beginning of a later one."""
    steps = list(proof)
    if old == 0:
        return not steps and old_root == EMPTY
    if not 0 < old <= size:
        return False
    try:
        return _both_roots(old, size, steps, old_root) == (old_root, root) and not steps
    except IndexError:  # the proof is too short
        return False


def _root_above(leaf: bytes, index: int, size: int, steps: list[bytes]) -> bytes:
    """Return the root that a path leads to; its steps are used up from the root down."""
    if size == 1:
        return leaf
    middle, step = _split(size), steps.pop()
    if index < middle:
        return node_hash(_root_above(leaf, index, middle, steps), step)
    return node_hash(step, _root_above(leaf, index - middle, size - middle, steps))


def _both_roots(old: int, size: int, steps: list[bytes], whole: bytes | None) -> tuple[bytes, bytes]:
    """Return the roots that a proof leads to; ``whole`` is the old tree's as long as it could be all that is left."""
    if old == size:
        common = whole if whole is not None else steps.pop()
        return common, common
    middle, step = _split(size), steps.pop()
    if old <= middle:
        before, after = _both_roots(old, middle, steps, whole)
        return before, node_hash(after, step)
    before, after = _both_roots(old - middle, size - middle, steps, None)
    return node_hash(step, before), node_hash(step, after)


def _split(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def _hash(nodes: Nodes, first: int, end: int) -> bytes:
    """Return the hash over the leaves from ``first`` to before ``end``, which is a right part of some tree."""
    size = end - first
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return nodes(level, first >> level)
    middle = first + _split(size)
    return node_hash(_hash(nodes, first, middle), _hash(nodes, middle, end))
