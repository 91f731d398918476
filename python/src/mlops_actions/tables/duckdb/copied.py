"""A table copied from a database, and an identity for rows that have no file."""

from __future__ import annotations

from mlops_actions.evidence.digests import digest_bytes
from mlops_actions.tables.databases import Copy
from mlops_actions.tables.duckdb.connection import connect
from mlops_actions.tables.duckdb.reading import IN_ORDER, Reading, listed
from mlops_actions.tables.duckdb.types import literal, logical
from mlops_actions.tables.identity import Identity
from mlops_actions.tables.interface import StoredType


def read_copy(copy: Copy, location: str) -> Reading:
    """The copy's columns, as typed as the database has them."""
    types = {name: "VARCHAR" if type_ == "text" else type_ for name, type_ in copy.types.items()}
    columns = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in types.items())
    source = (
        f"read_csv({listed([str(copy.path)])}, auto_detect = false, header = false, delim = ',', quote = '\"', "
        f"escape = '\"', allow_quoted_nulls = false, max_line_size = {64 << 20}, columns = {{{columns}}})"
    )
    stored: dict[str, StoredType] = {
        name: "text" if type_ == "text" else logical(type_) for name, type_ in copy.types.items()
    }
    return Reading(source, IN_ORDER, stored, renamed={str(copy.path): location})


def rows_and_content(reading: Reading) -> Identity:
    """The number of rows and a hash of all of them, whatever their order: what rows without a file are known by."""
    connection = connect()  # of its own, so that a scan may run beside it
    reading.prepare(connection)
    # sums of halves of 128 bits: rows that occur twice do not cancel out
    hashes = "sum(md5_number_lower(line)::HUGEINT), sum(md5_number_upper(line)::HUGEINT)"
    query = f"SELECT count(*), {hashes} FROM (SELECT to_json(t)::VARCHAR AS line FROM {reading.source} AS t)"  # noqa: S608
    rows, lower, upper = connection.execute(query).fetchall()[0]
    return Identity(digest_bytes(f"{rows} {lower} {upper}".encode()), "rows+content", {"rows": str(rows)})
