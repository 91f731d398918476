"""The numbers of a document under names that a rule can write, with intervals where something to make them of is there.

What Python cannot name is joined by underscores: "macro avg" → "f1-score" is `macro_avg.f1_score`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan

from mlops_actions.errors import InputError
from mlops_actions.policy.metrics.counted import counted
from mlops_actions.policy.metrics.formats import Reading
from mlops_actions.statistics.estimate import Estimate

_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)

_ROUNDED = 0.006
"""What a number that was rounded to two digits may be off."""


def named(reading: Reading) -> dict[str, Estimate]:
    """Every number by its full dotted name; NaN for what is no number: NaN, Infinity or null.

    Raises InputError for a name that two numbers have, and for numbers that contradict what they rest on.
    """
    found = list(_numbers(reading.numbers, ()))
    for name, count in Counter(name for name, _ in found).items():
        if count > 1:
            raise InputError(f"{count} numbers read as {name!r}.", hint="Keep one of them.")
    estimates = [
        (name, estimate)
        for keys, estimate in (*counted(reading.numbers), *reading.estimates)
        if (name := ".".join(part for key in keys for part in word(key)))
    ]
    _check_agreement(dict(found), estimates)
    return {name: Estimate.point(number) for name, number in found} | dict(estimates)


def with_short_names(numbers: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Each number also under the ends of its name that no other shares: `eval.accuracy`, `accuracy`."""
    ends = {name: [name.split(".", cut)[-1] for cut in range(1, name.count(".") + 1)] for name in numbers}
    shared = Counter(end for several in ends.values() for end in several)
    short = {end: numbers[name] for name, several in ends.items() for end in several if shared[end] == 1}
    return {**short, **numbers}


def word(key: str) -> tuple[str, ...]:
    """A key as one word of a rule; nothing for an empty key.

    >>> word("top-5 accuracy"), word("0"), word("")
    (('top_5_accuracy',), ('_0',), ())
    """
    text = re.sub(r"\W+", "_", key).strip("_")
    return (f"_{text}" if text[:1].isdigit() else text,) if text else ()


def _numbers(value: object, parts: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    match value:
        case bool() | str():
            return
        case int() | float() | None:
            if parts:
                yield ".".join(parts), _number(value)
        case dict():
            for key, inner in value.items():
                if key == "performanceMetrics" and isinstance(inner, list):
                    yield from _performance(inner, parts)
                else:
                    yield from _numbers(inner, (*parts, *word(str(key))))
        case list():
            for index, item in enumerate(value):
                yield from _numbers(item, (*parts, f"_{index}"))


def _performance(entries: list[object], parts: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """CycloneDX writes values as text, and intervals without their confidence, which bound nothing: points."""
    for entry in entries:
        match entry:
            case {"type": str(metric), **fields}:
                part, value = fields.get("slice"), fields.get("value")
                of_slice = word(part) if isinstance(part, str) else ()
                number = _DECIMAL.fullmatch(value) and float(value) if isinstance(value, str) else value
                is_number = isinstance(number, int | float) and not isinstance(number, bool)
                yield from _numbers(number if is_number else None, (*parts, *of_slice, *word(metric)))


def _number(value: float | None) -> float:
    try:
        number = nan if value is None else float(value)
    except OverflowError:
        return nan
    return number if isfinite(number) else nan


def _check_agreement(numbers: Mapping[str, float], estimates: Sequence[tuple[str, Estimate]]) -> None:
    """Raise InputError where a number and the counts that it should rest on, or two counts, tell different things."""
    first: dict[str, Estimate] = {}
    for name, estimate in estimates:
        number = numbers.get(name, numbers.get(f"{name}.value", estimate.value))
        other = first.setdefault(name, estimate)
        if isfinite(estimate.value) and not abs(number - estimate.value) <= _ROUNDED:
            message = f"{name} is {number:g}, and the counts in the file give {estimate.value:.4g}."
            raise InputError(message, hint="Keep the one that is right.")
        if other.counted and estimate.counted and other.n != estimate.n:
            message = f"{name} is of {other.n:g} rows in one place and of {estimate.n:g} in another."
            raise InputError(message, hint="Keep the one that is right.")
