"""One property of a contract, which is one column of the data, as checks."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from mlops_actions.errors import InputError, nearest
from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.contract.options import read_options
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
_NOT_SUPPORTED = ("partitioned", "relationships", "properties", "items", "map")
"""Keys that ask something of the data and that are not checked yet."""


def read_column(
    block: dict[str, Any], keys: Keys, source: YamlSource, table: str
) -> tuple[Property, list[Check | CustomRule]]:
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

    found: list[Check | CustomRule] = [
        check("type" if type_ else "present", HasType(type_), *(["logicalType"] if type_ else []))
    ]
    if block.get("required") or block.get("primaryKey"):
        found.append(check("required", NotMissing(), "required" if block.get("required") else "primaryKey"))
    if block.get("unique"):
        found.append(check("unique", Unique((name,)), "unique"))
    options = read_options(block, type_, (*keys, "logicalTypeOptions"), source)
    found += [check(kind, rule, "logicalTypeOptions", kind) for kind, rule in options.items()]
    if block.get("enum") is not None:
        found.append(check("enum", _read_enum(block["enum"], type_, (*keys, "enum"), source), "enum"))
    for index, quality in enumerate(block.get("quality") or []):
        found.append(read_quality(quality, (*keys, "quality", index), source, table, name, type_))
    if block.get("physicalType") and (physical := physical_rule(str(block["physicalType"]), type_)):
        found.append(check("physicalType", physical, "physicalType"))
    found += [check(key, NotChecked("it is not supported yet"), key) for key in _NOT_SUPPORTED if block.get(key)]
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
