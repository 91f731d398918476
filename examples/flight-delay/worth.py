"""What a warning is worth to passengers: a metric of our own, which evaluate-model runs beside the usual ones."""

import numpy as np

WARNED_FROM = 0.3  # probability
IN_VAIN = 20  # minutes that a needless warning costs: a taxi ordered later, a coffee too many


def minutes_saved(truth, probability, arr_delay):
    """Minutes a flight: whoever is warned of a late flight waits at home, whoever is warned in vain has the trouble."""
    worth = np.where(truth == 1, arr_delay, -IN_VAIN)
    return np.where(probability >= WARNED_FROM, worth, 0)
