"""A whole rollout against a service that is made up or was recorded: the same state machine, and no proxy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.rollout import Candidate, Settings, attend, leave, look, start
from mlops_actions.errors import InputError
from mlops_actions.evidence.rollout import Look
from mlops_actions.evidence.rollout import Rollout as Recorded
from mlops_actions.statistics.sequential import Block, Counts, Dispersion, Metric

_UNKNOWN = Candidate("simulated", "0" * 64, verified=True)


class Service(Protocol):
    """What answers users, and how well."""

    def block(self, number: int, seconds: float, weight: float, chance: np.random.Generator) -> Block | None:
        """What both sides answered in so many seconds before a look (from 0); None where nothing more is known."""


@dataclass(frozen=True)
class Synthetic:
    """Steady traffic, and errors that come in bunches of `dispersion`."""

    stable_rate: float
    candidate_rate: float
    requests_per_second: float
    dispersion: float = 1.0

    def block(self, number: int, seconds: float, weight: float, chance: np.random.Generator) -> Block:  # noqa: ARG002
        """Poisson many requests, each to the candidate with the probability of its weight."""
        total = int(chance.poisson(self.requests_per_second * seconds))
        candidate = int(chance.binomial(total, weight / 100))
        return Block(
            self._counts(candidate, self.candidate_rate, chance),
            self._counts(total - candidate, self.stable_rate, chance),
        )

    def history(self, seconds: float, chance: np.random.Generator) -> Counts:
        """The stable side before the first weight."""
        return self._counts(int(chance.poisson(self.requests_per_second * seconds)), self.stable_rate, chance)

    def _counts(self, requests: int, rate: float, chance: np.random.Generator) -> Counts:
        """Bunches whose requests all fail or all do not, of two sizes with the mean `dispersion`."""
        small = int(self.dispersion)
        size = small + int(chance.random() < self.dispersion - small)
        bunches, rest = divmod(requests, size)
        failed = size * int(chance.binomial(bunches, rate)) + (rest if chance.random() < rate else 0)
        return Counts(failed, requests)


@dataclass(frozen=True)
class Recording:
    """The looks of a rollout that was: their own counts at their own weights, else as many by their rates."""

    looks: tuple[Look, ...]

    def block(self, number: int, seconds: float, weight: float, chance: np.random.Generator) -> Block | None:  # noqa: ARG002
        """The counts of the look of that number."""
        if number >= len(self.looks):
            return None
        at = self.looks[number]
        if not at.counts:
            return Block(Counts(0, 0), Counts(0, 0))
        candidate, stable = _counts(at, "candidate"), _counts(at, "stable")
        if abs(at.weight - weight) < 0.01:
            return Block(candidate, stable)
        total = candidate.total + stable.total
        moved = int(chance.binomial(total, weight / 100))
        rates = (self._rate("candidate", number), self._rate("stable", number))
        return Block(*(
            Counts(int(chance.binomial(n, rate)), n) for n, rate in zip((moved, total - moved), rates, strict=True)
        ))  # fmt: skip

    def _rate(self, side: str, number: int) -> float:
        """Of that look, or of all until then where it had no request."""
        for looks in (self.looks[number : number + 1], self.looks[: number + 1]):
            counts = [_counts(one, side) for one in looks if one.counts]
            if total := sum(one.total for one in counts):
                return sum(one.bad for one in counts) / total
        return 0.0


@dataclass(frozen=True)
class Schedule:
    """Runs of `mode: advance`; times in seconds."""

    every: float
    window: float
    unattended: float
    """Percent."""


@dataclass(frozen=True)
class Course:
    """How one rollout went."""

    outcome: str
    """`promoted`, `rolled-back`, `held`, or `unfinished` where the recording ended before."""
    result: str
    seconds: float
    """From the first weight to the end."""
    harmed: int
    """Users whom the candidate failed."""
    asked: int
    """Requests of the candidate."""
    weights: tuple[float, ...]


def simulate(
    settings: Settings,
    metric: Metric,
    alpha: float,
    service: Service,
    chance: np.random.Generator,
    schedule: Schedule | None = None,
) -> Course:
    """One rollout, from its first weight to its end."""
    rollout = start("simulated", settings, _UNKNOWN, [metric], alpha, now=0.0)
    now, visit_ends, visited = 0.0, schedule.window if schedule else float("inf"), 0.0
    harmed = asked = 0
    while rollout.ending is None:
        seconds = settings.interval if rollout.pause is None else max(settings.interval, visited - now)
        now += seconds
        block = service.block(len(rollout.looks), seconds, rollout.weight, chance)
        if block is None:
            return Course("unfinished", "inconclusive", now, harmed, asked, rollout.weights)
        harmed, asked = harmed + block.canary.bad, asked + block.canary.total
        judged = look(rollout, Seen(now, rollout.weight, {ERRORS: block}))
        if schedule and judged.ending is None:
            if rollout.pause:
                judged, visit_ends = attend(judged), now + schedule.window
            elif judged.step != rollout.step or now >= visit_ends:
                judged = leave(replace(judged, weights=rollout.weights), schedule.unattended, now)
                visited = visit_ends - schedule.window + schedule.every
        rollout = judged
    return Course(rollout.ending.outcome, rollout.ending.result, now, harmed, asked, rollout.weights)


def recorded(statement: Recorded) -> tuple[Recording, Metric]:
    """A rollout's statement as a service, and its errors as they were judged. InputError where it made no look."""
    if not statement.looks:
        raise InputError(f"the recorded rollout was {statement.outcome} and made no look: there is nothing to replay.")
    stable = statement.metrics[0].stable if statement.metrics else (0, 0)
    dispersion = Dispersion(max(1.0, statement.dispersion), "measured", looks=len(statement.looks))
    return Recording(tuple(statement.looks)), Metric(ERRORS, dispersion, Counts(*stable), statement.error_margin)


@dataclass(frozen=True)
class Summary:
    """Many rollouts."""

    promoted: float
    """Shares of all."""
    rolled_back: float
    """Of those that were shown to be worse, not of those that came to the deadline."""
    inconclusive: float
    seconds: tuple[float, float]
    """Median and 90th percentile until the end."""
    harmed: tuple[float, int]
    """Median, and the most."""


def summarize(courses: Sequence[Course]) -> Summary:
    """What a table shows of them."""
    results = [one.result for one in courses]
    share = {result: results.count(result) / len(results) for result in ("pass", "fail", "inconclusive")}
    seconds, harmed = [one.seconds for one in courses], [one.harmed for one in courses]
    median, late = np.quantile(seconds, (0.5, 0.9))
    return Summary(
        promoted=share["pass"],
        rolled_back=share["fail"],
        inconclusive=share["inconclusive"],
        seconds=(float(median), float(late)),
        harmed=(float(np.median(harmed)), max(harmed)),
    )


def _counts(at: Look, side: str) -> Counts:
    return Counts(at.counts[f"{side}_errors"], at.counts[f"{side}_requests"])
