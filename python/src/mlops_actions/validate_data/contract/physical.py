"""`physicalType`: a type of some database, as far as a value can break it. Files keep values, not declarations."""

from __future__ import annotations

import re
from typing import Final

from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.contract.formats import string_format
from mlops_actions.validate_data.rules import Digits, Length, NotChecked, Rule, Within

_SHAPE = re.compile(
    r"\s*([A-Za-z][A-Za-z0-9_ ]*?)\s*(?:\(\s*(\d+|max)\s*(?:,\s*(\d+)\s*)?\)\s*([A-Za-z ]*))?\s*", re.IGNORECASE
)
_FAMILIES: Final[dict[LogicalType, tuple[str, ...]]] = {
    "string": (
        *("char", "character", "varchar", "nchar", "nvarchar", "varchar2", "nvarchar2", "character varying", "bpchar"),
        *("string", "text", "tinytext", "mediumtext", "longtext", "ntext", "clob", "uuid", "uniqueidentifier", "enum"),
    ),
    "integer": (
        *("tinyint", "smallint", "int2", "short", "mediumint", "int", "integer", "int4", "bigint", "int8", "long"),
        *("serial", "bigserial", "smallserial", "int64", "int32", "int16"),
    ),
    "number": (
        *("decimal", "dec", "numeric", "number", "bignumeric", "money"),
        *("float", "double", "double precision", "real", "float4", "float8", "float64", "float32"),
    ),
    "boolean": ("boolean", "bool", "bit"),
    "date": ("date",),
    "timestamp": (
        *("timestamp", "datetime", "datetime2", "smalldatetime", "timestamptz", "timestamp_ntz", "timestamp_tz"),
        *("timestamp_ltz", "timestamp with time zone", "timestamp without time zone", "datetimeoffset"),
    ),
    "time": ("time", "timetz", "time with time zone", "time without time zone"),
    "array": ("array", "list"),
    "object": ("struct", "record", "object", "json", "jsonb", "row"),
    "map": ("map",),
    "binary": ("binary", "varbinary", "bytea", "blob", "bytes", "raw", "image"),
}
_FAMILY = {word: family for family, words in _FAMILIES.items() for word in words}
_BITS = {
    **dict.fromkeys(("smallint", "int2", "short", "smallserial", "int16"), 16),
    **dict.fromkeys(("int", "integer", "int4", "serial", "int32"), 32),
    **dict.fromkeys(("bigint", "int8", "long", "bigserial", "int64"), 64),
}
"""Less sure ones, such as tinyint, which is signed here and unsigned there, have no range."""
_EXACT = ("decimal", "dec", "numeric", "number")
_KIN: Final = {("number", "integer"), ("integer", "number"), ("date", "timestamp"), ("timestamp", "date")}
"""Pairs of logical and physical types that one value can be at once."""


def physical_rule(declared: str, type_: LogicalType | None) -> Rule | None:
    """What a physical type asks of a column of a logical type; None where the logical type says it all."""
    shape = _SHAPE.fullmatch(declared)
    word = " ".join(f"{shape[1]} {shape[4] or ''}".lower().split()) if shape else ""
    family = _FAMILY.get(word)
    if shape is None or family is None:
        return NotChecked(f"{declared!r} is no type whose values are known")
    if type_ is None:
        return NotChecked(f"the column needs a logicalType beside {declared!r}")
    if family != type_ and (type_, family) not in _KIN:
        return NotChecked(f"the column is read as {type_}, which {declared!r} is not")
    length = int(shape[2]) if shape[2] and shape[2].isdecimal() else None
    if word in ("uuid", "uniqueidentifier"):
        return string_format("uuid")
    if family == "string":
        return Length("maxLength", length) if length is not None and word != "text" else None
    if word in _BITS:
        limit: int = 2 ** (_BITS[word] - 1)
        return Within(declared, -limit, limit - 1)
    if word in _EXACT and length is not None:
        return Digits(declared, length, int(shape[3] or 0))
    return None
