"""A/B: a fixed split until one question is answered; then the traffic is left as it is, unless the user says else.

Only harm takes it back: errors that were shown to be more.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.canary_deploy.comparison.question import Answer, Question
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.strategies.interface import Finish, OnInconclusive
from mlops_actions.errors import InputError


class AB:
    """See `Strategy`."""

    usual_steps: tuple[float, ...] = (50.0,)
    usual_end: OnInconclusive = "hold"
    mirrors: bool = False

    def judged(self, steps: Sequence[float]) -> tuple[float, ...]:
        """The split."""
        if len(steps) != 1 or steps[0] == 100:
            raise InputError(
                f"'steps' is {', '.join(f'{step:g}' for step in steps)}, and an A/B test has one split.",
                hint="Write steps: 50, the candidate's share in percent.",
            )
        return (float(steps[0]),)

    def after_good(self, step: int, judged: Sequence[float]) -> None:
        """That the candidate is good enough is not what was asked."""

    def after_answer(self, question: Question, answer: Answer) -> Finish | None:
        """The split stays, but for a candidate that was shown to make more errors."""
        if answer == "open":
            return None
        if answer == "no" and question.metric == ERRORS and question.limit >= 0:
            return Finish("rolled-back", "fail")
        return Finish("held", "pass" if answer == "yes" else "fail")

    def at_deadline(self, on_inconclusive: OnInconclusive) -> Finish:
        """As the user chose."""
        return Finish("held" if on_inconclusive == "hold" else "rolled-back", "inconclusive")
