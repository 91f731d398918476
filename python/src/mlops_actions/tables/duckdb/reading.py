"""Files as something that DuckDB selects from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import InputError
from mlops_actions.tables.duckdb.types import free_name, literal, logical, quoted
from mlops_actions.tables.files import Files, check_names
from mlops_actions.tables.interface import StoredType
from mlops_actions.tables.pandas_types import pandas_types
from mlops_actions.tables.text_files import common_header

if TYPE_CHECKING:
    import duckdb

ROW_BITS = 40
"""A row's code is its file's place shifted by this, plus its row in the file: ordered over all files."""
BY_FILE = f"(file_index::BIGINT << {ROW_BITS} | file_row_number)"
IN_ORDER = "(row_number() OVER () - 1)"
_LARGEST_JSON = 64 << 20
_JSON_WORDS = {"ARRAY": "array", "VARCHAR": "string", "BOOLEAN": "boolean", "NULL": "null"}


@dataclass(frozen=True)
class Reading:
    """How to select from the data."""

    source: str
    """A FROM clause."""
    row: str
    """Expression of a row's code: ascending in the order of the rows."""
    stored: dict[str, StoredType]
    footers: tuple[str, ...] = ()
    """Parquet files, whose footers know the number of their rows."""
    prepare: Callable[[duckdb.DuckDBPyConnection], None] = lambda _: None
    """What a connection needs before it can select."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """A path on this machine → what messages call it."""
    pandas: Mapping[str, str] = field(default_factory=dict)
    """What pandas would make of columns besides plain arrays (see `Column.type`)."""
    partitions: tuple[str, ...] = ()
    """Columns that folders name, outermost first."""
    json: bool = False
    """Whether nested text may be a date or a time, since JSON has neither."""


def read_parquet(files: Files, connection: duckdb.DuckDBPyConnection) -> Reading:
    """Parquet files; InputError when their columns differ, unless some may lack what others have."""
    prepare = partial(_reach, files.bucket.partition(":")[0]) if files.bucket else Reading.prepare
    prepare(connection)
    if not files.uneven:
        _refuse_different_schemas(files, connection)
    source = f"read_parquet({listed(files.addresses)}, hive_partitioning = false, union_by_name = {files.uneven})"
    types = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    hidden = {name.lower() for name in types} & {"file_index", "file_row_number"}
    # row_number is slower, but the virtual columns are hidden by real ones
    stored: dict[str, StoredType] = {name: logical(type_) for name, type_ in types.items()}
    reading = Reading(source, IN_ORDER if hidden else BY_FILE, stored, files.addresses, prepare)
    return with_partitions(replace(reading, pandas=_pandas(files, types, connection)), files)


def read_csv(files: Files) -> Reading:
    """CSV files as text; InputError when their first lines differ."""
    first = common_header(files)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in first.names)
    source = (
        f"read_csv({listed(files.addresses)}, auto_detect = false, header = true, delim = {literal(first.delimiter)}, "
        f"quote = '\"', escape = '\"', strict_mode = true, hive_partitioning = false, columns = {{{columns}}})"
    )
    return with_partitions(Reading(source, IN_ORDER, dict.fromkeys(first.names, "text")), files)


def read_json(files: Files, connection: duckdb.DuckDBPyConnection) -> Reading:
    """JSON lines; simple cells stay JSON, to be read one by one, nested ones get the type that holds all of them.

    Raises InputError where a line is no object, or two keys differ only in case.
    """
    whole = {path.name.lower().partition(".json")[2][:1] for path in files.paths} == {""}
    form = "auto" if whole else "newline_delimited"
    given = f"{listed(files.addresses)}, format = '{form}', maximum_object_size = {_LARGEST_JSON}"
    objects = f"read_json_objects({given})"
    found = connection.execute(f"SELECT json_group_structure(json) FROM {objects}").fetchall()[0][0]  # noqa: S608
    structure = json.loads(found or "{}")
    if not isinstance(structure, dict):
        _refuse_other_than_objects(objects, files, connection)
        structure = {}
    check_names(tuple(structure), files.location)
    if not structure:
        raise InputError("the file holds no JSON object with a key.", where=files.location)
    types = {name: _json_type(part) for name, part in structure.items()}
    columns = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in types.items())
    source = f"read_json({given}, records = true, hive_partitioning = false, columns = {{{columns}}})"
    stored: dict[str, StoredType] = {
        name: "json" if type_ == "JSON" else logical(type_) for name, type_ in types.items()
    }
    return with_partitions(Reading(source, IN_ORDER, stored, json=True), files)


def _pandas(files: Files, types: Mapping[str, str], connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The first file's own word; without one, moments in UTC are what pandas calls aware of their zone."""
    aware = {name: "datetime64[us, UTC]" for name, type_ in types.items() if type_ == "TIMESTAMP WITH TIME ZONE"}
    found = connection.execute(
        f"SELECT value FROM parquet_kv_metadata({listed(files.addresses[:1])}) WHERE decode(key) = 'pandas'"  # noqa: S608
    ).fetchall()
    told = pandas_types(found[0][0]) if found else {}
    return aware | {name: type_ for name, type_ in told.items() if name in types}


def _reach(scheme: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Let a connection read ranges of the objects in buckets."""
    from obstore.fsspec import FsspecStore

    if not connection.filesystem_is_registered(scheme):
        connection.register_filesystem(FsspecStore(scheme))  # type: ignore[call-overload]


def listed(paths: Sequence[str]) -> str:
    """Paths as a list in SQL."""
    return "[" + ", ".join(literal(path) for path in paths) + "]"


def with_partitions(reading: Reading, files: Files) -> Reading:
    """The columns that folders name, beside those of the files, which win."""
    reading = replace(reading, partitions=tuple(files.partitions))
    taken = {name.lower() for name in reading.stored}
    named = {name: values for name, values in files.partitions.items() if name.lower() not in taken}
    if not named:
        return reading
    check_names(tuple(named), files.location)
    if "file_index" in taken:
        raise InputError(
            "beside folders such as `year=2024` the column 'file_index' cannot be read.",
            where=files.location,
            hint="Rename it.",
        )
    row = free_name("mlops_row", [*reading.stored, *named])
    selected = [f"{quoted(name)}" for name in reading.stored]
    selected += [f"({_values(values)})[file_index::BIGINT + 1] AS {quoted(name)}" for name, values in named.items()]
    selected.append(f"{reading.row} AS {row}")
    stored: dict[str, StoredType] = {**reading.stored, **dict.fromkeys(named, "text")}
    source = f"(SELECT {', '.join(selected)} FROM {reading.source})"  # noqa: S608
    return replace(reading, source=source, row=row, stored=stored)


def _values(values: Sequence[str | None]) -> str:
    return "[" + ", ".join("NULL" if value is None else literal(value) for value in values) + "]::VARCHAR[]"


def _json_type(structure: Any) -> str:
    """DuckDB's type for what `json_group_structure` found; JSON where cells differ or are simple."""
    if isinstance(structure, dict) and structure:
        return "STRUCT(" + ", ".join(f"{quoted(name)} {_inner_type(part)}" for name, part in structure.items()) + ")"
    if isinstance(structure, list):
        return f"{_inner_type(structure[0])}[]"
    return "JSON"


def _inner_type(structure: Any) -> str:
    if isinstance(structure, str):
        return {"NULL": "JSON", "UBIGINT": "BIGINT"}.get(structure, structure)
    return _json_type(structure)


def _refuse_other_than_objects(objects: str, files: Files, connection: duckdb.DuckDBPyConnection) -> None:
    query = f"""
        SELECT file_index, row, json_type(json) FROM (
            SELECT file_index, row_number() OVER (PARTITION BY file_index) AS row, json FROM {objects}
        ) WHERE json_type(json) <> 'OBJECT' ORDER BY ALL LIMIT 1
    """  # noqa: S608
    for file, row, kind in connection.execute(query).fetchall():
        raise InputError(
            f"the row is a JSON {_JSON_WORDS.get(kind, 'number')}, not an object.",
            where=f"{files.paths[file]}:{row}",
            hint='Write one object a line: {"column": value}.',
        )


def _refuse_different_schemas(files: Files, connection: duckdb.DuckDBPyConnection) -> None:
    """DuckDB takes the first file's columns and drops what others have more, silently."""
    listing = connection.execute(
        f"SELECT file_name, name, coalesce(logical_type, converted_type, type), num_children "  # noqa: S608
        f"FROM parquet_schema({listed(files.addresses)})"
    ).fetchall()
    schemas: dict[str, list[tuple[str, str, int]]] = {}
    for file, name, type_, children in listing:
        schemas.setdefault(file, []).append((name, type_ or "", children or 0))
    first_file, first = next(iter(schemas.items()))
    check_names(tuple(_top_level(first)), first_file)
    for file, schema in schemas.items():
        if sorted(schema[1:]) != sorted(first[1:]):
            names = {name for name, *_ in set(schema[1:]) ^ set(first[1:])}
            raise InputError(
                f"its columns differ from those of {first_file}: {', '.join(sorted(names))}.",
                where=file,
                hint="Files of one table must have the same columns and types.",
            )


def _top_level(schema: list[tuple[str, str, int]]) -> list[str]:
    """Names of the root's children; the listing is the tree, depth first."""
    names = []
    place = 1
    while place < len(schema):
        names.append(schema[place][0])
        pending = 1
        while pending:
            pending += schema[place][2] - 1
            place += 1
    return names
