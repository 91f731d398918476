"""Why a scorer ended without an answer, and which limit a model met, in one sentence."""

from __future__ import annotations

from mlops_actions.evaluate_model.sandbox import Ending, Limits, Sandbox, size_text
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError
from mlops_actions.evaluate_model.scoring.problems import plain


def refuse_excess(ending: Ending, sandbox: Sandbox, seconds: float) -> None:
    """Raise MisbehaviourError for a run that was ended for taking more than it may."""
    limits = sandbox.limits
    if ending.timed_out:
        raise MisbehaviourError("model-timeout", f"was not done within the time-limit of {seconds:g} seconds.")
    if ending.exceeded == "processes":
        message = f"started more than {limits.processes} processes at a time."
    elif ending.exceeded == "memory":
        message = f"used more memory than the {size_text(limits.memory)} that `memory-limit` allows."
    elif ending.exceeded == "disk":
        message = f"wrote more than the {size_text(limits.disk)} that `disk-limit` allows."
    else:
        return
    raise MisbehaviourError(f"model-{ending.exceeded}", message)


def without_answer(ending: Ending, limits: Limits) -> str:
    """How a run ended that left no answer."""
    code = ending.exit_code
    if code == 0:
        return "ended the process before it had answered."
    signal = -code if code < 0 else code - 128 if code > 128 else None
    if signal == 9:
        return "was killed before it had answered; the memory may not have been enough."
    how = f"by signal {signal}" if signal else f"with exit code {code}"
    last = f" The last line was: {plain(ending.output[-1])}" if ending.output else ""
    return f"ended the process {how} before it had answered.{last}{limits.met_by(last)}"
