"""Curves of an evaluation: what a report draws. Nothing is judged on them; numbers have six digits."""

from __future__ import annotations

from pydantic import Field

from mlops_actions.evidence.statement import Document


class Curve(Document):
    """Points of a curve, by falling threshold; each is a point of the full curve."""

    x: list[float] = Field(description="False positive rate, or recall.")
    y: list[float] = Field(description="True positive rate, or precision.")
    thresholds: list[float | None] = Field(description="Score from which a row counts as positive; null: none does.")
    area: float = Field(description="Under the full curve: ROC AUC, or average precision.")


class Bin(Document):
    """Rows of about the same predicted probability."""

    n: int
    predicted: float = Field(description="Mean predicted probability.")
    observed: float = Field(description="How often it happened.")
    lower: float | None = Field(description="Of `observed`: one-sided bound over clusters; null when undefined.")
    upper: float | None = Field(description="The same from above.")


class Histogram(Document):
    """Shares of rows in bins of equal width, of several kinds of rows or models."""

    edges: list[float] = Field(description="One more than bins; outer bins of residuals hold what lies beyond too.")
    shares: dict[str, list[float]] = Field(
        description="By class (`negative`, `positive`) or model; each list sums to 1."
    )


class Confusion(Document):
    """Weight of the rows (their number, without weights) by true and predicted class."""

    labels: list[str] = Field(description="Classes; the last is `(other)` where there are more than are shown.")
    counts: list[list[float]] = Field(description="A row for each true class, a column for each predicted one.")


class Band(Document):
    """Rows of about the same prediction, of a regression."""

    n: int
    predicted: float = Field(description="Mean prediction.")
    quantiles: list[float] = Field(description="Of prediction - truth, at 5, 25, 50, 75 and 95 %.")


class WorstRow(Document):
    """A row that the candidate gets most wrong. It holds no feature: the row's number says where to look."""

    row: int = Field(description="From 0, over all files in order.")
    truth: float | str
    prediction: float | str = Field(description="Probability of the positive label, predicted label, or number.")
    loss: float = Field(description="-log of the probability given to the truth, or absolute error.")
    champion: float | str | None = Field(None, description="What the champion predicted for it.")


class ModelCurves(Document):
    """The curves of one model; whatever its predictions do not allow is null or empty."""

    roc: Curve | None = None
    precision_recall: Curve | None = None
    reliability: list[Bin] = Field([], description="By rising probability: of the positive label, or of the top one.")
    scores: Histogram | None = Field(None, description="Of the scores, by true class.")
    confusion: Confusion | None = None
    bands: list[Band] = []


class Curves(Document):
    """Both models' curves on the same rows."""

    candidate: ModelCurves
    champion: ModelCurves | None = None
    residuals: Histogram | None = Field(None, description="Of prediction - truth, by model.")
    worst: list[WorstRow] = Field([], description="Rows with the candidate's greatest loss, worst first.")
