"""`volume`: how many rows there are beside what there usually were."""

from __future__ import annotations

from statistics import median
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from mlops_actions.tables import Scanned
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, settled

_LEAST_REPORTS = 3


class Arguments(Base):
    """How many times the usual number of rows there may be."""

    ROWS: ClassVar[bool] = False

    min: float | None = Field(None, gt=0, allow_inf_nan=False, description="The least multiple, such as 0.5.")
    max: float | None = Field(None, gt=0, allow_inf_nan=False, description="The greatest multiple, such as 2.")
    against: Literal["history", "reference"] = Field(
        "history", description="`history`: the median of earlier reports that passed, in `evidence`; or the reference."
    )
    last: int = Field(10, ge=_LEAST_REPORTS, description="How many earlier reports count.")

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give it min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("no number of rows can meet both min and max")
        return self


def ask(rule: Rule, sides: Sides) -> Question:
    """Find out what is usual."""
    given = rule.given(Arguments)
    if given.against == "reference":
        if sides.reference is None:
            return _without(rule, "no reference was given")
        return _question(rule, given, sides.reference.rows, "the reference")
    earlier = sides.earlier()[-given.last :]
    if len(earlier) < _LEAST_REPORTS:
        why = f"{len(earlier)} earlier reports by this contract passed, and {_LEAST_REPORTS} are needed"
        return _without(rule, why)
    return _question(rule, given, median(earlier), f"the median of {len(earlier)} earlier reports")


def _question(rule: Rule, given: Arguments, usual: float, what: str) -> Question:
    def judge(scanned: Scanned) -> Found:
        multiple = scanned.rows / usual
        met = (given.min or 0) <= multiple <= (given.max if given.max is not None else multiple)
        asked = [f"at least {given.min:g}"] if given.min is not None else []
        asked += [f"at most {given.max:g}"] if given.max is not None else []
        message = (
            f"there are {scanned.rows:,} rows, {multiple:.2f} times {what} ({usual:,.0f}); "
            f"it has to be {' and '.join(asked)}."
        )
        return Found((rule.result("pass" if met else "fail", message, total=scanned.rows),))

    return Question(judge)


def _without(rule: Rule, why: str) -> Question:
    return settled(rule.result("not-checked", f"{rule.kind} was not checked: {why}."))
