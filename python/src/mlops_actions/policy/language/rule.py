"""What a rule asks, as values: what cannot be judged cannot be built."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal, get_args

from mlops_actions.statistics.latency import LATENCIES

Operator = Literal[">", ">=", "<", "<="]
Severity = Literal["block", "warn"]
Against = Literal["champion", "anchor", "baseline", "recorded"]
"""What a rule may compare with: the model in charge, a pinned older one, no model at all, or the model's own past."""

REFERENCES: tuple[Against, ...] = get_args(Against)

Topic = Literal["data", "model"]
"""What statements may be about, beside the evaluation that is judged."""

FLIPPED: dict[Operator, Operator] = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
"""The operator when both sides change places, or sign."""
OPPOSITE: dict[Operator, Operator] = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
"""The operator that holds exactly where this one does not."""

EQUALIZED_ODDS = "equalized_odds"
"""In place of a metric: recall and false positive rate, both of which must be alike (Hardt, Price & Srebro 2016)."""


@dataclass(frozen=True)
class Overall:
    """A metric over all rows."""

    metric: str

    def __str__(self) -> str:
        return self.metric


@dataclass(frozen=True)
class InSlice:
    """A metric over the rows where a column has one value."""

    metric: str
    column: str
    value: str

    def __str__(self) -> str:
        return f'{self.metric}[{self.column} == "{self.value}"]'


@dataclass(frozen=True)
class PerSlice:
    """A metric in every slice of a column: a family."""

    metric: str
    column: str

    def __str__(self) -> str:
        return f"{self.metric}[{self.column}]"


@dataclass(frozen=True)
class Worst:
    """The worst of a family's values."""

    of: PerSlice

    def __str__(self) -> str:
        return f"worst({self.of})"


@dataclass(frozen=True)
class Gap:
    """The difference of a metric between groups, over all ordered pairs; so its size is meant."""

    of: PerSlice

    def __str__(self) -> str:
        return f"gap({self.of})"


@dataclass(frozen=True)
class Ratio:
    """The ratio of a metric between groups, over all ordered pairs; so the least one is meant."""

    of: PerSlice

    def __str__(self) -> str:
        return f"ratio({self.of})"


@dataclass(frozen=True)
class Measured:
    """A number about the model itself, whatever the rows."""

    name: str
    """`size_mb` or `age`, which are plain numbers, or one of `LATENCIES`, which is repeated."""

    def __str__(self) -> str:
        return "age(model)" if self.name == "age" else self.name


Sampled = Overall | InSlice | PerSlice
Quantity = Sampled | Worst | Gap | Ratio | Measured


def comparable(quantity: Quantity) -> bool:
    """Whether it can be compared with another model's: it has an error, and a paired difference."""
    return isinstance(quantity, Sampled) or (isinstance(quantity, Measured) and quantity.name in LATENCIES)


@dataclass(frozen=True)
class Comparison:
    """`quantity - factor * (the reference's same quantity)  operator  limit`."""

    quantity: Quantity
    factor: float
    """The reference's; 0 where the rule compares with a number alone."""
    operator: Operator
    limit: float
    against: Against = "champion"
    """The reference."""

    def __post_init__(self) -> None:
        if not (isfinite(self.factor) and isfinite(self.limit)) or self.factor < 0:
            raise ValueError("a comparison needs a finite limit and a finite factor that is not negative")
        if self.factor and not comparable(self.quantity):
            raise ValueError(f"{self.quantity} cannot be compared with the {self.against}")

    def holds(self, value: float) -> bool:
        """Whether a number satisfies the comparison; NaN satisfies none."""
        operators = {">": value > self.limit, ">=": value >= self.limit}
        return operators.get(self.operator, value < self.limit if self.operator == "<" else value <= self.limit)

    @property
    def above(self) -> bool:
        """Whether the quantity is to be above the limit."""
        return self.operator in (">", ">=")


@dataclass(frozen=True)
class Shown:
    """A plain rule: every comparison must be shown to hold, in every slice."""

    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Guard:
    """A `forbid` rule: fails only where one of the comparisons, the harms, is shown to hold."""

    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Passed:
    """`passed(data)`, `passed(model)`: what is stated of the data, or of the model, passed."""

    of: Topic = "data"

    def __str__(self) -> str:
        return f"passed({self.of})"


Demand = Shown | Guard | Passed


@dataclass(frozen=True)
class Rule:
    """A demand, where it stands, and what its failure means."""

    text: str
    """As it was written, without the comment."""
    where: str
    """`policy.yaml:3` or `rules:3`."""
    demand: Demand
    severity: Severity = "block"
    confidence: float | None = None
    """One-sided; None: the policy's."""
    reason: str | None = None
    """Why the rule exists, in the owner's words."""
    owner: str | None = None
    until: date | None = None
    """The last day on which the severity `warn` holds; afterwards the rule blocks."""
    locked: bool = False
    """Whether a policy that extends this one may only tighten the rule."""
    minimum_count: int | None = None
    """Rows in a metric's denominator that a slice needs; None: as many as evaluate-model asked for."""

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What it compares; nothing for `passed(...)`."""
        return () if isinstance(self.demand, Passed) else self.demand.comparisons

    @property
    def names_champion(self) -> bool:
        """Whether the champion must be known to judge it."""
        return "champion" in self.references

    @property
    def references(self) -> frozenset[Against]:
        """What it compares with besides numbers."""
        return frozenset(comparison.against for comparison in self.comparisons if comparison.factor)

    def severity_on(self, day: date) -> Severity:
        """The severity on a day: an exception that has expired blocks."""
        return "block" if self.until is not None and day > self.until else self.severity
