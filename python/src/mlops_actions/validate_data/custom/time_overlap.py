"""`time-overlap`: splits that are not one after the other, so that a model knows the future of what it is tested on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import narwhals as nw
from pydantic import BeforeValidator, Field, WithJsonSchema

from mlops_actions.ci.inputs import DURATION, to_seconds
from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import Aggregate, Scan, Scanned
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking, settled
from mlops_actions.validate_data.custom.rows_of_other import Other, OtherSplit, common_types, other_split
from mlops_actions.validate_data.custom.wording import duration


class Arguments(OtherSplit):
    """Rows that reach into the time of the other split, whichever of the two is the earlier one."""

    column: str = Field(description="When a row happened.")
    gap: Annotated[float, BeforeValidator(to_seconds), WithJsonSchema(DURATION)] = Field(
        0, ge=0, le=1e10, description="The least time between the splits, such as 1d."
    )


def ask(rule: Rule, sides: Sides) -> Question:
    """Find where the other split begins and ends, and count the rows that reach into it."""
    given = rule.given(Arguments)
    other = other_split(rule, given, sides)
    if not isinstance(other, Other):
        return other
    if absent := lacking(rule, sides, [given.column]):
        return absent
    types = common_types(rule, sides, other, [given.column])
    if isinstance(types, Question):
        return types
    if types[given.column] not in ("date", "timestamp"):
        message = f"{rule.kind}: {given.column!r} is of the type {types[given.column]}, not a date or timestamp."
        return settled(rule.result("fail", message))
    moment = cells_of(given.column).cast(nw.Datetime("us"))
    ends = {"begin": Aggregate("min", moment), "end": Aggregate("max", moment)}
    theirs = other.table.scan(Scan(types=types, aggregates=ends)).aggregates
    begin, end = theirs["begin"], theirs["end"]
    if begin is None:
        why = f"the {other.name} has no value of {given.column!r}"
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: {why}."))
    gap = timedelta(seconds=given.gap)
    late = moment > _shifted(begin, -gap) if gap else moment >= begin
    early = moment < _shifted(end, gap) if gap else moment <= end
    return Question(
        lambda scanned: Found((_judge(rule, given, other, (begin, end), scanned),)),
        Scan(types=types, flags={f"{rule.id}:late": late, f"{rule.id}:early": early}, first=sides.first),
    )


def _shifted(moment: datetime, by: timedelta) -> datetime:
    """At most to the ends of the calendar, where engines have infinite moments."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max if by > timedelta() else datetime.min  # noqa: DTZ901  scans know no zones


def _judge(
    rule: Rule, given: Arguments, other: Other, ends: tuple[datetime, datetime], scanned: Scanned
) -> CheckResult:
    """The order that was meant is the one that fewer rows break."""
    late, early = scanned.flags[f"{rule.id}:late"], scanned.flags[f"{rule.id}:early"]
    apart = f"{duration(given.gap)} " if given.gap else ""
    if late.count <= early.count:
        problem = f"of {given.column!r} are not {apart}before the {other.name} begins at {ends[0]}"
        return rule.counted(late, scanned.rows, problem, given.column)
    problem = f"of {given.column!r} are not {apart}after the {other.name} ends at {ends[1]}"
    return rule.counted(early, scanned.rows, problem, given.column)
