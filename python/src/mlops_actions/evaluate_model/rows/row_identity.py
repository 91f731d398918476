"""Rows told apart by what they hold: a hash of each, from which their order and shared rows are known.

A hash depends on the values alone, not on how a file stores them: integers and numbers, or the categories of a text
column, may be numbered differently in two tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mlops_actions.tables.interface import Column

Hashes = NDArray[np.uint64]

_MISSING = np.uint64(0x9E3779B97F4A7C15)
_EXACT = 2**53


def row_hashes(columns: Mapping[str, Column]) -> Hashes:
    """A 64-bit hash of each row (n,), over all columns by name; equal rows have equal ones.

    >>> rows = row_hashes({"x": Column(np.array([1.0, 2.0, 1.0]))})
    >>> bool(rows[0] == rows[2]), bool(rows[0] == rows[1])
    (True, False)
    """
    total: Hashes | None = None
    for name in sorted(columns):
        mixed = _mixed(_words(columns[name]) ^ _hash(name))
        total = mixed if total is None else _mixed(total * np.uint64(31) + mixed)
    if total is None:
        raise ValueError("rows without columns cannot be told apart")
    return total


def row_order(hashes: Hashes) -> str:
    """SHA-256 of rows in their order, in hex."""
    return hashlib.sha256(hashes.astype("<u8").tobytes()).hexdigest()


def _words(column: Column) -> Hashes:
    values = column.values
    if column.categories is not None:
        table = np.array([_hash(one) for one in column.categories] or [_MISSING], dtype=np.uint64)
        words = table[values if column.valid is None else np.where(column.valid, values, 0)]
    elif values.dtype.kind == "M":
        words = values.astype("datetime64[us]").view(np.uint64)
    else:
        # Adding 0 makes one of the two zeros.
        words = (values.astype(np.float64) + 0.0).view(np.uint64)
        if values.dtype.kind in "iu":
            # Beyond it several integers are one float.
            large = (values > _EXACT) | (values < -_EXACT)
            words = np.where(large, values.astype(np.uint64), words) if large.any() else words
    return words if column.valid is None else np.where(column.valid, words, _MISSING)


def _hash(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))


def _mixed(words: Hashes) -> Hashes:
    """Each bit spread over all others (the finaliser of splitmix64, Steele et al. 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
