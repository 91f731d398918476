"""Blue/green: the traffic switches at once, but for a hold-back on the stable side (blue) to compare with.

With `steps: 100` nothing is held back; the candidate (green) is then compared with the past.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlops_actions.canary_deploy.strategies.canary import Canary
from mlops_actions.errors import InputError


class BlueGreen(Canary):
    """See `Strategy`: a canary of one large step."""

    usual_steps = (95.0, 100.0)

    def judged(self, steps: Sequence[float]) -> tuple[float, ...]:
        """The one weight to switch to."""
        if len(steps) > 2 or not steps[0] >= 50 or (len(steps) == 2 and steps[1] != 100):
            raise InputError(
                f"'steps' is {', '.join(f'{step:g}' for step in steps)}, and blue-green switches at once.",
                hint="Write steps: 95, 100 to hold back 5 % to compare with, or steps: 100 to hold back nothing.",
            )
        return (float(steps[0]),)
