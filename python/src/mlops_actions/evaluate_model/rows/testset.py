"""The test set: truth, weights and clusters for the parent; features, and nothing else, for the scorer."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import InputError, nearest
from mlops_actions.evaluate_model.rows.availability import Availability
from mlops_actions.evaluate_model.rows.clusters import column_of, values_of
from mlops_actions.evaluate_model.rows.dependence import is_candidate
from mlops_actions.evaluate_model.rows.row_identity import row_hashes, row_order
from mlops_actions.evaluate_model.rows.target import Target, read_target, without_target
from mlops_actions.evidence import Material
from mlops_actions.evidence.evaluation import Task
from mlops_actions.evidence.slicing import Slicing, parse_slicing
from mlops_actions.statistics.clusters import Design, design
from mlops_actions.tables.interface import Column, Table

NESTED = frozenset({"array", "object", "map", "binary", "time"})


@dataclass(frozen=True)
class TestSet:
    """One table of labelled rows, in file order."""

    table: Table
    material: Material
    target: Target
    sampling: Design
    features: Mapping[str, Column]
    """What the scorer may see, in order."""
    slices: Sequence[Slicing]
    """What cuts the rows into slices."""
    protected: Sequence[Slicing]
    """What cuts them into groups that are compared."""
    cut: Mapping[str, Column]
    """The columns of both."""
    keys: Mapping[str, Column]
    """Columns by which rows may hang together, where no cluster is named."""
    kept_back: Mapping[str, str]
    """Column → why it is no feature: unavailable, target, cluster, row id or weights."""
    visible: Sequence[str]
    """Columns that a model may have seen, wherever it ran."""

    # A class of this name is no test.
    __test__ = False

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.target.truth)

    def require(self, column: str, where: str) -> None:
        """Raise InputError with the nearest name where the data has no such column."""
        _require(column, self.table.columns, where, self.table.location)

    @cached_property
    def row_order(self) -> str | None:
        """SHA-256 of the features' rows in their order; None without features."""
        return row_order(row_hashes(self.features)) if self.features else None


def read_test_set(
    table: Table,
    material: Material,
    *,
    target: str | None,
    task: Task | None,
    positive: str | None,
    features: Sequence[str] | None,
    weights: str | None,
    cluster: Sequence[str],
    slices: Sequence[str],
    protected: Sequence[str],
    available: Availability,
    featured: bool = True,
) -> TestSet:
    """Read a table's columns in their roles. Raises InputError for a column that is not there or does not fit.

    Without `featured` no model looks at the rows, and there are no features.
    """
    known = table.columns
    weighted = [weights] if weights else []
    clustered = {one: column_of(one, known, table.location) for one in cluster}
    slicings = {
        role: [parse_slicing(text, known, role) for text in texts]
        for role, texts in (("slices", slices), ("protected", protected))
    }
    cut_by = {role: [part.column for one in found for part in one.features] for role, found in slicings.items()}
    labelled = [target] if target is not None else []
    asked = {"target": labelled, "weights": weighted, **cut_by, "features": features or []}
    for role, names in asked.items():
        for name in names:
            _require(name, known, role, table.location)
    kept_back = _kept_back(known, target, weights, cluster, features, available)
    wished = known if features is None else features
    visible = [name for name in wished if name not in kept_back and known[name] not in NESTED]
    chosen = visible if featured else []
    if featured and not chosen:
        raise InputError("no column is left that a model may see.", where="features", hint="Name at least one.")
    cut = list(dict.fromkeys([*cut_by["slices"], *cut_by["protected"]]))
    roles = {*labelled, *cut, *weighted, *available.row_ids}
    keys = [] if cluster else [name for name in known if name not in roles and is_candidate(name, known, chosen)]
    wanted = list(dict.fromkeys([*labelled, *clustered.values(), *cut, *weighted, *chosen, *keys]))
    columns = table.arrays(wanted) if wanted else {}
    rows = len(columns[wanted[0]].values) if wanted else table.row_count()
    if rows == 0:
        raise InputError(f"{table.location!r} has no rows.", where="data", hint="A model cannot be judged on no data.")
    truth = without_target(rows) if target is None else read_target(target, columns[target], task, positive)
    sampling = design(
        rows,
        clusters=[values_of(one, name, columns[name]) for one, name in clustered.items()],
        weights=_weights(weights, columns[weights]) if weights else None,
    )
    handed, sliced, candidates = ({name: columns[name] for name in names} for names in (chosen, cut, keys))
    return TestSet(
        table,
        material,
        truth,
        sampling,
        handed,
        slicings["slices"],
        slicings["protected"],
        sliced,
        candidates,
        kept_back,
        visible,
    )


def _require(name: str, known: Collection[str], role: str, location: str) -> None:
    """Raise InputError with the nearest name when a column is not in the data."""
    if name not in known:
        raise InputError(f"{location!r} has no column {name!r}.", where=role, hint=nearest(name, known))


def _kept_back(
    known: Collection[str],
    target: str | None,
    weights: str | None,
    cluster: Sequence[str],
    features: Sequence[str] | None,
    available: Availability,
) -> dict[str, str]:
    """Clusters are often ids of days or users: like row ids, a model sees them only where `features` names them."""
    if features is not None and target in features:
        raise InputError(f"{target!r} is the target and cannot be a feature.", where="features")
    kept: dict[str, str] = {}
    if features is None:
        kept |= dict.fromkeys(available.row_ids, "row id") | dict.fromkeys(cluster, "cluster")
        kept |= {weights: "weights"} if weights else {}
    kept |= dict.fromkeys(available.unavailable, "unavailable") | ({target: "target"} if target else {})
    return {name: why for name, why in kept.items() if name in known}


def _weights(name: str, column: Column) -> NDArray[np.float64]:
    values = column.values
    bad = values.dtype.kind not in "iuf" or column.categories is not None or column.valid is not None
    if bad or not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise InputError(f"{name!r} must hold finite numbers from 0, not all 0, in every row.", where="weights")
    return values.astype(np.float64)
