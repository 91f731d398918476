"""The same checks for frames in memory: `validate(frame, "contract.yaml")`."""

from __future__ import annotations

from typing import Any

from mlops_actions.evidence.data_report import DataReport
from mlops_actions.tables import open_frame
from mlops_actions.validate_data.action import Inputs, examine
from mlops_actions.validate_data.contract import Tables


def validate(
    data: Any,
    contract: str,
    *,
    reference: Any = None,
    holdout: Any = None,
    table: str | None = None,
    failing_rows: int = 5,
    strict: bool = False,
) -> DataReport:
    """What the action would report of a frame of pandas, polars or Spark, or of whatever hands over Arrow's streams.

    `contract` is the path of a contract, `reference` and `holdout` are further frames, `table` names one of several
    tables of the contract. Raises InputError for a contract or a frame that cannot be read.
    """
    inputs = Inputs(data="data", contract=contract, table=table, failing_rows=failing_rows, strict=strict)
    asked_of = Tables(contract)
    tables = {asked_of.pick(table): open_frame(data)}
    compared = None if reference is None else open_frame(reference, "reference")
    beside = None if holdout is None else open_frame(holdout, "holdout")
    return examine(inputs, asked_of, tables, compared, beside).predicate
