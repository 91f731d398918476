"""Scores one model, or computes one metric, in the user's own environment: `python -I scorer` in the exchange folder.

Everything outside the standard library is imported late and comes from the user's environment. Python 3.9.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import bursts
import protocol
from protocol import ProblemError

MOST_BATCHES = 1000


def main() -> None:
    """Answer the request; a problem of the model, or of the metric, is an answer too."""
    request = protocol.read_request()
    try:
        protocol.write_answer(metric(request) if "metric" in request else score(request))
    except ProblemError as problem:
        protocol.write_problem(problem)
    except ModuleNotFoundError as error:
        protocol.write_problem(ProblemError("module-missing", protocol.line_of(error), module=error.name or ""))


def score(request: dict[str, Any]) -> dict[str, Any]:
    """Load the model, predict every row, time calls; returns what goes into the answer.

    Where models take turns, calls are all that is wanted.
    """
    import formats

    begin = time.perf_counter()
    model = load(formats.load, request)
    loaded = time.perf_counter()

    import features

    table, missing = features.table_for(model, request)
    predict = method(model, request["output"])
    if request["turns"]:
        return {"latency": bursts.in_turns(predict, table, request)}
    batches: list[float] = []
    array, classes = in_batches(model, predict, table, missing, request, batches)
    scored = time.perf_counter()
    protocol.write_predictions(array)
    return {
        "method": predict.__name__,
        "classes": classes,
        "load_seconds": loaded - begin,
        "score_seconds": scored - loaded,
        "latency": bursts.alone(predict, table, request),
        "batch_ms": batches[:MOST_BATCHES],
        "peak_bytes": peak_bytes(),
    }


def metric(request: dict[str, Any]) -> dict[str, Any]:
    """Compute a metric of the user's own; returns what goes into the answer."""
    import own_metric

    return own_metric.compute(request)


def load(loader: Callable[[dict[str, Any]], Any], request: dict[str, Any]) -> Any:
    """Load the model; one of another scikit-learn is refused, since it may predict something else, silently."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = loader(request)
        except (ModuleNotFoundError, ProblemError):
            raise
        except Exception as error:
            refuse_version_skew(caught)
            raise ProblemError("model-unreadable", protocol.line_of(error)) from error
    refuse_version_skew(caught)
    return model


def refuse_version_skew(caught: Sequence[warnings.WarningMessage]) -> None:
    """Raise ProblemError for scikit-learn's warning that a model is of another version."""
    for one in caught:
        if type(one.message).__name__ == "InconsistentVersionWarning":
            trained = str(getattr(one.message, "original_sklearn_version", "unknown"))
            found = str(getattr(one.message, "current_sklearn_version", "unknown"))
            raise ProblemError("version-skew", "", trained=trained, found=found)


def method(model: Any, output: str) -> Callable[[Any], Any]:
    """The method that gives the wanted output; a classifier without probabilities gives labels."""
    for name in ("predict_proba", "predict") if output == "classes" else ("predict",):
        # predict_proba may be a property that raises AttributeError for some settings.
        found: Callable[[Any], Any] | None = getattr(model, name, None)
        if callable(found):
            return found
    raise ProblemError("no-predict", type(model).__name__)


def in_batches(
    model: Any,
    predict: Callable[[Any], Any],
    table: Any,
    missing: list[str],
    request: dict[str, Any],
    taken: list[float],
) -> tuple[Any, list[Any] | None]:
    """Predictions of all rows as one array, and the classes that its columns or codes stand for.

    `taken` gets the milliseconds of each batch.
    """
    import numpy

    parts = []
    told = time.perf_counter()
    for start in range(0, request["rows"], request["batch"]):
        batch = table[start : min(start + request["batch"], request["rows"])]
        begin = time.perf_counter()
        try:
            parts.append(numpy.asarray(predict(batch)))
            taken.append(1000 * (time.perf_counter() - begin))
        except ProblemError:
            raise
        except Exception as error:
            raise explained(error, missing) from error
        if time.perf_counter() - told >= request["progress"]:
            protocol.tell_progress(start + len(parts[-1]))
            told = time.perf_counter()
    try:
        array = numpy.concatenate(parts)
        if request["output"] == "values":
            return numpy.asarray(array, dtype="float64"), None
        if predict.__name__ == "predict_proba":
            return numpy.asarray(array, dtype="float64"), listed(model.classes_)
        return coded(array, numpy.asarray(getattr(model, "classes_", numpy.unique(array))))
    except Exception as error:
        raise ProblemError("predictions-unusable", protocol.line_of(error)) from error


def coded(labels: Any, classes: Any) -> tuple[Any, list[Any]]:
    """Labels as indices into classes. Raises ValueError for a label that is none of them."""
    import numpy

    order = numpy.argsort(classes, kind="stable")
    places = numpy.searchsorted(classes, labels, sorter=order)
    codes = order[numpy.minimum(places, len(classes) - 1)]
    if not (classes[codes] == labels).all():
        raise ValueError("predict returned a label that is not in classes_")
    return codes.astype("int32"), listed(classes)


def explained(error: Exception, missing: list[str]) -> ProblemError:
    """Why predicting failed: for lack of a column where one is missing, else the model's own exception."""
    line = protocol.line_of(error)
    if missing:
        # Of the columns that are not there, a model needs those that it complains about.
        named = [name for name in missing if name in str(error)]
        return ProblemError("column-missing", line, columns=named or missing)
    return ProblemError("model-raised", line)


def listed(classes: Any) -> list[Any]:
    """Classes as JSON values. Raises ValueError where they are neither booleans, numbers nor text."""
    import numpy

    values = [one.item() if isinstance(one, numpy.generic) else one for one in classes]
    if not all(isinstance(one, (bool, int, float, str)) for one in values):
        raise ValueError("its classes are not booleans, numbers or text")
    return values


def peak_bytes() -> int | None:
    """The most memory that this process held; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    # Linux counts in kibibytes, macOS in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that a model left behind must not keep the process alive.
    os._exit(0)
