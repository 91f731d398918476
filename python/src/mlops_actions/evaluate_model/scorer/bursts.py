"""How long calls take, with one row and with a batch: repeats of a burst of calls each, after a warm-up.

The rows are made before the clock runs: only the model's own method is timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from protocol import ProblemError, Turns, line_of

FEWEST_CALLS, MOST_CALLS = 20, 100
"""In one repeat: 19 are the least with a 95th percentile, 99 with a 99th."""
WARM_UP = 3
SECONDS = 0.2
"""For all repeats of one kind, as long as that leaves each the fewest calls."""
MOST_SECONDS = 10.0
"""For all repeats, after which a slow model has fewer of them."""

Burst = dict[str, list[float]]
Given = dict[str, list[Any]]
Predict = Callable[[Any], Any]


def alone(predict: Predict, table: Any, request: dict[str, Any]) -> list[Burst]:
    """Milliseconds of each call, by repeat and kind; a model that is too slow has fewer repeats."""
    if not request["repeats"]:
        return []
    given = samples(table, request)
    calls = spread(given, paces(predict, given), request["repeats"])
    found: list[Burst] = []
    deadline = time.perf_counter() + MOST_SECONDS
    while len(found) < request["repeats"]:
        one = burst(predict, calls, deadline)
        if one is None:
            break
        found.append(one)
    return found


def in_turns(predict: Predict, table: Any, request: dict[str, Any]) -> list[Burst]:
    """The same, a repeat whenever it is this model's turn, and with as many calls as the slowest model can make."""
    turns, given = Turns(), samples(table, request)
    found: list[Burst] = []
    if turns.wait() is None:
        return found
    agreed = turns.answer(paces(predict, given))
    if agreed is None:
        return found
    calls = spread({kind: given[kind] for kind in agreed}, agreed, request["repeats"])
    left = turns.answer({})
    while left is not None:
        one = burst(predict, calls, time.perf_counter() + left["seconds"])
        if one is not None:
            found.append(one)
        left = turns.answer({})
    return found


def samples(table: Any, request: dict[str, Any]) -> Given:
    """By kind, different inputs for calls."""
    rows, found = request["rows"], {}
    for kind, size, distinct in (("row", 1, FEWEST_CALLS), ("batch", min(request["batch_rows"], rows), WARM_UP)):
        starts = [size * number % (rows - size + 1) for number in range(distinct)]
        found[kind] = [table[start : start + size] for start in starts]
    return found


def paces(predict: Predict, given: Given) -> dict[str, float]:
    """By kind, seconds of the fastest of the first calls, never 0; of a slow model there is only one."""
    found = {}
    for kind, inputs in given.items():
        fastest, deadline = float("inf"), time.perf_counter() + SECONDS
        for one in inputs[:WARM_UP]:
            fastest = min(fastest, timed(predict, one) / 1000)
            if time.perf_counter() > deadline:
                break
        found[kind] = max(fastest, 1e-9)
    return found


def spread(given: Given, seconds: dict[str, float], repeats: int) -> Given:
    """By kind, what each call of a burst is given: as many as the time allows.

    Batches are left out where single rows alone would still have all their repeats.
    """
    found, needed = {}, 0.0
    for kind, inputs in given.items():
        calls = min(max(int(SECONDS / seconds[kind] / repeats), FEWEST_CALLS), MOST_CALLS)
        needed += seconds[kind] * calls * repeats
        if kind == "row" or needed < MOST_SECONDS:
            found[kind] = [inputs[number % len(inputs)] for number in range(calls)]
    return found


def burst(predict: Predict, calls: Given, deadline: float) -> Burst | None:
    """Milliseconds of each call, by kind; None where the deadline (of `perf_counter`) comes first."""
    found: Burst = {}
    for kind, given in calls.items():
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
        raise ProblemError("model-raised", f"{line_of(error)}, when it was called again") from error
    return round(1000 * (time.perf_counter() - begin), 6)
