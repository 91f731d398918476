"""`known-in-time`: features that were recorded only after the moment of prediction."""

from __future__ import annotations

import narwhals as nw
from pydantic import Field

from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import Scan, Scanned
from mlops_actions.tables.questions import cells_of
from mlops_actions.validate_data.custom.interface import Arguments as Base
from mlops_actions.validate_data.custom.interface import Found, Question, Rule, Sides, lacking, settled


class Arguments(Base):
    """Rows with a feature that was not known yet when the prediction is made; a missing feature is known to be so."""

    prediction: str = Field(description="The column that says when a prediction is made.")
    features: dict[str, str] = Field(
        min_length=1, description="Feature → the column that says since when it is known, such as {bmi: measured_at}."
    )


def ask(rule: Rule, sides: Sides) -> Question:
    """Count the rows of each feature that was known too late."""
    given = rule.given(Arguments)
    moments = dict.fromkeys([given.prediction, *given.features.values()])
    if absent := lacking(rule, sides, [*moments, *given.features]):
        return absent
    types = {name: sides.type_of(name) for name in moments}
    for name, type_ in types.items():
        if type_ not in ("date", "timestamp"):
            message = f"{rule.kind}: {name!r} is of the type {type_}, not a date or timestamp."
            return settled(rule.result("fail", message))
    prediction = cells_of(given.prediction).cast(nw.Datetime("us"))
    flags = {
        f"{rule.id}:{feature}": ~cells_of(feature).is_null() & (cells_of(known).cast(nw.Datetime("us")) > prediction)
        for feature, known in given.features.items()
    }

    def judge(scanned: Scanned) -> Found:
        return Found(tuple(_result(rule, given, feature, scanned) for feature in given.features))

    return Question(judge, Scan(types=types, flags=flags, first=sides.first))


def _result(rule: Rule, given: Arguments, feature: str, scanned: Scanned) -> CheckResult:
    problem = f"of {feature!r} were known ({given.features[feature]!r}) only after {given.prediction!r}"
    return rule.counted(scanned.flags[f"{rule.id}:{feature}"], scanned.rows, problem, feature)
