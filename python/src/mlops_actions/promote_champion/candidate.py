"""Which model is to be promoted, and where its bytes are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Predicate, Stored
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.statement import predicate_class
from mlops_actions.registries import Blob, Received, Registry, is_reference, resolve

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """The model to promote."""

    path: Path
    """Where it was read."""
    received: Received

    @property
    def sha256(self) -> str:
        """The model's digest, in hex."""
        return self.received.sha256

    def keep(self) -> Blob:
        """Store it, if it is not there."""
        return self.received.keep()


def find_candidate(
    model: str | None,
    require: Sequence[str],
    evidence: EvidenceStore,
    registry: Registry,
    name: str,
    *,
    files: ExitStack,
    dry_run: bool,
) -> Candidate:
    """The model asked for; without one, the model of the newest required statement, from where it was judged.

    It can be kept until `files` are closed; in a dry run it is only read. Raises InputError when there is none, or it
    is no longer the one that was judged.
    """

    def receive(reference: str) -> Candidate:
        """A reference is verified where it lies; a path is read once, for its digest and to be kept."""
        path = Path(reference)
        if is_reference(reference) or dry_run or not path.exists():
            found = resolve(reference, registry.location, name)
            return _there(found.path, found.sha256, registry)
        return Candidate(path, files.enter_context(registry.receive(path)))

    return receive(model) if model else _judged(require, evidence, registry, name, receive)


def _there(path: Path, sha256: str, registry: Registry) -> Candidate:
    return Candidate(path, Received(sha256, lambda: registry.store(path, sha256)))


def _judged(
    require: Sequence[str],
    evidence: EvidenceStore,
    registry: Registry,
    name: str,
    receive: Callable[[str], Candidate],
) -> Candidate:
    newest = _newest(require, evidence)
    sha256 = newest.statement.sha256
    if version := registry.version(name, sha256):
        logger.info("promoting version %d (%s), which %s is about", version.number, sha256[:12], newest.path.name)
        return _there(registry.fetch(version.blob), sha256, registry)
    evaluation = evidence.latest(Evaluation, sha256)
    recorded = (evaluation or newest).statement.name
    advice = "Give the input 'model' its path, or evaluate and gate it again."
    try:
        found = receive(recorded)
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
    return found


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
