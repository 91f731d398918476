"""One estimated number that can give a bound at any confidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite, isnan, nan
from typing import Any, Literal

from mlops_actions.statistics.quantiles import t_cdf, t_quantile, t_survival
from mlops_actions.statistics.scales import SCALES

Undecidable = Literal["no-data", "undefined", "few-clusters", "zero-variance"]

MIN_CLUSTERS = 6
# Half a billionth of a cluster: equal clusters must not fall below the minimum by rounding.
_ROUNDING = 5e-10


@dataclass(frozen=True)
class Estimate:
    """A metric, or a contrast of metrics, with its sampling error.

    An estimate that cannot carry a decision says why in `undecidable`; its bounds are then infinite and its
    p-values 1, so that it can neither pass nor fail anything.

    >>> accuracy = Estimate(0.9, se=0.03, df=99, n=100, n_effective=100, clusters=100, scale="wilson", method="wilson")
    >>> round(accuracy.lower(0.95), 4), round(accuracy.upper(0.95), 4)
    (0.839, 0.9396)
    >>> Estimate.from_dict(accuracy.to_dict()) == accuracy
    True
    """

    value: float
    """The observed value; NaN where the metric is not defined."""
    se: float
    """Cluster-robust standard error on the metric's own scale."""
    df: float
    """Degrees of freedom: the effective number of clusters less one."""
    n: int
    """Rows in the metric's denominator (positives, for recall)."""
    n_effective: float
    """Independent rows that would give the same variance."""
    clusters: int
    """Clusters in the denominator; equal to n where rows are independent."""
    scale: str
    """Key of `scales.SCALES`: the scale on which bounds are computed."""
    method: str
    """What a reader may call the interval: wilson, tango, delong, delta, …"""
    gained: float | None = None
    """Paired proportions: share of rows that only the candidate gets."""
    lost: float | None = None
    """Paired proportions: share of rows that only the champion gets."""

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ValueError(f"unknown scale {self.scale!r}; known are {', '.join(SCALES)}")
        if self.scale == "tango" and (self.gained is None or self.lost is None):
            raise ValueError("the scale 'tango' needs 'gained' and 'lost'")
        if self.se < 0 or self.n < 0 or self.clusters < 0:
            raise ValueError("se, n and clusters cannot be negative")

    @classmethod
    def point(cls, value: float) -> Estimate:
        """A number without sampling error: a size, an age, a metric that came without its rows.

        >>> Estimate.point(3.0).lower(0.99)
        3.0
        """
        return cls(value, 0.0, inf, 1, 1.0, 1, "point", "point")

    @property
    def counted(self) -> bool:
        """Whether it tells how many rows it rests on: one alone has no variance, so that n = 1 stands for unknown."""
        return self.n > 1

    @property
    def undecidable(self) -> Undecidable | None:
        """Why no bound can be given, or None."""
        scale = SCALES[self.scale]
        if self.n == 0:
            return "no-data"
        if not isfinite(self.value) or isnan(self.df) or not scale.low <= self.value <= scale.high:
            return "undefined"
        if self.df < MIN_CLUSTERS - 1 - _ROUNDING:
            return "few-clusters"
        if not isfinite(self.se):
            return "undefined"
        if scale.bears_zero_se:
            return None if self.n_effective > 0 and self._shares_are_sound() else "undefined"
        return "zero-variance" if self.se == 0.0 or self.value in (scale.low, scale.high) else None

    def lower(self, confidence: float) -> float:
        """The one-sided lower bound: the truth lies above it with this confidence; -inf where undecidable."""
        return -inf if self.undecidable else self._bound(confidence, 1.0)

    def upper(self, confidence: float) -> float:
        """The one-sided upper bound: the truth lies below it with this confidence; +inf where undecidable."""
        return inf if self.undecidable else self._bound(confidence, -1.0)

    def p_greater(self, limit: float) -> float:
        """p-value for "the truth is above `limit`": at most 1 - c exactly where `lower(c)` is at least the limit."""
        return self._p_value(limit, t_survival, above=True)

    def p_less(self, limit: float) -> float:
        """p-value for "the truth is below `limit`": at most 1 - c exactly where `upper(c)` is at most the limit."""
        return self._p_value(limit, t_cdf, above=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON from which `from_dict` builds the same estimate; what is not finite is null."""
        fields = {
            "value": _finite(self.value),
            "se": _finite(self.se),
            "df": _finite(self.df),
            "n": self.n,
            "n_effective": _finite(self.n_effective),
            "clusters": self.clusters,
            "scale": self.scale,
            "method": self.method,
        }
        if self.gained is not None and self.lost is not None:
            fields |= {"gained": self.gained, "lost": self.lost}
        return fields

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Estimate:
        """Read what `to_dict` wrote; other keys are ignored.

        Raises ValueError when a field is missing or has the wrong type.
        """
        try:
            scale = str(fields["scale"])
            return cls(
                value=_number(fields["value"], nan),
                se=_number(fields["se"], nan),
                df=_number(fields["df"], inf if scale == "point" else nan),
                n=int(fields["n"]),
                n_effective=_number(fields["n_effective"], nan),
                clusters=int(fields["clusters"]),
                scale=scale,
                method=str(fields["method"]),
                gained=None if fields.get("gained") is None else _number(fields["gained"], nan),
                lost=None if fields.get("lost") is None else _number(fields["lost"], nan),
            )
        except KeyError as missing:
            raise ValueError(f"an estimate needs the field {missing}") from None
        except TypeError as wrong:
            raise ValueError(f"an estimate has a field of a wrong type: {wrong}") from None

    def _bound(self, confidence: float, side: float) -> float:
        if not 0.5 <= confidence < 1.0:
            raise ValueError(f"a confidence lies between 0.5 and 1, got {confidence}")
        return SCALES[self.scale].invert(self, side * t_quantile(confidence, self.df))

    def _p_value(self, limit: float, tail: Any, *, above: bool) -> float:
        if self.undecidable or isnan(limit):
            return 1.0
        scale = SCALES[self.scale]
        if self.scale == "point" or limit <= scale.low or limit >= scale.high:
            holds = self.value > limit if above else self.value < limit
            # Beyond the possible range the claim is true, or false, of every value.
            return 0.0 if holds else 1.0
        return float(tail(scale.statistic(self, limit), self.df))

    def _shares_are_sound(self) -> bool:
        if self.gained is None or self.lost is None:
            return True
        return self.gained >= 0.0 and self.lost >= 0.0 and self.gained + self.lost <= 1.0 + 1e-9


def _finite(number: float) -> float | None:
    return float(number) if isfinite(number) else None


def _number(value: object, null: float) -> float:
    if value is None:
        return null
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, found {value!r}")
    return float(value)
