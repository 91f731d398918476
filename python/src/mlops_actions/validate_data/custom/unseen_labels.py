"""`unseen-labels`: labels that the reference does not have, which its model can never predict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pydantic import Field

from mlops_actions.tables import LogicalType, Scan
from mlops_actions.tables.interface import readable_as
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.contract.values import read_value
from mlops_actions.validate_data.custom.distributions import Measure
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking, settled
from mlops_actions.validate_data.custom.measuring import MOST_LABELS

if TYPE_CHECKING:
    from mlops_actions.validate_data.rules import Contract


class Arguments(Base):
    """Rows whose label the reference does not have; rows without a label do not count."""

    column: str = Field(description="The label.")

    def measures(self, contract: Contract, stored: Mapping[str, Any]) -> tuple[Measure, ...]:  # noqa: ARG002
        """The labels of the reference."""
        return (Measure(self.column, "label"),)


def ask(rule: Rule, sides: Sides) -> Question:
    """Count the rows whose label is none of the reference's."""
    given = rule.given(Arguments)
    if absent := lacking(rule, sides, [given.column]):
        return absent
    if sides.reference is None:
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: no reference was given."))
    known = sides.reference.distributions.get(Measure(given.column, "label"))
    if known is None:
        why = f"{sides.reference.location!r} has no profile of its labels"
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: {why}."))
    if len(known.cuts) > MOST_LABELS:
        message = f"{given.column!r} has more than {MOST_LABELS:,} values in the reference, which are no labels."
        return settled(rule.result("fail", message, column=given.column))
    type_, theirs = sides.type_of(given.column), cast("LogicalType", known.type)
    if not (readable_as(type_, theirs) or readable_as(theirs, type_)):
        message = f"{given.column!r} is of the type {type_}, and in the reference of the type {theirs}."
        return settled(rule.result("fail", message, column=given.column))
    where = sides.reference.location
    labels = [read_value(cut, theirs, f"a label of {given.column!r}", where) for cut in known.cuts]
    cell = cells_of(given.column)
    unseen = ~cell.is_in(labels) if labels else ~cell.is_null()
    problem = f"of {given.column!r} have a label that the reference does not have"
    return Question(
        lambda scanned: Found((rule.counted(scanned.flags[rule.id], scanned.rows, problem, given.column),)),
        Scan(types={given.column: type_}, flags={rule.id: unseen}, first=sides.first),
    )
