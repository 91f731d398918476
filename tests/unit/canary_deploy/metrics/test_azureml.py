"""How Azure Monitor's series become counts."""

from __future__ import annotations

from typing import Any

from mlops_actions.canary_deploy.metrics.azureml import counts_of
from mlops_actions.statistics.sequential import Counts


def series(deployment: str, status: str, *totals: float | None) -> dict[str, Any]:
    names = {"deployment": deployment, "statusCodeClass": status}
    values = [{"name": {"value": name}, "value": value} for name, value in names.items()]
    return {"metadatavalues": values, "data": [{"timeStamp": "t", "total": total} for total in totals]}


def test_only_5xx_are_errors_and_a_minute_without_a_number_has_none() -> None:
    metric = {"timeseries": [series("blue", "2xx", 90, None, 10), series("blue", "4xx", 5), series("blue", "5xx", 2),
                             series("green", "5xx", 3)]}  # fmt: skip
    assert counts_of(metric) == {"blue": Counts(2, 107), "green": Counts(3, 3)}


def test_an_endpoint_that_was_asked_nothing_has_no_counts() -> None:
    assert counts_of({"timeseries": []}) == {}
