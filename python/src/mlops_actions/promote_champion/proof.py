"""The statements that a promotion rests on, and those that tell where its model came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlops_actions.evidence import EvidenceStore, Predicate, Stored
from mlops_actions.evidence.statement import KINDS, predicate_class

Proof = Mapping[str, Stored[Predicate] | None]
"""Required kind → its newest statement about the model (of equally new ones the worst), None where there is none."""


def read_proof(evidence: EvidenceStore, require: Sequence[str], sha256: str) -> Proof:
    """The required statements about one model. InputError for one that was edited or cannot be read."""
    return {kind: evidence.latest(predicate_class(kind), sha256) for kind in require}


def related_statements(evidence: EvidenceStore, sha256: str) -> list[Stored[Predicate]]:
    """Every statement about a model, and about the data that those name: what `trace` needs.

    Promotions are left out: the registry's own log tells them.
    """
    kinds = [kind for kind in KINDS if kind != "promotion"]
    about = [stored for kind in kinds for stored in evidence.find(predicate_class(kind), sha256)]
    named = {
        digest
        for stored in about
        for material in stored.statement.predicate.materials
        for digest in material.digest.values()
    }
    reports = evidence.find(predicate_class("data-report"))
    return about + [stored for stored in reports if {stored.sha256, stored.statement.sha256} & named]
