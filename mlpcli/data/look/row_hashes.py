"""A 64-bit number for each row: equal rows have equal numbers, and unequal ones practically never."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mlpcli.data.arrays import row_chunks
from mlpcli.data.dataset import Array

Hashes = npt.NDArray[np.uint64]

WEIGHTS_SEED = 1_212_240_712
_HIGH = np.uint64(0xFFFFFFFF00000000)


def row_hashes(values: Array, indices: Array, dtype: np.dtype[np.generic]) -> Hashes:
    """The numbers (len(indices),) of those rows of `values` (n, ...), compared as `dtype`, in chunks.

    0.0 and -0.0 are equal, and so are all NaN. Multilinear hashing of 32-bit words with 64-bit weights, whose upper
    halves are strongly universal (Lemire and Kaser, "Strongly universal string hashing is fast", 2014); two of them
    make one number, so that two unequal rows meet with a probability of 2**-64.
    """
    row_bytes = math.prod(values.shape[1:]) * dtype.itemsize
    words = -(-row_bytes // 4)
    weights = np.random.default_rng(WEIGHTS_SEED).integers(0, 2**64, (2, words), dtype=np.uint64)
    hashes = np.empty(len(indices), np.uint64)
    for chunk in row_chunks(values, len(indices)):
        rows = _row_words(values[indices[chunk]], dtype, row_bytes, words)
        first, second = (np.einsum("ij,j->i", rows, weight) for weight in weights)
        hashes[chunk] = (first & _HIGH) | (second >> np.uint64(32))
    return hashes


def joined(first: Hashes, second: Hashes) -> Hashes:
    """The numbers of pairs."""
    pairs = np.stack([first, second], axis=1)
    return row_hashes(pairs, np.arange(len(pairs)), pairs.dtype)


def distinct(ordered: Array) -> int:
    """How many different values a sorted array (n,) with n >= 1 holds."""
    return 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))


def common(ordered: Hashes, among: Hashes) -> int:
    """How many of the values `ordered` (n,) are in `among` (m,); both sorted."""
    places = np.minimum(np.searchsorted(among, ordered), len(among) - 1)
    return int(np.count_nonzero(among[places] == ordered))


def _row_words(rows: Array, dtype: np.dtype[np.generic], row_bytes: int, words: int) -> Hashes:
    """Each row's bytes as 32-bit words (n, words), the last one filled up with zeros."""
    plain = np.array(rows, dtype, order="C").reshape(len(rows), -1)
    if plain.dtype.kind == "f":
        plain += plain.dtype.type(0)  # -0.0 becomes 0.0
        plain[np.isnan(plain)] = np.nan
    octets = plain.view(np.uint8)
    if row_bytes % 4:
        octets = np.pad(octets, ((0, 0), (0, words * 4 - row_bytes)))
    return octets.view(np.uint32).astype(np.uint64)
