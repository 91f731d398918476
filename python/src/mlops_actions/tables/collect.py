"""A lazy frame's rows as arrays, whatever its engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_actions.tables.interface import Column

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray


def collect(frame: nw.LazyFrame[Any]) -> dict[str, Column]:
    """Run the query and return its columns, in whatever order the engine gives the rows.

    Text comes as codes into its sorted values, as `Table.arrays` has it.
    """
    if frame.implementation.is_duckdb():
        # DuckDB needs neither pyarrow nor pandas for this.
        found: dict[str, Any] = frame.to_native().fetchnumpy()
        return {name: _column(values) for name, values in found.items()}
    eager = frame.collect()
    return {name: _column(eager[name].to_numpy()) for name in eager.columns}


def _column(found: NDArray[Any]) -> Column:
    values = np.asarray(found.data if isinstance(found, np.ma.MaskedArray) else found)
    missing = np.ma.getmaskarray(found) if isinstance(found, np.ma.MaskedArray) else np.zeros(len(values), dtype=bool)
    if values.dtype.kind == "O":
        missing = missing | np.array([one is None or one != one for one in values.tolist()], dtype=bool)
    elif values.dtype.kind in "fM":
        missing = missing | np.isnan(values)
    valid = None if not missing.any() else ~missing
    present = values if valid is None else values[valid]
    if values.dtype.kind != "O" or not len(present):
        return Column(values, valid, [] if values.dtype.kind == "O" else None)
    if not isinstance(present[0], str):
        simple = np.asarray(present.tolist())
        simple = simple.astype("datetime64[us]") if simple.dtype.kind in "OM" else simple
        return Column(_filled(simple, valid), valid)
    categories, codes = np.unique(present.astype(str), return_inverse=True)
    return Column(_filled(codes.astype(np.intp), valid), valid, [str(one) for one in categories])


def _filled(present: NDArray[Any], valid: NDArray[np.bool_] | None) -> NDArray[Any]:
    if valid is None:
        return present
    values = np.zeros(len(valid), dtype=present.dtype)
    values[valid] = present
    return values
