"""A location as a table of Spark. Paths must be visible to the cluster."""

from __future__ import annotations

import os
import re
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.tables.files import Files, check_names, find_files, fixed_part, format_of
from mlops_actions.tables.gathering import scheme_of, shown
from mlops_actions.tables.interface import StoredType, Table
from mlops_actions.tables.spark.content import refuse_different_schemas
from mlops_actions.tables.spark.errors import explained
from mlops_actions.tables.spark.reading import Reading
from mlops_actions.tables.spark.session import open_session
from mlops_actions.tables.spark.table import SparkTable
from mlops_actions.tables.spark.types import logical, quoted
from mlops_actions.tables.text_files import common_header

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, DataFrameReader, SparkSession

_ELSEWHERE = ("sqlite", "postgresql", "postgres", "http", "https", "-")


def open_location(location: str, engine: str) -> Table:
    """Open Parquet, CSV, a Delta Lake table or, as `table:catalog.schema.name`, one of Spark's own."""
    if scheme_of(location) in _ELSEWHERE:
        raise _not_read(location)
    session = open_session(engine)
    with explained(location):
        reading, files = _read(location, session)
        check_names(tuple(reading.stored), location)
    return SparkTable(location, reading, files)


def open_frame(frame: DataFrame, name: str) -> Table:
    """A data frame of Spark's; it has no row numbers."""
    frame.sparkSession.conf.set("spark.sql.session.timeZone", "UTC")
    with explained(name):
        reading = _typed(frame)
        check_names(tuple(reading.stored), name)
    return SparkTable(name, reading, None)


def _read(location: str, session: SparkSession) -> tuple[Reading, Files | None]:
    """The rows, and their files where this machine sees them too."""
    scheme = scheme_of(location)
    if scheme == "table":
        return _typed(session.read.table(location.partition(":")[2])), None
    path = re.sub(r"^(delta:|file:(//(?=/))?)", "", location)
    here = not scheme_of(path) and os.path.lexists(fixed_part(path) or ".")
    if scheme == "delta" or (here and (Path(path) / "_delta_log").is_dir()):
        return _typed(session.read.format("delta").load(_address(path))), None
    files = find_files(path) if here else None
    match files.format if files else format_of(path.rstrip("/")) or "parquet":
        case "parquet":
            data = _reader(path, session).parquet(_address(path))
            refuse_different_schemas(data, session)
            return _typed(data, numbered=True), files
        case "csv":
            return _csv(path, session, files), files
        case _:
            raise _not_read(location)


def _typed(data: DataFrame, *, numbered: bool = False) -> Reading:
    stored: dict[str, StoredType] = {field.name: logical(field.dataType) for field in data.schema.fields}
    return Reading(data, stored, "stored" if numbered else None)


def _csv(path: str, session: SparkSession, files: Files | None) -> Reading:
    """CSV as text. Each file is read by one task, since a quoted cell may hold a line end."""
    reader = _reader(path, session).options(
        header=True, quote='"', escape='"', multiLine=True, mode="FAILFAST", enforceSchema=False, emptyValue=""
    )
    if files is None:
        data = reader.option("sep", "\t" if ".tsv" in path else ",").csv(_address(path))
    else:
        header = common_header(files)
        types = ", ".join(f"{quoted(name)} STRING" for name in header.names)
        data = reader.option("sep", header.delimiter).schema(types).csv(_address(path))
    kinds = {field.name: logical(field.dataType) for field in data.schema.fields}
    stored: dict[str, StoredType] = {name: "text" if kind == "string" else kind for name, kind in kinds.items()}
    return Reading(data, stored, "counted")


def _reader(path: str, session: SparkSession) -> DataFrameReader:
    """Folders such as `year=2024` are columns from the first wildcard on."""
    reader = session.read
    return reader.option("basePath", _address(fixed_part(path))) if has_magic(path) else reader


def _address(path: str) -> str:
    """A path of this machine as Spark takes it, which decodes nothing; others as they are."""
    return path if scheme_of(path) else f"file://{Path(path).absolute()}"


def _not_read(location: str) -> InputError:
    hint = "It reads Parquet, CSV and Delta Lake; else set `engine: duckdb`."
    return InputError(f"Spark does not read {shown(location)!r}.", where="engine", hint=hint)
