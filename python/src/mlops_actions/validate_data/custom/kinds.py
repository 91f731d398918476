"""The kinds of custom checks by name, and the reading of one from a contract."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from mlops_actions.errors import InputError, nearest
from mlops_actions.validate_data.custom.interface import Arguments, Kind, Rule
from mlops_actions.validate_data.rules import Severity
from mlops_actions.validate_data.threshold import NONE, Threshold
from mlops_actions.yaml_source import Keys, YamlSource

KINDS = {
    "drift": "drift",
    "target-drift": "target_drift",
    "identical-rows": "identical_rows",
    "key-overlap": "key_overlap",
    "group-overlap": "group_overlap",
    "time-overlap": "time_overlap",
    "target-leakage": "target_leakage",
    "known-in-time": "known_in_time",
    "class-balance": "class_balance",
    "unseen-labels": "unseen_labels",
    "conflicting-labels": "conflicting_labels",
    "duplicates": "duplicates",
    "freshness": "freshness",
    "volume": "volume",
    "schema": "schema",
    "expression": "expression",
}
"""The word after `check:` → module of this folder. A new kind is one file and one line."""

ENGINE = "mlops-actions"
_EXAMPLE = "{check: drift, columns: […], method: psi, max: 0.1}"


def kind(name: str) -> Kind:
    """A kind's module; KeyError where there is none of that name."""
    return cast("Kind", import_module(f"{__package__}.{KINDS[name]}"))


def read_custom(
    block: dict[str, Any],
    keys: Keys,
    source: YamlSource,
    label: str,
    column: str | None,
    severity: Severity,
    threshold: Threshold | None,
) -> Rule:
    """Read one block of a contract. `threshold` is what it compares with, if anything.

    `column` is where the block stands, and the check's where it names none. Raises InputError with file and line.
    """
    place = (*keys, "implementation")
    given = block.get("implementation")
    if not isinstance(given, dict) or given.get("check") not in KINDS:
        found = given.get("check") if isinstance(given, dict) else None
        hint = nearest(found, KINDS) if isinstance(found, str) else f"Write implementation: {_EXAMPLE}."
        raise InputError(f"unknown check {found!r} of {ENGINE}.", where=source.where(*place), hint=hint)
    name = str(given["check"])
    model = kind(name).Arguments
    words = {key: value for key, value in given.items() if key != "check"}
    if column is not None:
        words = _with_column(words, model, column)
    try:
        arguments = model.model_validate(words)
    except ValidationError as error:
        raise _explained(error, name, model, place, source) from None
    if threshold is not None and not model.ROWS:
        hint = "Its own limit is among its arguments."
        raise InputError(f"{name} counts no rows, so that nothing must be.", where=source.where(*keys), hint=hint)
    return Rule(
        id=f"{label}.{name}",
        kind=name,
        arguments=arguments,
        where=source.where(*keys),
        threshold=threshold or NONE,
        severity=severity,
    )


def _with_column(words: dict[str, Any], model: type[BaseModel], column: str) -> dict[str, Any]:
    if "column" in model.model_fields:
        return {"column": column, **words}
    if "columns" in model.model_fields:
        return {"columns": [column], **words}
    return words


def _explained(
    error: ValidationError, name: str, model: type[Arguments], place: Keys, source: YamlSource
) -> InputError:
    """The first problem in our words: what was found, and what to write instead."""
    first = error.errors()[0]
    loc = first["loc"]
    key = str(loc[0]) if loc else name
    where = source.where(*place, *loc)
    if first["type"] == "extra_forbidden":
        return InputError(f"{name} has no {key!r}.", where=where, hint=nearest(key, ("check", *model.model_fields)))
    if first["type"] == "missing":
        about = model.model_fields[key].description or ""
        return InputError(f"{name} needs {key!r}.", where=where, hint=about)
    if first["type"] == "literal_error":
        known = [one.strip("' ") for one in first["ctx"]["expected"].replace(" or ", ",").split(",")]
        return InputError(f"unknown {key} {first['input']!r}.", where=where, hint=nearest(str(first["input"]), known))
    message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    message = message.replace("Input should be", "it should be")
    return InputError(f"{key} is {first['input']!r}: {message}{'' if message[-1] in '?.' else '.'}", where=where)
