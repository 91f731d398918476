"""What the statement says of an evaluation: what is known before a model runs, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_actions.evaluate_model.comparison.asked import asked_metrics
from mlops_actions.evaluate_model.comparison.candidate import Candidate
from mlops_actions.evaluate_model.comparison.champion import Rival
from mlops_actions.evaluate_model.comparison.pairing import Scored, sample_of
from mlops_actions.evaluate_model.measuring.curves import curves_of
from mlops_actions.evaluate_model.measuring.cuts import Cut
from mlops_actions.evaluate_model.measuring.fairness import disparities, metrics_between_groups
from mlops_actions.evaluate_model.measuring.latency import latency_record
from mlops_actions.evaluate_model.measuring.measurement import measure, measure_slices, records, slice_document
from mlops_actions.evaluate_model.measuring.own import with_points
from mlops_actions.evaluate_model.measuring.reasons import not_estimated
from mlops_actions.evaluate_model.rows.dependence import find_dependence, warnings_of
from mlops_actions.evaluate_model.rows.testset import TestSet
from mlops_actions.evaluate_model.sandbox import Sandbox
from mlops_actions.evaluate_model.scoring.answer import Answer
from mlops_actions.evaluate_model.scoring.environments import environment_record
from mlops_actions.evidence import Material, Result
from mlops_actions.evidence.evaluation import Disparity, Evaluation, Slice, Timing
from mlops_actions.registries.reference import Model

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.action import Inputs


def known_before(
    inputs: Inputs,
    candidate: Candidate,
    rivals: Mapping[Rival, Model],
    test_set: TestSet,
    sandbox: Sandbox | None,
    materials: Sequence[Material],
) -> dict[str, Any]:
    """What the statement says however scoring ends."""
    kept_back, champion = test_set.kept_back, rivals.get("champion")
    compared = [Material(name=role, uri=one.reference, digest={"sha256": one.sha256}) for role, one in rivals.items()]
    return {
        "materials": [*materials, *candidate.materials, *compared],
        "task": test_set.target.task,
        "n": test_set.rows,
        "target": inputs.target,
        "positive_label": test_set.target.positive,
        "features": list(test_set.features),
        "unavailable": [name for name, why in kept_back.items() if why == "unavailable"],
        "row_order": test_set.row_order,
        "cluster": inputs.cluster,
        "minimum_count": inputs.minimum_count,
        "champion_sha256": champion.sha256 if champion else None,
        "champion_name": champion.reference if champion else None,
        "source": candidate.source,
        "isolation": sandbox.level if sandbox else None,
        "isolation_means": sandbox.means if sandbox else None,
        "environment": environment_record(sandbox.interpreter) if sandbox else None,
        "size_bytes": candidate.size_bytes,
    }


def measured(
    inputs: Inputs, test_set: TestSet, cuts: Sequence[Cut], scored: Scored, known: Mapping[str, Any]
) -> Evaluation:
    """Every estimate of the candidate, and of the champion beside it; raises MisbehaviourError as `sample_of` does."""
    sample = sample_of(inputs, test_set, scored)
    asked = asked_metrics(inputs, test_set.target)
    between = metrics_between_groups(sample.task) if inputs.protected else ()
    names = list(dict.fromkeys([*asked, *between, *sample.candidate.rows]))
    table = measure(sample, names)
    slices: list[Slice] = []
    fairness: list[Disparity] = []
    for cut in cuts:
        parts = measure_slices(sample, names, cut, table, inputs.minimum_count)
        for value, rows, found in parts:
            cross = cut.crosses.get(value)
            slices.append(slice_document(cut.column, value, rows, found, inputs.confidence, cross))
        if cut.protected:
            fairness += disparities(sample, cut, parts, inputs.minimum_count, inputs.confidence)
    reasons = [*scored.reasons, *not_estimated(asked if inputs.metrics else [], table)]
    dependence = find_dependence(sample, test_set.keys, table.estimates)
    table = with_points(table, scored.own)
    result: Result = "pass" if all(one.warning for one in reasons) else "inconclusive"
    return Evaluation(
        result=result,
        reasons=[*reasons, *warnings_of(dependence)],
        dependence=dependence,
        estimates=records(table.estimates, inputs.confidence),
        champion=records(table.champion, inputs.confidence),
        differences=records(table.differences, inputs.confidence),
        slices=slices,
        protected=[cut.column for cut in cuts if cut.protected],
        fairness=fairness,
        curves=None
        if sample.task == "scores"
        else curves_of(sample, scored.classes(test_set.target), inputs.confidence),
        timing=_timing(scored.candidate),
        latency=latency_record(scored, test_set.rows, inputs.confidence),
        **{**known, "materials": [*known["materials"], *scored.materials]},
    )


def _timing(answer: Answer) -> Timing | None:
    if answer.score_seconds is None:
        return None
    calls = [one for repeat in answer.latency for one in repeat.get("row", ())] or answer.latency_ms
    percentiles = {
        f"{what}_p{percent}_ms": float(np.percentile(taken, percent))
        for what, taken in (("latency", calls), ("batch", answer.batch_ms))
        for percent in (50, 95, 99)
        if taken
    }
    return Timing.model_validate(
        {
            "load_seconds": answer.load_seconds,
            "score_seconds": answer.score_seconds,
            "peak_memory_bytes": answer.peak_bytes,
            **percentiles,
        }
    )
