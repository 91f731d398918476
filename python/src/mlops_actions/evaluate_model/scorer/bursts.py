"""How long calls take, with one row and with a batch: repeats of a burst of calls each, after a warm-up.

The rows are made before the clock runs: only the model's own method is timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from protocol import ProblemError, line_of

FEWEST_CALLS, MOST_CALLS = 20, 100
"""In one repeat: 19 are the least with a 95th percentile, 99 with a 99th."""
WARM_UP = 3
SECONDS = 0.2
"""For all repeats of one kind, as long as that leaves each the fewest calls."""
MOST_SECONDS = 10.0
"""For all repeats, after which a slow model has fewer of them."""

Burst = dict[str, list[float]]
Predict = Callable[[Any], Any]


def alone(predict: Predict, table: Any, request: dict[str, Any]) -> list[Burst]:
    """Milliseconds of each call, by repeat and kind; a model that is too slow has fewer repeats."""
    if not request["repeats"]:
        return []
    found: list[Burst] = []
    kinds = prepared(predict, table, request)
    deadline = time.perf_counter() + MOST_SECONDS
    while len(found) < request["repeats"]:
        one = burst(predict, kinds, deadline)
        if one is None:
            break
        found.append(one)
    return found


def prepared(predict: Predict, table: Any, request: dict[str, Any]) -> dict[str, list[Any]]:
    """By kind, what each call of a burst is given: as many as the time allows, judged by a warm-up.

    Batches are left out where single rows alone would still have all their repeats.
    """
    rows, repeats = request["rows"], request["repeats"]
    kinds, needed = {}, 0.0
    for kind, size, distinct in (("row", 1, FEWEST_CALLS), ("batch", min(request["batch_rows"], rows), WARM_UP)):
        starts = [size * number % (rows - size + 1) for number in range(distinct)]
        given = [table[start : start + size] for start in starts]
        seconds = warmed_up(predict, given[:WARM_UP]) / 1000
        calls = min(max(int(SECONDS / seconds / repeats), FEWEST_CALLS), MOST_CALLS)
        needed += seconds * calls * repeats
        if kind == "row" or needed < MOST_SECONDS:
            kinds[kind] = [given[number % distinct] for number in range(calls)]
    return kinds


def warmed_up(predict: Predict, given: list[Any]) -> float:
    """Milliseconds of the fastest of the first calls, never 0; of a slow model there is only one."""
    fastest, deadline = float("inf"), time.perf_counter() + SECONDS
    for one in given:
        fastest = min(fastest, timed(predict, one))
        if time.perf_counter() > deadline:
            break
    return max(fastest, 1e-6)


def burst(predict: Predict, kinds: dict[str, list[Any]], deadline: float) -> Burst | None:
    """Milliseconds of each call, by kind; None where the deadline (of `perf_counter`) comes first."""
    found: Burst = {}
    for kind, given in kinds.items():
        found[kind] = []
        for one in given:
            if time.perf_counter() > deadline:
                return None
            found[kind].append(timed(predict, one))
    return found


def timed(predict: Predict, given: Any) -> float:
    """Milliseconds of one call."""
    begin = time.perf_counter()
    try:
        predict(given)
    except Exception as error:
        raise ProblemError("model-raised", f"when it was called again {line_of(error)}") from error
    return round(1000 * (time.perf_counter() - begin), 6)
