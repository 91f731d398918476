"""`freshness`: how long ago the newest row happened."""

from __future__ import annotations

from typing import Annotated, ClassVar

import narwhals as nw
from pydantic import BeforeValidator, Field, WithJsonSchema

from mlops_actions.ci.inputs import DURATION, to_seconds
from mlops_actions.tables import Aggregate, Scan, Scanned
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking, settled
from mlops_actions.validate_data.custom.wording import duration


class Arguments(Base):
    """How old the newest row may be. Rows of the future, which would hide how old it is, are not counted."""

    ROWS: ClassVar[bool] = False

    column: str = Field(description="When a row happened, in UTC where it has no zone.")
    max: Annotated[float, BeforeValidator(to_seconds), WithJsonSchema(DURATION)] = Field(
        gt=0, le=1e10, description="The greatest age of the newest row, such as 2d, 12h or 30m."
    )


def ask(rule: Rule, sides: Sides) -> Question:
    """Find the newest row that is not of the future; the age is then computed here, the same for every engine."""
    given = rule.given(Arguments)
    if absent := lacking(rule, sides, [given.column]):
        return absent
    type_ = sides.type_of(given.column)
    if type_ not in ("date", "timestamp"):
        message = f"{rule.kind}: {given.column!r} is of the type {type_}, not a date or timestamp."
        return settled(rule.result("fail", message, column=given.column))
    moment = cells_of(given.column).cast(nw.Datetime("us"))
    newest = Aggregate("max", nw.when(moment <= sides.now).then(moment))
    return Question(
        lambda scanned: _judge(rule, given, scanned, sides),
        Scan(
            types={given.column: type_},
            aggregates={rule.id: newest},
            counts={rule.id: moment > sides.now},
        ),
    )


def _judge(rule: Rule, given: Arguments, scanned: Scanned, sides: Sides) -> Found:
    newest, future = scanned.aggregates[rule.id], scanned.counts[rule.id]
    aside = f" Rows of the future: {future:,}." if future else ""
    if newest is None:
        message = f"{given.column!r} has no row up to now.{aside}"
        return Found((rule.result("fail", message, total=scanned.rows, column=given.column),))
    age = (sides.now - newest).total_seconds()
    ages = f"{duration(age)} ago; the limit is {duration(given.max)}"
    message = f"the newest {given.column!r} is of {newest}, {ages}.{aside}"
    met = age <= given.max
    return Found((rule.result("pass" if met else "fail", message, total=scanned.rows, column=given.column),))
