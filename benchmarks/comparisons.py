"""How often intervals that are looked at again and again miss the truth: of A/B tests and of shadows.

    python benchmarks/comparisons.py --repetitions 10000

prints a Markdown table. A repetition misses where the interval excludes the truth at any of its looks. `ours` is the
very code that judges; `naive` is the normal interval of a fixed number, looked at as often. alpha is .05, seeds are
fixed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlops_actions.statistics.sequential.betting import log_wealth
from mlops_actions.statistics.sequential.means import LEAST_UNITS, Moments, difference_of_means
from mlops_actions.statistics.sequential.proportions import log_evidence

ALPHA = 0.05
Z = 1.96
SEED = 20261127
BATCH = 1_000
"""Repetitions that are held in memory at once."""
THRESHOLD = math.log(2 / ALPHA)

Floats = npt.NDArray[np.float64]
Missed = tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]
"""Which repetitions ours and the naive interval missed."""
Simulation = Callable[[np.random.Generator, int], Missed]


@dataclass(frozen=True)
class Misses:
    """The shares of repetitions that missed at any look."""

    ours: float
    naive: float


@dataclass(frozen=True)
class Scenario:
    """A question whose truth is known."""

    name: str
    simulate: Simulation

    def misses(self, repetitions: int) -> Misses:
        rng = np.random.default_rng(SEED)
        sizes = [min(BATCH, repetitions - begun) for begun in range(0, repetitions, BATCH)]
        ours, naive = (np.concatenate(found) for found in zip(*(self.simulate(rng, n) for n in sizes), strict=True))
        return Misses(float(ours.mean()), float(naive.mean()))


def proportions(
    canary: Callable[[Floats], Floats], baseline: Callable[[Floats], Floats], difference: float, *, share: float = 0.5
) -> Simulation:
    """200 looks at 100 users each; rates over the position from 0 to 1, their difference stays."""

    def simulate(rng: np.random.Generator, repetitions: int) -> Missed:
        looks, users = 200, 100
        position, number = np.linspace(0, 1, looks), round(users * share)
        arms = []
        for rate, total in ((canary, number), (baseline, users - number)):
            bad = rng.binomial(total, np.broadcast_to(rate(position), (repetitions, looks))).astype(float)
            arms.append((bad, np.full_like(bad, total)))
        ours = np.zeros(repetitions, dtype=bool)
        for side in ("not-worse", "worse"):
            ours |= (log_evidence(side, difference, *arms) >= THRESHOLD).any(axis=-1)
        (k_c, n_c), (k_b, n_b) = ((bad.cumsum(axis=-1), total.cumsum(axis=-1)) for bad, total in arms)
        p_c, p_b = k_c / n_c, k_b / n_b
        error = np.sqrt(p_c * (1 - p_c) / n_c + p_b * (1 - p_b) / n_b)
        naive = (np.abs(p_c - p_b - difference) > Z * error)[:, 10:]
        return ours, naive.any(axis=-1)

    return simulate


def means(draw: Callable[[np.random.Generator, int], Floats], *, share: float) -> Simulation:
    """50 looks up to 20,000 users; both arms alike."""

    def simulate(rng: np.random.Generator, repetitions: int) -> Missed:
        numbers = [round(20_000 * part) for part in (share, 1 - share)]
        missed = np.zeros((2, repetitions), dtype=bool)
        for repetition in range(repetitions):
            arms = [_moments(draw(rng, number), 50) for number in numbers]
            for canary, baseline in zip(*arms, strict=True):
                found = difference_of_means(canary, baseline, ALPHA)
                missed[0, repetition] |= found is not None and found.excludes(0)
                if min(canary.number, baseline.number) >= LEAST_UNITS:
                    error = math.sqrt(canary.variance / canary.number + baseline.variance / baseline.number)
                    missed[1, repetition] |= abs(canary.mean - baseline.mean) > Z * error
        return missed[0], missed[1]

    return simulate


def pairs(only_candidate: float, only_stable: float) -> Simulation:
    """4,000 labelled pairs, a look after each of the last 3,900; which of the two models was wrong alone."""

    def simulate(rng: np.random.Generator, repetitions: int) -> Missed:
        draws = rng.random((repetitions, 4_000))
        values = np.where(draws < only_candidate, 1.0, np.where(draws < only_candidate + only_stable, -1.0, 0.0))
        return _bounded(values, only_candidate - only_stable, (-1.0, 1.0))

    return simulate


def agreement(
    rate: float,
) -> Simulation:
    """4,000 pairs that agree at a rate."""

    def simulate(rng: np.random.Generator, repetitions: int) -> Missed:
        return _bounded((rng.random((repetitions, 4_000)) < rate).astype(float), rate, (0.0, 1.0))

    return simulate


def _bounded(values: Floats, truth: float, bounds: tuple[float, float]) -> Missed:
    ours = np.zeros(len(values), dtype=bool)
    for side in ("above", "below"):
        ours |= (log_wealth(values, truth, side, bounds) >= THRESHOLD).any(axis=-1)
    number = np.arange(1, values.shape[-1] + 1)
    mean = values.cumsum(axis=-1) / number
    error = np.sqrt(np.maximum((values**2).cumsum(axis=-1) / number - mean**2, 0) / number)
    return ours, (np.abs(mean - truth) > Z * error)[:, 100:].any(axis=-1)


def _moments(values: Floats, looks: int) -> Iterator[Moments]:
    ends = np.linspace(len(values) / looks, len(values), looks).astype(int) - 1
    total, squares = values.cumsum()[ends], (values**2).cumsum()[ends]
    for number, one, two in zip(ends + 1, total, squares, strict=True):
        yield Moments(int(number), float(one), float(two))


def _flat(rate: float) -> Callable[[Floats], Floats]:
    return lambda position: np.full_like(position, rate)


def _drift(above: float) -> Callable[[Floats], Floats]:
    return lambda position: above + 0.05 + 0.03 * np.sin(6 * np.pi * position)


PROPORTIONS = (
    Scenario("A/B, 1 % in both arms", proportions(_flat(0.01), _flat(0.01), 0.0)),
    Scenario("A/B, 30 and 35 %", proportions(_flat(0.35), _flat(0.30), 0.05)),
    Scenario("A/B, 8 and 5 %, drifting, split 20 : 80", proportions(_drift(0.03), _drift(0.0), 0.03, share=0.2)),
    Scenario("A/B, 5 and 8 %, drifting", proportions(_drift(0.0), _drift(0.03), -0.03)),
)
MEANS = (
    Scenario("A/B, means of normal values", means(lambda rng, n: rng.normal(size=n), share=0.5)),
    Scenario(
        "A/B, means of exponential values, split 10 : 90", means(lambda rng, n: rng.exponential(size=n), share=0.1)
    ),
    Scenario(
        "A/B, a tenth buys, log-normal baskets, split 10 : 90",
        means(lambda rng, n: rng.lognormal(size=n) * (rng.random(n) < 0.1), share=0.1),
    ),
)
SHADOWS = (
    Scenario("shadow, 99 % agree", agreement(0.99)),
    Scenario("shadow, each alone wrong in 2 %", pairs(0.02, 0.02)),
    Scenario("shadow, alone wrong in 3 and 1 %", pairs(0.03, 0.01)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repetitions", type=int, default=10_000)
    repetitions = parser.parse_args().repetitions
    noise = 3 * math.sqrt(ALPHA * (1 - ALPHA) / repetitions)
    print(f"## Comparing two models: {repetitions:,} simulated comparisons a row, alpha = {ALPHA}")
    print(f"\nAn interval that keeps alpha misses in at most {ALPHA + noise:.3f} (three standard errors).\n")
    print("| scenario | naive misses | ours misses |\n|---|---|---|")
    for scenario in (*PROPORTIONS, *MEANS, *SHADOWS):
        found = scenario.misses(repetitions)
        print(f"| {scenario.name} | {found.naive:.3f} | {found.ours:.3f} |", flush=True)


if __name__ == "__main__":
    main()
