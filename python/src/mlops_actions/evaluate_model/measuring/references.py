"""What the candidate is measured against besides the champion, and whether it is worse than it once was."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mlops_actions.evaluate_model.comparison.champion import Rival
from mlops_actions.evaluate_model.comparison.pairing import OwnNumbers, Scored, sample_of
from mlops_actions.evaluate_model.measuring.baseline import baseline_of
from mlops_actions.evaluate_model.measuring.measurement import measure, records
from mlops_actions.evaluate_model.measuring.own import with_points
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evidence import Predicate, Reason, Statement
from mlops_actions.evidence.evaluation import Evaluation, Reference, Role
from mlops_actions.registries import open_registry
from mlops_actions.registries.reference import Model
from mlops_actions.statistics import evaluation as statistics
from mlops_actions.statistics.contrasts import independent
from mlops_actions.statistics.families import holm
from mlops_actions.statistics.metrics import known_metric
from mlops_actions.statistics.sample import Sample

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs

log = logging.getLogger(__name__)


def with_references(
    evaluation: Evaluation,
    inputs: Inputs,
    model: Model | None,
    rivals: Mapping[Rival, Model],
    test_set: TestSet,
    scored: Scored,
) -> Evaluation:
    """The evaluation with all references that there are, and whether the model degraded."""
    names, confidence = list(evaluation.estimates), inputs.confidence
    references: dict[Role, Reference] = {}
    if test_set.target.task != "scores":
        references["baseline"] = baseline(sample_of(inputs, test_set, scored), names, confidence, scored)
    if "anchor" in scored.rivals:
        sample = sample_of(inputs, test_set, scored, "anchor")
        references["anchor"] = anchor(rivals["anchor"], sample, names, confidence, scored.own)
    then = find_recorded(model, inputs.registry, inputs.name) if model else None
    own = recorded(then, evaluation, confidence) if then else None
    if own is None:
        return evaluation.model_copy(update={"references": references})
    worse, reason = degraded(own, confidence)
    reasons = [*evaluation.reasons, *([reason] if reason else [])]
    updates = {"references": {**references, "recorded": own}, "degraded": worse, "reasons": reasons}
    return evaluation.model_copy(update=updates)


def baseline(sample: Sample, metrics: Sequence[str], confidence: float, scored: Scored) -> Reference:
    """Against no model at all, on the same rows."""
    name, constants = baseline_of(sample, metrics, scored.trained)
    rows = scored.own.rows.get("baseline", {})
    parts = [measure(replace(sample, champion=replace(other, rows=rows)), names) for names, other in constants.items()]
    estimates = {metric: one for part in parts for metric, one in part.champion.items()}
    differences = {metric: one for part in parts for metric, one in part.differences.items()}
    found = with_points(statistics.Evaluation({}, estimates, differences), scored.own, "baseline")
    return Reference(
        name=name, estimates=records(found.champion, confidence), differences=records(found.differences, confidence)
    )


def anchor(model: Model, sample: Sample, metrics: Sequence[str], confidence: float, own: OwnNumbers) -> Reference:
    """Against an older model, which is the sample's champion, on the same rows."""
    found = with_points(measure(sample, metrics), own, "anchor")
    return Reference(
        name=model.reference,
        sha256=model.sha256,
        estimates=records(found.champion, confidence),
        differences=records(found.differences, confidence),
    )


def find_recorded(model: Model, registry: str, name: str | None) -> Statement[Evaluation] | None:
    """The evaluation with which a registered model was first promoted; None for a model that never was.

    The first one, lest a decline in small steps, each promoted anew, stays unseen.
    """
    name = model.name or name
    if name is None:
        return None
    kept = open_registry(registry).statements(name, model.sha256)
    found = [
        Statement(one.name, one.sha256, one.predicate)
        for one in kept
        if isinstance(one.predicate, Evaluation) and one.predicate.estimates and one.sha256 == model.sha256
    ]
    return min(found, key=_finished, default=None)


def recorded(then: Statement[Evaluation], now: Evaluation, confidence: float) -> Reference | None:
    """Against what the model's own evaluation said, on other rows; None where that asked another question."""
    before = then.predicate
    asked = [(one.task, one.target, one.positive_label) for one in (before, now)]
    if asked[0] != asked[1]:
        log.info("The evaluation at promotion was of another target or task: there is nothing to compare with.")
        return None
    differences = {}
    if _data(before) & _data(now):
        log.info("The evaluation at promotion was on the same data: it cannot tell whether the model degraded.")
    else:
        differences = {
            name: independent(one.estimate(), before.estimates[name].estimate())
            for name, one in now.estimates.items()
            if name in before.estimates
        }
    when = f" of {before.provenance.finished:%Y-%m-%d}" if before.provenance else ""
    return Reference(
        name=f"own evaluation{when}",
        sha256=then.sha256,
        estimates=dict(before.estimates),
        differences=records(differences, confidence),
    )


def degraded(reference: Reference, confidence: float) -> tuple[bool | None, Reason | None]:
    """Whether any metric is shown to be worse than at promotion, and which, by Holm over all that have a direction.

    True where one is shown at `confidence`. False only where none is and each could have been judged: what cannot be
    judged (few clusters, no variance) must not look like good news, and is None.
    """
    worse: dict[str, float] = {}
    open_: list[str] = []
    for name, record in reference.differences.items():
        higher = metric.higher_is_better if (metric := known_metric(name)) else None
        if higher is None:
            continue
        difference = record.estimate()
        if difference.undecidable:
            open_.append(name)
        else:
            worse[name] = difference.p_less(0.0) if higher else difference.p_greater(0.0)
    rejected = holm(list(worse.values()), 1.0 - confidence)
    shown = [name for name, one in zip(worse, rejected, strict=True) if one]
    if shown:
        told = ", ".join(_change(name, reference) for name in shown)
        message = f"The model is worse than at its promotion: {told}."
        return True, Reason(code="degraded", message=message, where="recorded", warning=True)
    return (None if open_ or not worse else False), None


def measured_names(table: statistics.Evaluation) -> list[str]:
    """The metrics that could be computed."""
    return list(table.estimates)


def _change(name: str, reference: Reference) -> str:
    before, difference = reference.estimates[name].value or 0.0, reference.differences[name].value or 0.0
    return f"{name} {before:.4g} → {before + difference:.4g}"


def _data(evaluation: Evaluation) -> set[str]:
    return {digest for one in evaluation.materials if one.name == "data" for digest in one.digest.values()}


def _finished(statement: Statement[Predicate]) -> float:
    return statement.predicate.made
