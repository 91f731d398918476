"""Score one model in the sandbox, and say in one sentence what is wrong when it cannot be done."""

from __future__ import annotations

import logging
import re
import unicodedata
from typing import NoReturn

from mlops_actions.errors import InputError, nearest
from mlops_actions.evaluate_model.answer import Answer, MisbehaviourError, Problem, read_answer
from mlops_actions.evaluate_model.exchange import ModelFile, Wanted, hand_over
from mlops_actions.evaluate_model.sandbox import Ending, Sandbox, exchange_folder
from mlops_actions.evaluate_model.testset import TestSet

log = logging.getLogger(__name__)

_PACKAGES = {"sklearn": "scikit-learn", "yaml": "pyyaml", "cv2": "opencv-python", "PIL": "pillow"}
"""Module → what to install, where the names differ."""
_SHOWN_CHARACTERS = 300


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
        _raise(answer, model, test_set, sandbox)
    log.info("Scored in %.1f s.", ending.seconds)
    return answer


def plain(text: str) -> str:
    r"""Untrusted text as one short line without control characters.

    >>> plain("a\x1b[31mb\nc")
    'a [31mb c'
    """
    line = "".join(" " if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp") else one for one in text)
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"


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


def _raise(problem: Problem, model: ModelFile, test_set: TestSet, sandbox: Sandbox) -> NoReturn:
    message = plain(problem.message)
    given, source = sandbox.interpreter.given, sandbox.interpreter.source
    details = {key: plain(str(value)) for key, value in problem.details.items()}
    if problem.code == "module-missing":
        module = re.sub(r"[^A-Za-z0-9_].*", "", details.get("module", ""))
        raise InputError(
            f"the {model.name} needs the module {module!r}, which {given!r} does not have.",
            where=source,
            hint=f"Install it with `{given} -m pip install {_PACKAGES.get(module, module)}`, "
            f"or name the Python that the model was trained with.",
        )
    if problem.code == "version-skew":
        trained, found = details.get("trained"), details.get("found")
        raise InputError(
            f"the {model.name} was trained with scikit-learn {trained}, and {given!r} has {found}: "
            "it could predict something else.",
            where=source,
            hint=f"Install the version it was trained with (`{given} -m pip install scikit-learn=={trained}`), "
            "or train it again.",
        )
    if problem.code == "format-unknown":
        raise InputError(
            f"the {model.name} {str(model.path)!r} is of no known format.",
            where=model.name if model.name == "champion" else "model",
            hint="Known: .joblib, .pickle, .pkl.",
        )
    if problem.code == "column-missing":
        _raise_missing([plain(str(name)) for name in problem.details.get("columns", [])], test_set)
    if problem.code == "feature-count":
        raise MisbehaviourError(
            "feature-count",
            f"was trained on {details.get('wanted')} columns without names, and {details.get('given')} are handed "
            "over; name them in `features`, in the order of training.",
        )
    if problem.code == "no-predict":
        raise MisbehaviourError("no-predict", f"is a {message} and cannot predict.")
    told = {"model-raised": "raised", "model-unreadable": "cannot be loaded:"}.get(problem.code, "cannot be scored:")
    code = problem.code if problem.code in ("model-raised", "model-unreadable") else "predictions-unusable"
    # A class of the training script is gone with the script.
    advice = " Put the class into a module that is installed where it is scored." if "'__main__'" in message else ""
    raise MisbehaviourError(code, f"{told} {message.rstrip('.')}.{advice}")


def _raise_missing(names: list[str], test_set: TestSet) -> NoReturn:
    listed = ", ".join(repr(name) for name in names[:10])
    withheld = [name for name in names if test_set.kept_back.get(name) == "unavailable"]
    if withheld:
        which = ", ".join(repr(name) for name in withheld[:10])
        verb = "is" if len(withheld) == 1 else "are"
        raise MisbehaviourError(
            "unavailable-column", f"needs {which}, which the contract says {verb} not available at prediction time."
        )
    first = names[0] if names else ""
    role = test_set.kept_back.get(first)
    if role == "target":
        raise MisbehaviourError("target-needed", f"needs {first!r}, which is the target.")
    if role:
        advice = f"{first!r} is kept back as {role}; name it in `features` to hand it over."
    elif first in test_set.table.columns:
        advice = f"{first!r} is not among the `features`."
    else:
        advice = f"The data has no such column. {nearest(first, test_set.features)}"
    raise MisbehaviourError("column-missing", f"needs {listed}. {advice}".rstrip())
