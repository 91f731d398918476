"""`target-leakage`: single columns that tell the target suspiciously well."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.statistics.alone import bins_of, explained, one_against_rest
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking, settled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlops_actions.tables import Column

_SAMPLE = 100_000
_LEAST_ROWS = 100
_MOST_CLASSES = 20
_SIMPLE = ("string", "integer", "number", "boolean", "date", "timestamp", "time")


class Arguments(Base):
    """How well a column alone may tell the target: ROC AUC of a class, R² of a number, on rows it was not fitted to."""

    ROWS: ClassVar[bool] = False

    column: str = Field(description="The target.")
    features: list[str] | None = Field(
        None, min_length=1, description="The columns to try; by default all that are available at prediction time."
    )
    ignore: list[str] = Field([], description="Columns that are no features.")
    max: float = Field(0.95, gt=0, lt=1, description="The largest AUC or R² that is not suspicious.")


def ask(rule: Rule, sides: Sides) -> Question:
    """Fit each column by itself, on a sample of rows spread over the data."""
    given = rule.given(Arguments)
    withheld = {one.name for one in sides.contract.properties if not one.available} | {given.column, *given.ignore}
    features = given.features or [name for name in sides.data.stored if name not in withheld]
    if absent := lacking(rule, sides, [given.column, *features]):
        return absent
    types = {name: sides.type_of(name) for name in (given.column, *features)}
    features = [name for name in features if types[name] in _SIMPLE]
    if types[given.column] not in _SIMPLE:
        return settled(rule.result("fail", f"{rule.kind}: {given.column!r} holds {types[given.column]} values."))
    if not features:
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: no feature is left to try."))
    sample = sides.data.arrays([given.column, *features], types=types, sample=_SAMPLE)
    target = sample[given.column]
    known = np.ones(len(target.values), dtype=bool) if target.valid is None else target.valid
    if target.values.dtype.kind == "f":
        known = known & np.isfinite(target.values)
    if known.sum() < _LEAST_ROWS:
        why = f"{int(known.sum())} rows have a target, and {_LEAST_ROWS} are needed"
        return settled(rule.result("not-checked", f"{rule.kind} was not checked: {why}."))
    told = target.values[known]
    few = len(np.unique(told)) <= _MOST_CLASSES
    classes = few or types[given.column] in ("string", "boolean")
    results = tuple(_judge(rule, given, name, told, known, sample[name], classes=classes) for name in features)
    return Question(lambda _: Found(results))


def _judge(
    rule: Rule,
    given: Arguments,
    name: str,
    target: NDArray[Any],
    known: NDArray[np.bool_],
    column: Column,
    *,
    classes: bool,
) -> CheckResult:
    bins = _bins(column)[known]
    if classes:
        found = one_against_rest(bins, np.unique(target, return_inverse=True)[1], _MOST_CLASSES)
    else:
        found = explained(bins, target.astype("int64" if target.dtype.kind == "M" else "float64").astype("float64"))
    measure = "ROC AUC" if classes else "R²"
    if isnan(found):
        message = f"{name!r} was not tried: {given.column!r} does not vary enough."
        return rule.result("not-checked", message, total=len(target), column=name)
    result: Literal["pass", "fail"] = "fail" if found > given.max else "pass"
    message = (
        f"{name!r} alone tells {given.column!r} with {measure} {found:.3f}, limit {given.max:g} "
        f"(on {len(target):,} rows)."
    )
    return rule.result(result, message, total=len(target), column=name)


def _bins(column: Column) -> NDArray[Any]:
    if column.categories is None:
        return bins_of(column.values, column.valid)
    return column.values if column.valid is None else np.where(column.valid, column.values, len(column.categories))
