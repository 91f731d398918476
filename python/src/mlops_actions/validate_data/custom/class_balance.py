"""`class-balance`: the shares of the rarest and of the most frequent label."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from mlops_actions.tables import Group, Groups, Scan, Scanned
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking
from mlops_actions.validate_data.custom.measuring import MOST_LABELS


class Arguments(Base):
    """How even the labels have to be, among the rows that have one; a single label fails."""

    ROWS: ClassVar[bool] = False

    column: str = Field(description="The label.")
    min: float | None = Field(None, gt=0, lt=1, description="The least share of the rarest label, such as 0.05.")
    max: float | None = Field(None, gt=0, lt=1, description="The largest share of the most frequent label.")
    values: list[str | int | bool] = Field([], description="Labels that have to be there; others may be too.")

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("give it min, max or both")
        return self


def ask(rule: Rule, sides: Sides) -> Question:
    """Count the labels."""
    given = rule.given(Arguments)
    if absent := lacking(rule, sides, [given.column]):
        return absent
    groups = {rule.id: Groups(cells_of(given.column), most=MOST_LABELS + 2)}
    types = {given.column: sides.type_of(given.column)}
    return Question(lambda scanned: _judge(rule, given, scanned, sides), Scan(types=types, groups=groups))


def _judge(rule: Rule, given: Arguments, scanned: Scanned, sides: Sides) -> Found:
    personal = any(one.personal for one in sides.contract.properties if one.name == given.column)
    found = [one for one in scanned.groups[rule.id] if one.value is not None]
    counts = {_named(one): one.rows for one in found}
    labels = {**{str(value): 0 for value in given.values}, **counts}
    total = sum(counts.values())

    def told(name: str) -> str:
        return "a label" if personal else repr(name)

    if len(found) > MOST_LABELS:
        message = f"{given.column!r} has more than {MOST_LABELS:,} values, which are no labels."
        return Found((rule.result("fail", message, total=total, column=given.column),))
    if len(labels) < 2:
        held = "one label" if labels else "no label"
        message = f"{given.column!r} holds {held}, of which nothing can be learned."
        return Found((rule.result("fail", message, total=total, column=given.column),))
    falling = sorted(labels, key=lambda name: -labels[name])
    most, rarest = falling[0], falling[-1]
    low, high = labels[rarest] / total, labels[most] / total
    asked = [f"at least {given.min:.1%}"] if given.min is not None else []
    asked += [f"at most {given.max:.1%}"] if given.max is not None else []
    met = (given.min is None or low >= given.min) and (given.max is None or high <= given.max)
    message = (
        f"of {total:,} labels of {given.column!r} {low:.1%} are {told(rarest)} and {high:.1%} are {told(most)}; "
        f"each has to have {' and '.join(asked)}."
    )
    return Found((rule.result("pass" if met else "fail", message, total=total, column=given.column),))


def _named(group: Group) -> str:
    return str(group.value)
