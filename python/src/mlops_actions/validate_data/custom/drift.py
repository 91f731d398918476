"""`drift`: how far columns have moved from the reference, above what sampling alone gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from mlops_actions.evidence.data_report import Distribution, Drift
from mlops_actions.statistics.drift.distances import UNKNOWN, Distance, chi_square, jensen_shannon, population_stability
from mlops_actions.statistics.drift.seasons import in_step
from mlops_actions.statistics.drift.transport import Spread, wasserstein
from mlops_actions.tables import Scanned
from mlops_actions.tables.interface import readable_as
from mlops_actions.validate_data.custom import interface
from mlops_actions.validate_data.custom.distributions import WHOLE, Counted, Cut, Measure, answer, labels, question
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, settled
from mlops_actions.validate_data.custom.seasons import needs_a_date, read_season
from mlops_actions.validate_data.rules import Unique

if TYPE_CHECKING:
    from mlops_actions.validate_data.rules import Contract

Method = Literal["psi", "jensen-shannon", "wasserstein", "chi-square"]
_NAMES: Mapping[Method, str] = {
    "psi": "PSI",
    "jensen-shannon": "Jensen-Shannon",
    "wasserstein": "Wasserstein",
    "chi-square": "chi-square",
}
_BY_BINS: Mapping[str, Callable[[Any, Any], Distance]] = {
    "psi": population_stability,
    "jensen-shannon": jensen_shannon,
    "chi-square": chi_square,
}
_WATCHED = ("string", "integer", "number", "boolean")


class Distances(interface.Arguments):
    """How a distance is measured and limited."""

    ROWS: ClassVar[bool] = False

    method: Method = Field("psi", description="The distance between the two distributions.")
    max: float = Field(gt=0, allow_inf_nan=False, description="The largest distance above noise that passes.")
    season: str | None = Field(None, description="`scheduled.month`: compare with the reference in the same seasons.")

    @field_validator("season")
    @classmethod
    def _season(cls, text: str | None) -> str | None:
        if text is not None:
            read_season(text)
        return text

    def measure(self, column: str, of: Literal["value", "length", "missing"] = "value") -> Measure:
        """What is measured of one column."""
        season = read_season(self.season) if self.season else None
        return Measure(column, of, season, sums=self.method == "wasserstein")


class Arguments(Distances):
    """How far columns may move from the reference."""

    columns: list[str] | None = Field(
        None, min_length=1, description="The columns; all of the contract but dates and unique ones by default."
    )
    of: Literal["value", "length", "missing"] = Field(
        "value", description="What is compared: values, lengths of text, or whether cells are missing."
    )
    share: float | None = Field(None, ge=0, lt=1, description="The share of the columns that may move: 0.25.")

    def measures(self, contract: Contract, stored: Mapping[str, Any]) -> tuple[Measure, ...]:
        """One a column."""
        names = self.columns if self.columns is not None else _all(self, contract, stored)
        return tuple(self.measure(name, self.of) for name in dict.fromkeys(names))


def ask(rule: Rule, sides: Sides) -> Question:
    """Count the data in the reference's bins."""
    given = rule.given(Arguments)
    columns = given.measures(sides.contract, sides.data.stored)
    if not columns:
        why = "the contract has no column that can be watched; name some in columns"
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: {why}."))
    found = ask_columns(rule, given, columns, sides, given.share)
    if given.share is None:
        return found
    share = given.share

    def judge(scanned: Scanned) -> Found:
        drift = found.judge(scanned).drift
        return Found((_judge_share(rule, given, share, drift),), drift)

    return Question(judge, found.scan)


def ask_columns(
    rule: Rule, given: Distances, measures: Sequence[Measure], sides: Sides, share: float | None = None
) -> Question:
    """The same of given measures; each is one entry of the report."""
    columns = [_Column(rule, given, one, sides, share, f"{rule.id}:{place}") for place, one in enumerate(measures)]
    asked = [column.cut for column in columns if column.cut]
    types = {name: type_ for column in columns if column.cut for name, type_ in column.types.items()}
    return Question(
        lambda scanned: Found(drift=tuple(column.judge(scanned) for column in columns)),
        question(asked, types, rule.id),
    )


@dataclass(frozen=True)
class _Column:
    """One column of one rule."""

    rule: Rule
    given: Distances
    measure: Measure
    sides: Sides
    share: float | None
    name: str

    @property
    def distribution(self) -> Distribution | None:
        """The reference's, where there is one."""
        return self.sides.reference.distributions.get(self.measure) if self.sides.reference else None

    @property
    def types(self) -> dict[str, Any]:
        """What the scan reads columns as: as the reference does."""
        seasons = {name: self.sides.type_of(name) for name in self.measure.columns[1:]}
        return {**seasons, self.measure.column: self._type} if self.distribution else seasons

    @property
    def cut(self) -> Cut | None:
        """What is counted; None where nothing can be compared."""
        reference = self.sides.reference
        if reference is None or self.distribution is None or self.problem:
            return None
        return Cut.of(self.name, self.measure, self.distribution, reference.location)

    @property
    def problem(self) -> str | None:
        """Why the column cannot be compared, though the reference has it."""
        stored = self.sides.data.stored
        for name in self.measure.columns:
            if name not in stored:
                return f"the data has no column {name!r}"
        for name in needs_a_date(self.measure.season) if self.measure.season else ():
            if self.sides.type_of(name) not in ("date", "timestamp"):
                return f"its season {self.given.season!r} is of the type {self.sides.type_of(name)}, not a date"
        theirs: Any = self.distribution.type if self.distribution else self._type
        if not (readable_as(self._type, theirs) or readable_as(theirs, self._type)):
            return f"it is of the type {self._type}, and in the reference of the type {theirs}"
        return None

    @property
    def _type(self) -> Any:
        """The data's; of a text file, where the contract says nothing, the reference's."""
        column, contract = self.measure.column, self.sides.contract
        stored = self.sides.data.stored[column]
        declared = next((one.type for one in contract.properties if one.name == column and one.type), None)
        if declared and readable_as(stored, declared):
            return declared
        return self.distribution.type if stored == "text" and self.distribution else stored

    def judge(self, scanned: Scanned) -> Drift:
        """The column's entry in the report."""
        if self.distribution is None or self.cut is None:
            return self._unmeasured(self.distribution)
        current = answer(self.cut, scanned, self.rule.id)
        distance, there, here = compare(self.given.method, self.distribution, current)
        left_out = scanned.rows - int(sum(here))
        if not sum(here):
            why = "none of its seasons is in the reference" if self.measure.season else "there are no rows"
            return self._entry("not-checked", f"drift of {self.measure} was not checked: {why}.")
        names = labels(self.distribution, personal=self._personal)
        shares = [float(one) / sum(here) for one in here]
        before = [float(one) / sum(there) for one in there]
        if not isfinite(distance.excess):
            return self._entry("fail", f"{self.measure} has no distance to the reference: it holds no finite numbers.")
        aside = f" {left_out:,} rows of seasons that the reference lacks were left out." if left_out else ""
        return self._entry(
            "pass" if distance.excess <= self.given.max else "fail",
            _moved(self.measure, self.given, distance, names, before, shares) + aside,
            value=distance.excess,
            noise=distance.floor,
            bins=names,
            shares=shares,
            reference_shares=before,
        )

    @property
    def _personal(self) -> bool:
        return any(one.personal for one in self.sides.contract.properties if one.name == self.measure.column)

    def _unmeasured(self, distribution: Distribution | None) -> Drift:
        reference = self.sides.reference
        if reference is None:
            return self._entry("not-checked", f"drift of {self.measure} was not checked: no reference was given.")
        if distribution is None:
            why = "personal columns have none" if self._personal else "make it again by this contract"
            message = f"drift of {self.measure} was not checked: {reference.location!r} has no profile of it; {why}."
            return self._entry("not-checked", message)
        return self._entry("fail", f"{self.measure} cannot be compared with the reference: {self.problem}.")

    def _entry(self, result: Literal["pass", "fail", "not-checked"], message: str, **more: Any) -> Drift:
        return Drift(
            column=self.measure.column,
            method=self.given.method,
            value=more.pop("value", None),
            limit=self.given.max,
            result=result,
            severity=self.rule.severity,
            where=self.rule.where,
            of=self.measure.of,
            season=self.given.season,
            share=self.share,
            message=message,
            **more,
        )


def compare(
    method: Method, reference: Distribution, current: Counted
) -> tuple[Distance, Sequence[float], Sequence[float]]:
    """The distance, and the rows in each bin on both sides, the reference's in the data's mixture of seasons."""
    seasons = sorted(set(reference.counts) | set(current.counts)) or [WHOLE]
    nothing = [0] * (len(reference.cuts) + 2)
    there, here = ([side.get(one, nothing) for one in seasons] for side in (reference.counts, current.counts))
    if method != "wasserstein":
        before, now = in_step(there, here)
        return _BY_BINS[method](before, now), before.tolist(), now.tolist()
    whole = in_step(there, here)
    sums = [np.array([side.get(one, nothing[1:]) for one in seasons]) for side in (reference.sums, current.sums)]
    if not (reference.sums and np.isfinite(sums).all()):
        return UNKNOWN, whole[0].tolist(), whole[1].tolist()
    # the missing have no place among numbers
    before, now, *summed = in_step(np.array(there)[:, :-1], np.array(here)[:, :-1], (sums[0], sums[1]))
    spread = Spread(reference.scale or 0.0, reference.noise or 0.0)
    distance = wasserstein(reference.cuts, (before, summed[0]), (now, summed[1]), spread)
    return distance, whole[0].tolist(), whole[1].tolist()


def _moved(
    measure: Measure, given: Distances, distance: Distance, bins: list[str], before: list[float], now: list[float]
) -> str:
    most = max(range(len(bins)), key=lambda place: abs(now[place] - before[place]))
    return (
        f"{measure} moved by {_NAMES[given.method]} {distance.excess:.3f} above noise ({distance.floor:.3f}), "
        f"limit {given.max:g}; most at {bins[most]!r}: {before[most]:.1%} became {now[most]:.1%}."
    )


def _judge_share(rule: Rule, given: Arguments, share: float, drift: Sequence[Drift]) -> Any:
    checked = [one for one in drift if one.result != "not-checked"]
    if not checked:
        return rule.result("not-checked", f"the share of columns that moved was not checked: {drift[0].message}")
    moved = [one.column for one in checked if one.result == "fail"]
    named = f": {', '.join(moved[:10])}{' …' if len(moved) > 10 else ''}" if moved else ""
    message = (
        f"{len(moved)} of {len(checked)} columns ({len(moved) / len(checked):.0%}) moved by more than "
        f"{_NAMES[given.method]} {given.max:g}; at most {share:.0%} may{named}."
    )
    result: Literal["pass", "fail"] = "fail" if len(moved) > share * len(checked) else "pass"
    return rule.result(result, message, failed=len(moved), total=len(checked))


def _all(given: Arguments, contract: Contract, stored: Mapping[str, Any]) -> list[str]:
    """The contract's columns that can be watched: not what is new in each row, nor dates, which always move."""
    unique = {check.column for check in contract.checks if isinstance(check.rule, Unique)}
    numbers = given.method == "wasserstein" and given.of == "value"
    kinds = ("string",) if given.of == "length" else ("integer", "number") if numbers else _WATCHED
    types = {one.name: one.type or stored.get(one.name) for one in contract.properties if one.name not in unique}
    return [name for name, type_ in types.items() if type_ in kinds or (given.of == "missing" and type_)]
