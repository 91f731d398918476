"""What a report draws of one model's predictions: few numbers, each exact, whatever the number of rows."""

from mlops_actions.statistics.curves.confusion import Confusion, confusion
from mlops_actions.statistics.curves.ranking import Curve, Ranking, ScoreHistogram, score_histogram
from mlops_actions.statistics.curves.reliability import Bin, reliability
from mlops_actions.statistics.curves.residuals import Band, ResidualHistogram, bands, residual_histogram
from mlops_actions.statistics.curves.worst import worst_rows

__all__ = [
    "Band",
    "Bin",
    "Confusion",
    "Curve",
    "Ranking",
    "ResidualHistogram",
    "ScoreHistogram",
    "bands",
    "confusion",
    "reliability",
    "residual_histogram",
    "score_histogram",
    "worst_rows",
]
