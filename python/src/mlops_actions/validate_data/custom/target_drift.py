"""`target-drift`: how far the target itself has moved, which changes what any metric means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from mlops_actions.validate_data.custom.distributions import Measure
from mlops_actions.validate_data.custom.drift import Distances, ask_columns
from mlops_actions.validate_data.custom.interface import Question, Rule, Sides

if TYPE_CHECKING:
    from mlops_actions.validate_data.rules import Contract


class Arguments(Distances):
    """How far the target may move from the reference."""

    column: str = Field(description="The target.")

    def measures(self, contract: Contract, stored: Mapping[str, Any]) -> tuple[Measure, ...]:  # noqa: ARG002
        """Of the target."""
        return (self.measure(self.column),)


def ask(rule: Rule, sides: Sides) -> Question:
    """Count the data's target in the reference's bins."""
    given = rule.given(Arguments)
    return ask_columns(rule, given, given.measures(sides.contract, sides.data.stored), sides)
