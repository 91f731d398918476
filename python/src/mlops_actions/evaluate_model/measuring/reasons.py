"""Why an evaluation that was done says less than was asked of it."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.evidence import Reason
from mlops_actions.statistics.evaluation import Evaluation


def not_estimated(asked: Sequence[str], table: Evaluation) -> list[Reason]:
    """Metrics that were asked for and are not there; and everything, when nothing can be estimated."""
    found = [
        Reason(code="metric-missing", message=f"The model's predictions do not allow {name!r}.", where="metrics")
        for name in asked
        if name not in table.estimates
    ]
    why = {one.undecidable for one in table.estimates.values()}
    if None in why:
        return found
    listed = ", ".join(sorted(str(one) for one in why)) or "no metric"
    message = f"No metric can carry a decision ({listed})."
    if "few-clusters" in why:
        message = "The rows are fewer than 6 effective clusters: no metric can carry a decision."
    return [*found, Reason(code="nothing-estimated", message=message, where="data")]
