"""`duplicates`: rows that repeat an earlier one exactly."""

from __future__ import annotations

from pydantic import Field

from mlops_actions.tables import Match
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking, settled


class Arguments(Base):
    """Rows that repeat an earlier one; missing cells are alike, unlike in `unique` and `duplicateValues`."""

    columns: list[str] | None = Field(None, min_length=1, description="What has to be alike; all columns by default.")
    ignore: list[str] = Field([], description="Columns that do not matter, such as a row's number.")


def ask(rule: Rule, sides: Sides) -> Question:
    """Match the data's rows with earlier ones."""
    given = rule.given(Arguments)
    columns = [name for name in given.columns or sides.data.stored if name not in given.ignore]
    if absent := lacking(rule, sides, columns):
        return absent
    if not columns:
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: no column is left to compare."))
    types = {name: sides.type_of(name) for name in columns}
    tally = sides.data.match(Match(tuple(columns), types, first=sides.first))
    return Question(lambda scanned: Found((rule.counted(tally, scanned.rows, "repeat an earlier row"),)))
