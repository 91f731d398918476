"""How long calls take, as the statement has it."""

from __future__ import annotations

from mlops_actions.evaluate_model.measuring.measurement import records
from mlops_actions.evaluate_model.scoring.exchange import LATENCY_ROWS
from mlops_actions.evidence.evaluation import Latency
from mlops_actions.statistics.latency import Repeats, estimates_of


def latency_record(repeats: Repeats, rows: int, confidence: float) -> Latency | None:
    """What the statement says of latency; None where no call was repeated."""
    if not repeats:
        return None
    return Latency(
        repeats=len(repeats),
        calls={kind: min(len(one[kind]) for one in repeats) for kind in repeats[0]},
        batch_rows=min(rows, LATENCY_ROWS),
        estimates=records(estimates_of(repeats), confidence),
    )
