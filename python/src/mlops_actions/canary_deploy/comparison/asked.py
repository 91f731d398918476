"""What both sides did in what an A/B test asks, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlops_actions.canary_deploy.comparison.question import Answer, Question
from mlops_actions.evidence.rollout import Comparison
from mlops_actions.statistics.sequential import (
    Block,
    Counts,
    Interval,
    Moments,
    difference_of_means,
    difference_of_proportions,
    excluded_difference,
)
from mlops_actions.statistics.sequential.counts import NOTHING

if TYPE_CHECKING:
    from mlops_actions.canary_deploy.looks import Seen

_NO_SUMS = Moments(0, 0.0, 0.0)


@dataclass(frozen=True)
class Asked:
    """A question, and all that was seen of it since the first look, one block a look."""

    question: Question
    alpha: float
    kind: Literal["ab"] = "ab"
    dispersion: float = 1.0
    """Of the stable side before the test, where the metric is a proportion."""
    history: Counts = NOTHING
    """The same."""
    is_mean: bool = False
    blocks: tuple[Block, ...] = ()
    candidate: Moments = _NO_SUMS
    """Where the metric is a mean."""
    stable: Moments = _NO_SUMS

    def after(self, seen: Seen) -> Asked:
        """With what one more look saw; one that was thrown away adds nothing."""
        name = self.question.metric
        if self.is_mean:
            candidate, stable = seen.sums.get(name, (_NO_SUMS, _NO_SUMS))
            return replace(self, candidate=self.candidate + candidate, stable=self.stable + stable)
        return replace(self, blocks=(*self.blocks, seen.blocks[name])) if name in seen.blocks else self

    def answer(self) -> Answer:
        """What is shown by now."""
        if self.is_mean:
            return self.question.answer(difference_of_means(self.candidate, self.stable, self.alpha))
        side = excluded_difference(self.blocks, self.question.limit, self.alpha, self.history, self.dispersion)
        if side is None:
            return "open"
        return "yes" if (side == "below") == (self.question.sign == "<") else "no"

    def compare(self) -> tuple[Comparison, ...]:
        """The estimate and its interval, as the statement holds them."""
        found = self._difference()
        candidate, stable = self._side("canary"), self._side("baseline")
        compared = Comparison(
            metric=self.question.metric,
            claim=str(self.question),
            limit=self.question.limit,
            answer=self.answer(),
            units=(candidate[0], stable[0]),
            candidate=candidate[1],
            stable=stable[1],
            value=found.value if found else None,
            lower=found.lower if found else None,
            upper=found.upper if found else None,
            confidence=1 - self.alpha,
            method="asymptotic" if self.is_mean else "e-processes",
        )
        return (compared,)

    def _difference(self) -> Interval | None:
        if self.is_mean:
            return difference_of_means(self.candidate, self.stable, self.alpha)
        return difference_of_proportions(self.blocks, self.alpha, history=self.history, dispersion=self.dispersion)

    def _side(self, arm: str) -> tuple[int, float | None]:
        """How many units, and their rate or mean."""
        if self.is_mean:
            sums = self.candidate if arm == "canary" else self.stable
            return sums.number, sums.mean if sums.number else None
        counts = [block.canary if arm == "canary" else block.baseline for block in self.blocks]
        both = Counts(sum(one.bad for one in counts), sum(one.total for one in counts))
        return both.total, both.rate
