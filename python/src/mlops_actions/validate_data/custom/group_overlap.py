"""`group-overlap`: a patient, user or device in both splits, by which a model knows rows that it never saw."""

from __future__ import annotations

from pydantic import Field

from mlops_actions.validate_data.custom.interface import Question, Rule, Sides
from mlops_actions.validate_data.custom.rows_of_other import Other, OtherSplit, count_shared, other_split


class Arguments(OtherSplit):
    """Rows whose group stands in both splits; rows without a group do not count."""

    column: str = Field(description="What rows hang together by.")


def ask(rule: Rule, sides: Sides) -> Question:
    """Match the groups of both splits."""
    given = rule.given(Arguments)
    other = other_split(rule, given, sides)
    if not isinstance(other, Other):
        return other
    problem = f"share their {given.column!r} with rows of the {other.name}"
    return count_shared(rule, sides, other, [given.column], problem, complete=True)
