"""The rows that a model gets most wrong."""

from __future__ import annotations

import numpy as np

from mlops_actions.statistics.clusters import Codes, Floats

MOST = 20


def worst_rows(loss: Floats, most: int = MOST) -> Codes:
    """Rows of the greatest loss above zero, worst first; of equal ones, the first in the table.

    >>> worst_rows(np.array([0.0, 3.0, 1.0, 3.0]), most=3).tolist()
    [1, 3, 2]
    """
    if len(loss) > most:
        least = np.partition(loss, -most)[-most]
        above, equal = np.flatnonzero(loss > least), np.flatnonzero(loss == least)
        rows = np.concatenate((above, equal[: most - len(above)]))
    else:
        rows = np.arange(len(loss))
    return rows[np.lexsort((rows, -loss[rows]))][: np.count_nonzero(loss[rows] > 0)].astype(np.intp)
