"""What leaks between splits: rows, keys or groups of the data that stand in the other split too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from mlops_actions.tables import LogicalType, Match, Table
from mlops_actions.validate_data.custom.interface import (
    Arguments,
    Found,
    Question,
    Rule,
    Sides,
    lacking,
    resolve,
    settled,
)

Against = Literal["holdout", "reference"]


class OtherSplit(Arguments):
    """Which data the check compares with."""

    against: Against = Field("holdout", description="The input that names the other split: holdout or reference.")


@dataclass(frozen=True)
class Other:
    """The other split."""

    name: Against
    table: Table


def other_split(rule: Rule, given: OtherSplit, sides: Sides) -> Other | Question:
    """The other split; what to answer where there is none."""
    if given.against == "holdout":
        return Other("holdout", sides.holdout) if sides.holdout else _without(rule, "no holdout was given")
    if sides.reference is None:
        return _without(rule, "no reference was given")
    if sides.reference.table is None:
        return _without(rule, "a profile holds no rows")
    return Other("reference", sides.reference.table)


def count_shared(
    rule: Rule, sides: Sides, other: Other, columns: Sequence[str], problem: str, *, complete: bool
) -> Question:
    """Count the data's rows whose values in these columns stand in the other split."""
    if absent := lacking(rule, sides, columns):
        return absent
    types = common_types(rule, sides, other, columns)
    if isinstance(types, Question):
        return types
    tally = sides.data.match(Match(tuple(columns), types, other.table, complete=complete, first=sides.first))
    return Question(lambda scanned: Found((rule.counted(tally, scanned.rows, problem),)))


def common_types(rule: Rule, sides: Sides, other: Other, columns: Sequence[str]) -> dict[str, LogicalType] | Question:
    """What columns are read as on both sides; the failure where a column is no common one."""
    types: dict[str, LogicalType] = {}
    for column in columns:
        if column not in other.table.stored:
            return settled(rule.result("fail", f"{rule.kind}: the {other.name} has no column {column!r}."))
        mine, theirs = sides.type_of(column), resolve(column, sides.contract, other.table)
        both = {mine, theirs}
        if len(both) > 1 and both not in ({"integer", "number"}, {"date", "timestamp"}):
            message = f"{rule.kind}: {column!r} is of the type {mine}, and in the {other.name} of the type {theirs}."
            return settled(rule.result("fail", message))
        types[column] = mine if len(both) == 1 else "number" if "number" in both else "timestamp"
    return types


def _without(rule: Rule, why: str) -> Question:
    return settled(rule.result("not-checked", f"{rule.kind} was not checked: {why}."))
