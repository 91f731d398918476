"""Finding what a verdict rests on: the subject, its one evaluation, reports on its data, when it was trained."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Material, Predicate, Stored, digest_path, size_path
from mlops_actions.evidence.verdict import overall
from mlops_actions.policy.facts import Stated

if TYPE_CHECKING:
    from mlops_actions.evidence.data_report import DataReport
    from mlops_actions.evidence.evaluation import Evaluation
    from mlops_actions.evidence.training import Training

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{8,64})")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Subject:
    """The model that is judged."""

    name: str
    sha256: str
    size: int | None = None
    """Bytes, where its file was read."""


def subject_of(model: str, registry: str, name: str | None) -> Subject:
    """The model by path or reference; a registry is opened only for a reference."""
    if "@" not in model and ":" not in model:
        return Subject(model, digest_path(model), size_path(Path(model)))
    from mlops_actions.registries import resolve

    found = resolve(model, registry, name)
    return Subject(model, found.sha256, size_path(found.path))


def evaluation_of(store: EvidenceStore, subject: Subject | None, data: str | None) -> Stored[Evaluation]:
    """The one evaluation to judge.

    Raises InputError, with the list, when there is none, when they speak of several models and none was asked for,
    or when they were made on several data sets and none was asked for. On the same data the newest counts.
    """
    # Late: a gate over another tool's numbers reads none.
    from mlops_actions.evidence.evaluation import Evaluation

    found = store.find(Evaluation, subject.sha256 if subject else None)
    if not found:
        about = f"the model {subject.name!r} ({subject.sha256[:12]})" if subject else "a model"
        raise InputError(
            f"the evidence folder {str(store.folder)!r} holds no evaluation of {about}.",
            hint="Run evaluate-model first, or give `metrics-file` and `model`.",
        )
    if len({one.statement.sha256 for one in found}) > 1:
        raise InputError(
            f"the evidence folder {str(store.folder)!r} holds evaluations of several models:\n{_listed(found)}",
            hint="Name one with `model`.",
        )
    if data is not None:
        found = _on(found, data)
    digests = {data_digests(one.statement.predicate) for one in found}
    if len(digests) > 1:
        raise InputError(
            f"the model was evaluated on several data sets:\n{_listed(found)}",
            hint="Choose one with `data`: its path or the beginning of its SHA-256.",
        )
    if len(found) > 1:
        _log.info("%d evaluations on the same data: the newest counts, %s.", len(found), found[-1].path.name)
    return found[-1]


def data_digests(predicate: Predicate) -> tuple[str, ...]:
    """SHA-256 of the data that an evaluation or a training read."""
    named = [one.digest["sha256"] for one in predicate.materials if one.name == "data" and "sha256" in one.digest]
    return tuple(sorted(named))


def data_facts(
    store: EvidenceStore, evaluated: Sequence[str], trained: Sequence[str]
) -> tuple[Stated | None, list[Material]]:
    """Every data-report on the evaluation's or the training's data; None unless each evaluated data set has one.

    For one data set and one contract, known by its path, the newest report counts, so that a mended contract takes the
    place of the one it was; among different contracts the worst.
    """
    from mlops_actions.evidence.data_report import DataReport

    latest: dict[tuple[str, ...], Stored[DataReport]] = {}
    for digest in dict.fromkeys([*evaluated, *trained]):
        for report in store.find(DataReport, digest):
            latest[digest, *sorted(one.uri for one in _named(report, "contract"))] = report
    materials = [material_of(report) for report in latest.values()]
    if not evaluated or not set(evaluated) <= {report.statement.sha256 for report in latest.values()}:
        return None, materials
    return _stated(list(latest.values())), materials


def model_facts(
    store: EvidenceStore, subject: Subject, evaluated_on: Sequence[str]
) -> tuple[Stated | None, list[Material]]:
    """What is stated of the model but the evaluation on this data: training, evaluations on other data, the rollout.

    The newest of each counts; None where there is nothing. A gate's own verdicts and what followed from them are no
    statements about the model, since otherwise a refusal would be its own reason.
    """
    from mlops_actions.evidence.evaluation import Evaluation
    from mlops_actions.evidence.rollout import Rollout

    rollouts = [one for one in store.find(Rollout, subject.sha256) if one.statement.predicate.outcome != "planned"]
    evaluations = {data_digests(one.statement.predicate): one for one in store.find(Evaluation, subject.sha256)}
    evaluations.pop(tuple(evaluated_on), None)
    training = training_of(store, subject)
    found: list[Stored[Predicate]] = [*([training] if training else []), *evaluations.values(), *rollouts[-1:]]
    return _stated(found) if found else None, [material_of(one) for one in found]


def training_of(store: EvidenceStore, subject: Subject) -> Stored[Training] | None:
    """The newest training statement of the model."""
    from mlops_actions.evidence.training import Training

    return store.latest(Training, subject.sha256)


def material_of(stored: Stored[Predicate]) -> Material:
    """A statement as something that was read."""
    return Material(name=stored.statement.kind, uri=str(stored.path), digest={"sha256": stored.sha256})


def data_digest(data: str) -> str:
    """SHA-256 of data named as evaluate-model takes it, a path, a folder or a glob; or the digest's own beginning."""
    if (match := _DIGEST.fullmatch(data)) and not Path(data).exists():
        return match[1]
    from mlops_actions.tables.files import find_files

    return find_files(data).digest()


def _stated(statements: Sequence[Stored[Predicate]]) -> Stated:
    """The worst of several statements, with its reasons."""
    predicates = [one.statement.predicate for one in statements]
    result = overall([one.result for one in predicates])
    reasons = [reason for one in predicates if one.result == result != "pass" for reason in one.reasons]
    return Stated(result, tuple(reasons))


def _on(found: list[Stored[Evaluation]], data: str) -> list[Stored[Evaluation]]:
    """Evaluations on the chosen data, as it is now."""
    digest = data_digest(data)
    chosen = [one for one in found if any(each.startswith(digest) for each in data_digests(one.statement.predicate))]
    if not chosen:
        written = any(data == material.uri for one in found for material in _named(one, "data"))
        changed = " It has changed since." if written else ""
        raise InputError(
            f"no evaluation was made on the data {data!r} ({digest[:12]}).{changed} There are:\n{_listed(found)}",
            hint="Run evaluate-model on it.",
        )
    return chosen


def _listed(found: Sequence[Stored[Evaluation]]) -> str:
    lines = []
    for one in found:
        data = ", ".join(f"{each.uri} ({each.digest.get('sha256', '')[:12]})" for each in _named(one, "data"))
        lines.append(f"  {one.path.name}: {one.statement.name} on {data or 'unnamed data'}")
    return "\n".join(lines)


def _named(stored: Stored[Predicate], role: str) -> list[Material]:
    return [material for material in stored.statement.predicate.materials if material.name == role]
