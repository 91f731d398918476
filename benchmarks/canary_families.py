"""Whole rollouts over several metrics: 5, 20 and 50 %, 200 looks, advancing on evidence.

    python benchmarks/canary_families.py --repetitions 10000

prints Markdown tables. `mean` is how the product rolls back, on the mean of the metrics' e-processes; beside it stand
rules that look at each metric alone: `any` rolls back on any metric's own e-process, `any z` on any metric's naive
test. alpha is .05. Repetitions are vectorised, seeds are fixed.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from peers import z_scores

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.memory import open_memory
from mlops_actions.canary_deploy.rollout import Candidate, Settings, look, start
from mlops_actions.statistics.sequential import BY_CLUSTER, Block, Counts, Hypotheses, Metric
from mlops_actions.statistics.sequential.processes import Processes, start_weight

ALPHA = 0.05
STEPS = (0.05, 0.2, 0.5)
LOOKS = 200
REQUESTS = 400
"""Of both arms in one look."""
HISTORY = 10_000
POINT = 0.01
_MEASURED = 10
"""The last looks, which remember the most."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Counted = tuple[Ints, Ints]
"""Bad and total of one arm, each (repetitions, metrics)."""
Draw = Callable[[np.random.Generator, Ints, float, bool], Counted]
"""From one arm's requests in each repetition, the position in the rollout (0 to 1), and whether it is the canary."""


@dataclass(frozen=True)
class Family:
    """What is judged together, and how it comes about."""

    name: str
    metrics: int
    draw: Draw
    margins: Sequence[float]
    weights: Sequence[float] = ()
    promotes: Sequence[bool] = ()


@dataclass(frozen=True)
class Ends:
    """Shares of rollouts."""

    rolled_back: float
    """On the mean."""
    any_rolled_back: float
    any_z: float
    promoted: float
    requests: float
    """Of the canary, median until rolled back; infinite where most are not."""


def play(family: Family, repetitions: int, seed: int = 2026) -> Ends:
    """Rollouts that move on when every metric that promotes is shown to be good enough, whatever the others say."""
    rng = np.random.default_rng(seed)
    size = (repetitions, family.metrics)
    hypotheses = Hypotheses(np.array(family.margins))
    shares = np.array(family.weights or [1.0] * family.metrics)
    log_shares = np.log(shares / shares.sum())
    promotes = np.array(family.promotes or [True] * family.metrics)
    processes = Processes.begin(*family.draw(rng, np.full(repetitions, HISTORY), 0.0, False))
    step = np.zeros(repetitions, dtype=int)
    past = np.zeros((4, *size))
    rolled_back, any_alone, any_z = (np.zeros(repetitions, dtype=bool) for _ in range(3))
    requests = np.full(repetitions, np.inf)
    seen = np.zeros(repetitions)
    for number in range(1, LOOKS + 1):
        going = ~rolled_back & (step < len(STEPS))
        if not going.any():
            break
        n_c = np.rint(REQUESTS * np.array([*STEPS, STEPS[-1]])[step]).astype(int)
        seen += n_c * going
        canary = family.draw(rng, n_c, number / LOOKS, True)
        baseline = family.draw(rng, REQUESTS - n_c, number / LOOKS, False)
        past += np.stack([*canary, *baseline])
        processes = processes.observe(hypotheses, canary, baseline, start_weight(number, LOOKS))
        worse = processes.log_worse
        threshold = math.log(1 / ALPHA)
        now = going & (np.logaddexp.reduce(worse + log_shares, axis=-1) >= threshold)
        requests[now] = seen[now]
        rolled_back |= now
        any_alone |= (step < len(STEPS)) & (worse >= threshold).any(axis=-1)
        any_z |= (step < len(STEPS)) & (_z(past, family.margins) > 1.6449).any(axis=-1)
        shown = (processes.log_non_inferior >= threshold) | ~promotes
        advancing = going & ~rolled_back & shown.all(axis=-1)
        step += advancing
        afresh = np.where(advancing[:, None, None], 0.0, processes.log_products)
        processes = replace(processes, log_products=afresh)
    return Ends(
        rolled_back=float(rolled_back.mean()),
        any_rolled_back=float(any_alone.mean()),
        any_z=float(any_z.mean()),
        promoted=float((step == len(STEPS)).mean()),
        requests=float(np.quantile(requests, 0.5, method="higher")),
    )


def independent(rates: Sequence[float], canary: Sequence[float] | None = None) -> Draw:
    """Each metric by its own lots; the canary may have other rates."""

    def draw(rng: np.random.Generator, requests: Ints, _: float, is_canary: bool) -> Counted:
        chosen = np.array(canary if is_canary and canary is not None else rates)
        total = np.repeat(requests[:, None], len(chosen), axis=1)
        return rng.binomial(total, chosen), total

    return draw


def copies(metrics: int, rate: float) -> Draw:
    """One metric under many names: as dependent as can be."""

    def draw(rng: np.random.Generator, requests: Ints, _: float, __: bool) -> Counted:
        bad = rng.binomial(requests, rate)
        return np.repeat(bad[:, None], metrics, axis=1), np.repeat(requests[:, None], metrics, axis=1)

    return draw


def half_shared(metrics: int) -> Draw:
    """Half of each metric's bad requests are bad in all of them; in the second half of the time thrice as many are."""

    def draw(rng: np.random.Generator, requests: Ints, position: float, _: bool) -> Counted:
        rate = 0.03 if position >= 0.5 else 0.01
        common = rng.binomial(requests, rate / 2)[:, None]
        total = np.repeat(requests[:, None], metrics, axis=1)
        return common + rng.binomial(total - common, (rate / 2) / (1 - rate / 2)), total

    return draw


LATENCIES = (0.5, 0.25, 0.1, 0.05, 0.01)
"""Shares of requests that are slower than each cut."""


def latency(factor: float = 1.0) -> Draw:
    """Errors, then requests slower than each cut, one within the other; the load makes all slower for a while."""
    errors = 0.01

    def draw(rng: np.random.Generator, requests: Ints, position: float, is_canary: bool) -> Counted:
        load = 1.0 + 0.5 * math.sin(4 * math.pi * position)
        slower = np.minimum(0.95, np.array(LATENCIES) * load * (factor if is_canary else 1.0))
        shares = -np.diff([1.0, *slower, 0.0])
        bins = rng.multinomial(requests, shares)
        counts = np.cumsum(bins[:, ::-1], axis=1)[:, ::-1][:, 1:]
        bad = np.concatenate([rng.binomial(requests, errors)[:, None], counts], axis=1)
        return bad, np.repeat(requests[:, None], bad.shape[1], axis=1)

    return draw


RATE = 0.01
CUTS = {"weights": [1.0, *[0.2] * 5], "promotes": [True, False, False, True, False, False]}
"""Errors, and five cuts of a latency, of which the third is the user's own limit."""


def harmless(metrics: int = 10) -> tuple[Family, ...]:
    """Nothing is worse in any of them."""
    none = [0.0] * metrics
    return (
        Family(f"{metrics} metrics, independent", metrics, independent([RATE] * metrics), none),
        Family(f"{metrics} metrics, one and the same", metrics, copies(metrics, RATE), none),
        Family(f"{metrics} metrics, half shared, incident 1 → 3 %", metrics, half_shared(metrics), none),
        Family("errors and a latency at five cuts, load up and down", 6, latency(), [0.0] * 6, **CUTS),
    )


def not_good_enough(metrics: int = 10) -> tuple[Family, ...]:
    """One metric is worse by its margin."""
    rates = [RATE] * metrics
    worse = independent(rates, [2 * RATE, *rates[1:]])
    return (
        Family(f"{metrics} metrics, one worse by its margin", metrics, worse, [POINT] * metrics),
        Family("slower by a tenth, at the limit by about its margin", 6, latency(1.1), [POINT] * 6, **CUTS),
    )


TEN = [RATE] * 10
WORSE = (
    Family("1 metric, 1 → 5 %", 1, independent([RATE], [5 * RATE]), [0.0]),
    Family("10 metrics, one of them 1 → 5 %", 10, independent(TEN, [5 * RATE, *TEN[1:]]), [0.0] * 10),
    Family("latency: twice as many slow requests", 6, latency(2.0), [0.0] * 6, **CUTS),
)
GOOD = (
    Family("10 metrics, equal, margin 1 point", 10, independent(TEN), [POINT] * 10),
    Family("errors and a latency, equal, margins of 1 and 5 points", 6, latency(), [POINT, *[0.05] * 5], **CUTS),
)


def seconds_a_look(metrics: int = 100, looks: int = 200) -> float:
    """CPU seconds that a look takes, with what is remembered after it, when there were so many before it."""
    rng = np.random.default_rng(1)
    names = ["errors", *(f"metric {number}" for number in range(1, metrics))]
    judged = [Metric(name, BY_CLUSTER, Counts(100, HISTORY), margin=POINT + at / 1e5) for at, name in enumerate(names)]
    settings = Settings("envoy:a", "a:1", "b:1", steps=(5.0,), interval=10, deadline=1e6)
    rollout = start("r", settings, Candidate("m", "0" * 64, verified=True), judged, alpha=1e-9, now=0.0)
    spent: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        memory = open_memory(folder, "", settings.target)
        with memory.lock():
            for number in range(looks):
                bad = rng.binomial([50, 950], 0.01, (metrics, 2)).tolist()
                blocks = {
                    name: Block(Counts(one[0], 50), Counts(one[1], 950)) for name, one in zip(names, bad, strict=True)
                }
                before = time.process_time()
                rollout = look(rollout, Seen(10.0 * number, 5.0, blocks))
                if number >= looks - _MEASURED:
                    memory.save(rollout)
                    spent.append(time.process_time() - before)
    return sum(spent) / len(spent)


def _z(past: Floats, margins: Sequence[float]) -> Floats:
    return z_scores(past, np.array(margins))[0]  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repetitions", type=int, default=10_000)
    repetitions = parser.parse_args().repetitions
    print(f"## Whole rollouts over several metrics: {repetitions:,} a row, {LOOKS} looks, alpha = {ALPHA}")
    print("\n### Rolled back though nothing is worse\n\n| family | any z | any e-process | mean |\n|---|---|---|---|")
    for family in harmless():
        found = play(family, repetitions)
        print(
            f"| {family.name} | {found.any_z:.3f} | {found.any_rolled_back:.3f} | {found.rolled_back:.3f} |", flush=True
        )
    print("\n### Promoted\n\n| family | promoted | rolled back |\n|---|---|---|")
    for family in (*not_good_enough(), *GOOD):
        found = play(family, repetitions)
        print(f"| {family.name} | {found.promoted:.3f} | {found.rolled_back:.3f} |", flush=True)
    print("\n### Canary requests until rolled back, median\n\n| family | mean | share |\n|---|---|---|")
    for family in WORSE:
        found = play(family, repetitions)
        print(f"| {family.name} | {found.requests:,.0f} | {found.rolled_back:.3f} |", flush=True)
    print(f"\nThe 200th look at 100 metrics takes {1000 * seconds_a_look():.0f} ms of CPU.")


if __name__ == "__main__":
    main()
