"""Canary: the candidate's weight rises by steps, each of which has to be shown good enough."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.canary_deploy.comparison.question import Answer, Question
from mlops_actions.canary_deploy.strategies.interface import Finish, OnInconclusive
from mlops_actions.errors import InputError


class Canary:
    """See `Strategy`."""

    usual_steps: tuple[float, ...] = (5.0, 20.0, 50.0, 100.0)
    usual_end: OnInconclusive = "rollback"
    mirrors: bool = False

    def judged(self, steps: Sequence[float]) -> tuple[float, ...]:
        """All but the 100 % of a promotion, which leave nothing to compare with."""
        judged = tuple(step for step in steps if step < 100)
        if not judged:
            raise InputError(
                "'steps' is 100 alone, which leaves nothing on the stable side to compare with.",
                hint="Write steps: 5, 20, 50, 100, or strategy: blue-green to switch at once.",
            )
        return judged

    def after_good(self, step: int, judged: Sequence[float]) -> float | Finish:
        """The next step, or the promotion."""
        return judged[step + 1] if step + 1 < len(judged) else Finish("promoted", "pass")

    def after_answer(self, question: Question, answer: Answer) -> None:
        """Nothing is asked."""

    def at_deadline(self, on_inconclusive: OnInconclusive) -> Finish:
        """As the user chose."""
        return Finish("held" if on_inconclusive == "hold" else "rolled-back", "inconclusive")
