"""Everything that is known about models: the statements of an evidence folder, and those that the registry keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from mlops_actions.evidence import EvidenceStore, Predicate, Statement, digest_bytes
from mlops_actions.evidence.statement import KINDS, P_co, predicate_class
from mlops_actions.registries import Model, Registry

P = TypeVar("P", bound=Predicate)


@dataclass(frozen=True)
class Link(Generic[P_co]):
    """A statement and its own digest."""

    sha256: str
    statement: Statement[P_co]


def read_dossier(evidence: str, registry: Registry, models: Iterable[Model]) -> list[Link[Predicate]]:
    """The statements in the evidence folder, and those that the registry keeps beside registered models; each once.

    Raises InputError for one in the folder that was edited or cannot be read, OutsideError for one in the registry.
    """
    store = EvidenceStore(evidence)
    found = {one.sha256: one.statement for kind in KINDS for one in store.find(predicate_class(kind))}
    for model in models:
        kept = registry.statements(model.name, model.sha256) if model.name else []
        found |= {digest_bytes(statement.to_json()): statement for statement in kept}
    return [Link(sha256, statement) for sha256, statement in found.items()]


def newest(links: Sequence[Link[Predicate]], predicate: type[P], subject: str) -> P | None:
    """What the newest statement of one kind says of a subject; None where there is none."""
    about = [one for one in links if one.statement.sha256 == subject and one.statement.kind == predicate.KIND]
    found = max(about, key=finished, default=None)
    return cast("P", found.statement.predicate) if found else None


def finished(link: Link[Predicate]) -> float:
    """When the statement was made, in seconds since 1970; 0 where it does not say."""
    return link.statement.predicate.made
