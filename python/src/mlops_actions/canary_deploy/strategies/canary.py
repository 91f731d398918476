"""Canary: the candidate's weight rises by steps, each of which has to be shown good enough."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.canary_deploy.strategies.interface import Finish, OnInconclusive


class Canary:
    """See `Strategy`."""

    def judged(self, steps: Sequence[float]) -> tuple[float, ...]:
        """All but the 100 % of a promotion, which leave nothing to compare with."""
        return tuple(step for step in steps if step < 100)

    def after_good(self, step: int, judged: Sequence[float]) -> float | Finish:
        """The next step, or the promotion."""
        return judged[step + 1] if step + 1 < len(judged) else Finish("promoted", "pass")

    def at_deadline(self, on_inconclusive: OnInconclusive) -> Finish:
        """As the user chose."""
        return Finish("held" if on_inconclusive == "hold" else "rolled-back", "inconclusive")
