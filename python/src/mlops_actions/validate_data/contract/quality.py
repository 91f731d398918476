"""`quality` blocks of a contract: library metrics, and custom checks of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeGuard, cast, get_args

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.contract.patterns import check_pattern
from mlops_actions.validate_data.contract.sql import read_sql
from mlops_actions.validate_data.contract.values import read_value
from mlops_actions.validate_data.custom.interface import Rule as CustomRule
from mlops_actions.validate_data.custom.kinds import ENGINE, read_custom
from mlops_actions.validate_data.rules import (
    Check,
    Matches,
    NotAmong,
    NotChecked,
    NotMissing,
    OneOf,
    Property,
    RowCount,
    Rule,
    Severity,
    Unique,
)
from mlops_actions.validate_data.threshold import Operator, Threshold, Unit
from mlops_actions.yaml_source import Keys, YamlSource

_LARGEST = 1e18
_OPERATORS: tuple[Operator, ...] = get_args(Operator)
_LOWER, _UPPER = ("mustBeGreaterThan", "mustBeGreaterOrEqualTo"), ("mustBeLessThan", "mustBeLessOrEqualTo")
_METRICS = ("rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues")
_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "info": "warning"}
_OLD_METRICS = {"duplicateCount": "duplicateValues"}
"""Names of 3.0."""
_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "missingValues": ("missingValues",),
    "invalidValues": ("validValues", "pattern"),
    "duplicateValues": ("properties",),
}


def read_quality(
    block: dict[str, Any], keys: Keys, source: YamlSource, table: str, property_: Property | None
) -> Check | CustomRule:
    """The check of one block, on a column or (None) on the table; InputError for what contradicts itself."""
    where = source.where(*keys)
    column, type_ = (property_.name, property_.type) if property_ else (None, None)
    severity = _read_severity(block, keys, source)
    name = block.get("metric") or block.get("rule")
    kind = block.get("type") or ("library" if name else "text")
    if kind not in ("library", "text", "sql", "custom"):
        hint = nearest(kind, ("library", "text", "sql", "custom"))
        raise InputError(f"unknown type of rule {kind!r}.", where=source.where(*keys, "type"), hint=hint)
    label = ".".join(part for part in (table, column) if part)
    place = f"quality[{keys[-1]}]"
    if kind == "custom" and block.get("engine") == ENGINE:
        threshold = read_threshold(block, keys, source) if any(one in block for one in _OPERATORS) else None
        return read_custom(block, keys, source, f"{label}.{place}", column, severity, threshold)
    if kind == "sql":
        rule: Rule = read_sql(block, keys, source, table, property_)
        threshold = read_threshold(_truth_as_number(block), keys, source)
        return Check(f"{label}.{place}.sql", column, kind, rule, where, threshold, severity)
    if kind != "library":
        why = "a rule in words cannot be" if kind == "text" else f"it is for the engine {block.get('engine')!r}"
        return Check(f"{label}.{place}", column, kind, NotChecked(why), where, severity=severity)
    metric = _OLD_METRICS.get(str(name), str(name))
    if metric not in _METRICS:
        raise InputError(
            f"unknown metric {name!r}.", where=source.where(*keys, "metric"), hint=nearest(str(name), _METRICS)
        )
    threshold = read_threshold(block, keys, source)
    if metric == "rowCount" and threshold.unit == "percent":
        where = source.where(*keys, "unit")
        raise InputError("rowCount in percent is always 100.", where=where, hint="Write unit: rows.")
    rule = _read_metric(metric, block, keys, source, column, type_)
    return Check(f"{label}.{place}.{metric}", column, metric, rule, where, threshold, severity)


def _truth_as_number(block: dict[str, Any]) -> dict[str, Any]:
    """A query may also give true, which must be 1; what unit it counts in is only said."""
    truths = {key: int(block[key]) for key in ("mustBe", "mustNotBe") if isinstance(block.get(key), bool)}
    return {**block, **truths, "unit": None}


def _read_severity(block: dict[str, Any], keys: Keys, source: YamlSource) -> Severity:
    """What a misspelt word would quietly turn into a warning is refused."""
    word = str(block.get("severity") or "error").lower()
    if word not in _SEVERITIES:
        where = source.where(*keys, "severity")
        raise InputError(f"unknown severity {word!r}.", where=where, hint=nearest(word, _SEVERITIES))
    return _SEVERITIES[word]


def _read_metric(
    metric: str, block: dict[str, Any], keys: Keys, source: YamlSource, column: str | None, type_: LogicalType | None
) -> Rule:
    arguments = block.get("arguments") or {}
    place = (*keys, "arguments")
    for key in arguments:
        if key not in _ARGUMENTS.get(metric, ()):
            hint = nearest(key, _ARGUMENTS.get(metric, ()))
            raise InputError(f"{metric} has no argument {key!r}.", where=source.where(*place, key), hint=hint)
    if metric == "rowCount":
        return RowCount()
    if metric == "duplicateValues" and (columns := arguments.get("properties") or ([column] if column else None)):
        if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
            raise InputError("properties must be a list of column names.", where=source.where(*place, "properties"))
        return Unique(tuple(columns))
    if column is None:
        hint = "Give it arguments.properties." if metric == "duplicateValues" else "Move it below a property."
        raise InputError(f"{metric} on the table needs a column.", where=source.where(*keys), hint=hint)
    if metric == "nullValues":
        return NotMissing()
    if type_ is None:
        raise InputError(
            f"{metric} needs the logicalType of {column!r}, so that values compare as what they are.",
            where=source.where(*keys),
        )
    if metric == "missingValues":
        words = _read_list(arguments, "missingValues", type_, place, source, drop=(None, ""))
        return NotAmong(words)
    given = [key for key in ("validValues", "pattern") if key in arguments]
    if len(given) != 1:
        raise InputError(
            f"invalidValues needs one argument, found {' and '.join(given) or 'none'}.",
            where=source.where(*keys),
            hint="Give it validValues or pattern, and each its own rule.",
        )
    if given == ["validValues"]:
        return OneOf(_read_list(arguments, "validValues", type_, place, source, drop=(None,)))
    check_pattern(str(arguments["pattern"]), source.where(*place, "pattern"))
    return Matches(str(arguments["pattern"]))


def _read_list(
    arguments: dict[str, Any],
    key: str,
    type_: LogicalType,
    place: Keys,
    source: YamlSource,
    drop: tuple[Any, ...],
) -> tuple[Any, ...]:
    values = arguments.get(key, [])
    where = source.where(*place, key)
    kept = [value for value in values if value not in drop] if isinstance(values, list) else []
    if not isinstance(values, list) or (not kept and key == "validValues"):
        raise InputError(f"{key} must be a list of at least one value, found {values!r}.", where=where)
    return tuple(read_value(value, type_, f"a value of {key}", where) for value in kept)


def read_threshold(block: dict[str, Any], keys: Keys, source: YamlSource) -> Threshold:
    """The comparison of a rule, or the two that make a range."""
    given = [operator for operator in _OPERATORS if block.get(operator) is not None]
    if len(given) == 2 and given[0] in _LOWER and given[1] in _UPPER:
        low, high = (_read_comparison(one, block, keys, source) for one in given)
        if low.limits > high.limits or (low.limits == high.limits and not all("OrEqual" in one for one in given)):
            raise InputError(
                f"no count can meet {given[0]} {block[given[0]]} and {given[1]} {block[given[1]]}.",
                where=source.where(*keys, given[1]),
            )
        return replace(low, also=high)
    if len(given) != 1:
        found = f"found {' and '.join(given)}" if given else "found none"
        raise InputError(
            f"a metric needs one comparison, {found}.",
            where=source.where(*keys),
            hint=f"Known: {', '.join(_OPERATORS)}.",
        )
    return _read_comparison(given[0], block, keys, source)


def _read_comparison(operator: Operator, block: dict[str, Any], keys: Keys, source: YamlSource) -> Threshold:
    where = source.where(*keys, operator)
    value = block[operator]
    limits = value if isinstance(value, list) else [value]
    if not all(_is_number(limit) for limit in limits):
        raise InputError(f"{operator} must be a number, found {value!r}.", where=where)
    if operator.endswith("Between") != isinstance(value, list):
        raise InputError(
            f"{operator} is {value!r}.", where=where, hint="Between takes [low, high], the others one number."
        )
    if limits != sorted(limits) or (operator == "mustBeBetween" and limits[0] == limits[1]):
        raise InputError(
            f"no count can meet {operator} {value!r}.", where=where, hint="Write the smaller number first."
        )
    unit = block.get("unit") or "rows"
    if unit not in get_args(Unit):
        raise InputError(
            f"unknown unit {unit!r}.", where=source.where(*keys, "unit"), hint=nearest(unit, get_args(Unit))
        )
    return Threshold(operator, tuple(limits), cast("Unit", unit))


def _is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number that a count or a distance can be: no NaN, nothing infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
