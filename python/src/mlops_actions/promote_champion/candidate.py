"""Which model is to be promoted, and where its bytes are."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Predicate, Stored
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.statement import predicate_class
from mlops_actions.registries import Registry, resolve

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """The model to promote."""

    sha256: str
    path: Path
    """A local file whose digest was just verified."""


def find_candidate(
    model: str | None, require: Sequence[str], evidence: EvidenceStore, registry: Registry, name: str
) -> Candidate:
    """The model asked for; without one, the model of the newest required statement, from where it was judged.

    Raises InputError when there is none, it is a folder, or the file is no longer the one that was judged.
    """
    candidate = _given(model, registry, name) if model else _judged(require, evidence, registry, name)
    if candidate.path.is_dir():
        raise InputError(
            f"the model {str(candidate.path)!r} is a folder; a registry keeps a model as one file.",
            hint="Pack it into one, then evaluate and gate that file.",
        )
    return candidate


def _given(model: str, registry: Registry, name: str) -> Candidate:
    found = resolve(model, registry.location, name)
    return Candidate(found.sha256, found.path)


def _judged(require: Sequence[str], evidence: EvidenceStore, registry: Registry, name: str) -> Candidate:
    newest = _newest(require, evidence)
    sha256 = newest.statement.sha256
    if version := registry.version(name, sha256):
        logger.info("promoting version %d (%s), which %s is about", version.number, sha256[:12], newest.path.name)
        return Candidate(sha256, registry.fetch(version.blob))
    evaluation = evidence.latest(Evaluation, sha256)
    recorded = (evaluation or newest).statement.name
    advice = "Give the input 'model' its path, or evaluate and gate it again."
    try:
        found = resolve(recorded, registry.location, name)
    except InputError as error:
        raise InputError(
            f"the model that {newest.path.name} is about is not where it was judged: {error.message}", hint=advice
        ) from None
    if found.sha256 != sha256:
        raise InputError(
            f"the model {recorded!r} changed since it was judged: its SHA-256 is {found.sha256[:12]}…, "
            f"{newest.path.name} is about {sha256[:12]}….",
            hint=advice,
        )
    logger.info("promoting %s (%s), which %s is about", recorded, sha256[:12], newest.path.name)
    return Candidate(sha256, found.path)


def _newest(require: Sequence[str], evidence: EvidenceStore) -> Stored[Predicate]:
    found = [stored for kind in require for stored in evidence.find(predicate_class(kind))]
    if not found:
        raise InputError(
            f"which model to promote is not said, and the folder {str(evidence.folder)!r} holds no "
            f"{' or '.join(require)}.",
            hint="Give the input 'model', or run quality-gate with the same 'evidence' before.",
        )
    return max(found, key=_finished)


def _finished(stored: Stored[Predicate]) -> float:
    return stored.statement.predicate.made
