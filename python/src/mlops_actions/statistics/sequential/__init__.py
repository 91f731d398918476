"""The sequential judgement of a canary: pure functions from counts to evidence, and from evidence to a decision.

A rollout is `begin`, then `update` with one look after another and `decide`; `next_step` when the weight moves on.
`plan` says beforehand what it will take. An A/B test and a shadow end with an `Interval` of a difference.
"""

from mlops_actions.statistics.sequential.betting import bounded_mean
from mlops_actions.statistics.sequential.counts import NOTHING, Block, Counts, Reading, block_between
from mlops_actions.statistics.sequential.dispersion import BY_CLUSTER, Dispersion, pearson_dispersion
from mlops_actions.statistics.sequential.documents import from_document, to_document
from mlops_actions.statistics.sequential.interval import Interval
from mlops_actions.statistics.sequential.means import Moments, difference_of_means, mean
from mlops_actions.statistics.sequential.plan import Plan, Step, plan
from mlops_actions.statistics.sequential.processes import Hypotheses
from mlops_actions.statistics.sequential.proportions import difference_of_proportions, excluded_difference
from mlops_actions.statistics.sequential.rollout import (
    Action,
    Decision,
    Evidence,
    Judgement,
    Metric,
    Reason,
    begin,
    decide,
    next_step,
    update,
)

__all__ = [
    "BY_CLUSTER",
    "NOTHING",
    "Action",
    "Block",
    "Counts",
    "Decision",
    "Dispersion",
    "Evidence",
    "Hypotheses",
    "Interval",
    "Judgement",
    "Metric",
    "Moments",
    "Plan",
    "Reading",
    "Reason",
    "Step",
    "begin",
    "block_between",
    "bounded_mean",
    "decide",
    "difference_of_means",
    "difference_of_proportions",
    "excluded_difference",
    "from_document",
    "mean",
    "next_step",
    "pearson_dispersion",
    "plan",
    "to_document",
    "update",
]
