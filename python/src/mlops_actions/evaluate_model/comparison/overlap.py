"""Whether the model was trained on the rows that it is evaluated on, as far as its training statement can tell."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from mlops_actions.errors import MlopsError
from mlops_actions.evaluate_model.rows.row_identity import Hashes, row_hashes
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evidence import EvidenceStore, Material, Reason
from mlops_actions.evidence.training import Training
from mlops_actions.tables import open_table

log = logging.getLogger(__name__)

WARN_SHARE = 0.01
"""Of the test set's rows, from which rows that are in the training data are warned of."""

MOST_BYTES = 1 << 30
"""Of training data that is read."""


def find_overlap(evidence: str, sha256: str, test_set: TestSet) -> list[Reason]:
    """A warning for each training data set that holds too many of the test set's rows.

    Where it cannot be known, that is logged. Raises MisbehaviourError for a model that was trained on this very data.
    """
    trained = refuse_trained_on(evidence, sha256, test_set.material)
    if not trained or not test_set.features:
        return []
    hashes = row_hashes(test_set.features)
    return [reason for one in trained if (reason := _shared(one, hashes, test_set))]


def refuse_trained_on(evidence: str, sha256: str, data: Material) -> list[Material]:
    """What the model was trained on, none where no statement tells; MisbehaviourError where `data` is among it."""
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
    return trained


def _shared(trained: Material, hashes: Hashes, test_set: TestSet) -> Reason | None:
    try:
        other = _training_rows(trained, test_set)
    except MlopsError as error:
        other = error.message
    if isinstance(other, str):
        log.info("Whether the training data %r shares rows with the test set is not known: %s", trained.uri, other)
        return None
    rows = len(hashes)
    shared = int(np.isin(hashes, other).sum())
    told = (
        f"{shared:,} of {rows:,} rows ({100 * shared / rows:.1f} %) have the same features as a row of {trained.uri!r}"
    )
    if shared < WARN_SHARE * rows:
        log.info("%s, which the model was trained on.", told)
        return None
    _, counts = np.unique(hashes, return_counts=True)
    alike = int(counts[counts > 1].sum())
    message = (
        f"{told}, which the model was trained on: what it scores may be too good. Warned from {100 * WARN_SHARE:g} %; "
        f"within the test set itself {100 * alike / rows:.1f} % of the rows have a twin."
    )
    return Reason(code="rows-of-training-data", message=message, where=trained.uri, warning=True)


def _training_rows(trained: Material, test_set: TestSet) -> Hashes | str:
    """The hashes of the training data's rows, or why there are none. Raises MlopsError where it cannot be read."""
    table = open_table(trained.uri)
    if table.material("data").digest != trained.digest:
        return "what lies there is not what was recorded."
    path = Path(trained.uri)
    if path.is_file() and path.stat().st_size > MOST_BYTES:
        return f"it is larger than {MOST_BYTES >> 20:,} MB."
    types = {name: test_set.table.columns[name] for name in test_set.features}
    other = [name for name, kind in types.items() if table.columns.get(name) != kind]
    if other:
        return f"it has no column {other[0]!r} of the same type."
    return row_hashes(table.arrays(list(types)))
