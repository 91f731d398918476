"""Rules over one or many slices, judged in three outcomes (STATISTICS §2).

A rule that must be shown passes by an intersection-union test: every slice clears its limit, each at 1 - alpha,
uncorrected (Berger 1982). It fails by Holm (1979) over the slices. A guard fails by Holm and otherwise passes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, inf, isfinite, isnan
from typing import Generic, Literal, TypeVar

from mlops_actions.statistics.contrasts import combine, negate
from mlops_actions.statistics.estimate import Estimate
from mlops_actions.statistics.quantiles import normal_quantile, t_quantile

Operator = Literal[">", ">=", "<", "<="]
Key = TypeVar("Key", bound=Hashable)

POWER = 0.8


class Outcome(StrEnum):
    """What a rule comes to."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Claim:
    """The statement that a quantity lies on one side of a limit."""

    estimate: Estimate
    """What was observed of the quantity."""
    operator: Operator
    """How the truth is claimed to compare with the limit."""
    limit: float
    """The limit; a claim against NaN is never shown and never refuted."""

    @property
    def upward(self) -> bool:
        """Whether the claim is that the truth is large."""
        return self.operator in (">", ">=")

    @property
    def decidable(self) -> bool:
        """Whether the data can say anything about it."""
        return self.estimate.undecidable is None and not isnan(self.limit)

    def shown(self, confidence: float) -> bool:
        """Whether the bound on the unfavourable side satisfies the claim."""
        if not self.decidable:
            return False
        bound = self.estimate.lower(confidence) if self.upward else self.estimate.upper(confidence)
        return self._holds(bound)

    @property
    def p_refuted(self) -> float:
        """p-value of the evidence that the claim is false; 1 where nothing can be said."""
        if not self.decidable:
            return 1.0
        if self.estimate.scale == "point":
            return 1.0 if self._holds(self.estimate.value) else 0.0
        return self.estimate.p_less(self.limit) if self.upward else self.estimate.p_greater(self.limit)

    @property
    def denied(self) -> Claim:
        """The opposite claim."""
        opposite: dict[Operator, Operator] = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
        return Claim(self.estimate, opposite[self.operator], self.limit)

    def _holds(self, value: float) -> bool:
        if self.operator == ">":
            return value > self.limit
        if self.operator == ">=":
            return value >= self.limit
        return value < self.limit if self.operator == "<" else value <= self.limit


@dataclass(frozen=True)
class Judgement(Generic[Key]):
    """A family's outcome and which of its members decided it."""

    outcome: Outcome
    """pass, fail or inconclusive."""
    rejected: tuple[Key, ...] = ()
    """Members that are shown to break the rule."""
    open: tuple[Key, ...] = ()
    """Members that are neither shown nor rejected."""
    undecidable: tuple[Key, ...] = ()
    """Members about which the data can say nothing."""


def judge_shown(claims: Mapping[Key, Claim], confidence: float, fail_alpha: float | None = None) -> Judgement[Key]:
    """Judge a rule that must be shown in every member.

    `fail_alpha` is the level of the family's Holm test, 1 - confidence unless several rules share it (`split_alpha`).
    An empty family, or one member that cannot be judged, never passes.

    >>> sure = Estimate(0.9, 0.01, 99, 100, 100, 100, "identity", "mean")
    >>> judge_shown({"AA": Claim(sure, ">=", 0.8), "UA": Claim(sure, ">=", 0.95)}, 0.95).rejected
    ('UA',)
    """
    rejected = _rejected(claims, _alpha(confidence, fail_alpha))
    shown = {key for key, claim in claims.items() if claim.shown(confidence)}
    still_open = tuple(key for key in claims if key not in shown and key not in rejected)
    passed = bool(claims) and not still_open
    outcome = Outcome.FAIL if rejected else Outcome.PASS if passed else Outcome.INCONCLUSIVE
    return Judgement(outcome, rejected, still_open, _undecidable(claims))


def judge_forbidden(harms: Mapping[Key, Claim], confidence: float, fail_alpha: float | None = None) -> Judgement[Key]:
    """Judge a guard: it fails exactly where Holm shows the harm, and passes otherwise (Schultzberg et al. 2024).

    `harms` are the forbidden claims themselves. With no member that can be judged it is inconclusive.

    >>> sure = Estimate(-0.05, 0.01, 99, 100, 100, 100, "identity", "paired")
    >>> judge_forbidden({"AA": Claim(sure, "<", -0.03)}, 0.95).outcome.value
    'fail'
    """
    rejected = _rejected({key: harm.denied for key, harm in harms.items()}, _alpha(confidence, fail_alpha))
    silent = _undecidable(harms)
    if rejected:
        return Judgement(Outcome.FAIL, rejected, (), silent)
    return Judgement(Outcome.PASS if len(silent) < len(harms) else Outcome.INCONCLUSIVE, (), (), silent)


def holm(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Which hypotheses Holm's step-down test (1979) rejects; the chance of any false rejection is at most alpha.

    >>> holm([0.01, 0.04, 0.03], 0.05)
    [True, False, False]
    """
    rejected = [False] * len(p_values)
    for step, index in enumerate(sorted(range(len(p_values)), key=lambda i: (isnan(p_values[i]), p_values[i]))):
        if not p_values[index] <= alpha / (len(p_values) - step):
            break
        rejected[index] = True
    return rejected


def split_alpha(alpha: float, rules: int) -> float:
    """The level at which each of several blocking rules may fail (Bonferroni).

    >>> split_alpha(0.05, 5)
    0.01
    """
    return alpha / max(rules, 1)


def within(name: Key, estimate: Estimate, limit: float, operator: Operator = "<=") -> dict[tuple[Key, str], Claim]:
    """abs(quantity) <= limit as its two claims: two one-sided tests (Schuirmann 1987).

    >>> sorted(within("gap", Estimate.point(0.01), 0.05))
    [('gap', 'high'), ('gap', 'low')]
    """
    if operator not in ("<", "<="):
        raise ValueError("an absolute value can only be claimed to be small; write two rules instead")
    return {
        (name, "high"): Claim(estimate, operator, limit),
        (name, "low"): Claim(estimate, ">" if operator == "<" else ">=", -limit),
    }


def gaps(
    differences: Mapping[tuple[Key, Key], Estimate], limit: float, operator: Operator = "<="
) -> dict[tuple[Key, Key], Claim]:
    """The largest gap between groups as a claim on every ordered pair, from the differences of unordered ones.

    >>> [pair for pair in gaps({("a", "b"): Estimate.point(0.1)}, 0.2)]
    [('a', 'b'), ('b', 'a')]
    """
    claims = {}
    for (g, h), difference in differences.items():
        claims[g, h] = Claim(difference, operator, limit)
        claims[h, g] = Claim(negate(difference), operator, limit)
    return claims


def ratios(
    estimates: Mapping[Key, Estimate],
    differences: Mapping[tuple[Key, Key], Estimate],
    limit: float,
    operator: Operator = ">=",
) -> dict[tuple[Key, Key], Claim]:
    """The least ratio between groups as m_g - limit·m_h >= 0 on every ordered pair (Fieller 1940: no division).

    >>> rates = {"a": Estimate.point(0.4), "b": Estimate.point(0.5)}
    >>> claims = ratios(rates, {("a", "b"): Estimate.point(-0.1)}, 0.75)
    >>> round(claims["a", "b"].estimate.value, 3)
    0.025
    """
    claims = {}
    for (g, h), difference in differences.items():
        claims[g, h] = Claim(combine(estimates[g], estimates[h], difference, b=limit), operator, 0.0)
        claims[h, g] = Claim(combine(estimates[h], estimates[g], negate(difference), b=limit), operator, 0.0)
    return claims


def worst(estimates: Mapping[Key, Estimate], confidence: float, *, least: bool = True) -> tuple[float, float]:
    """Bounds of the worst slice: of the minimum, or with `least=False` of the maximum.

    The bound on the bad side is the extreme of the slices' own at 1 - alpha (intersection-union), on the other side
    the extreme at 1 - alpha/m (Bonferroni). A minimum is never bootstrapped. An empty family is (-inf, inf).

    >>> worst({"AA": Estimate.point(0.8), "UA": Estimate.point(0.9)}, 0.95)
    (0.8, 0.8)
    """
    if not estimates:
        return -inf, inf
    corrected = 1.0 - (1.0 - confidence) / len(estimates)
    if least:
        return min(e.lower(confidence) for e in estimates.values()), min(e.upper(corrected) for e in estimates.values())
    return max(e.lower(corrected) for e in estimates.values()), max(e.upper(confidence) for e in estimates.values())


def rows_needed(claim: Claim, confidence: float, members: int = 1, truth: float | None = None) -> int | None:
    """Rows (clusters, where there are some) at which the claim would be shown with power 0.8 in all members.

    n·((t_{1-alpha} + z_{1-beta/m})·se / |θ - limit|)², θ = `truth`: the champion's value for non-inferiority (0 for
    a plain difference), else the observed one. None where θ is not on the passing side.

    >>> rows_needed(Claim(Estimate(0.82, 0.02, 399, 400, 400, 400, "identity", "mean"), ">=", 0.80), 0.95)
    2481
    """
    estimate = claim.estimate
    target = estimate.value if truth is None else truth
    distance = target - claim.limit if claim.upward else claim.limit - target
    se = _implied_se(estimate, confidence)
    if not distance > 0 or not isfinite(distance) or not se > 0 or not isfinite(se):
        return None
    quantiles = t_quantile(confidence, estimate.df) + normal_quantile(1.0 - (1.0 - POWER) / max(members, 1))
    units = min(estimate.n, estimate.clusters)
    return ceil(units * (quantiles * se / distance) ** 2)


def visible_harm(harm: Claim, confidence: float, members: int = 1) -> float | None:
    """The value of the quantity at which a guard would have failed with power 0.8, at Holm's first step.

    None where the data can say nothing.

    >>> drop = Estimate(0.0, 0.01, 999, 1000, 1000, 1000, "identity", "paired")
    >>> round(visible_harm(Claim(drop, "<", -0.03), 0.95), 4)
    -0.0549
    """
    se = _implied_se(harm.estimate, confidence)
    if not harm.decidable or not se > 0:
        return None
    level = 1.0 - (1.0 - confidence) / max(members, 1)
    reach = (t_quantile(level, harm.estimate.df) + normal_quantile(POWER)) * se
    return harm.limit + reach if harm.upward else harm.limit - reach


def _implied_se(estimate: Estimate, confidence: float) -> float:
    """The standard error, or, for a score interval around 0 or 1, the one that its width implies."""
    if estimate.undecidable or estimate.scale == "point":
        return 0.0
    if estimate.se > 0:
        return estimate.se
    width = max(estimate.value - estimate.lower(confidence), estimate.upper(confidence) - estimate.value)
    return width / t_quantile(confidence, estimate.df)


def _rejected(claims: Mapping[Key, Claim], alpha: float) -> tuple[Key, ...]:
    keys = list(claims)
    found = holm([claims[key].p_refuted for key in keys], alpha)
    return tuple(key for key, rejected in zip(keys, found, strict=True) if rejected)


def _undecidable(claims: Mapping[Key, Claim]) -> tuple[Key, ...]:
    return tuple(key for key, claim in claims.items() if not claim.decidable)


def _alpha(confidence: float, fail_alpha: float | None) -> float:
    return 1.0 - confidence if fail_alpha is None else fail_alpha
