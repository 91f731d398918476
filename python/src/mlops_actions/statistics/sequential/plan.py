"""What a rollout will take, before it starts: how long each step, what the margin lets through, what can be seen.

A closed form: log E grows by `growth` per request and has to reach log(1/alpha) plus what the mixture of
alternatives costs, so that the number of requests is a first passage; a dispersion phi costs phi times the requests.
It takes the baseline's rate as known. The tests compare it with simulated rollouts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential.alternatives import (
    FRACTIONS,
    MULTIPLES,
    NON_INFERIOR_ALTERNATIVES,
    WORSE_ALTERNATIVES,
)
from mlops_actions.statistics.sequential.e_values import LARGEST_RATE
from mlops_actions.statistics.sequential.first_passage import Growth, Passage, growth
from mlops_actions.statistics.sequential.processes import Hypotheses

POWER: Final = 0.8
"""Of what is called detectable."""
LIKELY: Final = 0.9
"""Of the time that is called likely enough."""


@dataclass(frozen=True)
class Step:
    """One weight, for a canary that is exactly as good as the baseline."""

    weight: float
    """Percent of the requests that go to the canary."""
    requests: float
    """Of both arms together, expected until the step advances; infinite where it never does."""
    seconds: float
    likely_seconds: float
    """Nine such steps of ten take no longer."""


@dataclass(frozen=True)
class Plan:
    """What the traffic can decide by the deadline."""

    steps: tuple[Step, ...]
    """Those that are judged: at 100 % there is no baseline left to compare with."""
    seconds: float
    """Expected until the last judged step advances."""
    probability: float
    """That a canary as good as the baseline gets there by the deadline."""
    let_through: float
    """The highest canary rate that counts as good enough: it is hardly ever rolled back."""
    detectable: float | None
    """The least rate that the first step rolls back by the deadline with probability .8; None if not even 100 %."""
    detection_requests: float
    """On the canary in the first step, expected until ten times the rate let through (at most 100 %) is seen."""
    reasons: tuple[str, ...]
    """Why the deadline cannot decide; empty where it can."""

    @property
    def can_decide(self) -> bool:
        return not self.reasons


def plan(
    *,
    weights: Sequence[float],
    baseline_rate: float,
    requests_per_second: float,
    interval: float,
    deadline: float,
    hypotheses: Hypotheses,
    alpha: float = 0.05,
) -> Plan:
    """What a rollout over `weights` (percent, rising) takes at this traffic; `interval` and `deadline` in seconds.

    The deadline can decide where a canary as good as the baseline is more likely than not to be promoted by then.
    Raises InputError on rates, weights and times that make no sense.

    >>> ahead = plan(weights=[10, 50, 100], baseline_rate=0.01, requests_per_second=50, interval=10, deadline=3600,
    ...              hypotheses=Hypotheses(margin=0.01))
    >>> [(step.weight, round(step.seconds)) for step in ahead.steps]
    [(10, 230), (50, 60)]
    >>> ahead.can_decide, ahead.let_through
    (True, 0.02)
    >>> plan(weights=[10, 100], baseline_rate=0.01, requests_per_second=1, interval=10, deadline=600,
    ...      hypotheses=Hypotheses(margin=0.01)).reasons[0][:79]
    'the steps are expected to take 3.2 h and the deadline is 10 min: a canary as go'
    """
    _check(weights, baseline_rate, requests_per_second, interval, deadline)
    dispersion = float(hypotheses.dispersion)
    per_request = dispersion / requests_per_second
    judged = [weight for weight in weights if weight < 100]
    passages = [_advance(hypotheses, baseline_rate, weight / 100, alpha) for weight in judged]
    steps = tuple(
        Step(
            weight,
            requests=passage.mean * dispersion,
            seconds=_whole_looks(passage.mean * per_request, interval),
            likely_seconds=_whole_looks(passage.by_probability(LIKELY) * per_request, interval),
        )
        for weight, passage in zip(judged, passages, strict=True)
    )
    seconds = sum(step.seconds for step in steps)
    # Independent steps: means and variances add, and the sum is again close to an inverse Gaussian.
    total = Passage(seconds, sum(passage.scaled(per_request).variance for passage in passages))
    probability = total.probability_by(deadline)

    first = judged[0] / 100
    let_through = min(1.0, float(hypotheses.not_worse.line(baseline_rate)))
    seen = min(LARGEST_RATE, 10 * let_through)
    detection = _detect(hypotheses, baseline_rate, seen, first, alpha).mean * dispersion * first
    return Plan(
        steps=steps,
        seconds=seconds,
        probability=probability,
        let_through=let_through,
        detectable=_detectable(hypotheses, baseline_rate, first, alpha, deadline / per_request, let_through),
        detection_requests=detection,
        reasons=_reasons(seconds, probability, deadline),
    )


def _advance(hypotheses: Hypotheses, rate: float, share: float, alpha: float) -> Passage:
    """Requests until an equal canary is shown to be non-inferior; two of the alternatives bet on about its rate."""
    grows = growth(hypotheses.inferior, (rate, rate), (rate, rate), share)
    return grows.passage(math.log(1 / alpha) + math.log(NON_INFERIOR_ALTERNATIVES / len(FRACTIONS)))


def _detect(hypotheses: Hypotheses, rate: float, canary: float, share: float, alpha: float) -> Passage:
    """Requests until a canary with this rate is rolled back, by whichever alternative grows fastest."""
    null = hypotheses.not_worse
    bets = [canary, *(float(null.line(rate)) * multiple for multiple in MULTIPLES)]
    grows: list[Growth] = [growth(null, (min(bet, LARGEST_RATE), rate), (canary, rate), share) for bet in bets]
    fastest = max(grows, key=lambda candidate: candidate.mean)
    return fastest.passage(math.log(1 / alpha) + math.log(WORSE_ALTERNATIVES))


def _detectable(
    hypotheses: Hypotheses, rate: float, share: float, alpha: float, requests: float, let_through: float
) -> float | None:
    """By bisection: a worse canary is seen sooner."""
    low, high = let_through, LARGEST_RATE
    if low >= high or _detect(hypotheses, rate, high, share, alpha).probability_by(requests) < POWER:
        return None
    for _ in range(20):
        middle = (low + high) / 2
        seen = _detect(hypotheses, rate, middle, share, alpha).probability_by(requests) >= POWER
        low, high = (low, middle) if seen else (middle, high)
    return high


def chance(probability: float) -> str:
    """A probability to be read, which no simplification of the model makes exact to the last digit.

    >>> chance(1.9e-13), chance(0.042), chance(1)
    ('below 0.001', '0.042', 'above 0.999')
    """
    if probability < 0.001:
        return "below 0.001"
    return "above 0.999" if probability > 0.999 else f"{probability:.2g}"


def _reasons(seconds: float, probability: float, deadline: float) -> tuple[str, ...]:
    if math.isinf(seconds):
        return ("with a margin of 0 no amount of traffic shows that an equal canary is good enough",)
    if probability >= 0.5:
        return ()
    return (
        f"the steps are expected to take {_duration(seconds)} and the deadline is {_duration(deadline)}: a canary as "
        f"good as the baseline would be promoted by then with probability {chance(probability)}; a longer deadline, "
        "more traffic, fewer steps, a higher first weight or a wider margin decides sooner",
    )


def _whole_looks(seconds: float, interval: float) -> float:
    return seconds if math.isinf(seconds) else max(1, math.ceil(seconds / interval)) * interval


def _duration(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.2g} {unit}"
    return f"{seconds:.2g} s"


def _check(
    weights: Sequence[float], baseline_rate: float, requests_per_second: float, interval: float, deadline: float
) -> None:
    rising = all(before < after for before, after in zip([0.0, *weights], weights, strict=False))
    if not weights or not rising or not 0 < weights[0] < 100 or weights[-1] > 100:
        raise InputError(
            f"weights rise from above 0 to at most 100 percent, the first below 100, not {list(weights)}.",
            where="steps",
        )
    if not 0 < baseline_rate < 1:
        raise InputError(f"the baseline's rate is strictly between 0 and 1, not {baseline_rate!r}.")
    for name, value in (("requests per second", requests_per_second), ("interval", interval), ("deadline", deadline)):
        if not 0 < value < math.inf:
            raise InputError(f"{name} is above 0, not {value!r}.", where=name if " " not in name else None)
