"""Columns of Spark in memory, by way of Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_actions.tables.interface import Column, LogicalType

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def fetch(rows: DataFrame, wanted: Mapping[str, LogicalType]) -> dict[str, Column]:
    """The columns in the order of the rows."""
    table = rows.toArrow()
    return {name: _column(table.column(place), type_) for place, (name, type_) in enumerate(wanted.items())}


def _column(found: Any, type_: LogicalType) -> Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = np.asarray(found.is_null().to_numpy(zero_copy_only=False)) if found.null_count else None
    valid = None if missing is None else ~missing
    if type_ in ("string", "time"):
        coded = found.cast(pa.string()).combine_chunks().dictionary_encode()
        names = np.asarray(coded.dictionary.to_pylist(), dtype=object)
        order = np.argsort(names, kind="stable") if len(names) else np.zeros(0, dtype=np.intp)
        rank = np.empty(len(names), dtype=np.intp)
        rank[order] = np.arange(len(names))
        codes = np.asarray(pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False), dtype=np.intp)
        return Column(rank[codes] if len(names) else codes, valid, [str(names[place]) for place in order])
    if type_ in ("date", "timestamp"):
        values = found.cast(pa.timestamp("us")).to_numpy()
        return Column(np.asarray(values, dtype="datetime64[us]"), valid)
    if pa.types.is_decimal(found.type):
        found = found.cast(pa.int64() if type_ == "integer" else pa.float64())
    filled = pc.fill_null(found, False if type_ == "boolean" else 0)
    return Column(np.asarray(filled.to_numpy()), valid)
