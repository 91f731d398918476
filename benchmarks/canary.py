"""Rollouts simulated with known error rates: who rolls back, who promotes, and after how many canary requests.

    python benchmarks/canary.py --repetitions 10000

prints Markdown tables. `e-process` is the very code that judges a rollout; beside it stand rules that people use:

- naive z, mSPRT and Kayenta: see `peers.py`;
- Flagger: as in its documentation, a look passes when at least 99 % of the canary's requests succeed; ten looks that
  pass promote, five that do not roll back, whichever comes first.

alpha is .05. Repetitions are vectorised, seeds are fixed.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from peers import kayenta_high, msprt, z_scores

from mlops_actions.statistics.sequential import Hypotheses, pearson_dispersion
from mlops_actions.statistics.sequential.processes import Processes, start_weight

ALPHA = 0.05
HISTORY = 10_000
USER = 50
"""Requests of a user in the clustered scenarios."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator, Ints, float], Ints]


@dataclass(frozen=True)
class Scenario:
    """Rates, weights and traffic by look; `position` runs from 0 to 1 over the rollout."""

    name: str
    looks: int
    requests: int
    """Of both arms in one look."""
    baseline: Callable[[float], float]
    canary: Callable[[float], float]
    weight: Callable[[float], float]
    margin: float = 0.0
    clustered: bool = False
    """Requests of one user share a rate: intraclass correlation .3, 50 requests each; phi is then measured."""

    def arms(self, look: int) -> tuple[int, int]:
        unit = USER if self.clustered else 1
        canary = max(1, round(self.requests / unit * self.weight(look / self.looks))) * unit
        return canary, self.requests - canary


@dataclass(frozen=True)
class Outcome:
    """Canary requests until each repetition's decision, infinite where there was none."""

    requests: Floats

    @property
    def share(self) -> float:
        return float(np.isfinite(self.requests).sum() / max(1, len(self.requests)))

    def quantile(self, probability: float) -> float:
        return float(np.quantile(self.requests, probability, method="higher")) if len(self.requests) else math.inf


def flat(rate: float) -> Callable[[float], float]:
    return lambda _: rate


def ramp(position: float) -> float:
    return (0.05, 0.10, 0.20, 0.35, 0.50)[min(4, int(5 * position))]


def incident(position: float) -> float:
    return 0.03 if position >= 0.5 else 0.01


def drift(position: float) -> float:
    return 0.012 + 0.008 * math.sin(6 * math.pi * position)


def shifted(rate: Callable[[float], float], by: float) -> Callable[[float], float]:
    return lambda position: rate(position) + by


POINT = 0.01
HARMLESS = (
    Scenario("1 %, weight 10 %", 500, 100, flat(0.01), flat(0.01), flat(0.1)),
    Scenario("shared incident 1 → 3 %, ramp 5 → 50 %", 200, 200, incident, incident, ramp),
    Scenario("drift .4–2 %, ramp 5 → 50 %", 200, 200, drift, drift, ramp),
    Scenario("at a margin of 1 point, incident and ramp", 200, 200, incident, shifted(incident, POINT), ramp, POINT),
    Scenario("users of 50 requests, ICC .3", 50, 1000, flat(0.01), flat(0.01), flat(0.1), clustered=True),
)
NOT_GOOD_ENOUGH = (
    Scenario("1 → 2 %, margin 1 point", 300, 200, flat(0.01), flat(0.02), flat(0.1), POINT),
    Scenario("at a margin of 1 point, incident", 200, 200, incident, shifted(incident, POINT), flat(0.2), POINT),
    Scenario("at a margin of 1 point, drift", 200, 200, drift, shifted(drift, POINT), flat(0.2), POINT),
    Scenario("users of 50 requests, ICC .3", 50, 1000, flat(0.01), flat(0.02), flat(0.1), POINT, clustered=True),
)
BROKEN = (
    Scenario("1 → 5 %, weight 10 %", 200, 50, flat(0.01), flat(0.05), flat(0.1)),
    Scenario("1 → 5 %, weight 10 %, margin 1 point", 300, 50, flat(0.01), flat(0.05), flat(0.1), POINT),
    Scenario("1 → 5 %, weight 50 %", 100, 40, flat(0.01), flat(0.05), flat(0.5)),
    Scenario("1 → 2 %, weight 10 %", 250, 200, flat(0.01), flat(0.02), flat(0.1)),
    Scenario("1 → 100 %, weight 10 %, margin 1 point", 20, 10, flat(0.01), flat(1.0), flat(0.1), POINT),
)
LEAK_AFTER = 3_000
LEAK = Scenario(
    "1 → 5 % after 3,000 healthy canary requests",
    400, 100, flat(0.01), lambda position: 0.05 if position > 0.75 else 0.01, flat(0.1),
)  # fmt: skip
GOOD = (
    Scenario("1 %, weight 10 %, margin 1 point", 250, 200, flat(0.01), flat(0.01), flat(0.1), POINT),
    Scenario("1 %, weight 10 %, margin 2 points", 250, 200, flat(0.01), flat(0.01), flat(0.1), 2 * POINT),
)
STEPS = (0.05, 0.2, 0.5)
ROLLOUTS = (
    Scenario("equal, 1 %", 300, 400, flat(0.01), flat(0.01), flat(0), POINT),
    Scenario("equal, shared incident 1 → 3 %", 300, 400, incident, incident, flat(0), POINT),
    Scenario("worse by the margin, incident", 300, 400, incident, shifted(incident, POINT), flat(0), POINT),
    Scenario("1 → 5 %", 300, 400, flat(0.01), flat(0.05), flat(0), POINT),
)


def simulate(
    scenario: Scenario, repetitions: int, seed: int = 2026, *, with_kayenta: bool = False
) -> dict[str, Outcome]:
    """Every rule's outcome on the same counts. Keys: `<rule>: roll back` and `<rule>: promote`."""
    rng = np.random.default_rng(seed)
    draw = _by_user if scenario.clustered else _by_request
    history = np.full(repetitions, HISTORY)
    dispersion: float | Floats = 1.0
    errors = draw(rng, history, scenario.baseline(0))
    if scenario.clustered:
        _, size = scenario.arms(1)
        before = np.stack([draw(rng, np.full(repetitions, size), scenario.baseline(0)) for _ in range(60)], axis=1)
        dispersion = np.array([pearson_dispersion(row, np.full(60, size)).value for row in before])
        errors, history = before.sum(axis=1), np.full(repetitions, 60 * size)
    hypotheses = Hypotheses(scenario.margin, dispersion=dispersion)
    processes = Processes.begin(errors, history)
    decided: dict[str, Floats] = {}
    failed, passed = np.zeros(repetitions), np.zeros(repetitions)
    past = np.zeros((4, repetitions))
    seen: list[Floats] = []

    for look in range(1, scenario.looks + 1):
        n_c, n_b = scenario.arms(look)
        k_c = draw(rng, np.full(repetitions, n_c), scenario.canary(look / scenario.looks))
        k_b = draw(rng, np.full(repetitions, n_b), scenario.baseline(look / scenario.looks))
        processes = processes.observe(hypotheses, (k_c, n_c), (k_b, n_b), start_weight(look, scenario.looks))
        seen.append(np.stack([k_c, np.full(repetitions, n_c), k_b, np.full(repetitions, n_b)]).astype(float))
        past += seen[-1]
        running = (failed < 5) & (passed < 10)
        failed += running & (k_c > 0.01 * n_c)
        passed += running & (k_c <= 0.01 * n_c)
        worse, within = z_scores(past, scenario.margin)
        now = {
            "e-process: roll back": processes.log_worse >= math.log(1 / ALPHA),
            "e-process: promote": processes.log_non_inferior >= math.log(1 / ALPHA),
            "naive z: roll back": worse > 1.6449,
            "naive z: promote": within > 1.6449,
            "mSPRT: roll back": msprt(past, scenario.margin) >= 1 / ALPHA,
            "Flagger: roll back": failed >= 5,
            "Flagger: promote": passed >= 10,
        }
        for name, reached in now.items():
            first = decided.setdefault(name, np.full(repetitions, np.inf))
            decided[name] = np.where(np.isinf(first) & reached, past[1], first)
    if with_kayenta:
        series = np.array(seen)
        high = kayenta_high(series[:, :2], series[:, 2:])
        decided["Kayenta: roll back"] = np.where(high, past[1], np.inf)
        decided["Kayenta: promote"] = np.where(high, np.inf, past[1])
    return {name: Outcome(requests) for name, requests in decided.items()}


@dataclass(frozen=True)
class Ends:
    """How complete rollouts ended, as shares."""

    promoted: float
    rolled_back: float

    @property
    def inconclusive(self) -> float:
        return 1 - self.promoted - self.rolled_back


def complete(scenario: Scenario, steps: tuple[float, ...], repetitions: int, seed: int = 2026) -> Ends:
    """Rollouts that move to the next of `steps` on their own evidence, so that weights differ between repetitions."""
    rng = np.random.default_rng(seed)
    hypotheses = Hypotheses(scenario.margin)
    processes = Processes.begin(rng.binomial(HISTORY, scenario.baseline(0), repetitions), HISTORY)
    step = np.zeros(repetitions, dtype=int)
    rolled_back = np.zeros(repetitions, dtype=bool)
    for look in range(1, scenario.looks + 1):
        promoted = step == len(steps)
        n_c = np.rint(scenario.requests * np.array([*steps, steps[-1]])[step]).astype(int)
        n_b = scenario.requests - n_c
        k_c = rng.binomial(n_c, scenario.canary(look / scenario.looks))
        k_b = rng.binomial(n_b, scenario.baseline(look / scenario.looks))
        processes = processes.observe(hypotheses, (k_c, n_c), (k_b, n_b), start_weight(look, scenario.looks))
        rolled_back |= ~promoted & (processes.log_worse >= math.log(1 / ALPHA))
        advancing = ~promoted & ~rolled_back & (processes.log_non_inferior >= math.log(1 / ALPHA))
        step += advancing
        afresh = np.where(advancing[:, None], 0.0, processes.log_products)
        processes = replace(processes, log_products=afresh)
    return Ends(float(np.mean(step == len(steps))), float(np.mean(rolled_back)))


def after(outcome: Outcome, requests: int) -> Outcome:
    """Only the decisions after so many canary requests, counted from there."""
    later = outcome.requests > requests
    return replace(outcome, requests=outcome.requests[later] - requests)


def _by_request(rng: np.random.Generator, total: Ints, rate: float) -> Ints:
    return rng.binomial(total, rate)


def _by_user(rng: np.random.Generator, total: Ints, rate: float, correlation: float = 0.3) -> Ints:
    """Beta-binomial users of 50 requests; every repetition has the same total."""
    size = 1 / correlation - 1
    rates = rng.beta(rate * size, (1 - rate) * size, (len(total), int(total[0]) // USER))
    return np.asarray(rng.binomial(USER, rates).sum(axis=1))


def _shares(title: str, scenarios: tuple[Scenario, ...], rules: list[str], decision: str, repetitions: int) -> None:
    print(f"\n### {title}\n\n| scenario | {' | '.join(rules)} |\n|---|{'---|' * len(rules)}")
    for scenario in scenarios:
        outcomes = simulate(scenario, repetitions, with_kayenta=True)
        cells = [f"{outcomes[f'{rule}: {decision}'].share:.3f}" for rule in rules]
        print(f"| {scenario.name} | {' | '.join(cells)} |", flush=True)


def _times(title: str, scenarios: tuple[Scenario, ...], rules: list[str], decision: str, repetitions: int) -> None:
    print(f"\n### {title}\n\n| scenario | {' | '.join(rules)} |\n|---|{'---|' * len(rules)}")
    for scenario in scenarios:
        outcomes = simulate(scenario, repetitions, with_kayenta=True)
        found = [outcomes[f"{rule}: {decision}"] for rule in rules]
        if scenario is LEAK:
            found = [after(outcome, LEAK_AFTER) for outcome in found]
        cells = [f"{_count(one.quantile(0.5))} ({_count(one.quantile(0.9))}); {one.share:.3f}" for one in found]
        print(f"| {scenario.name} | {' | '.join(cells)} |", flush=True)


def _ends(repetitions: int) -> None:
    print("\n### Complete rollouts over 5, 20 and 50 %, advancing on evidence, margin 1 point, e-process\n")
    print("| scenario | promoted | rolled back | inconclusive |\n|---|---|---|---|")
    for scenario in ROLLOUTS:
        ends = complete(scenario, STEPS, repetitions)
        print(
            f"| {scenario.name} | {ends.promoted:.3f} | {ends.rolled_back:.3f} | {ends.inconclusive:.3f} |", flush=True
        )


def _count(requests: float) -> str:
    return f"{requests:,.0f}" if math.isfinite(requests) else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repetitions", type=int, default=10_000)
    repetitions = parser.parse_args().repetitions
    noise = 3 * math.sqrt(ALPHA * (1 - ALPHA) / repetitions)
    print(f"## Judging a canary: {repetitions:,} simulated rollouts a row, alpha = {ALPHA}")
    print(
        f"\nA rule that keeps alpha shows at most {ALPHA + noise:.3f} (three standard errors) in the first two tables."
    )
    every = ["naive z", "mSPRT", "Kayenta", "Flagger", "e-process"]
    _shares("Rolled back though not worse", HARMLESS, every, "roll back", repetitions)
    promoting = ["naive z", "Kayenta", "Flagger", "e-process"]
    _shares("Let through though worse by the margin", NOT_GOOD_ENOUGH, promoting, "promote", repetitions)
    sequential = ["mSPRT", "Kayenta", "Flagger", "e-process"]
    title = "Canary requests until a worse canary is rolled back: median (90 %); share"
    _times(title, (*BROKEN, LEAK), sequential, "roll back", repetitions)
    title = "Canary requests until a step with an equal canary advances: median (90 %); share"
    _times(title, GOOD, ["e-process"], "promote", repetitions)
    _ends(repetitions)


if __name__ == "__main__":
    main()
