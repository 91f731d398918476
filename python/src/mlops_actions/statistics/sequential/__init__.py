"""The sequential judgement of a canary: pure functions from counts to evidence, and from evidence to a decision.

A rollout is `begin`, then `update` with one look after another and `decide`; `next_step` when the weight moves on.
`plan` says beforehand what it will take.
"""

from mlops_actions.statistics.sequential.counts import Block, Counts, Reading, block_between
from mlops_actions.statistics.sequential.dispersion import BY_CLUSTER, Dispersion, pearson_dispersion
from mlops_actions.statistics.sequential.documents import from_document, to_document
from mlops_actions.statistics.sequential.plan import Plan, Step, plan
from mlops_actions.statistics.sequential.processes import Hypotheses
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
    "Action",
    "Block",
    "Counts",
    "Decision",
    "Dispersion",
    "Evidence",
    "Hypotheses",
    "Judgement",
    "Metric",
    "Plan",
    "Reading",
    "Reason",
    "Step",
    "begin",
    "block_between",
    "decide",
    "from_document",
    "next_step",
    "pearson_dispersion",
    "plan",
    "to_document",
    "update",
]
