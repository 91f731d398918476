"""The forms that tools write their numbers in, each with what it says beyond names and numbers.

A form of its own is needed only where a tool wraps its numbers, tells counts in its own way, or speaks of two models.
Everything else is plain: any JSON of numbers, scikit-learn's `classification_report`, a CycloneDX model card.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, floor, inf, nan
from typing import Any, TypeGuard

from mlops_actions.errors import InputError
from mlops_actions.policy.metrics.counted import Keys, confused, real, share_of, whole
from mlops_actions.statistics.estimate import Estimate

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """The numbers of one model in one document."""

    numbers: object
    """Nested objects and lists, in which each number stands under its keys."""
    estimates: tuple[tuple[Keys, Estimate], ...] = ()
    """By their keys, where this form says more than `counted` finds."""


@dataclass(frozen=True)
class Content:
    """What a document says of the candidate, and of the model that it compares with, by the files that it names."""

    candidate: Mapping[str, Reading]
    champion: Mapping[str, Reading] = field(default_factory=dict)
    missing: str = ""
    """Why a metric may be missing, for the message that says so."""


def content_of(document: object) -> Content:
    """Read a document in the first form that is its own. Raises InputError where it says that it is not whole."""
    return next(found for read in FORMATS.values() if (found := read(document)) is not None)


def _dvc_diff(document: object) -> Content | None:
    """`dvc metrics diff --json`: file → metric with dots → old, new, diff."""
    if not (isinstance(document, dict) and document):
        return None
    entries = [one for metrics in document.values() for one in (metrics.values() if _is_object(metrics) else [None])]
    if not entries or not all(isinstance(one, dict) and one.keys() >= {"old", "new"} for one in entries):
        return None
    candidate, champion = (
        {file: Reading(_nested({key: one[side] for key, one in metrics.items()})) for file, metrics in document.items()}
        for side in ("new", "old")
    )
    return Content(candidate, champion, "DVC leaves out what did not change: write `dvc metrics diff --all --json`.")


def _dvc_show(document: object) -> Content | None:
    """`dvc metrics show --json`: revision → data → file → data; of several revisions the workspace is meant."""
    if not (isinstance(document, dict) and document and all(map(_is_dvc, document.values()))):
        return None
    revision = next((one for one in ("", "workspace") if one in document), None)
    if revision is None:
        if len(document) > 1:
            raise InputError(
                f"it tells of several revisions, {', '.join(document)}, and not of the workspace.",
                hint="Write what `dvc metrics show --json` says of one.",
            )
        revision = next(iter(document))
    files = _data(document[revision], f"the revision {revision!r}" if revision else "the workspace")
    if not _is_object(files) or not all(map(_is_dvc, files.values())):
        return None
    return Content({file: Reading(_data(one, repr(file))) for file, one in files.items()})


def _mlflow(document: object) -> Content | None:
    """An MLflow run as REST gives it, and as `mlflow runs describe` and `run.to_dictionary()` do."""
    info: Mapping[str, Any] = {}
    match document.get("run", document) if _is_object(document) else None:
        case {"info": {"run_id": _} as info, "data": {**data}}:
            metrics = data.get("metrics")
        case {"data": {"metrics": [_, *_] as metrics}} | {"metrics": [_, *_] as metrics}:
            pass
        case _:
            return None
    if isinstance(metrics, list) and all(map(_is_keyed, metrics)):
        metrics = _once((one["key"], one["value"]) for one in metrics)
    if not _is_object(metrics):
        return None
    check_run(info)
    numbers = {key: _as_mlflow_writes(value) for key, value in metrics.items()}
    return Content({"": Reading(numbers, tuple(_counted_by_mlflow(numbers)))})


def _trainer(document: object) -> Content | None:
    """Trainer's `*_results.json` and `trainer_state.json`, of whose history the last value of each metric counts."""
    if not isinstance(document, dict):
        return None
    numbers, history = document, document.get("log_history")
    if isinstance(history, list) and history and all(map(_is_object, history)):
        steps = {key: value for entry in history for key, value in entry.items()}
        numbers = {key: value for key, value in document.items() if key != "log_history"} | steps
    names = [key.removesuffix("_samples_per_second") for key in numbers if key.endswith("_samples_per_second")]
    if not names and numbers is document:
        return None
    return Content({"": Reading(numbers, tuple(_counted_by_trainer(numbers, names)))})


def _evaluate(document: object) -> Content | None:
    """What Hugging Face `evaluate.save` writes, and an evaluator's bootstrap in it."""
    if not (isinstance(document, dict) and "_evaluate_version" in document):
        return None
    found = {key: value for key, value in document.items() if not key.startswith("_")}
    numbers = {key: value["score"] if _is_bootstrap(value) else value for key, value in found.items()}
    seconds, speed = real(found.get("total_time_in_seconds")), real(found.get("samples_per_second"))
    product = seconds * speed if seconds and speed else None
    rows = whole(product, near=1e-6 * product) if product else None
    return Content({"": Reading(numbers, tuple(_counted_by_evaluate(found, rows)))})


def _plain(document: object) -> Content:
    return Content({"": Reading(document)})


FORMATS: dict[str, Callable[[object], Content | None]] = {
    "DVC's metrics diff": _dvc_diff,
    "DVC's metrics show": _dvc_show,
    "an MLflow run": _mlflow,
    "Hugging Face evaluate": _evaluate,
    "Hugging Face Trainer": _trainer,
    "plain JSON": _plain,
}
"""The forms, in the order in which they are tried; the last takes anything."""


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_keyed(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("key"), str) and "value" in value


def _is_dvc(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and value.keys() <= {"data", "error"}


def _data(wrapped: Mapping[str, Any], what: str) -> Any:
    if "error" in wrapped:
        error = wrapped["error"]
        why = error.get("msg", "") if isinstance(error, dict) else ""
        raise InputError(f"DVC could not read {what}: {str(why).rstrip('.') or 'it does not say why'}.")
    return wrapped["data"]


def _nested(flat: Mapping[str, object]) -> dict[str, Any]:
    """Keys with dots as objects in objects.

    >>> _nested({"AA.recall": 0.8, "AA.n": 9})
    {'AA': {'recall': 0.8, 'n': 9}}
    """
    tree: dict[str, Any] = {}
    for key, value in flat.items():
        *above, last = key.split(".")
        place = tree
        for part in above:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise InputError(f"{key!r} stands below a number.")
            place = inner
        place[last] = value
    return tree


def _once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"the metric {key!r} stands twice.")
        found[key] = value
    return found


def check_run(info: Mapping[str, Any]) -> None:
    """Raise InputError for a run that did not end well; tell of one that has not ended."""
    run, status = info.get("run_id", ""), info.get("status", "FINISHED")
    if info.get("lifecycle_stage") == "deleted":
        raise InputError(f"the run {run} is deleted.")
    if status in ("FAILED", "KILLED"):
        raise InputError(f"the run {run} ended as {status}: its numbers may be of a half-trained model.")
    if status != "FINISHED":
        _log.warning("The MLflow run %s is %s: its numbers may still change.", run, status)


def _as_mlflow_writes(value: object) -> object:
    """A NaN stands there as text, and infinity as the largest number."""
    number = nan if isinstance(value, str) else value
    return nan if isinstance(number, float) and abs(number) >= 1.7e308 else number


_OURS = {"accuracy_score": "accuracy", "precision_score": "precision", "recall_score": "recall", "f1_score": "f1"}
"""What `mlflow.models.evaluate` calls our metrics."""
_OF_TWO = ("true_negatives", "false_positives", "false_negatives", "true_positives")


def _counted_by_mlflow(metrics: Mapping[str, object]) -> Iterator[tuple[Keys, Estimate]]:
    """Of `mlflow.models.evaluate`, with a prefix or not: the four counts of two classes, or the number of examples."""
    for key, value in metrics.items():
        prefix = key.removesuffix("example_count")
        if prefix == key:
            continue
        tn, fp, fn, tp = (metrics.get(f"{prefix}{name}") for name in _OF_TWO)
        accuracy = share_of(metrics.get(f"{prefix}accuracy_score"), whole(value))
        if accuracy is None:  # rows with weights: the counts are of the rows
            continue
        yield (f"{prefix}accuracy_score",), accuracy
        estimates = dict(confused([[tn, fp], [fn, tp]]))
        found = {**estimates, **{name: estimates[ours] for name, ours in _OURS.items() if estimates}}
        own = {name for name in _OURS.values() if f"{prefix}{name}" in metrics}
        yield from (((f"{prefix}{name}",), one) for name, one in found.items() if name not in own)


def _counted_by_trainer(numbers: Mapping[str, object], names: list[str]) -> Iterator[tuple[Keys, Estimate]]:
    for name in names:
        if found := share_of(numbers.get(f"{name}_accuracy"), _rows_of_trainer(numbers, name)):
            yield (f"{name}_accuracy",), found


def _rows_of_trainer(numbers: Mapping[str, object], name: str) -> int | None:
    """As the scripts of its examples write them; else what time and speed allow, if that is one number only."""
    if rows := whole(numbers.get(f"{name}_samples")):
        return rows
    seconds, speed = (real(numbers.get(f"{name}_{key}")) for key in ("runtime", "samples_per_second"))
    if seconds is None or speed is None:
        return None
    # Trainer rounds seconds to four digits and the speed to three.
    fewest, most = ceil((seconds - 5e-5) * (speed - 5e-4)), floor((seconds + 5e-5) * (speed + 5e-4))
    return fewest if fewest == most else None


def _is_bootstrap(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, dict) and value.keys() >= {"score", "standard_error", "confidence_interval"}


def _counted_by_evaluate(found: Mapping[str, object], rows: int | None) -> Iterator[tuple[Keys, Estimate]]:
    for name, value in found.items():
        score, error = (value["score"], real(value["standard_error"])) if _is_bootstrap(value) else (value, None)
        if name == "accuracy" and (share := share_of(score, rows)):
            yield (name,), share
        elif error and (number := real(score)) is not None:
            n = rows or 1
            yield (name,), Estimate(number, error, n - 1 if rows else inf, n, n, n, "identity", "bootstrap")
