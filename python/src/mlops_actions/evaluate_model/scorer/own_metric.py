"""A metric of the user's own: a function of truth and prediction, called once for each model. No model is here.

Its first parameter is the truth and its second the prediction, or what its name asks for; the others go by name.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

import features
import protocol
from protocol import ProblemError

NAMES = {
    "y_true": "truth",
    "y_pred": "prediction",
    "y_score": "probability",
    "y_prob": "probability",
    "y_proba": "probability",
    "sample_weight": "weights",
}
"""Names that parameters have elsewhere → ours."""
MOST_NAMES = 100


def compute(request: dict[str, Any]) -> dict[str, Any]:
    """Call the function for each model, and leave what it returned in output/<number of the model>.npy."""
    import numpy

    function = find(request["metric"])
    for number, model in enumerate(request["models"]):
        # Read anew for each, lest one call changes what the next one sees.
        given = {name: whole(array) for name, array in {**request["given"], **model}.items()}
        columns = {column["name"]: whole(column) for column in request["columns"]}
        positional, named = arguments(function, {**given, "classes": request["classes"]}, columns)
        try:
            result = function(*positional, **named)
            array = None if result is None else numpy.asarray(result, dtype="float64")
        except Exception as error:
            raise ProblemError("metric-raised", protocol.line_of(error)) from error
        if array is None:
            raise ProblemError("metric-nothing", "")
        numpy.save(protocol.OUTPUT / f"{number}.npy", array, allow_pickle=False)
    return {"models": len(request["models"])}


def find(metric: dict[str, Any]) -> Callable[..., Any]:
    """The function; ProblemError where its module cannot be imported or does not have it."""
    if metric["path"]:
        sys.path.insert(0, metric["path"])
    try:
        module = importlib.import_module(metric["module"])
    except ModuleNotFoundError as error:
        raise ProblemError("metric-module-missing", protocol.line_of(error), module=error.name or "") from error
    except Exception as error:
        raise ProblemError("metric-unimportable", protocol.line_of(error)) from error
    function = getattr(module, metric["function"], None)
    if callable(function):
        found: Callable[..., Any] = function
        return found
    known = [name for name, one in vars(module).items() if callable(one) and not name.startswith("_")]
    raise ProblemError("metric-missing", "", names=known[:MOST_NAMES])


def arguments(
    function: Callable[..., Any], given: dict[str, Any], columns: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named arguments; ProblemError for a parameter that nothing fills, and a column without one."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        # Functions of C may not tell: they take truth and prediction like everything else.
        return [given["truth"], given["prediction"]], columns
    positional: list[Any] = []
    named: dict[str, Any] = {}
    left = dict(columns)
    for place, parameter in enumerate(parameters):
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            named.update(left)
            left = {}
            continue
        wanted = NAMES.get(parameter.name, parameter.name)
        if parameter.name in left:
            value = left.pop(parameter.name)
        elif place < 2 and wanted not in given:
            value = given[("truth", "prediction")[place]]
        elif given.get(wanted) is not None:
            value = given[wanted]
        elif parameter.default is parameter.empty:
            raise ProblemError("metric-parameter", "", name=parameter.name)
        else:
            continue
        if parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[parameter.name] = value
    if left:
        raise ProblemError("metric-column", "", name=next(iter(left)))
    return positional, named


def whole(column: dict[str, Any] | None) -> Any:
    """A column's values in all rows; None where there is no such column."""
    return None if column is None else features.reader(column)(slice(None))
