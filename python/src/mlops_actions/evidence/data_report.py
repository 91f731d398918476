"""data-report: what validate-data found in one data set."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from mlops_actions.evidence.statement import Document, Predicate

Of = Literal["value", "length", "missing", "label"]


class Column(Document):
    """One column as it was found."""

    name: str
    type: str
    nulls: int
    stored: str | None = Field(None, description="The type as stored, where that is another; `text` in a text file.")


class CheckResult(Document):
    """One check on one column or on the table."""

    id: str
    table: str | None = Field(None, description="The table of the contract, where several were checked.")
    column: str | None = Field(description="None for a check on the table.")
    check: str = Field(description="type, required, unique, minimum, pattern, rowCount, …")
    result: Literal["pass", "fail", "not-checked"]
    severity: Literal["error", "warning"] = "error"
    failed: int = Field(description="Rows that fail.")
    total: int = Field(description="Rows that were looked at.")
    rows: list[int] = Field([], description="Numbers of the first failing rows, from 0, over all files in order.")
    where: str | None = Field(None, description="The contract's line.")
    message: str = Field(description="What was asked and what was found, in one sentence.")


class FailingRow(Document):
    """A row that breaks checks, as far as it may be shown."""

    table: str | None = Field(None, description="The table of the contract, where several were checked.")
    row: int = Field(description="Its number, from 0, over all files in order.")
    checks: list[str] = Field(description="The `id` of each check that it is among the first to break.")
    cells: dict[str, str | None] = Field(
        {}, description="Column → its text, cut where it is long; null where the cell is missing."
    )


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
    of: Of = Field("value", description="What was compared: the column's values, their length, or what is missing.")
    season: str | None = Field(None, description="By what the reference follows the data's seasons.")
    share: float | None = Field(
        None, description="The share of a rule's columns that may move; the column alone then fails nothing."
    )
    message: str = Field("", description="What happened to the column, in one sentence.")


class Distribution(Document):
    """Rows of one column in bins: what is needed to measure drift from this data without the data."""

    column: str
    of: Of = "value"
    type: str = Field(description="What the column was read as.")
    season: str | None = None
    ordered: bool = Field(description="Whether cuts are rising upper edges, after which one bin follows; else values.")
    cuts: list[bool | int | float | str]
    counts: dict[str, list[int]] = Field(
        description="By season (`` where there is none): rows in each bin, then in that of all others, then missing."
    )
    sums: dict[str, list[float]] = Field({}, description="By season: the sum in each bin but the missing.")
    scale: float | None = Field(None, description="The standard deviation of a sample.")
    noise: float | None = Field(None, description="The noise of a Wasserstein distance for one row.")

    @model_validator(mode="after")
    def _has_all_bins(self) -> Self:
        for kind, more in (("counts", 2), ("sums", 1)):
            if any(len(bins) != len(self.cuts) + more for bins in getattr(self, kind).values()):
                raise ValueError(f"the {kind} do not fit the bins of {self.column!r}")
        return self


class DataReport(Predicate):
    """About the data: its digest is the subject."""

    KIND: ClassVar[str] = "data-report"

    rows: int
    columns: list[Column]
    checks: list[CheckResult]
    failing_rows: list[FailingRow] = Field([], description="Some rows of each failing check.")
    withheld: list[str] = Field(
        [], description="Columns that `failing_rows` never shows: personal ones, keys beside them, undescribed ones."
    )
    drift: list[Drift] = []
    unavailable: list[str] = Field([], description="Columns that are not available at prediction time.")
    profile: list[Distribution] = Field([], description="What later data can be compared with, where it was asked for.")

    @property
    def drifted(self) -> bool:
        """Whether a column moved further than its limit, or more columns than may."""
        alone = any(one.result == "fail" and one.share is None for one in self.drift)
        return alone or any(one.check == "drift" and one.result == "fail" for one in self.checks)

    @property
    def failed_checks(self) -> int:
        """Checks that failed, warnings included."""
        return sum(one.result == "fail" for one in self.checks)
