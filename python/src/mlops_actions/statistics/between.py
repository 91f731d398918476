"""One slice against another, when clusters may span both."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import nan, sqrt

import numpy as np

from mlops_actions.statistics.clusters import Codes
from mlops_actions.statistics.contrasts import variance
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.estimating import estimates_of
from mlops_actions.statistics.frame import Frame
from mlops_actions.statistics.influence import Denominators
from mlops_actions.statistics.rows import Rows
from mlops_actions.statistics.sample import Sample


def between_slices(sample: Sample, metric: str, codes: Codes, slices: int) -> Mapping[tuple[int, int], Estimate]:
    """Candidate's metric in slice g minus in slice h, for all g < h, when clusters may span both.

    With the two slices' own estimates, `combine` then gives any m_g - r·m_h (Fieller's contrast, no division).
    Raises ValueError as `evaluate` does.

    >>> from mlops_actions.statistics.sample import Predictions
    >>> labels = np.array([0, 1, 1, 1] * 10)
    >>> sample = Sample("binary", labels, Predictions(labels))
    >>> between_slices(sample, "selection_rate", np.array([0, 0, 1, 1] * 10), 2)[0, 1].value
    -0.5
    """
    chosen = sample.metric(metric)
    heavy = sample.weighing
    sample, codes = (sample, codes) if heavy is None else (sample.take(heavy), codes[heavy])
    rows = Rows.of(sample, Frame.of(sample.sampling, codes, slices)).seen_by(chosen)
    influence = rows.influence(chosen, sample.candidate, 0)
    alone = estimates_of(rows.frame, chosen, influence, None)
    found = {}
    for g, h in combinations(range(slices), 2):
        inside = np.flatnonzero((rows.frame.group == g) | (rows.frame.group == h))
        first = rows.frame.group[inside] == g
        slope = np.where(first, 1.0, -1.0) * influence.slope[inside]
        shares = tuple(
            np.where(side, share[inside], 0.0) for share in influence.base.shares for side in (first, ~first)
        )
        spread = Denominators(rows.frame.pick(inside), shares).spread(slope)
        unseen = 0.0 if influence.hidden is None else float(influence.hidden[g] + influence.hidden[h])
        pair = (alone[g], alone[h])
        hidden = sum(max(0.0, variance(part) - part.se**2) for part in pair)
        found[g, h] = Estimate(
            value=pair[0].value - pair[1].value,
            se=sqrt(float(spread.variance[0]) + unseen + hidden) if all(part.n for part in pair) else nan,
            df=max(float(spread.effective[0]) - 1.0, 0.0),
            n=int(spread.rows[0]) if all(part.n for part in pair) else 0,
            n_effective=sum(part.n_effective for part in pair),
            clusters=int(spread.clusters[0]),
            scale="identity",
            method="between",
        )
    return found
