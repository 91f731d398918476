"""What the data is held against: other data, or the profile that an earlier report kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import Material
from mlops_actions.evidence.data_report import DataReport, Distribution
from mlops_actions.evidence.statement import STATEMENT_TYPE
from mlops_actions.evidence.store import read_statement
from mlops_actions.tables import LogicalType, Table, open_table
from mlops_actions.tables.interface import StoredType, readable_as
from mlops_actions.validate_data.custom.distributions import Measure
from mlops_actions.validate_data.custom.interface import resolve
from mlops_actions.validate_data.custom.measuring import measure
from mlops_actions.validate_data.custom.seasons import needs_a_date
from mlops_actions.validate_data.written import as_written

if TYPE_CHECKING:
    from mlops_actions.validate_data.rules import Contract

_SNIFFED = 200


@dataclass(frozen=True)
class Reference:
    """What is known of the reference, wherever it comes from."""

    location: str
    rows: int
    stored: Mapping[str, str]
    """Column → type as stored."""
    table: Table | None
    """None where it is a profile."""
    distributions: Mapping[Measure, Distribution]
    """Of all that the contract's rules asked for; of a profile, what it has of it."""


@dataclass(frozen=True)
class Report:
    """The data-report of data that is not here."""

    location: str
    sha256: str
    report: DataReport

    def material(self, name: str) -> Material:
        """The report's own digest."""
        return Material(name=name, uri=self.location, digest={"sha256": self.sha256})


def open_reference(location: str, engine: str = "duckdb") -> Table | Report:
    """Open data, or a data-report; InputError where it is neither."""
    return _read_report(location) if _is_statement(location) else open_table(location, engine)


def read_reference(opened: Table | Report, measures: Sequence[Measure], contract: Contract) -> Reference:
    """Find out what is wanted; InputError where data has no rows, or lacks a column that is measured."""
    if isinstance(opened, Report):
        return _recall(opened, measures)
    opened = as_written(contract, opened)
    rows = opened.row_count()
    if not rows:
        raise InputError("the reference holds no rows.", where=opened.location)
    types = {column: _type(column, contract, opened) for one in measures for column in one.columns}
    for one in measures:
        _refuse_other_types(one, types)
    found = measure(opened, measures, types) if measures else {}
    return Reference(opened.location, rows, opened.stored, opened, found)


def make_profile(data: Table, measures: Sequence[Measure], contract: Contract) -> list[Distribution]:
    """What later data can be compared with; nothing of personal columns, nor of what is not there or not readable."""
    personal = {one.name for one in contract.properties if one.personal}
    wanted, types = [], {}
    for one in measures:
        try:
            found = {column: _type(column, contract, data) for column in one.columns}
            _refuse_other_types(one, found)
        except InputError:
            continue  # the data's own checks say so
        if one.column not in personal:
            wanted.append(one)
            types.update(found)
    return list(measure(data, wanted, types).values()) if wanted else []


def _is_statement(location: str) -> bool:
    path = Path(location)
    if path.suffix != ".json" or not path.is_file():
        return False
    with path.open("rb") as stream:
        return STATEMENT_TYPE.encode() in stream.read(_SNIFFED)


def _read_report(location: str) -> Report:
    stored = read_statement(Path(location))
    report = stored.statement.predicate
    if not isinstance(report, DataReport):
        raise InputError(
            f"the reference is a statement of the kind {stored.statement.kind!r}.",
            where=location,
            hint="Give data, or a data-report of validate-data.",
        )
    return Report(location, stored.sha256, report)


def _recall(opened: Report, measures: Sequence[Measure]) -> Reference:
    report = opened.report
    kept = {(one.column, one.of, one.season): one for one in sorted(report.profile, key=lambda one: bool(one.sums))}
    found = {one: kept.get((one.column, one.of, str(one.season) if one.season else None)) for one in measures}
    return Reference(
        opened.location,
        report.rows,
        {one.name: one.stored or one.type for one in report.columns},
        None,
        {one: kept for one, kept in found.items() if kept and (kept.sums or not one.sums)},
    )


def _refuse_other_types(one: Measure, types: Mapping[str, LogicalType]) -> None:
    type_ = types[one.column]
    if type_ in ("array", "object", "map", "binary"):
        raise InputError(f"{one.column!r} holds {type_} values, which have no drift.", where=one.where)
    if one.of == "length" and type_ != "string":
        raise InputError(f"only text has a length, but {one.column!r} is of the type {type_}.", where=one.where)
    if one.sums and type_ not in ("integer", "number") and one.of != "length":
        hint = "Use psi, jensen-shannon or chi-square."
        message = f"a Wasserstein distance needs numbers, but {one.column!r} is of the type {type_}."
        raise InputError(message, where=one.where, hint=hint)
    for column in needs_a_date(one.season) if one.season else ():
        if types[column] not in ("date", "timestamp"):
            message = f"the season {str(one.season)!r} needs a date, but {column!r} is of the type {types[column]}."
            raise InputError(message, where=one.where)


def _type(column: str, contract: Contract, table: Table) -> LogicalType:
    if column not in table.stored:
        hint = nearest(column, table.stored)
        raise InputError(f"the reference has no column {column!r}.", where=table.location, hint=hint)
    declared = next((one.type for one in contract.properties if one.name == column and one.type), None)
    stored: StoredType = table.stored[column]
    if declared and not readable_as(stored, declared):
        raise InputError(f"the reference stores {column!r} as {stored}, not {declared}.", where=table.location)
    return resolve(column, contract, table)
