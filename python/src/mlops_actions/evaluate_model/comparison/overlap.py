"""Whether the model was trained on the rows that it is evaluated on: rows with the same features are counted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mlops_actions.errors import MlopsError
from mlops_actions.evaluate_model.comparison.training import TrainingData
from mlops_actions.evaluate_model.rows.row_identity import row_hashes
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evidence import Reason
from mlops_actions.tables import Table
from mlops_actions.tables.interface import Column

log = logging.getLogger(__name__)

WARN_SHARE = 0.01
"""Of the test set's rows, from which rows that are in the training data are warned of."""
MOST_ALIKE = 0.5
"""Of the rows that have a twin within the test set itself: where more do, the columns cannot tell rows apart."""
SAMPLE_ROWS = 100_000
"""Of a table that is too large to be read."""


def find_overlap(training: Sequence[TrainingData], test_set: TestSet) -> list[Reason]:
    """A warning for each training data set that holds too many of the test set's rows; what is not known is logged.

    Of predictions that were made elsewhere nobody knows from which columns: those that both tables have are compared.
    """
    if test_set.features:
        features, own = test_set.features, test_set.table
        return [found for one in training if (found := _told(one, _with_features(one.table, own, features)))]
    return [found for one in training if (found := _told(one, _in_common(one.table, test_set.table, test_set.visible)))]


def find_overlap_of_sample(training: Sequence[TrainingData], table: Table, columns: Sequence[str]) -> list[Reason]:
    """The same of a sample of rows of a table that is too large to be read."""
    return [
        found for one in training if (found := _told(one, _in_common(one.table, table, columns, SAMPLE_ROWS), "sample"))
    ]


@dataclass(frozen=True)
class _Shared:
    """What was counted."""

    rows: int
    shared: int
    """Of the rows, those that are in the training data."""
    alike: float
    """Share of the rows that have a twin among themselves."""


def _with_features(trained: Table | None, own: Table, features: Mapping[str, Column]) -> _Shared | str:
    """What is shared, or why that is not known."""
    if trained is None:
        return ""
    other = [name for name in features if trained.columns.get(name) != own.columns[name]]
    return f"it has no column {other[0]!r} of the same type." if other else _counted(trained, features)


def _in_common(trained: Table | None, own: Table, columns: Sequence[str], sample: int | None = None) -> _Shared | str:
    if trained is None:
        return ""
    common = [name for name in columns if trained.columns.get(name) == own.columns[name]]
    if not common:
        return "the two have no column in common."
    found = _counted(trained, own.arrays(common, sample=sample))
    if isinstance(found, _Shared) and found.alike > MOST_ALIKE:
        return f"the columns that both have, {', '.join(common)}, do not tell rows apart."
    return found


def _counted(trained: Table, own: Mapping[str, Column]) -> _Shared | str:
    try:
        other = row_hashes(trained.arrays(list(own)))
    except MlopsError as error:
        return error.message
    hashes = row_hashes(own)
    counts = np.unique(hashes, return_counts=True)[1]
    alike = float(counts[counts > 1].sum() / len(hashes))
    return _Shared(len(hashes), int(np.isin(hashes, other).sum()), alike)


def _told(trained: TrainingData, found: _Shared | str, of: Literal["test set", "sample"] = "test set") -> Reason | None:
    if isinstance(found, str):
        why = found or trained.unknown
        log.info("Whether the training data %r shares rows with the test set is not known: %s", trained.uri, why)
        return None
    rows, shared = found.rows, found.shared
    counted = f"{shared:,} of {rows:,} {'sampled rows' if of == 'sample' else 'rows'} ({100 * shared / rows:.1f} %)"
    told = f"{counted} have the same features as a row of {trained.uri!r}"
    if shared < WARN_SHARE * rows:
        log.info("%s, which the model was trained on.", told)
        return None
    message = (
        f"{told}, which the model was trained on: what it scores may be too good. Warned from {100 * WARN_SHARE:g} %; "
        f"within the {of} itself {100 * found.alike:.1f} % of the rows have a twin."
    )
    return Reason(code="rows-of-training-data", message=message, where=trained.uri, warning=True)
