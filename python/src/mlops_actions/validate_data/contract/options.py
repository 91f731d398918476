"""`logicalTypeOptions`: what a type asks of a value beyond being of the type."""

from __future__ import annotations

from itertools import product
from typing import Any, cast

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables import LogicalType, Written
from mlops_actions.validate_data.contract.formats import INTEGER_FORMATS, NUMBER_FORMATS, number_range, string_format
from mlops_actions.validate_data.contract.moments import in_zone, read_pattern, read_zone, with_zone
from mlops_actions.validate_data.contract.patterns import check_pattern
from mlops_actions.validate_data.contract.values import COMPARABLE, read_value
from mlops_actions.validate_data.rules import (
    Aside,
    Bound,
    Fields,
    Items,
    Lacking,
    Length,
    Matches,
    MultipleOf,
    NotChecked,
    Property,
    Rule,
    UniqueItems,
    Zoned,
)
from mlops_actions.yaml_source import Keys, YamlSource

_RANGE = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_MOMENT = (*_RANGE, "format", "timezone", "defaultTimezone")
OPTIONS: dict[str, tuple[str, ...]] = {
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
"""Word of the standard → the options that it has."""
_LOWER, _UPPER = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")
_SIZES = (("minLength", "maxLength"), ("minItems", "maxItems"))
_LARGEST = 2**63 - 1


def read_options(block: dict[str, Any], column: Property, place: Keys, source: YamlSource) -> dict[str, Rule]:
    """Option → its rule; InputError for one that the type does not have, or that no value can meet with the others."""
    options = dict(block.get("logicalTypeOptions") or {})
    type_ = column.type
    known = OPTIONS.get(str(block.get("logicalType")), ())
    if options and type_ is None:
        raise InputError("logicalTypeOptions need a logicalType.", where=source.where(*place))
    for key in options:
        if key not in known:
            raise InputError(
                f"the type {block['logicalType']} has no option {key!r}.",
                where=source.where(*place, key),
                hint=nearest(key, known),
            )
    if str(source.data["apiVersion"]).startswith("v3.0"):
        options = _with_limits_of_3_0(options)
    rules = {
        key: rule
        for key, value in options.items()
        if (rule := _read_option(key, value, options, column, source.where(*place, key))) is not None
    }
    _refuse_empty_range(rules, place, source)
    return rules


def lack(name: str, path: tuple[str, ...]) -> Aside:
    """Whether a field is not there, though its object is."""
    return Aside(f"{name} (lacking)", path, "lacking")


def read_written(block: dict[str, Any], type_: LogicalType | None, place: Keys, source: YamlSource) -> Written | None:
    """How text of a column of moments is written, where it is not as ISO 8601 has it or must say its zone."""
    options = block.get("logicalTypeOptions") or {}
    if type_ in ("date", "timestamp", "time") and isinstance(options.get("format"), str):
        return read_pattern(options["format"], type_)
    zoned = options.get("timezone")
    if zoned is not None and not isinstance(zoned, bool):
        raise InputError(f"timezone is {zoned!r}.", where=source.where(*place, "timezone"), hint="Write true or false.")
    return with_zone(type_, zoned=zoned) if type_ in ("timestamp", "time") and zoned is not None else None


def _with_limits_of_3_0(options: dict[str, Any]) -> dict[str, Any]:
    """Until 3.0.2 `exclusiveMinimum: true` said of `minimum` that it is excluded."""
    given = dict(options)
    for key, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if given.get(key) is False or (given.get(key) is True and limit in given):
            excluded = given.pop(key)
            given |= {key: given.pop(limit)} if excluded else {}
    return given


def _read_option(key: str, value: Any, options: dict[str, Any], column: Property, where: str) -> Rule | None:
    type_ = cast("LogicalType", column.type)
    match key:
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" if type_ in COMPARABLE:
            limit = read_value(value, type_, key, where)
            zone = read_zone(options.get("defaultTimezone", "UTC"), where)
            return Bound(key, in_zone(limit, value, zone, zoned=options.get("timezone") is True))
        case "minProperties" | "maxProperties":
            return Fields(key, _whole(key, value, where), Aside(f"{column.name} (fields)", column.path, "size"))
        case "required":
            if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
                raise InputError(f"required is {value!r}.", where=where, hint="List names of fields.")
            return Lacking(
                tuple(Aside(f"{column.name}.{one} (lacking)", (*column.path, one), "lacking") for one in value)
            )
        case "minLength" | "maxLength":
            return Length(key, _whole(key, value, where))
        case "minItems" | "maxItems":
            return Items(key, _whole(key, value, where))
        case "uniqueItems":
            if not isinstance(value, bool):
                raise InputError(f"uniqueItems is {value!r}.", where=where, hint="Write true or false.")
            return UniqueItems() if value else None
        case "pattern":
            if not isinstance(value, str):
                raise InputError(f"pattern is {value!r}.", where=where, hint="Quote it.")
            check_pattern(value, where)
            return Matches(value)
        case "multipleOf":
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= _LARGEST:
                raise InputError(f"multipleOf is {value!r}.", where=where, hint="Write a number above 0.")
            return MultipleOf(value)
        case "format" if type_ in ("string", "integer", "number"):
            return _read_format(value, type_, where)
        case "format" if column.written is None:
            return NotChecked(f"{value!r} is no pattern that is known, or lacks a part of the {type_}")
        case "format":
            return None  # what text is read by
        case "defaultTimezone":
            read_zone(value, where)
            return None  # what limits are read by
        case "timezone":
            return Zoned(value)
    return NotChecked("vectors are only counted" if key == "dimensions" else "it says nothing that rows could break")


def _read_format(value: Any, type_: LogicalType, where: str) -> Rule | None:
    if not isinstance(value, str):
        raise InputError(f"format is {value!r}.", where=where, hint="Write a word.")
    if type_ == "string":
        return string_format(value)
    formats = INTEGER_FORMATS if type_ == "integer" else NUMBER_FORMATS
    if value not in formats:
        raise InputError(f"unknown format {value!r} of {type_}.", where=where, hint=nearest(value, formats))
    return number_range(value, *formats[value])


def _whole(key: str, value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST:
        raise InputError(f"{key} is {value!r}.", where=where, hint="Write a whole number, 0 or more.")
    return value


def _refuse_empty_range(rules: dict[str, Rule], place: Keys, source: YamlSource) -> None:
    bounds = {kind: rule.limit for kind, rule in rules.items() if isinstance(rule, Bound | Length | Items)}
    for low, high in (*product(_LOWER, _UPPER), *_SIZES):
        if low not in bounds or high not in bounds:
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
