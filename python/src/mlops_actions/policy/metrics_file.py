"""Other tools' numbers: any JSON of numbers, flattened to names that a rule can write."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path

from mlops_actions.errors import InputError
from mlops_actions.evidence import digest_bytes
from mlops_actions.policy.counted import counted
from mlops_actions.policy.language.rule import Rule
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.metrics import known_metric

_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)

_ROUNDED = 0.006
"""What a number that was rounded to two digits may be off."""


@dataclass(frozen=True)
class MetricsFile:
    """The numbers of a file, each under its full dotted name and, where only one has it, its last part."""

    uri: str
    sha256: str
    metrics: dict[str, Estimate]
    """With intervals where the file holds counts, else points; NaN for what is written as NaN, Infinity or null."""

    @property
    def rows(self) -> int:
        """The most rows that a number rests on; 0 where none says."""
        return max((one.n for one in self.metrics.values() if one.scale != "point"), default=0)

    @property
    def points(self) -> bool:
        """Whether no number has an interval."""
        return all(one.scale == "point" for one in self.metrics.values())


def read_metrics(path: str) -> MetricsFile:
    """Read scikit-learn's report, DVC's metrics.json, an MLflow run, Trainer's results, a CycloneDX model card, ….

    What Python cannot name is joined by underscores: "macro avg" → "f1-score" is `macro_avg.f1_score`.
    Raises InputError for a file that is missing, is not JSON, names a number twice or holds none.
    """
    try:
        content = Path(path).read_bytes()
        document = json.loads(content, parse_constant=lambda _: nan, object_pairs_hook=_unique)
        found = list(_numbers(document, ()))
        estimates = list(_named(document))
    except FileNotFoundError:
        raise InputError(f"the metrics-file {path!r} does not exist.", hint="Check the path.") from None
    except OSError as error:
        raise InputError(f"the metrics-file {path!r} cannot be read: {error.strerror}.") from None
    except RecursionError:
        raise InputError("the metrics-file is nested too deeply.", where=path) from None
    except ValueError as error:
        raise InputError(f"the metrics-file cannot be read as JSON: {error}.", where=path) from None
    for name, count in Counter(name for name, _ in found).items():
        if count > 1:
            raise InputError(f"{count} numbers read as {name!r}.", where=path, hint="Keep one of them.")
    if not found:
        raise InputError("the metrics-file holds no number.", where=path, hint='Write {"accuracy": 0.9}.')
    _check_agreement(dict(found), estimates, path)
    points = {name: Estimate.point(number) for name, number in found}
    return MetricsFile(path, digest_bytes(content), _with_short_names(points | dict(estimates)))


def check_units(rules: Sequence[Rule], file: MetricsFile) -> None:
    """Raise InputError where a rule's limit is a share and the file's number is not: 15 % is no accuracy above 0.8."""
    for rule in rules:
        for comparison in rule.comparisons:
            name = str(comparison.quantity)
            known = known_metric(name.rpartition(".")[2])
            value = file.metrics[name].value if name in file.metrics else nan
            if known is None or not isfinite(value):
                continue
            low, high = known.bounds
            if low <= comparison.limit <= high and not low <= value <= high:
                raise InputError(
                    f"{name} is {value:g}, but lies between {low:g} and {high:g}, as the limit of `{rule.text}` does.",
                    where=file.uri,
                    hint="Write 90 % as 0.9.",
                )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return document


def _numbers(value: object, parts: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    match value:
        case bool() | str():
            return
        case int() | float() | None:
            if parts:
                yield ".".join(parts), _number(value)
        case {"key": str(key), "value": int() | float() | None as number}:  # MLflow: one metric of a run
            yield from _numbers(number, (*parts, *_word(key)))
        case dict():
            for key, inner in value.items():
                if key == "performanceMetrics" and isinstance(inner, list):
                    yield from _performance(inner, parts)
                    continue
                yield from _numbers(_latest(inner) if key == "log_history" else inner, (*parts, *_word(str(key))))
        case list():
            keyed = all(isinstance(item, dict) and {"key", "value"} <= item.keys() for item in value)
            for index, item in enumerate(value):
                yield from _numbers(item, parts if keyed else (*parts, f"_{index}"))


def _performance(entries: list[object], parts: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """CycloneDX writes values as text, and intervals without their confidence, which bound nothing: points."""
    for entry in entries:
        match entry:
            case {"type": str(metric), **fields}:
                part, value = fields.get("slice"), fields.get("value")
                of_slice = _word(part) if isinstance(part, str) else ()
                number = _DECIMAL.fullmatch(value) and float(value) if isinstance(value, str) else value
                is_number = isinstance(number, int | float) and not isinstance(number, bool)
                yield from _numbers(number if is_number else None, (*parts, *of_slice, *_word(metric)))


def _latest(history: object) -> object:
    """Trainer logs each step: the last value of each metric counts."""
    if isinstance(history, list) and all(isinstance(entry, dict) for entry in history):
        return {key: value for entry in history for key, value in entry.items()}
    return history


def _number(value: float | None) -> float:
    try:
        number = nan if value is None else float(value)
    except OverflowError:
        return nan
    return number if isfinite(number) else nan


def _word(key: str) -> tuple[str, ...]:
    """A key as one word of a rule; nothing for an empty key."""
    word = re.sub(r"\W+", "_", key).strip("_")
    return (f"_{word}" if word[:1].isdigit() else word,) if word else ()


def _with_short_names(numbers: dict[str, Estimate]) -> dict[str, Estimate]:
    last = {name: name.rpartition(".")[2] for name in numbers}
    shared = Counter(last.values())
    short = {last[name]: number for name, number in numbers.items() if shared[last[name]] == 1}
    return {**short, **numbers}


def _named(document: object) -> Iterator[tuple[str, Estimate]]:
    """Estimates by the names that a rule can write."""
    for keys, estimate in counted(document):
        if name := ".".join(part for key in keys for part in _word(key)):
            yield name, estimate


def _check_agreement(numbers: dict[str, float], estimates: Sequence[tuple[str, Estimate]], path: str) -> None:
    """Raise InputError where a number and the counts that it should rest on, or two counts, tell different things."""
    first: dict[str, Estimate] = {}
    for name, estimate in estimates:
        number = numbers.get(name, numbers.get(f"{name}.value", estimate.value))
        other = first.setdefault(name, estimate)
        if isfinite(estimate.value) and not abs(number - estimate.value) <= _ROUNDED:
            raise InputError(
                f"{name} is {number:g}, and the counts in the file give {estimate.value:.4g}.",
                where=path,
                hint="Keep the one that is right.",
            )
        if other.n != estimate.n:
            raise InputError(
                f"{name} is of {other.n:g} rows in one place and of {estimate.n:g} in another.",
                where=path,
                hint="Keep the one that is right.",
            )
