"""Columns that the contract says are not known when a prediction is made."""

from __future__ import annotations

import logging

from mlops_actions.evidence import EvidenceStore, Material
from mlops_actions.evidence.data_report import DataReport

log = logging.getLogger(__name__)


def unavailable_columns(evidence: str, data: Material) -> tuple[list[str], list[Material]]:
    """The `unavailable` columns of the newest data-report about this data, and that report as material."""
    stored = EvidenceStore(evidence).latest(DataReport, data.digest["sha256"]) if "sha256" in data.digest else None
    if stored is None:
        log.info("No data-report about this data in %s: every column counts as available.", evidence)
        return [], []
    report = Material(name="data-report", uri=str(stored.path), digest={"sha256": stored.sha256})
    return stored.statement.predicate.unavailable, [report]
