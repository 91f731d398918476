"""`identical-rows`: rows of the data that stand in the other split too, which a model has then seen."""

from __future__ import annotations

from pydantic import Field

from mlops_actions.validate_data.custom.interface import Question, Rule, Sides, settled
from mlops_actions.validate_data.custom.rows_of_other import Other, OtherSplit, count_shared, other_split


class Arguments(OtherSplit):
    """Rows that stand in both splits; missing cells are alike."""

    columns: list[str] | None = Field(
        None, min_length=1, description="What has to be alike; every column that both have by default."
    )
    ignore: list[str] = Field([], description="Columns that do not matter, such as a row's number.")


def ask(rule: Rule, sides: Sides) -> Question:
    """Match the rows of both splits."""
    given = rule.given(Arguments)
    other = other_split(rule, given, sides)
    if not isinstance(other, Other):
        return other
    columns = given.columns or [name for name in sides.data.stored if name in other.table.stored]
    columns = [name for name in columns if name not in given.ignore]
    if not columns:
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: no column is left to compare."))
    return count_shared(rule, sides, other, columns, f"stand in the {other.name} too", complete=False)
