"""What every strategy decides. A new one is one file that does it and one line in `names.py`.

Strategies are pure: they know neither the proxy nor the clock, and are told what the evidence showed. That a candidate
which is shown to be worse gets no traffic is no strategy's to decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mlops_actions.canary_deploy.comparison.question import Answer, Question
from mlops_actions.evidence.statement import Result

Outcome = Literal["promoted", "rolled-back", "held"]
OnInconclusive = Literal["rollback", "hold"]


@dataclass(frozen=True)
class Finish:
    """How a rollout is to end."""

    outcome: Outcome
    result: Result


class Strategy(Protocol):
    """How traffic moves while a candidate is judged."""

    @property
    def usual_steps(self) -> tuple[float, ...]:
        """The input `steps` where the user gives none."""

    @property
    def usual_end(self) -> OnInconclusive:
        """The input `on-inconclusive` where the user gives none."""

    @property
    def mirrors(self) -> bool:
        """Whether requests are copied to the candidate; `steps` is then the share of them."""

    def judged(self, steps: Sequence[float]) -> tuple[float, ...]:
        """Of the input `steps`, the candidate's weights in percent that are judged, one after the other.

        InputError for steps that make no sense here.
        """

    def after_good(self, step: int, judged: Sequence[float]) -> float | Finish | None:
        """The next weight, or the end, after a step (counted from 0) that showed the candidate to be good enough.

        None where that was not what is to be found out.
        """

    def after_answer(self, question: Question, answer: Answer) -> Finish | None:
        """The end, after a comparison answered its question, or None."""

    def at_deadline(self, on_inconclusive: OnInconclusive) -> Finish:
        """How it ends where the evidence could not decide."""
