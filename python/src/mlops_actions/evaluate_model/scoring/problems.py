"""What the scorer reports, in one sentence: a model's own fault fails it, its environment's is a person's to mend."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from mlops_actions.errors import InputError, MlopsError, nearest
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Interpreter, Sandbox
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError, Problem
from mlops_actions.evaluate_model.scoring.exchange import ModelFile

_PACKAGES = {"sklearn": "scikit-learn", "yaml": "pyyaml", "cv2": "opencv-python", "PIL": "pillow"}
"""Module → what to install, where the names differ."""
_SHOWN_CHARACTERS = 300


def raise_problem(problem: Problem, model: ModelFile, test_set: TestSet, sandbox: Sandbox) -> NoReturn:
    """Raise MisbehaviourError for what speaks against the model, InputError for what speaks against its environment."""
    listed = problem.details.get("columns") or problem.details.get("types")
    report = _Report(
        plain(problem.message),
        {key: plain(str(value)) for key, value in problem.details.items()},
        [plain(str(one)) for one in listed] if isinstance(listed, list) else [],
        model,
        test_set,
        sandbox,
    )
    raise _SENTENCES.get(problem.code, _unusable)(report)


def plain(text: str) -> str:
    r"""Untrusted text as one short line without control characters.

    >>> plain("a\x1b[31mb\nc")
    'a [31mb c'
    """
    line = "".join(" " if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp") else one for one in text)
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}…"


@dataclass(frozen=True)
class _Report:
    """A problem and whom it is about; all text is made plain."""

    message: str
    details: dict[str, str]
    names: list[str]
    """Of columns or types."""
    model: ModelFile
    test_set: TestSet
    sandbox: Sandbox

    @property
    def interpreter(self) -> Interpreter:
        return self.sandbox.interpreter

    @property
    def given(self) -> str:
        """The interpreter as the user wrote it."""
        return self.interpreter.given


def _module_missing(report: _Report) -> InputError:
    module = re.sub(r"[^A-Za-z0-9_].*", "", report.details.get("module", ""))
    return InputError(
        f"the {report.model.name} needs the module {module!r}, which {report.given!r} does not have.",
        where=report.interpreter.source,
        hint=f"Install it with `{report.given} -m pip install {_PACKAGES.get(module, module)}`, "
        f"or name the Python that the model was trained with.",
    )


def _version_skew(report: _Report) -> InputError:
    trained, found = report.details.get("trained"), report.details.get("found")
    package = re.sub(r"[^A-Za-z0-9._-].*", "", report.details.get("package", "scikit-learn"))
    return InputError(
        f"the {report.model.name} was trained with {package} {trained}, and {report.given!r} has {found}: "
        "it could predict something else.",
        where=report.interpreter.source,
        hint=f"Install the version it was trained with (`{report.given} -m pip install {package}=={trained}`), "
        "or train it again.",
    )


def _python_skew(report: _Report) -> InputError:
    trained, found = report.details.get("trained", ""), report.details.get("found")
    return InputError(
        f"the {report.model.name} holds functions that Python {trained} pickled by value, and {report.given!r} is "
        f"Python {found}: only the same minor version can run them.",
        where=report.interpreter.source,
        hint=f"Name a Python {'.'.join(trained.split('.')[:2])}, or save the model again.",
    )


def _runtime_old(report: _Report) -> InputError:
    found = report.details.get("found")
    return InputError(
        f"the {report.model.name} is newer than onnxruntime {found} of {report.given!r}: {report.message}.",
        where=report.interpreter.source,
        hint=f"Install a newer one (`{report.given} -m pip install --upgrade onnxruntime`), "
        "or export the model with a lower target opset.",
    )


def _types_untrusted(report: _Report) -> InputError:
    types = ", ".join(report.names)
    more = int(report.details["count"]) - len(report.names) if report.details.get("count", "").isdigit() else 0
    return InputError(
        f"the {report.model.name} {str(report.model.path)!r} holds types that nobody trusts: {types}"
        f"{f' and {more} more' if more > 0 else ''}. Nothing was loaded.",
        where="trusted-types",
        hint=f"Where you know what they do, write `trusted-types: {types}`.",
    )


def _classes_unknown(report: _Report) -> InputError:
    return InputError(
        f"the {report.model.name} does not say which classes its probabilities in {report.message} stand for.",
        where=report.interpreter.source,
        hint=f"Install onnx (`{report.given} -m pip install onnx`), which can read them, or export it with a ZipMap.",
    )


def _column_missing(report: _Report) -> MisbehaviourError:
    names, test_set = report.names, report.test_set
    listed = ", ".join(repr(name) for name in names[:10])
    withheld = [name for name in names if test_set.kept_back.get(name) == "unavailable"]
    if withheld:
        which = ", ".join(repr(name) for name in withheld[:10])
        verb = "is" if len(withheld) == 1 else "are"
        return MisbehaviourError(
            "unavailable-column", f"needs {which}, which the contract says {verb} not available at prediction time."
        )
    first = names[0] if names else ""
    role = test_set.kept_back.get(first)
    if role == "target":
        return MisbehaviourError("target-needed", f"needs {first!r}, which is the target.")
    if role:
        advice = f"{first!r} is kept back as {role}; name it in `features` to hand it over."
    elif first in test_set.table.columns:
        advice = f"{first!r} is not among the `features`."
    else:
        advice = f"The data has no such column. {nearest(first, test_set.features)}"
    return MisbehaviourError("column-missing", f"needs {listed}. {advice}".rstrip())


def _column_type(report: _Report) -> MisbehaviourError:
    column, wanted, found = report.names[:1], report.details.get("wanted"), report.details.get("found")
    return MisbehaviourError("column-type", f"needs {wanted} in {column[0] if column else ''!r}, which holds {found}.")


def _column_gaps(report: _Report) -> MisbehaviourError:
    column = report.names[0] if report.names else ""
    return MisbehaviourError(
        "column-gaps",
        f"needs {report.details.get('wanted')} in every row of {column!r}, and some are missing: ONNX has none "
        "that are missing, so fill them as in training.",
    )


def _feature_count(report: _Report) -> MisbehaviourError:
    return MisbehaviourError(
        "feature-count",
        f"was trained on {report.details.get('wanted')} columns without names, and {report.details.get('given')} are "
        "handed over; name them in `features`, in the order of training.",
    )


def _inputs_unusable(report: _Report) -> MisbehaviourError:
    return MisbehaviourError(
        "inputs-unusable", f"takes {report.message}; it can be scored with one input a column, or one of all columns."
    )


def _no_predict(report: _Report) -> MisbehaviourError:
    return MisbehaviourError("no-predict", f"is a {report.message} and cannot predict.")


def _unreadable(report: _Report) -> MisbehaviourError:
    return MisbehaviourError("model-unreadable", f"cannot be loaded: {_exception(report)}")


def _raised(report: _Report) -> MisbehaviourError:
    return MisbehaviourError("model-raised", f"raised {_exception(report)}")


def _unusable(report: _Report) -> MisbehaviourError:
    return MisbehaviourError("predictions-unusable", f"cannot be scored: {_exception(report)}")


def _exception(report: _Report) -> str:
    advice = report.sandbox.limits.met_by(report.message)
    if "'__main__'" in report.message:
        # A class of the training script is gone with the script.
        advice = " Put the class into a module that is installed where it is scored."
    elif re.search(r"\bcode\(\) |\bcode expected |unknown opcode", report.message):
        advice = (
            " It holds functions pickled by value, which only the minor version of Python that wrote them can run; "
            f"here it is {report.interpreter.version}."
        )
    return report.message.rstrip(".") + "." + advice


_SENTENCES: dict[str, Callable[[_Report], MlopsError | MisbehaviourError]] = {
    "module-missing": _module_missing,
    "version-skew": _version_skew,
    "python-skew": _python_skew,
    "runtime-old": _runtime_old,
    "types-untrusted": _types_untrusted,
    "classes-unknown": _classes_unknown,
    "column-missing": _column_missing,
    "column-type": _column_type,
    "column-gaps": _column_gaps,
    "feature-count": _feature_count,
    "inputs-unusable": _inputs_unusable,
    "no-predict": _no_predict,
    "model-unreadable": _unreadable,
    "model-raised": _raised,
}
"""The scorer's word for a problem → what to tell."""
