"""Standard errors of the differences between groups of rows, when clusters may span both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.rows import Rows
from mlops_actions.statistics.sample import Sample


@np.errstate(all="ignore")
def errors_between(sample: Sample, metrics: Sequence[str], codes: Codes, groups: int) -> dict[str, Floats]:
    """Metric → standard error of the candidate's value in group g minus that in group h (groups, groups).

    With the groups' own estimates, `groups.difference` makes each an estimate and `combine` then any m_g - r·m_h.
    `codes` are 0 … groups - 1 (n,). NaN where a group has no value. Raises ValueError as `evaluate` does.

    >>> from mlops_actions.statistics.sample import Predictions
    >>> labels = np.array([0, 1, 1, 1] * 10)
    >>> sample = Sample("binary", labels, Predictions(labels))
    >>> errors = errors_between(sample, ["selection_rate"], np.array([0, 0, 1, 1] * 10), 2)
    >>> round(float(errors["selection_rate"][0, 1]), 3)
    0.115
    """
    chosen = [sample.metric(name) for name in metrics]
    heavy = sample.weighing
    sample, codes = (sample, codes) if heavy is None else (sample.take(heavy), codes[heavy])
    rows = Rows.of(sample, Frame.of(sample.sampling, codes.astype(np.intp, copy=False), groups))
    found = {}
    for metric in chosen:
        influence = rows.seen_by(metric).influence(metric, sample.candidate, 0)
        variance = influence.base.between(influence.slope)
        if influence.hidden is not None:
            variance += influence.hidden[:, None] + influence.hidden
        errors = np.sqrt(variance)
        missing = ~np.isfinite(influence.value)
        errors[missing], errors[:, missing] = np.nan, np.nan
        found[metric.name] = errors
    return found
