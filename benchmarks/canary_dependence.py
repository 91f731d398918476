"""Errors that hang together and labels that come late: what is judged on them, and how often that goes wrong.

    python benchmarks/canary_dependence.py --repetitions 10000

prints Markdown tables. alpha is .05. Repetitions are vectorised, seeds are fixed.
"""

from __future__ import annotations

import argparse
import math

import numpy as np
import numpy.typing as npt

from mlops_actions.statistics.sequential import Hypotheses, pearson_dispersion
from mlops_actions.statistics.sequential.missing import DIFFERENT, standard_errors_apart
from mlops_actions.statistics.sequential.processes import Processes, start_weight

ALPHA = 0.05
LOOKS = 200
HISTORY = 10_000
POINT = 0.01

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

USER = 50
"""Requests of a user."""


def by_user(repetitions: int, difference: float, margin: float, seed: int = 7) -> dict[str, tuple[float, float]]:
    """Users of 50 requests whose errors hang together (ICC .3), judged in three ways: (rolled back, promoted).

    One step at 20 %, 60 looks of 40 users. `difference` is between the users' own error rates.
    """
    rng = np.random.default_rng(seed)
    counted: dict[str, list[tuple[Ints, Ints]]] = {"by request": [], "by request, φ": [], "by user": []}
    baseline_before = _users(rng, repetitions, 36, 0.01, looks=60)
    dispersion = np.array([pearson_dispersion(row, np.full(60, 36 * USER)).value for row in baseline_before[0].T])
    ends: dict[str, tuple[float, float]] = {}
    draws = [(_users(rng, repetitions, 8, 0.01 + difference), _users(rng, repetitions, 32, 0.01)) for _ in range(60)]
    for name in counted:
        unit, which = (1, 1) if name == "by user" else (USER, 0)
        phi: float | Floats = dispersion if name.endswith("φ") else 1.0
        processes = Processes.begin(baseline_before[which].sum(axis=0), np.full(repetitions, 60 * 36 * unit))
        rolled_back, promoted = np.zeros(repetitions, dtype=bool), np.zeros(repetitions, dtype=bool)
        # A difference of errors is another one of users that saw any: the margin is that of a candidate at the margin.
        allowed = _seen(0.01 + margin) - _seen(0.01) if unit == 1 else margin
        for number, (canary, baseline) in enumerate(draws, 1):
            arms = ((canary[which], 8 * unit), (baseline[which], 32 * unit))
            processes = processes.observe(Hypotheses(allowed, dispersion=phi), *arms, start_weight(number, 60))
            rolled_back |= processes.log_worse >= math.log(1 / ALPHA)
            promoted |= processes.log_non_inferior >= math.log(1 / ALPHA)
        ends[name] = (float(rolled_back.mean()), float(promoted.mean()))
    return ends


def _users(rng: np.random.Generator, repetitions: int, users: int, rate: float, looks: int = 0) -> tuple[Ints, Ints]:
    """Errors of all users, and users that saw one; (looks, repetitions) or (repetitions,)."""
    shape = (looks, repetitions, users) if looks else (repetitions, users)
    errors = rng.binomial(USER, rng.beta(rate * _SIZE, (1 - rate) * _SIZE, shape))
    return errors.sum(axis=-1), (errors > 0).sum(axis=-1)


_SIZE = 1 / 0.3 - 1


def _seen(rate: float) -> float:
    """The share of users that see an error."""
    good = sum(math.log((part + (1 - rate) * _SIZE) / (part + _SIZE)) for part in range(USER))
    return 1 - math.exp(good)


def late_labels(
    repetitions: int, canary: tuple[float, float, float], margin: float = POINT, seed: int = 3
) -> dict[str, tuple[float, float]]:
    """Labels as they come, and without the cohorts whose shares of missing ones differ: (rolled back, promoted).

    The stable side is wrong in 2 % and misses 10 %; `canary` is (wrong, missing where wrong, missing where right).
    """
    rng = np.random.default_rng(seed)
    wrong, missing_wrong, missing_right = canary
    processes = Processes.begin(np.repeat(rng.binomial(HISTORY, 0.02, repetitions)[None], 2, axis=0), HISTORY)
    ended = np.zeros((2, 2, repetitions), dtype=bool)
    sums = np.zeros((4, repetitions))
    for number in range(1, LOOKS + 1):
        going = ~ended.any(axis=0)
        if not going.any():
            break
        n_c, n_b = 40, 160
        bad_c = rng.binomial(n_c, wrong, repetitions)
        told_c = rng.binomial(bad_c, 1 - missing_wrong)
        labelled_c = told_c + rng.binomial(n_c - bad_c, 1 - missing_right)
        labelled_b = rng.binomial(n_b, 0.9, repetitions)
        told_b = rng.binomial(labelled_b, 0.02)
        cohort = np.stack([labelled_c, np.full(repetitions, n_c), labelled_b, np.full(repetitions, n_b)])
        sums += cohort
        apart = np.maximum(*(standard_errors_apart((a, b), (c, d)) for a, b, c, d in (cohort, sums)))
        used = np.stack([np.ones(repetitions, dtype=int), (apart <= DIFFERENT).astype(int)])
        arms = ((used * told_c, used * labelled_c), (used * told_b, used * labelled_b))
        processes = processes.observe(Hypotheses(margin), *arms, start_weight(number, LOOKS))
        ended[0] |= going & (processes.log_worse >= math.log(1 / ALPHA))
        ended[1] |= going & (processes.log_non_inferior >= math.log(1 / ALPHA))
    shares = ended.mean(axis=-1).T
    return {name: (float(a), float(b)) for name, (a, b) in zip(WAYS, shares, strict=True)}


WAYS = ("as they come", "comparable cohorts")
MISSING = (
    ("equal, 10 % missing on both sides", (0.02, 0.1, 0.1)),
    ("worse by the margin, 10 % missing on both sides", (0.03, 0.1, 0.1)),
    ("wrong in 6 %, and 70 % of these never told", (0.06, 0.7, 0.1)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repetitions", type=int, default=10_000)
    repetitions = parser.parse_args().repetitions
    print(f"## Errors that hang together, late labels: {repetitions:,} simulated rollouts a row, alpha = {ALPHA}")
    print("\n### Users of 50 requests, ICC .3: rolled back; promoted\n")
    print("| users' error rates | by request | by request, φ | by user |\n|---|---|---|---|")
    for name, difference, margin in (("equal", 0.0, 0.0), ("worse by the margin of 1 point", POINT, POINT)):
        cells = [f"{a:.3f}; {b:.3f}" for a, b in by_user(repetitions, difference, margin).values()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print("\n### Late labels, margin 1 point: rolled back; promoted\n")
    print("| candidate | as they come | comparable cohorts |\n|---|---|---|")
    for name, canary in MISSING:
        cells = [f"{a:.3f}; {b:.3f}" for a, b in late_labels(repetitions, canary).values()]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
