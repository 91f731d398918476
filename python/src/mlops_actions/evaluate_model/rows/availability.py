"""What the contract says about columns that a model must not see, from the data-report about the data."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from mlops_actions.evidence import EvidenceStore, Material
from mlops_actions.evidence.data_report import DataReport

log = logging.getLogger(__name__)

_KEYS = ("unique", "primaryKey")
"""Checks by which a contract calls a column's values unique."""


@dataclass(frozen=True)
class Availability:
    """Columns that are kept from the model."""

    unavailable: tuple[str, ...] = ()
    """Not known when a prediction is made."""
    row_ids: tuple[str, ...] = ()
    """Unique by contract: they name a row, and would let a model look its label up."""
    report: Material | None = None
    """The data-report that says so."""


def availability(evidence: str, data: Material) -> Availability:
    """What the newest data-report about this data says; nothing is kept back without one."""
    stored = EvidenceStore(evidence).latest(DataReport, data.digest["sha256"]) if "sha256" in data.digest else None
    if stored is None:
        log.info("No data-report about this data in %s: every column counts as available.", evidence)
        return Availability()
    found = stored.statement.predicate
    return Availability(
        tuple(found.unavailable),
        tuple(dict.fromkeys(one.column for one in found.checks if one.check in _KEYS and one.column is not None)),
        Material(name="data-report", uri=str(stored.path), digest={"sha256": stored.sha256}),
    )
