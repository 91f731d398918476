"""How long calls take, as the statement has it."""

from __future__ import annotations

from mlops_actions.evaluate_model.comparison.pairing import Scored
from mlops_actions.evaluate_model.measuring.measurement import records
from mlops_actions.evaluate_model.scoring.exchange import LATENCY_ROWS
from mlops_actions.evidence.evaluation import Latency
from mlops_actions.statistics.latency import differences_of, estimates_of


def latency_record(scored: Scored, rows: int, confidence: float) -> Latency | None:
    """What the statement says of latency; None where no call was repeated."""
    own, champion = scored.turns or (scored.candidate.latency, ())
    if not own:
        return None
    return Latency(
        repeats=len(own),
        calls={kind: min(len(one[kind]) for one in own) for kind in own[0]},
        batch_rows=min(rows, LATENCY_ROWS),
        estimates=records(estimates_of(own), confidence),
        champion=records(estimates_of(champion), confidence),
        differences=records(differences_of(own, champion), confidence),
    )
