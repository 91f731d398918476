"""One look: what was seen, and what the statement keeps of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mlops_actions.canary_deploy.comparison.pairs import Pairs
from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.evidence.rollout import Look, MetricLook
from mlops_actions.statistics.sequential import Block, Decision, Judgement, Moments


@dataclass(frozen=True)
class Seen:
    """One look at the proxy."""

    time: float
    """Unix time."""
    weight: float
    """The candidate's effective weight, in percent."""
    blocks: Mapping[str, Block]
    """Since the look before, by what is counted; empty where the counters could not be trusted."""
    sums: Mapping[str, tuple[Moments, Moments]] = field(default_factory=dict)
    """The same of what is a mean and no count: of the candidate, and of the stable side."""
    pairs: Pairs | None = None
    """All pairs of predictions so far, of a shadow that has a source of them."""
    mirror: float = 0.0
    """The share of requests in percent that is copied."""
    restarted: bool = False
    """Whether the proxy was restarted since the look before."""

    @property
    def requests(self) -> tuple[int, int]:
        """Of the candidate, of both."""
        block = self.blocks.get(ERRORS)
        return (block.canary.total, block.canary.total + block.baseline.total) if block else (0, 0)


def state_look(seen: Seen, decision: Decision) -> Look:
    """A look with the evidence after it; each metric's own where there are several."""
    judged = decision.judgements
    metrics = {one.metric: _metric(one, seen.blocks.get(one.metric)) for one in judged} if len(judged) > 1 else {}
    return Look(
        time=datetime.fromtimestamp(seen.time, UTC),
        weight=seen.weight,
        counts=_counts(seen.blocks.get(ERRORS)),
        worse=_log10(decision.worse),
        non_inferior=_log10(min(one.non_inferior for one in judged if one.non_inferior is not None)),
        metrics=metrics,
    )


def _counts(block: Block | None) -> dict[str, int]:
    if block is None:
        return {}
    return {
        "candidate_requests": block.canary.total,
        "candidate_errors": block.canary.bad,
        "stable_requests": block.baseline.total,
        "stable_errors": block.baseline.bad,
    }


def _metric(judgement: Judgement, block: Block | None) -> MetricLook:
    shown = judgement.non_inferior
    return MetricLook(
        candidate=(block.canary.bad, block.canary.total) if block else None,
        stable=(block.baseline.bad, block.baseline.total) if block else None,
        worse=_log10(judgement.worse),
        non_inferior=None if shown is None else _log10(shown),
    )


def _log10(e_value: float) -> float:
    return round(math.log10(max(e_value, 1e-300)), 4)
