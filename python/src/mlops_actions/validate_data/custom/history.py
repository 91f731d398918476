"""What earlier reports by the same contract say, of what is in the evidence folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_actions.evidence import EvidenceStore
from mlops_actions.evidence.data_report import DataReport

if TYPE_CHECKING:
    from mlops_actions.validate_data.rules import Contract


def earlier_rows(evidence: str, contract: Contract) -> tuple[int, ...]:
    """The row counts of earlier data that passed by this contract's path and table, oldest first.

    Of data that was checked several times only the last report counts.
    """
    reports = [one.statement for one in EvidenceStore(evidence).find(DataReport)]
    rows = {one.sha256: one.predicate.rows for one in reports if _is_alike(one.predicate, contract)}
    return tuple(rows.values())


def _is_alike(report: DataReport, contract: Contract) -> bool:
    by = any(one.name == "contract" and one.uri == contract.path for one in report.materials)
    return by and report.result == "pass" and any(one.id.startswith(f"{contract.table}.") for one in report.checks)
