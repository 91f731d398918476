"""What of each kind of statement a tracker is told."""

from __future__ import annotations

import pytest

import statements
from mlops_actions.evidence import Predicate, Statement
from mlops_actions.evidence.statement import KINDS
from mlops_actions.tracking.record import Record, record_of


def record(predicate: Predicate) -> Record:
    return record_of(Statement("model.joblib", "a" * 64, predicate), "the-action", "delay", "https://ci/1", {})


def numbers(predicate: Predicate) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for point in record(predicate).points:
        assert point.step == len(found.setdefault(point.name, []))
        found[point.name].append(point.value)
    return found


def test_a_data_report_tells_rows_checks_and_drift() -> None:
    assert numbers(statements.data_report()) == {
        "the-action/rows": [9],
        "the-action/checks_pass": [0],
        "the-action/checks_fail": [1],
        "the-action/checks_not-checked": [0],
        "the-action/drift/carrier_psi": [0.3],
        "the-action/drift/distance_psi": [0.3],
    }


def test_an_evaluation_tells_each_metric_with_its_bounds_also_of_the_champion_and_of_slices() -> None:
    evaluation = statements.evaluation()
    found = numbers(evaluation)
    for metric, estimate in evaluation.estimates.items():
        bounds = [found[f"the-action/{metric}/{side}"] for side in ("lower", "upper")]
        assert bounds == [[estimate.lower], [estimate.upper]]
    for metric, estimate in evaluation.differences.items():
        assert found[f"the-action/difference/{metric}"] == [estimate.value]
    for part in evaluation.slices:
        for metric, estimate in part.estimates.items():
            assert found[f"the-action/slice/{part.column}/{part.value}/{metric}"] == [estimate.value]


def test_a_verdict_tells_its_word_and_how_many_rules_came_to_what() -> None:
    verdict = statements.verdict()
    told = record(verdict)
    assert told.tags["the-action.result"] == verdict.result
    assert told.tags["the-action.sha256"] == "a" * 64
    assert sum(value for name, (value,) in numbers(verdict).items() if "/rules_" in name) == len(verdict.rules)


def test_a_promotion_tells_alias_and_version() -> None:
    refused = statements.promotion()
    assert record(refused).tags["promote-champion.alias"] == refused.alias
    assert "promote-champion.version" not in record(refused).tags
    promoted = refused.model_copy(update={"version": 3})
    assert record(promoted).tags["promote-champion.version"] == "3"
    assert numbers(promoted) == {"the-action/version": [3]}


def test_a_rollout_tells_the_course_of_its_looks() -> None:
    rollout = statements.rollout()
    found = numbers(rollout)
    assert found["the-action/weight"] == [look.weight for look in rollout.looks]
    assert found["the-action/worse_log10"] == [look.worse for look in rollout.looks]
    assert found["the-action/final_weight"] == [rollout.weight]


def test_what_is_not_a_number_is_no_metric() -> None:
    evaluation = statements.evaluation()
    (metric, estimate), *_ = evaluation.estimates.items()
    undefined = estimate.model_copy(update={"value": None, "lower": None, "upper": None})
    found = numbers(evaluation.model_copy(update={"estimates": {metric: undefined}, "differences": {}, "slices": []}))
    assert not [name for name in found if metric in name and "champion" not in name]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"training"}))
def test_every_kind_that_an_action_writes_tells_its_result(kind: str) -> None:
    predicate = getattr(statements, kind.replace("-", "_"))()
    assert record(predicate).tags["the-action.result"] == predicate.result
