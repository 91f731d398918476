"""Which model is rolled out, and the verdict that let it through."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Material, Predicate, Stored
from mlops_actions.evidence.evaluation import Evaluation
from mlops_actions.evidence.verdict import Verdict


@dataclass(frozen=True)
class Subject:
    """The model."""

    name: str
    sha256: str
    materials: tuple[Material, ...]
    """Its newest verdict, where there is one."""


def find_subject(model: str | None, registry: str, name: str | None, evidence: EvidenceStore) -> Subject:
    """The model that was asked for; without one, the only one that has a passing verdict.

    Raises InputError when there is none or several, and OutsideError when the registry cannot be read.
    """
    if model is None:
        return _only_passing(evidence)
    # The registries are read only where one is named.
    from mlops_actions.registries import resolve

    found = resolve(model, registry, name)
    return _subject(found.name or model, found.sha256, evidence.latest(Verdict, found.sha256))


def last_subject(evidence: EvidenceStore) -> Subject | None:
    """The model that was evaluated or judged last, whatever came of it: what an abort without a rollout is about."""
    found: list[Stored[Predicate]] = [*evidence.find(Evaluation), *evidence.find(Verdict)]
    finished = {one.statement.predicate.provenance.finished: one for one in found if one.statement.predicate.provenance}
    if not finished:
        return None
    statement = finished[max(finished)].statement
    return _subject(statement.name, statement.sha256, evidence.latest(Verdict, statement.sha256))


def materials_of(sha256: str, evidence: EvidenceStore) -> tuple[Material, ...]:
    """A model's newest verdict, where there is one."""
    return _materials(evidence.latest(Verdict, sha256))


def _only_passing(evidence: EvidenceStore) -> Subject:
    newest = {stored.statement.sha256: stored for stored in evidence.find(Verdict)}
    passing = [stored for stored in newest.values() if stored.statement.predicate.result == "pass"]
    if len(passing) == 1:
        (stored,) = passing
        return _subject(stored.statement.name, stored.statement.sha256, stored)
    folder = str(evidence.folder)
    if not passing:
        raise InputError(
            f"which model to deploy is not said, and no verdict in {folder!r} passes.",
            hint="Give the input 'model', or run quality-gate with the same 'evidence' before.",
        )
    found = ", ".join(f"{one.statement.name} ({one.statement.sha256[:12]})" for one in passing)
    raise InputError(f"several models have a passing verdict in {folder!r}: {found}.", hint="Give the input 'model'.")


def _subject(name: str, sha256: str, verdict: Stored[Verdict] | None) -> Subject:
    return Subject(name, sha256, _materials(verdict))


def _materials(verdict: Stored[Verdict] | None) -> tuple[Material, ...]:
    if verdict is None:
        return ()
    return (Material(name="verdict", uri=str(verdict.path), digest={"sha256": verdict.sha256}),)
