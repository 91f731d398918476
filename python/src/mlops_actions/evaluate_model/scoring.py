"""Score one model in the sandbox, and say in one sentence what is wrong when it cannot be done."""

from __future__ import annotations

import logging

from mlops_actions.evaluate_model.answer import Answer, MisbehaviourError, Problem, read_answer
from mlops_actions.evaluate_model.exchange import ModelFile, Wanted, hand_over
from mlops_actions.evaluate_model.problems import plain, raise_problem
from mlops_actions.evaluate_model.sandbox import Ending, Sandbox, exchange_folder
from mlops_actions.evaluate_model.testset import TestSet

log = logging.getLogger(__name__)


def score(model: ModelFile, test_set: TestSet, sandbox: Sandbox, seconds: float) -> Answer:
    """Predictions of a model for every row, checked.

    Raises MisbehaviourError for what speaks against the model, InputError for what speaks against its environment.
    """
    wanted: Wanted = "values" if test_set.target.task == "regression" else "classes"
    log.info("Scoring %s rows with the %s in %s.", f"{test_set.rows:,}", model.name, sandbox.means)
    with exchange_folder(sandbox) as folder:
        hand_over(folder, model, test_set.features, test_set.rows, wanted)
        ending = sandbox.run(["-I", "scorer"], folder, seconds)
        for line in ending.output:
            log.info("  %s | %s", model.name, plain(line))
        if ending.timed_out:
            raise MisbehaviourError("model-timeout", f"was not done within the time-limit of {seconds:g} seconds.")
        answer = read_answer(folder / "output", test_set.rows, wanted)
    if answer is None:
        raise MisbehaviourError("model-ended", _without_answer(ending))
    if isinstance(answer, Problem):
        raise_problem(answer, model, test_set, sandbox.interpreter)
    log.info("Scored in %.1f s.", ending.seconds)
    return answer


def _without_answer(ending: Ending) -> str:
    code = ending.exit_code
    if code == 0:
        return "ended the process before it had answered."
    signal = -code if code < 0 else code - 128 if code > 128 else None
    if signal == 9:
        return "was killed before it had answered; the memory may not have been enough."
    how = f"by signal {signal}" if signal else f"with exit code {code}"
    last = f" The last line was: {plain(ending.output[-1])}" if ending.output else ""
    return f"ended the process {how} before it had answered.{last}"
