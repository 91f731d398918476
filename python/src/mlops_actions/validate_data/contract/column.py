"""One property of a contract, which is one column of the data, as checks."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import product
from typing import Any, cast, get_args

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.contract.patterns import check_pattern
from mlops_actions.validate_data.contract.quality import read_quality
from mlops_actions.validate_data.contract.values import COMPARABLE, read_value
from mlops_actions.validate_data.rules import (
    Bound,
    Check,
    Comparison,
    DriftRule,
    HasType,
    Length,
    Matches,
    MultipleOf,
    NotMissing,
    NotSupported,
    OneOf,
    Property,
    Rule,
    Unique,
    Value,
)
from mlops_actions.yaml_source import Keys, YamlSource

_TYPES: dict[str, LogicalType] = {
    **{type_: type_ for type_ in get_args(LogicalType) if type_ != "binary"},
    "vector": "array",
}
_RANGE = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_MOMENT = (*_RANGE, "format", "timezone", "defaultTimezone")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "integer": (*_RANGE, "multipleOf", "format"),
    "number": (*_RANGE, "multipleOf", "format"),
    "date": (*_RANGE, "format"),
    "timestamp": _MOMENT,
    "time": _MOMENT,
    "object": ("minProperties", "maxProperties", "required"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "vector": ("dimensions", "elementType", "distanceMetric", "embeddingModel", "embeddingModelVersion", "normalized"),
}
_AVAILABLE = "availableAtPrediction"
_LARGEST = 2**63 - 1
_PERSONAL = {"personal", "pii", "sensitive", "confidential", "restricted", "secret"}
_NOT_SUPPORTED = ("physicalType", "partitioned", "relationships", "properties", "items", "map")
"""Keys that ask something of the data and that are not checked yet."""


def read_column(
    block: dict[str, Any], keys: Keys, source: YamlSource, table: str
) -> tuple[Property, list[Check | DriftRule]]:
    """A property and its checks; raises InputError for what is unknown or contradicts itself."""
    if not block.get("name"):
        raise InputError("each property needs a name.", where=source.where(*keys))
    name = str(block.get("physicalName") or block["name"])
    type_ = _read_type(block, keys, source)
    column = Property(
        name=name,
        type=type_,
        available=_read_available(block, keys, source),
        personal=str(block.get("classification")).lower() in _PERSONAL,
    )

    def check(kind: str, rule: Rule, *place: str | int) -> Check:
        return Check(f"{table}.{name}.{kind}", name, kind, rule, source.where(*keys, *place))

    found: list[Check | DriftRule] = [
        check("type" if type_ else "present", HasType(type_), *(["logicalType"] if type_ else []))
    ]
    if block.get("required") or block.get("primaryKey"):
        found.append(check("required", NotMissing(), "required" if block.get("required") else "primaryKey"))
    if block.get("unique"):
        found.append(check("unique", Unique((name,)), "unique"))
    options = _read_options(block, type_, (*keys, "logicalTypeOptions"), source)
    found += [check(kind, rule, "logicalTypeOptions", kind) for kind, rule in options.items()]
    if block.get("enum") is not None:
        found.append(check("enum", _read_enum(block["enum"], type_, (*keys, "enum"), source), "enum"))
    for index, quality in enumerate(block.get("quality") or []):
        found.append(read_quality(quality, (*keys, "quality", index), source, table, name, type_))
    found += [check(key, NotSupported(key), key) for key in _NOT_SUPPORTED if block.get(key)]
    return column, found


def _read_type(block: dict[str, Any], keys: Keys, source: YamlSource) -> LogicalType | None:
    word = block.get("logicalType")
    if word is None:
        return None
    if word not in _TYPES:
        raise InputError(
            f"unknown logicalType {word!r}.", where=source.where(*keys, "logicalType"), hint=nearest(word, _TYPES)
        )
    return _TYPES[word]


def _read_available(block: dict[str, Any], keys: Keys, source: YamlSource) -> bool:
    for index, custom in enumerate(block.get("customProperties") or []):
        name = str(custom.get("property"))
        if name != _AVAILABLE and get_close_matches(name.lower(), [_AVAILABLE.lower()], cutoff=0.8):
            where = source.where(*keys, "customProperties", index, "property")
            raise InputError(f"unknown property {name!r}.", where=where, hint=nearest(name, [_AVAILABLE]))
        if name != _AVAILABLE:
            continue
        if not isinstance(value := custom.get("value"), bool):
            where = source.where(*keys, "customProperties", index, "value")
            raise InputError(f"availableAtPrediction is {value!r}.", where=where, hint="Write true or false.")
        return value
    return True


def _read_options(block: dict[str, Any], type_: LogicalType | None, place: Keys, source: YamlSource) -> dict[str, Rule]:
    options = block.get("logicalTypeOptions") or {}
    known = _OPTIONS.get(str(block.get("logicalType")), ())
    if options and type_ is None:
        raise InputError("logicalTypeOptions need a logicalType.", where=source.where(*place))
    rules: dict[str, Rule] = {}
    for key, value in options.items():
        where = source.where(*place, key)
        if key not in known:
            raise InputError(
                f"the type {block['logicalType']} has no option {key!r}.", where=where, hint=nearest(key, known)
            )
        rules[key] = _read_option(key, value, cast("LogicalType", type_), where)
    _refuse_empty_range(rules, place, source)
    return rules


def _read_option(key: str, value: Any, type_: LogicalType, where: str) -> Rule:
    if key in _RANGE and type_ in COMPARABLE:
        return Bound(cast("Comparison", key), read_value(value, type_, key, where))
    if key in ("minLength", "maxLength"):
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
            raise InputError(f"{key} is {value!r}.", where=where, hint="Write a whole number, 0 or more.")
        return Length("minLength" if key == "minLength" else "maxLength", value)
    if key == "pattern":
        if not isinstance(value, str):
            raise InputError(f"pattern is {value!r}.", where=where, hint="Quote it.")
        check_pattern(value, where)
        return Matches(value)
    if key == "multipleOf":
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= _LARGEST:
            raise InputError(f"multipleOf is {value!r}.", where=where, hint="Write a number above 0.")
        return MultipleOf(value)
    return NotSupported(key)


def _refuse_empty_range(rules: dict[str, Rule], place: Keys, source: YamlSource) -> None:
    bounds = {kind: rule.limit for kind, rule in rules.items() if isinstance(rule, Bound | Length)}
    lower, upper = ("minimum", "exclusiveMinimum", "minLength"), ("maximum", "exclusiveMaximum", "maxLength")
    for low, high in product(lower, upper):
        if low not in bounds or high not in bounds or low.endswith("Length") != high.endswith("Length"):
            continue
        below: Any = bounds[low]
        above: Any = bounds[high]
        open_ended = low.startswith("exclusive") or high.startswith("exclusive")
        if below > above or (below == above and open_ended):
            raise InputError(
                f"no value can meet {low} {below} and {high} {above}.",
                where=source.where(*place, high),
                hint="Widen the range.",
            )


def _read_enum(entries: Any, type_: LogicalType | None, place: Keys, source: YamlSource) -> OneOf:
    if not entries:
        raise InputError("enum allows no value.", where=source.where(*place), hint="List at least one.")
    if type_ is None:
        raise InputError("enum needs a logicalType.", where=source.where(*place))
    values: list[Value] = []
    for index, entry in enumerate(entries):
        where = source.where(*place, index)
        values.append(read_value(entry.get("value"), type_, "a value of enum", where))
    return OneOf(tuple(values))
