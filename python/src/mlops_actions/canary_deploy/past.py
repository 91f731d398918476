"""The stable side before the switch, in place of one that gets no traffic any more.

Each look at the candidate is set against one look at the stable side before the switch. That is as valid as a
comparison at the same time where the error rate would have stayed as it was, and never otherwise: a change of the times
counts for or against the candidate. Once no past look is left nothing more is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mlops_actions.canary_deploy.baseline import Baseline, History, summarize
from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.evidence.statement import Reason
from mlops_actions.statistics.sequential import Block, pearson_dispersion
from mlops_actions.statistics.sequential.counts import NOTHING, Counts

Past = tuple[Mapping[str, Counts], ...]
_LEARNT_FROM = 3
"""One look of so many teaches the rates that are bet on and their dispersion; the others are then still unseen."""
_UNSEEN = History(NOTHING, pearson_dispersion([], []))


def set_aside(baseline: Baseline) -> tuple[Baseline, Past]:
    """What is known beforehand, and the looks that the candidate will be compared with."""
    known = -(-len(baseline.looks) // _LEARNT_FROM)
    share = known / max(1, len(baseline.looks))
    first = summarize(baseline.looks[:known], share * baseline.seconds)
    metrics = {name: first.metrics.get(name, _UNSEEN) for name in baseline.metrics}
    return replace(first, metrics=metrics), baseline.looks[known:]


def with_known_dispersion(baseline: Baseline) -> Baseline:
    """All that was seen, with the dispersion that the judgement will use: of what is known beforehand."""
    known, _ = set_aside(baseline)
    metrics = {
        name: replace(history, dispersion=known.metrics[name].dispersion) for name, history in baseline.metrics.items()
    }
    return replace(baseline, metrics=metrics)


def beside_past(seen: Seen, past: Sequence[Mapping[str, Counts]], number: int) -> Seen:
    """A look at the candidate beside the past one of that number, counted from 0."""
    looked = past[number] if number < len(past) else {}
    blocks = {name: Block(block.canary, looked.get(name, NOTHING)) for name, block in seen.blocks.items()}
    return replace(seen, blocks=blocks)


def compared_with_past(past: Past) -> Reason:
    """What is said at the end of such a rollout."""
    message = (
        f"Nothing was held back on the stable side: the candidate was compared with {len(past)} looks before the "
        "switch, so a change of the times meanwhile counts for or against it."
    )
    return Reason(code="compared-with-past", message=message)
