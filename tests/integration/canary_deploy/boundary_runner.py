"""Runs rollouts, each in a fork that is killed at one boundary: a save of the state, or a set of the weight.

Reads orders from standard input, one JSON a line: `inputs` of the action, `number` of the boundary (from 1; 0 for none)
and `moment`, `before` or `after` it. Answers each with the exit `status` and how many `boundaries` there were.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, cast

from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.memory.folder import FolderMemory
from mlops_actions.canary_deploy.targets.exec import ExecTarget
from mlops_actions.registries.log import Log

passed = 0


def interrupted(call: Callable[..., Any], number: int, moment: str) -> Callable[..., Any]:
    def at_boundary(*given: Any, **named: Any) -> Any:
        global passed
        passed += 1
        mine = passed == number
        if mine and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = call(*given, **named)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return at_boundary


def conduct(order: dict[str, Any], answer: int) -> None:
    for owner, name in ((FolderMemory, "save"), (Log, "append"), (ExecTarget, "set_weight")):
        setattr(owner, name, interrupted(getattr(cast("Any", owner), name), order["number"], order["moment"]))
    run(Inputs.model_validate(order["inputs"]))
    os.write(answer, str(passed).encode())


def main() -> None:
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            conduct(json.loads(line), writing)
            os._exit(0)
        os.close(writing)
        status = os.waitpid(child, 0)[1]
        with os.fdopen(reading) as told:
            print(json.dumps({"status": status, "boundaries": int(told.read() or 0)}), flush=True)


if __name__ == "__main__":
    main()
