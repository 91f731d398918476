"""Shadow: users' requests are copied to the candidate, whose answers nobody gets. Its weight stays 0.

Only labels can show that it predicts well: without them the end is inconclusive, with a report. Nothing is promoted.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.canary_deploy.strategies.ab import AB
from mlops_actions.errors import InputError


class Shadow(AB):
    """See `Strategy`: an A/B test of copies, whose steps are the share that is copied."""

    usual_steps: tuple[float, ...] = (100.0,)
    mirrors: bool = True

    def judged(self, steps: Sequence[float]) -> tuple[float, ...]:
        """No user is the candidate's."""
        if len(steps) != 1:
            raise InputError(
                f"'steps' is {', '.join(f'{step:g}' for step in steps)}, and a shadow copies one share of requests.",
                hint="Write steps: 100 to copy them all.",
            )
        return (0.0,)
