"""Score one model in the sandbox, and say in one sentence what is wrong when it cannot be done."""

from __future__ import annotations

import logging
from dataclasses import replace

from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Sandbox, exchange_folder
from mlops_actions.evaluate_model.scoring.answer import Answer, MisbehaviourError, Problem, read_answer
from mlops_actions.evaluate_model.scoring.endings import refuse_excess, without_answer
from mlops_actions.evaluate_model.scoring.exchange import ModelFile, hand_over, wanted_of
from mlops_actions.evaluate_model.scoring.problems import plain, raise_problem
from mlops_actions.evaluate_model.scoring.progress import Progress, is_progress

log = logging.getLogger(__name__)


def score(model: ModelFile, test_set: TestSet, sandbox: Sandbox, seconds: float, repeats: int) -> Answer:
    """Predictions of a model for every row, checked, and how long calls took in so many `repeats`.

    Raises MisbehaviourError for what speaks against the model, InputError for what speaks against its environment.
    """
    wanted = wanted_of(test_set.target.task)
    log.info("Scoring %s rows with the %s in %s.", f"{test_set.rows:,}", model.name, sandbox.means)
    with exchange_folder(sandbox.nobody) as folder:
        hand_over(folder, model, test_set.features, test_set.rows, wanted, repeats)
        ending = sandbox.run(["-I", "scorer"], folder, seconds, Progress(model.name, test_set.rows))
        ending = replace(ending, output=tuple(line for line in ending.output if not is_progress(line)))
        for line in ending.output:
            log.info("  %s | %s", model.name, plain(line))
        refuse_excess(ending, sandbox, seconds)
        answer = read_answer(folder / "output", test_set.rows, wanted)
    if answer is None:
        raise MisbehaviourError("model-ended", without_answer(ending, sandbox.limits))
    if isinstance(answer, Problem):
        raise_problem(answer, model, test_set, sandbox)
    log.info("Scored in %.1f s.", ending.seconds)
    return replace(answer, peak_bytes=ending.peak_bytes or answer.peak_bytes)
