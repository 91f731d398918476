"""Probabilities that stand beside their labels in one table, too large to be read: its engine reduces them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import InputError, nearest
from mlops_actions.evaluate_model.comparison.asked import asked_metrics
from mlops_actions.evaluate_model.comparison.candidate import size_of
from mlops_actions.evaluate_model.comparison.overlap import find_overlap_of_sample
from mlops_actions.evaluate_model.comparison.training import find_training
from mlops_actions.evaluate_model.external.predictions_file import PROBABILITY
from mlops_actions.evaluate_model.measuring.measurement import records, slice_document
from mlops_actions.evaluate_model.measuring.reasons import not_estimated
from mlops_actions.evaluate_model.measuring.reduction import Reduced, Roles, reduce_table
from mlops_actions.evaluate_model.own_metrics.names import own_metrics
from mlops_actions.evaluate_model.rows.clusters import column_of
from mlops_actions.evaluate_model.rows.testset import NESTED
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evidence import Reason, Statement
from mlops_actions.evidence.evaluation import Evaluation, Reduction
from mlops_actions.evidence.slicing import Feature, Slicing, parse_slicing
from mlops_actions.statistics.evaluation import Evaluation as Measured
from mlops_actions.statistics.metrics import metrics_for, read_name
from mlops_actions.tables import Table, open_table

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs
    from mlops_actions.registries.reference import Model

log = logging.getLogger(__name__)

MOST_ROWS = 5_000_000
"""A table with more rows is not read into memory."""
_OF_ROWS = ("ece", "calibration_in_the_large", "cost")
"""Metrics that counts do not give."""
_NOTICED = 0.1
"""Share of a standard error from which a possible error of the bins is worth a warning."""


def large_table(inputs: Inputs) -> Table | None:
    """The data, where it holds its own probabilities and more rows than are read; else None."""
    if inputs.predictions != inputs.data or inputs.key or inputs.task not in (None, "binary") or not inputs.target:
        return None
    table = open_table(inputs.data, inputs.engine)
    return table if PROBABILITY in table.stored and table.row_count() > MOST_ROWS else None


def evaluate_large(inputs: Inputs, table: Table, model: Model | None) -> Statement[Evaluation]:
    """Evaluate the table's column `probability`; the subject is the model, where one is named, else the table.

    Raises InputError for columns that are not there or do not fit, and where neither has a digest.
    """
    material = table.material("data")
    subject = model.sha256 if model else material.digest.get("sha256")
    if subject is None:
        raise InputError(f"{inputs.data!r} has no digest.", where="predictions", hint="Give `model`, which made them.")
    name = model.reference if model else inputs.data
    known: dict[str, Any] = {
        "materials": [material],
        "task": "binary",
        "n": table.row_count(),
        "target": inputs.target,
        "positive_label": inputs.positive_label,
        "features": [],
        "cluster": inputs.cluster,
        "minimum_count": inputs.minimum_count,
        "source": "predictions",
        "isolation": None,
        "size_bytes": size_of(model) if model else None,
    }
    roles = _roles(inputs, table)
    log.info("%s rows are too many to be read: they are counted where they are.", f"{table.row_count():,}")
    try:
        training = find_training(inputs.evidence, subject, material)
        whole = reduce_table(table.frame, roles)
    except MisbehaviourError as error:
        reason = Reason(code=error.code, message=f"The model {error.message}", where=name)
        return Statement(name, subject, Evaluation(result="fail", reasons=[reason], **known))
    log.info("They are %s runs of like rows.", f"{len(whole.sample.truth):,}")
    known["positive_label"] = whole.target.positive
    found = _measured(inputs, table, roles, whole, known)
    seen = find_overlap_of_sample(training, table, _visible(inputs, table))
    return Statement(name, subject, found.model_copy(update={"reasons": [*found.reasons, *seen]}))


def _measured(inputs: Inputs, table: Table, roles: Roles, whole: Reduced, known: dict[str, Any]) -> Evaluation:
    metrics = _countable(inputs, whole)
    found = whole.measure(metrics)
    slices = []
    for column in _cuts(inputs, table):
        part = reduce_table(table.frame, roles, cut=column)
        for value, rows, one in part.measure_slices(metrics, found, inputs.minimum_count):
            slices.append(slice_document(str(Feature(column)), value, rows, one, inputs.confidence))
    errors = {name: whole.error(name) for name in found.estimates}
    reasons = not_estimated(metrics if inputs.metrics else [], found)
    return Evaluation(
        result="inconclusive" if reasons else "pass",
        reasons=[*reasons, *_noticed(found, errors)],
        estimates=records(found.estimates, inputs.confidence),
        slices=slices,
        reduction=Reduction(
            runs=len(whole.sample.truth),
            bins=whole.bins,
            errors={name: error for name, error in errors.items() if error},
        ),
        **known,
    )


def _countable(inputs: Inputs, whole: Reduced) -> list[str]:
    """The metrics asked for, of those that counts give; InputError where one by name is not among them."""
    names = asked_metrics(inputs, whole.target)
    if own := own_metrics(inputs.metrics or []):
        raise _needs_rows(str(own[0]), "metrics")
    exact = [name for name in names if read_name(name).at is None and read_name(name).base not in _OF_ROWS]
    for name in names:
        if name not in exact and name not in metrics_for("binary"):
            raise InputError(
                f"{name} needs the rows themselves, and there are too many to be read.",
                where="metrics",
                hint="Leave it out, or evaluate a sample of the rows.",
            )
    return exact


def _cuts(inputs: Inputs, table: Table) -> list[str]:
    """The columns whose values are slices; InputError for whatever needs more than the values."""
    if inputs.protected:
        raise _needs_rows(inputs.protected[0], "protected")
    columns = []
    for text in inputs.slices:
        found = parse_slicing(text, table.columns, "slices")
        columns.append(found.features[0].column)
        if found != Slicing((Feature(columns[-1]),)):
            raise _needs_rows(text, "slices")
    return columns


def _needs_rows(text: str, where: str) -> InputError:
    hint = "Evaluate a sample of the rows." if where == "metrics" else "Give columns as `slices`, or evaluate a sample."
    return InputError(f"`{text}` needs the rows themselves, and there are too many to be read.", where=where, hint=hint)


def _roles(inputs: Inputs, table: Table) -> Roles:
    known = table.columns
    assert inputs.target is not None
    asked = {
        "target": [inputs.target],
        "weights": [inputs.weights] if inputs.weights else [],
        "slices": _cuts(inputs, table),
    }
    for role, names in asked.items():
        for name in names:
            if name not in known:
                raise InputError(f"{inputs.data!r} has no column {name!r}.", where=role, hint=nearest(name, known))
    for cluster in inputs.cluster:
        column_of(cluster, known, inputs.data)
    return Roles(
        inputs.target,
        PROBABILITY,
        cluster=tuple(inputs.cluster),
        weights=inputs.weights,
        threshold=inputs.decision_threshold,
        positive=inputs.positive_label,
    )


def _visible(inputs: Inputs, table: Table) -> list[str]:
    """The columns that a model may have seen."""
    roles = {inputs.target, PROBABILITY, inputs.weights, *inputs.cluster, *inputs.key}
    return [name for name, kind in table.columns.items() if name not in roles and kind not in NESTED]


def _noticed(found: Measured, errors: dict[str, float]) -> list[Reason]:
    """Where bins may move a value by more than a small part of its standard error."""
    coarse = [
        f"{name} by up to {error:.1g}" for name, error in errors.items() if error > _NOTICED * found.estimates[name].se
    ]
    if not coarse:
        return []
    message = f"The bins of the scores are coarse for so many rows: they may move {', '.join(coarse)}."
    return [Reason(code="bins-coarse", message=message, where="predictions", warning=True)]
