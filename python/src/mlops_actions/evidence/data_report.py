"""data-report: what validate-data found in one data set."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mlops_actions.evidence.statement import Document, Predicate


class Column(Document):
    """One column as it was found."""

    name: str
    type: str
    nulls: int


class CheckResult(Document):
    """One check on one column or on the table."""

    id: str
    column: str | None = Field(description="None for a check on the table.")
    check: str = Field(description="type, required, unique, minimum, pattern, rowCount, …")
    result: Literal["pass", "fail", "not-checked"]
    severity: Literal["error", "warning"] = "error"
    failed: int = Field(description="Rows that fail.")
    total: int = Field(description="Rows that were looked at.")
    rows: list[int] = Field([], description="Numbers of the first failing rows, from 0, over all files in order.")
    where: str | None = Field(None, description="The contract's line.")
    message: str = Field(description="What was asked and what was found, in one sentence.")


class Drift(Document):
    """How far one column moved from the reference."""

    column: str
    method: str
    value: float | None = Field(description="The distance above the noise; null where it could not be measured.")
    noise: float | None = Field(None, description="What sampling alone gives at these row counts.")
    limit: float
    result: Literal["pass", "fail", "not-checked"]
    severity: Literal["error", "warning"] = "error"
    where: str | None = Field(None, description="The contract's line.")
    bins: list[str] = Field([], description="Numbered where the contract classifies the column as personal.")
    shares: list[float] = Field([], description="Share of rows in each bin, in the data.")
    reference_shares: list[float] = Field([], description="The same in the reference.")


class DataReport(Predicate):
    """About the data: its digest is the subject."""

    KIND: ClassVar[str] = "data-report"

    rows: int
    columns: list[Column]
    checks: list[CheckResult]
    drift: list[Drift] = []
    unavailable: list[str] = Field([], description="Columns that are not available at prediction time.")

    @property
    def drifted(self) -> bool:
        """Whether a column moved further than its limit."""
        return any(one.result == "fail" for one in self.drift)

    @property
    def failed_checks(self) -> int:
        """Checks that failed, warnings included."""
        return sum(one.result == "fail" for one in self.checks)
