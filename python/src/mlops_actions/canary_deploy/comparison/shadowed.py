"""What a shadow found: how two models' predictions for the same requests differ, and which is wrong more often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlops_actions.canary_deploy.comparison.pairs import Pairs, Prediction
from mlops_actions.canary_deploy.comparison.question import Answer, Question
from mlops_actions.evidence.rollout import Comparison
from mlops_actions.statistics.sequential import Interval, Moments, bounded_mean, mean

if TYPE_CHECKING:
    from mlops_actions.canary_deploy.looks import Seen

WRONG = "wrong"
"""The share of labelled predictions that a model got wrong."""


@dataclass(frozen=True)
class Shadowed:
    """A claim about wrong predictions, and what the last look found."""

    question: Question
    alpha: float
    kind: Literal["shadow"] = "shadow"
    comparisons: tuple[Comparison, ...] = ()
    begin: int = 0
    """Bytes of the file of pairs that were there before, of other candidates."""

    def after(self, seen: Seen) -> Shadowed:
        """With the pairs that one more look read."""
        if seen.pairs is None:
            return self
        return replace(self, comparisons=_compare(seen.pairs, self.question, self.alpha))

    def answer(self) -> Answer:
        """Only labels answer; without them all that is known is how much the models agree."""
        return next((one.answer for one in self.comparisons if one.claim), "open")

    def compare(self) -> tuple[Comparison, ...]:
        """What the last look found."""
        return self.comparisons


def _compare(pairs: Pairs, question: Question, alpha: float) -> tuple[Comparison, ...]:
    values = [value for pair in pairs.predictions for value in pair]
    if any(isinstance(value, float) for value in values) and not any(isinstance(value, str) for value in values):
        return _numbers(pairs, alpha)
    agreed = [one == other for one, other in pairs.predictions]
    agreement = _comparison("agreement", bounded_mean(agreed, alpha), len(agreed), alpha, "betting")
    return (agreement, *((_wrong(pairs, question, alpha),) if pairs.labelled else ()))


def _wrong(pairs: Pairs, question: Question, alpha: float) -> Comparison:
    stable, candidate = (np.array([pair[side] != pair[2] for pair in pairs.labelled], dtype=float) for side in (0, 1))
    found = bounded_mean(candidate - stable, alpha, (-1.0, 1.0))
    compared = _comparison(WRONG, found, len(stable), alpha, "betting")
    rates = {"candidate": float(candidate.mean()), "stable": float(stable.mean())}
    asked = {"claim": str(question), "limit": question.limit, "answer": question.answer(found)}
    return compared.model_copy(update=asked | rates)


def _numbers(pairs: Pairs, alpha: float) -> tuple[Comparison, ...]:
    """Of numbers: the mean difference, and with labels that of the absolute errors."""
    stable, candidate = (_column(pairs.predictions, side) for side in (0, 1))
    differences = [_mean("prediction", candidate, stable, alpha)]
    if pairs.labelled:
        first, second, truth = (_column(pairs.labelled, side) for side in (0, 1, 2))
        differences.append(_mean("absolute error", np.abs(second - truth), np.abs(first - truth), alpha))
    return tuple(differences)


def _column(rows: Sequence[Sequence[Prediction]], side: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(row[side]) for row in rows])


def _mean(
    name: str,
    candidate: np.ndarray[tuple[int], np.dtype[np.float64]],
    stable: np.ndarray[tuple[int], np.dtype[np.float64]],
    alpha: float,
) -> Comparison:
    paired = candidate - stable
    found = mean(Moments(len(paired), float(paired.sum()), float((paired**2).sum())), alpha)
    compared = _comparison(name, found, len(paired), alpha, "asymptotic")
    return compared.model_copy(update={"candidate": float(candidate.mean()), "stable": float(stable.mean())})


def _comparison(
    name: str, found: Interval | None, number: int, alpha: float, method: Literal["betting", "asymptotic"]
) -> Comparison:
    return Comparison(
        metric=name,
        units=(number, number),
        value=found.value if found else None,
        lower=found.lower if found else None,
        upper=found.upper if found else None,
        confidence=1 - alpha,
        method=method,
    )
