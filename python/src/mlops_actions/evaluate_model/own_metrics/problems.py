"""Why a metric of the user's own could not be computed, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from mlops_actions.errors import InputError, MlopsError, nearest
from mlops_actions.evaluate_model.own_metrics.names import OwnMetric
from mlops_actions.evaluate_model.sandbox import Sandbox
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError, Problem
from mlops_actions.evaluate_model.scoring.problems import plain


@dataclass(frozen=True)
class _Report:
    """A problem and whom it is about; all text is made plain."""

    message: str
    word: str
    """The module, parameter or column that it is about."""
    names: list[str]
    metric: OwnMetric
    sandbox: Sandbox


def raise_problem(problem: Problem, metric: OwnMetric, sandbox: Sandbox) -> NoReturn:
    """Raise InputError for a function that cannot be called, MisbehaviourError for one that goes wrong as it runs."""
    listed = problem.details.get("names")
    names = [plain(str(one)) for one in listed] if isinstance(listed, list) else []
    word = plain(str(problem.details.get("module") or problem.details.get("name") or ""))
    report = _Report(plain(problem.message), word, names, metric, sandbox)
    raise _SENTENCES.get(problem.code, _raised)(report)


def _module_missing(report: _Report) -> InputError:
    module = re.sub(r"[^A-Za-z0-9_].*", "", report.word)
    own = report.metric.module.partition(".")[0]
    python = report.sandbox.interpreter.given
    if module == own:
        return _wrong(
            report,
            f"there is no module {report.word!r}, neither in the working directory nor among the packages of "
            f"{python!r}.",
            f"Put it into {own}.py, or into a folder {own!r} with an __init__.py.",
        )
    if Path(f"{module}.py").is_file() or Path(module).is_dir():
        return _wrong(
            report,
            f"{own!r} imports {module!r}, and of the working directory only {own!r} itself is handed over.",
            f"Put both into one package, such as `{own}.{report.metric.function}`.",
        )
    return _wrong(
        report,
        f"{own!r} needs the module {module!r}, which {python!r} does not have.",
        f"Install it with `{python} -m pip install {module}`.",
    )


def _unimportable(report: _Report) -> InputError:
    return _wrong(report, f"{report.metric.module!r} cannot be imported: {report.message}", "")


def _missing(report: _Report) -> InputError:
    metric = report.metric
    return _wrong(
        report, f"{metric.module!r} has no function {metric.function!r}.", nearest(metric.function, report.names)
    )


def _parameter(report: _Report) -> InputError:
    if report.word in ("probability", "y_score", "y_prob", "y_proba"):
        return _wrong(
            report, f"it takes {report.word!r}, and not every model gives one.", "Take the prediction instead."
        )
    if report.word in ("weights", "sample_weight"):
        return _wrong(report, f"it takes {report.word!r}, and there are none.", "Give `weights`, or a default.")
    return _wrong(
        report,
        f"nothing fills its parameter {report.word!r}.",
        f"Where that is a column, write `{report.metric.path}({', '.join([*report.metric.columns, report.word])})`.",
    )


def _column(report: _Report) -> InputError:
    return _wrong(report, f"it has no parameter {report.word!r} to take that column.", "")


def _nothing(_report: _Report) -> MisbehaviourError:
    return MisbehaviourError("metric-raised", "returned nothing.")


def _raised(report: _Report) -> MisbehaviourError:
    message = report.message.rstrip(".") + "."
    return MisbehaviourError("metric-raised", f"raised {message}{report.sandbox.limits.met_by(message)}")


def _wrong(report: _Report, message: str, hint: str) -> InputError:
    return InputError(f"`{report.metric}`: {message}", where="metrics", hint=hint or None)


_SENTENCES: dict[str, Callable[[_Report], MlopsError | MisbehaviourError]] = {
    "metric-module-missing": _module_missing,
    "metric-unimportable": _unimportable,
    "metric-missing": _missing,
    "metric-parameter": _parameter,
    "metric-column": _column,
    "metric-nothing": _nothing,
}
"""The scorer's word for a problem → what to tell."""
