"""What Spark takes without a word and DuckDB does not: files of different columns, and text that is not UTF-8."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mlops_actions.errors import InputError
from mlops_actions.tables.interface import StoredType
from mlops_actions.tables.spark.types import quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_AT_ONCE = 16


def refuse_different_schemas(data: DataFrame, session: SparkSession) -> None:
    """Raise InputError where not all Parquet files have the same columns; costs a job for each footer.

    Spark takes one file's columns, drops what others have more, and fills what they lack with nothing.
    """
    files = sorted(map(unquote, data.inputFiles()))
    if len(files) < 2:
        return
    with ThreadPoolExecutor(_AT_ONCE) as beside:
        schemas = list(beside.map(lambda file: _columns(file, session), files))
    for file, columns in zip(files, schemas, strict=True):
        if columns != schemas[0]:
            names = sorted({name for name, _ in set(columns.items()) ^ set(schemas[0].items())})
            raise InputError(
                f"its columns differ from those of {_shown(files[0])}: {', '.join(names)}.",
                where=_shown(file),
                hint="Files of one table must have the same columns and types.",
            )


def _columns(file: str, session: SparkSession) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in session.read.parquet(file).schema.fields}


def _shown(file: str) -> str:
    return file.removeprefix("file://") if file.startswith("file:///") else file


def garbled(stored: Mapping[str, StoredType], session: SparkSession) -> str:
    """SQL that is true for rows with text that is not UTF-8, for which Spark puts U+FFFD when it reads CSV."""
    validates = int(session.version.partition(".")[0]) >= 4
    of_text = [f"instr({quoted(name)}, '\ufffd') > 0" for name, type_ in stored.items() if type_ == "text"]
    of_strings = [f"NOT is_valid_utf8({quoted(name)})" for name, type_ in stored.items() if type_ == "string"]
    return " OR ".join(of_text + (of_strings if validates else [])) or "false"


def refuse_garbled(count: int, location: str) -> None:
    """Raise InputError where there are such rows."""
    if count:
        raise InputError(
            f"{count:,} row{'s are' if count > 1 else ' is'} not UTF-8 text (or U+FFFD, which stands for that).",
            where=location,
            hint="Save the data as UTF-8.",
        )
