"""Task `scores`: numbers a row that were made elsewhere, such as a judge's of texts, with the champion's beside them.

`metrics` names the columns; the champion's have the same names after `champion_`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError, nearest
from mlops_actions.evaluate_model.comparison.asked import ALL
from mlops_actions.evaluate_model.comparison.champion import Rival
from mlops_actions.evaluate_model.external.predictions_file import matched_columns, numbers_of
from mlops_actions.evaluate_model.own_metrics.names import can_be_asked_for, is_own
from mlops_actions.evaluate_model.rows.row_identity import row_hashes, row_order
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.scoring.answer import Answer
from mlops_actions.registries.reference import Model
from mlops_actions.tables import Table, open_table

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs

CHAMPION = "champion_"
"""What the names of the champion's columns begin with."""


def check_scores(inputs: Inputs) -> None:
    """Raise InputError for inputs that the task `scores` has no use for, or lacks."""
    if inputs.task != "scores":
        return
    if not inputs.predictions:
        raise InputError(
            "task 'scores' needs `predictions`: a table with columns of numbers.",
            where="task",
            hint="Give it, or another task.",
        )
    for name, given in (
        ("target", inputs.target),
        ("positive-label", inputs.positive_label),
        ("features", inputs.features),
        ("anchor", inputs.anchor),
        ("thresholds", inputs.thresholds),
        ("costs", inputs.costs),
    ):
        if given:
            raise InputError("task 'scores' has no use for it.", where=name, hint="Leave it out.")
    for text in inputs.metrics or [""]:
        if not text or text == ALL:
            raise InputError(
                "task 'scores' needs the names of the columns in `predictions` that hold a number a row.",
                where="metrics",
                hint="Write `metrics: helpfulness, harmlessness`.",
            )
        if is_own(text) or not can_be_asked_for(text):
            raise InputError(
                f"{text!r} is no name of a score that a rule could ask for.",
                where="metrics",
                hint="Call the column otherwise: letters, digits and `_`, and no word of the rules such as `champion`.",
            )


def with_champion_beside(inputs: Inputs, rivals: dict[Rival, Model]) -> dict[Rival, Model]:
    """The champion of the registry, or, where there is none, whoever the scores beside are of.

    Its digest is then that of its scores: the table's own may be the candidate's, which is not to be its own champion.
    """
    if inputs.task != "scores" or rivals or not inputs.predictions:
        return rivals
    table = open_table(inputs.predictions)
    columns = list(_beside(table, inputs.metrics or []).values())
    if not columns:
        return rivals
    reference = f"{inputs.predictions}#{','.join(columns)}"
    return {
        "champion": Model(reference, Path(inputs.predictions), row_order(row_hashes(table.arrays(columns))), None, None)
    }


def read_scores(table: Table, key: Sequence[str], metrics: Sequence[str], test_set: TestSet) -> Answer:
    """The candidate's scores of each row; rows belong together by `key`, else by their order.

    Raises InputError where columns are missing or rows cannot be matched, MisbehaviourError for what is no number.
    """
    for name in metrics:
        if name not in table.columns:
            raise InputError(
                f"{table.location!r} has no column {name!r}.", where="metrics", hint=nearest(name, table.columns)
            )
    return _answer(table, key, {name: name for name in metrics}, test_set)


def read_champion_scores(table: Table, key: Sequence[str], metrics: Sequence[str], test_set: TestSet) -> Answer | None:
    """The champion's scores, as far as they stand beside the candidate's; None where none does."""
    columns = _beside(table, metrics)
    return _answer(table, key, columns, test_set) if columns else None


def _beside(table: Table, metrics: Sequence[str]) -> dict[str, str]:
    return {name: f"{CHAMPION}{name}" for name in metrics if f"{CHAMPION}{name}" in table.columns}


def _answer(table: Table, key: Sequence[str], columns: Mapping[str, str], test_set: TestSet) -> Answer:
    found = matched_columns(table, key, list(columns.values()), test_set)
    rows = {name: numbers_of(column, found[column]) for name, column in columns.items()}
    return Answer((), None, None, None, rows=rows)
