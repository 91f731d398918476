"""The statements that flow between the actions, and the folder that holds them."""

from mlops_actions.evidence.digests import digest_bytes, digest_files, digest_path, size_path
from mlops_actions.evidence.statement import Material, Predicate, Provenance, Reason, Result, Statement
from mlops_actions.evidence.store import EvidenceStore, Stored

__all__ = [
    "EvidenceStore",
    "Material",
    "Predicate",
    "Provenance",
    "Reason",
    "Result",
    "Statement",
    "Stored",
    "digest_bytes",
    "digest_files",
    "digest_path",
    "size_path",
]
