"""What an A/B test can find out, from what the stable side does before it."""

from __future__ import annotations

from collections.abc import Collection

from mlops_actions.canary_deploy.baseline import Baseline
from mlops_actions.canary_deploy.comparison.asked import Asked
from mlops_actions.canary_deploy.comparison.question import Question
from mlops_actions.errors import InputError, nearest
from mlops_actions.statistics.sequential import Block, Counts, difference_of_proportions
from mlops_actions.statistics.sequential.means import LEAST_UNITS

_LOOKS = 100
"""In which the traffic of a whole test is laid out; more of them change nothing that is printed."""


def ask(question: Question, baseline: Baseline, alpha: float, means: Collection[str] = ()) -> Asked:
    """The question with what is known of the stable side; `means` are what the source sums up instead of counting.

    InputError for what it does neither with.
    """
    if question.metric in means:
        return Asked(question, alpha, is_mean=True)
    history = baseline.metrics.get(question.metric)
    if history is None:
        close = nearest(question.metric, [*baseline.metrics, *means])
        raise InputError(
            f"nothing counted {question.metric!r} while the stable side was watched.",
            where="question",
            hint=f"{close} Its source says what it counts; see the guide of canary-deploy.",
        )
    if abs(question.limit) >= 1:
        raise InputError(
            f"the question is {question}, and two shares never differ by {abs(question.limit):g}.",
            where="question",
            hint="One point is 0.01.",
        )
    return Asked(question, alpha, dispersion=history.dispersion.value, history=history.counts)


def foresee(asked: Asked, baseline: Baseline, weight: float, deadline: float) -> str:
    """Which difference will be seen by the deadline, at a candidate's weight in percent and today's traffic."""
    if asked.is_mean:
        return f"plan: {asked.question}: a mean is told from {LEAST_UNITS} units of each side on"
    history = baseline.metrics[asked.question.metric]
    both = history.counts.total / baseline.seconds * deadline / _LOOKS if baseline.seconds else 0.0
    candidate, stable = (round(both * share) for share in (weight / 100, 1 - weight / 100))
    blocks = [
        Block(_expected(candidate, history.rate, look), _expected(stable, history.rate, look)) for look in range(_LOOKS)
    ]
    found = difference_of_proportions(blocks, asked.alpha, history=history.counts, dispersion=asked.dispersion)
    seen = "nothing" if found is None else f"differences of {100 * (found.upper - found.lower) / 2:.2g} points and more"
    return (
        f"plan: {asked.question}: the deadline leaves about {_LOOKS * candidate:,} of the candidate and "
        f"{_LOOKS * stable:,} of the stable side, which can see {seen}"
    )


def _expected(total: int, rate: float, look: int) -> Counts:
    """A look's share of the errors that are expected, whole ones that add up to them."""
    return Counts(min(total, round((look + 1) * total * rate) - round(look * total * rate)), total)
