"""Run a rollout and be killed around its N-th weight. Run by test_interruptions.py.

interrupted_rollout.py before|after N INPUTS      SIGKILL; INPUTS is the JSON of the action's inputs
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any, cast

from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.targets.envoy import EnvoyTarget

set_weight = EnvoyTarget.set_weight
weights = 0


def main(moment: str, number: int, inputs: str) -> None:
    def interrupted(target: EnvoyTarget, percent: float) -> None:
        global weights
        weights += 1
        if weights != number:
            set_weight(target, percent)
            return
        if moment == "after":
            set_weight(target, percent)
        os.kill(os.getpid(), signal.SIGKILL)

    cast("Any", EnvoyTarget).set_weight = interrupted
    run(Inputs.model_validate(json.loads(inputs)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
