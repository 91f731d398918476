"""Test sets drawn with a known truth, evaluated and judged by the product: how often does a gate err?

Only truth and predicted labels are drawn. A row is discordant, right for one model alone, with a known chance; what
the candidate gains or loses is how unevenly those rows fall. Many repetitions are evaluated at once, as slices of one
large table, which is what the engine is quick at; each is then judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from mlops_actions.policy.document import inline_policy
from mlops_actions.policy.facts import Champion, Facts, Scope
from mlops_actions.policy.judging.decision import decide
from mlops_actions.policy.judging.judge import Terms, judge
from mlops_actions.statistics.clusters import design
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.evaluation import Evaluation, by_slice, evaluate
from mlops_actions.statistics.sample import Predictions, Sample

CHAMPION_ACCURACY = 0.8
TERMS = Terms(confidence=0.95, points=False, without_champion="skip", today=date(2030, 1, 1))
_ROWS_AT_ONCE = 1_000_000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What is true of the two models, and how the rows of one repetition come about."""

    rows: int
    """Of each slice; of the whole, where there are none."""
    changes: tuple[float, ...] = (0.0,)
    """Candidate's accuracy − champion's, one a slice."""
    discordant: float = 0.1
    """Share of rows that only one of the models gets right."""
    days: int = 0
    """Clusters of equal size that the rows fall into; 0 for independent rows."""
    day_sd: float = 0.0
    """Standard deviation of the change from day to day."""

    @property
    def slices(self) -> int:
        """Number of slices."""
        return len(self.changes)


def drawn(world: World, repetitions: int, seed: int) -> Iterator[list[Evaluation]]:
    """Each repetition as its slices' evaluations of `accuracy`, paired with the champion."""
    random = np.random.default_rng(seed)
    size = max(1, _ROWS_AT_ONCE // (world.rows * world.slices))
    for start in range(0, repetitions, size):
        batch = min(size, repetitions - start)
        parts = _evaluated(world, batch, random)
        for index in range(batch):
            yield parts[index * world.slices : (index + 1) * world.slices]


def results(rule: str, world: World, repetitions: int, seed: int, terms: Terms = TERMS) -> dict[str, float]:
    """Shares of `pass`, `fail` and `inconclusive` that the gate comes to; a rule may name the slices `group`."""
    policy = inline_policy(rule)
    counts = {"pass": 0, "fail": 0, "inconclusive": 0}
    for parts in drawn(world, repetitions, seed):
        counts[decide(judge(policy.rules, facts_of(parts, world), terms)).result] += 1
    return {result: count / repetitions for result, count in counts.items()}


def facts_of(parts: Sequence[Evaluation], world: World) -> Facts:
    """One repetition as the gate sees it: its one part as the whole, or its slices by `group`."""
    scopes = [Scope(world.rows, part.estimates, part.champion, part.differences) for part in parts]
    by = {"group": {str(number): scope for number, scope in enumerate(scopes)}}
    clusters = ("day",) if world.days else ()
    return Facts(scopes[0], by, minimum_count=30, clusters=clusters, champion=Champion("compared"))


def changes_seen(world: World, repetitions: int, seed: int) -> tuple[Floats, Floats]:
    """Differences of the points, and p-values of a test for "worse" in each slice: both (repetitions, slices)."""
    seen = [[part.differences["accuracy"] for part in parts] for parts in drawn(world, repetitions, seed)]
    values = np.array([[one.value for one in row] for row in seen])
    return values, np.array([[one.p_less(0.0) for one in row] for row in seen])


def ignoring_days(world: World) -> World:
    """The same rows to somebody who takes them for independent."""
    return replace(world, days=-world.days)


def improved(candidates: int, rows: int, repetitions: int, seed: int) -> Iterator[list[Estimate]]:
    """Differences of equal candidates to one champion, all on the same rows of each repetition."""
    random = np.random.default_rng(seed)
    for _ in range(repetitions):
        right = random.random(rows) < CHAMPION_ACCURACY
        # An equal candidate loses as many of the champion's hits as it gains of its misses.
        flip = np.where(right, 0.05 / CHAMPION_ACCURACY, 0.05 / (1 - CHAMPION_ACCURACY))
        theirs = right ^ (random.random((candidates, rows)) < flip)
        truth = np.ones(candidates * rows, dtype=np.intp)
        labels = (theirs.ravel().astype(np.intp), np.tile(right, candidates).astype(np.intp))
        sample = Sample("binary", truth, Predictions(labels[0]), Predictions(labels[1]))
        codes = np.repeat(np.arange(candidates), rows)
        table = Evaluation()
        yield [part.differences["accuracy"] for part in by_slice(sample, ["accuracy"], codes, candidates, table)]


def _evaluated(world: World, repetitions: int, random: np.random.Generator) -> list[Evaluation]:
    groups = repetitions * world.slices
    change = np.repeat(np.tile(world.changes, repetitions), world.rows)
    codes = np.repeat(np.arange(groups), world.rows)
    days = abs(world.days)
    day = codes * max(days, 1) + np.tile(np.arange(world.rows) % max(days, 1), groups)
    if days:
        change = change + random.normal(0.0, world.day_sd, groups * days)[day]
    gains = np.clip((world.discordant + change) / 2, 0.0, world.discordant)
    draw, hit = random.random(len(codes)), random.random(len(codes)) < CHAMPION_ACCURACY
    gained, lost = draw < gains, (draw >= gains) & (draw < world.discordant)
    truth = np.ones(len(codes), dtype=np.intp)
    candidate, champion = ((hit & ~lost) | gained), ((hit & ~gained) | lost)
    sample = Sample(
        "binary",
        truth,
        Predictions(candidate.astype(np.intp)),
        Predictions(champion.astype(np.intp)),
        design(len(codes), clusters=[day]) if world.days > 0 else None,
    )
    return by_slice(sample, ["accuracy"], codes, groups, evaluate(sample, ["accuracy"]))
