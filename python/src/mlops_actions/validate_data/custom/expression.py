"""`expression`: what has to hold between the columns of each row."""

from __future__ import annotations

from pydantic import Field, field_validator

from mlops_actions.tables import Scan
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking
from mlops_actions.validate_data.custom.language import columns_of, read_expression


class Arguments(Base):
    """Rows that break an expression. Where a missing value leaves it open, it is not broken."""

    holds: str = Field(description="Such as `arrival >= departure`, in a part of Python's language.")

    @field_validator("holds")
    @classmethod
    def _can_be_read(cls, text: str) -> str:
        if not columns_of(text):
            raise ValueError("it names no column")
        return text


def ask(rule: Rule, sides: Sides) -> Question:
    """Count the rows that break it."""
    given = rule.given(Arguments)
    columns = columns_of(given.holds)
    if absent := lacking(rule, sides, columns):
        return absent
    types = {name: sides.type_of(name) for name in columns}
    breaks = ~read_expression(given.holds, types, rule.where)
    problem = f"break `{given.holds}`"
    return Question(
        lambda scanned: Found((rule.counted(scanned.flags[rule.id], scanned.rows, problem),)),
        Scan(types=types, flags={rule.id: breaks}, first=sides.first),
    )
