"""One property of a contract, which is a column of the data or lies in one, as checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, get_args

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.contract.options import lack, read_options, read_written
from mlops_actions.validate_data.contract.physical import physical_rule
from mlops_actions.validate_data.contract.quality import read_quality
from mlops_actions.validate_data.contract.values import read_value
from mlops_actions.validate_data.custom.interface import Rule as CustomRule
from mlops_actions.validate_data.rules import (
    Check,
    HasType,
    NotChecked,
    NotMissing,
    OneOf,
    Partitioned,
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
_AVAILABLE = "availableAtPrediction"
_PERSONAL = {"personal", "pii", "sensitive", "confidential", "restricted", "secret"}


@dataclass(frozen=True)
class _Parent:
    """What a property lies in."""

    column: Property
    type: Literal["object", "array"]
    """An array's items have no name of their own."""


def read_column(
    block: dict[str, Any], keys: Keys, source: YamlSource, table: str, within: _Parent | None = None
) -> tuple[list[Property], list[Check | CustomRule]]:
    """A property with all that lie in it, and their checks; InputError for what is unknown or contradicts itself."""
    column = _read_property(block, keys, source, within)
    name, type_ = column.name, column.type

    def check(kind: str, rule: Rule, *place: str | int) -> Check:
        return Check(f"{table}.{name}.{kind}", name, kind, rule, source.where(*keys, *place), level=column.level)

    found: list[Check | CustomRule] = [
        check("type", HasType(type_, _written(block) if column.written else None), "logicalType")
        if type_
        else check("present", HasType(None))
    ]
    if block.get("required") or block.get("primaryKey"):
        nested = within is not None and within.type == "object"
        rule = NotMissing(lack(name, column.path) if nested else None)
        found.append(check("required", rule, "required" if block.get("required") else "primaryKey"))
    if block.get("unique"):
        found.append(check("unique", Unique((name,)), "unique"))
    if block.get("primaryKey") and within is not None:
        found.append(check("primaryKey", NotChecked("the standard does not say within what a nested key is one")))
    options = read_options(block, column, (*keys, "logicalTypeOptions"), source)
    found += [check(kind, rule, "logicalTypeOptions", kind) for kind, rule in options.items()]
    if block.get("enum") is not None:
        found.append(check("enum", _read_enum(block["enum"], type_, (*keys, "enum"), source), "enum"))
    for index, quality in enumerate(block.get("quality") or []):
        one = read_quality(quality, (*keys, "quality", index), source, table, column)
        found.append(replace(one, level=column.level) if isinstance(one, Check) else one)
    if block.get("physicalType") and (physical := physical_rule(str(block["physicalType"]), type_)):
        found.append(check("physicalType", physical, "physicalType"))
    if block.get("map"):
        found.append(check("map", NotChecked("maps are not looked into"), "map"))
    if block.get("partitioned"):
        position = int(block.get("partitionKeyPosition") or -1)
        layout = Partitioned(position if position > 0 else None)
        inside = NotChecked("it lies inside of another column")
        found.append(check("partitioned", inside if within else layout, "partitioned"))
    properties = [column]
    for inner, place, parent in _inner(block, column, keys, source):
        more, checks = read_column(inner, place, source, table, parent)
        properties += more
        found += checks
    return properties, found


def _read_property(block: dict[str, Any], keys: Keys, source: YamlSource, within: _Parent | None) -> Property:
    item = within is not None and within.type == "array"
    if not block.get("name") and not item:
        raise InputError("each property needs a name.", where=source.where(*keys))
    given = str(block.get("physicalName") or block.get("name"))
    type_ = _read_type(block, keys, source)
    available = _read_available(block, keys, source)
    personal = str(block.get("classification")).lower() in _PERSONAL
    written = read_written(block, type_, (*keys, "logicalTypeOptions"), source)
    if within is None:
        return Property(given, type_, available, personal, path=(given,), written=written)
    outer = within.column
    name = f"{outer.name}[]" if item else f"{outer.name}.{given}"
    return Property(
        name=name,
        type=type_,
        available=available and outer.available,
        personal=personal or outer.personal,
        path=(name,) if item else (*outer.path, given),
        level=name if item else outer.level,
        written=written,
        within=outer.within or outer.name,
    )


def _inner(
    block: dict[str, Any], column: Property, keys: Keys, source: YamlSource
) -> Iterator[tuple[dict[str, Any], Keys, _Parent]]:
    """The properties of an object and the items of an array, each with its place."""
    for key, type_ in (("properties", "object"), ("items", "array")):
        if block.get(key) and column.type != type_:
            hint = f"Write logicalType: {type_}."
            raise InputError(f"{key} belong to the type {type_}.", where=source.where(*keys, key), hint=hint)
    for index, inner in enumerate(block.get("properties") or []):
        yield inner, (*keys, "properties", index), _Parent(column, "object")
    if block.get("items"):
        yield block["items"], (*keys, "items"), _Parent(column, "array")


def _written(block: dict[str, Any]) -> str:
    """How text of this column is to be written, in words."""
    options = block["logicalTypeOptions"]
    if options.get("format"):
        return f"written as {options['format']!r}"
    return f"{'with' if options['timezone'] else 'without'} an offset from UTC"


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
