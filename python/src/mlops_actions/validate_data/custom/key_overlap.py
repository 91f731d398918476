"""`key-overlap`: the same key in both splits."""

from __future__ import annotations

from pydantic import Field

from mlops_actions.validate_data.custom.interface import Question, Rule, Sides
from mlops_actions.validate_data.custom.rows_of_other import Other, OtherSplit, count_shared, other_split


class Arguments(OtherSplit):
    """Rows whose key stands in both splits; rows without a whole key do not count."""

    columns: list[str] = Field(min_length=1, description="The columns that make the key.")


def ask(rule: Rule, sides: Sides) -> Question:
    """Match the keys of both splits."""
    given = rule.given(Arguments)
    other = other_split(rule, given, sides)
    if not isinstance(other, Other):
        return other
    problem = f"have a key ({', '.join(given.columns)}) of the {other.name}"
    return count_shared(rule, sides, other, given.columns, problem, complete=True)
