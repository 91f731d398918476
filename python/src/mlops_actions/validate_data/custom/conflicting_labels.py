"""`conflicting-labels`: rows of the same features and different labels, which no model can get right."""

from __future__ import annotations

from pydantic import Field

from mlops_actions.tables import Match
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking, settled


class Arguments(Base):
    """Rows whose features stand with another label too; rows without a label do not count."""

    column: str = Field(description="The label.")
    features: list[str] | None = Field(
        None, min_length=1, description="What has to be alike; by default all that is available at prediction time."
    )
    ignore: list[str] = Field([], description="Columns that are no features, such as a row's number.")


def ask(rule: Rule, sides: Sides) -> Question:
    """Match the data's rows with those of another label."""
    given = rule.given(Arguments)
    withheld = {one.name for one in sides.contract.properties if not one.available} | {given.column, *given.ignore}
    features = given.features or [name for name in sides.data.stored if name not in withheld]
    if absent := lacking(rule, sides, [given.column, *features]):
        return absent
    if not features:
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: no feature is left to compare."))
    types = {name: sides.type_of(name) for name in (*features, given.column)}
    tally = sides.data.match(Match(tuple(features), types, unlike=given.column, first=sides.first))
    problem = f"have the features of a row with another {given.column!r}"
    return Question(lambda scanned: Found((rule.counted(tally, scanned.rows, problem),)))
