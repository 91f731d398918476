"""What a kind of custom check is: arguments as the contract writes them, and what they ask of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from mlops_actions.errors import nearest
from mlops_actions.evidence.data_report import CheckResult, Drift
from mlops_actions.tables import LogicalType, Scan, Scanned, Table, Tally
from mlops_actions.validate_data.rules import Severity
from mlops_actions.validate_data.threshold import NONE, Threshold

if TYPE_CHECKING:
    from mlops_actions.validate_data.custom.distributions import Measure
    from mlops_actions.validate_data.custom.reference import Reference
    from mlops_actions.validate_data.rules import Contract


class Arguments(BaseModel):
    """The `implementation` block of one kind, less its `check`. Field descriptions are the kind's documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ROWS: ClassVar[bool] = True
    """Whether the check counts rows, so that `mustBe` and the other comparisons of the contract apply."""

    def measures(self, contract: Contract, columns: Mapping[str, object]) -> tuple[Measure, ...]:  # noqa: ARG002
        """What it has to know of the reference; `columns` are those of the data."""
        return ()


A = TypeVar("A", bound=Arguments)


@dataclass(frozen=True)
class Rule:
    """One custom check of a contract."""

    id: str
    """Unique within the contract: `table.quality[0].drift`."""
    kind: str
    """The word after `check:`."""
    arguments: Arguments
    where: str
    """`file:line`."""
    threshold: Threshold = field(default_factory=Threshold)
    severity: Severity = "error"

    def given(self, as_: type[A]) -> A:
        """The arguments, as what the kind reads them as."""
        if not isinstance(self.arguments, as_):
            raise TypeError(f"{self.kind} has the arguments of another kind")
        return self.arguments

    def result(
        self,
        result: Literal["pass", "fail", "not-checked"],
        message: str,
        *,
        failed: int = 0,
        total: int = 0,
        column: str | None = None,
        rows: tuple[int, ...] = (),
    ) -> CheckResult:
        """What the report says of this check."""
        return CheckResult(
            id=self.id if column is None else f"{self.id}.{column}",
            column=column,
            check=self.kind,
            result=result,
            severity=self.severity,
            failed=failed,
            total=total,
            rows=list(rows) if result == "fail" else [],
            where=self.where,
            message=message,
        )

    def counted(self, tally: Tally, total: int, problem: str, column: str | None = None) -> CheckResult:
        """Judge a number of rows. `problem` is what is wrong with them: "of 4 rows …"."""
        met = self.threshold.holds(tally.count, total)
        first = f", first row {tally.rows[0]}" if tally.rows and not met else ""
        asked = "" if self.threshold == NONE else f"; the count {self.threshold}"
        message = f"{tally.count:,} of {total:,} rows {problem}{first}{asked}."
        result: Literal["pass", "fail"] = "pass" if met else "fail"
        return self.result(result, message, failed=tally.count, total=total, column=column, rows=tally.rows)


@dataclass(frozen=True)
class Sides:
    """The data, and what it is held against."""

    contract: Contract
    data: Table
    reference: Reference | None
    holdout: Table | None
    earlier: Callable[[], tuple[int, ...]]
    """Reads how many rows earlier data by this contract had, newest last."""
    now: datetime
    """In UTC, without a zone, like all moments of a scan."""
    first: int
    """How many failing row numbers to keep."""

    def type_of(self, column: str) -> LogicalType:
        """What the data's column is read as: what the contract says where it can be, else as it is stored.

        KeyError where the data has no such column.
        """
        return resolve(column, self.contract, self.data)


def resolve(column: str, contract: Contract, table: Table) -> LogicalType:
    """What a table's column is read as; KeyError where there is none. May cost a pass over a text file."""
    from mlops_actions.tables.interface import readable_as

    stored = table.stored[column]
    declared = next((one.type for one in contract.properties if one.name == column and one.type), None)
    return declared if declared and readable_as(stored, declared) else table.columns[column]


@dataclass(frozen=True)
class Found:
    """What one check found."""

    checks: tuple[CheckResult, ...] = ()
    drift: tuple[Drift, ...] = ()


@dataclass(frozen=True)
class Question:
    """What one check wants of the data's scan, and how it judges the answers."""

    judge: Callable[[Scanned], Found]
    scan: Scan = field(default_factory=Scan)


class Kind(Protocol):
    """A module of this folder."""

    Arguments: type[Arguments]

    def ask(self, rule: Rule, sides: Sides) -> Question:
        """Prepare the check. May read the reference and the holdout; raises InputError where they cannot serve."""


def settled(check: CheckResult) -> Question:
    """A question that the scan need not answer."""
    return Question(lambda _: Found((check,)))


def lacking(rule: Rule, sides: Sides, columns: Iterable[str]) -> Question | None:
    """The failure of a check whose column the data does not have; None where it has all."""
    for column in columns:
        if column not in sides.data.stored:
            message = f"{rule.kind}: the data has no column {column!r}. {nearest(column, sides.data.stored)}"
            return settled(rule.result("fail", message.strip(), column=None))
    return None
