"""What the evaluated model was trained on, as far as its training statement tells and the data still lies there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlops_actions.errors import MlopsError
from mlops_actions.evaluate_model.rows.target import Label
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evidence import EvidenceStore, Material
from mlops_actions.evidence.training import Training
from mlops_actions.tables import Table, open_table
from mlops_actions.tables.interface import Column

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 30
"""Of training data that is read."""


@dataclass(frozen=True)
class TrainingData:
    """One data set that the model was trained on."""

    uri: str
    """As the training statement names it."""
    table: Table | None
    """None where it cannot be read."""
    unknown: str = ""
    """Why not."""


def find_training(evidence: str, sha256: str, data: Material) -> list[TrainingData]:
    """The data that a model was trained on, none where no statement tells, which is logged.

    Raises MisbehaviourError for a model that was trained on `data`.
    """
    stored = EvidenceStore(evidence).latest(Training, sha256)
    if stored is None:
        log.info("No training statement of the model in %s: nobody knows whether it saw these rows.", evidence)
        return []
    trained = [one for one in stored.statement.predicate.materials if one.name == "data"]
    own = data.digest.get("sha256")
    for one in trained:
        if own is not None and one.digest.get("sha256") == own:
            raise MisbehaviourError(
                "trained-on-test-data",
                f"was trained on this very data ({one.uri!r} has the same SHA-256): "
                "how it does on new rows cannot be told from it.",
            )
    return [_opened(one) for one in trained]


def training_labels(training: Sequence[TrainingData], test_set: TestSet) -> NDArray[Any] | None:
    """The target in all of the training data, in the codes of the test set's labels; numbers of a regression.

    None where any of it cannot be read, since a part would have other shares. Rows without a label, or with one that
    the test set does not have, are left out.
    """
    target = test_set.target
    if target.task == "scores":
        return None
    parts = []
    for one in training:
        if one.table is None or one.table.columns.get(target.name) != test_set.table.columns[target.name]:
            log.info("The labels of the training data %r are not known: the baseline is that of the test set.", one.uri)
            return None
        column = one.table.arrays([target.name])[target.name]
        values = column.values if column.valid is None else column.values[column.valid]
        if target.task == "regression":
            parts.append(values[np.isfinite(values)].astype(np.float64))
        else:
            parts.append(codes_of(Column(values, None, column.categories), target.labels))
    labels = np.concatenate(parts) if parts else np.empty(0)
    return labels if len(labels) else None


def codes_of(column: Column, labels: Sequence[Label]) -> NDArray[np.intp]:
    """Places of a column's values among the labels; values that are none of them are left out."""
    if column.categories is not None:
        places = {label: code for code, label in enumerate(labels)}
        codes = np.array([places.get(word, -1) for word in column.categories] or [-1])[column.values]
    else:
        codes = np.full(len(column.values), -1)
        for code, label in enumerate(labels):
            codes[column.values == label] = code
    return np.asarray(codes[codes >= 0], dtype=np.intp)


def _opened(trained: Material) -> TrainingData:
    try:
        table = open_table(trained.uri)
        unchanged = table.material("data").digest == trained.digest
    except MlopsError as error:
        return TrainingData(trained.uri, None, error.message)
    if not unchanged:
        return TrainingData(trained.uri, None, "what lies there is not what was recorded.")
    path = Path(trained.uri)
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        return TrainingData(trained.uri, None, f"it is larger than {MOST_BYTES >> 20:,} MB.")
    return TrainingData(trained.uri, table)
