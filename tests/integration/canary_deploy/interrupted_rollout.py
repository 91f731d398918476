"""Run a rollout and be interrupted around its N-th weight. Run by test_interruptions.py.

interrupted_rollout.py before|after N INPUTS      SIGKILL; INPUTS is the JSON of the action's inputs
interrupted_rollout.py SIGINT N INPUTS            a cancel just before, after which it ends with 130
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, cast

from mlops_actions import cancellation
from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.targets.envoy import EnvoyTarget
from mlops_actions.errors import CancelledError

set_weight = EnvoyTarget.set_weight
weights = 0


def main(moment: str, number: int, inputs: str) -> None:
    def interrupted(target: EnvoyTarget, percent: float, expected: float | None = None) -> None:
        global weights
        weights += 1
        if weights != number:
            set_weight(target, percent, expected)
            return
        if moment == "SIGINT":
            os.kill(os.getpid(), signal.SIGINT)
        if moment != "before":
            set_weight(target, percent, expected)
        if moment != "SIGINT":
            os.kill(os.getpid(), signal.SIGKILL)

    cast("Any", EnvoyTarget).set_weight = interrupted
    with cancellation.handled():
        run(Inputs.model_validate(json.loads(inputs)))
    if cancellation.requested():
        sys.exit(CancelledError.exit_code)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
