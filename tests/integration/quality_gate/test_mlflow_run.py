"""The metrics of a run of a real MLflow server."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlflow_site import MlflowSite, Person
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import EvidenceStore, Stored
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.policy.again import UnfoundedError, differences, judge_again
from mlops_actions.policy.metrics.mlflow_run import read_run

from .conftest import gate, promote

COUNTS = {"true_negatives": 900, "false_positives": 100, "false_negatives": 50, "true_positives": 950}
OF_EVALUATE = {**COUNTS, "example_count": 2000, "accuracy_score": 0.925, "val/auc": 0.8}
"""As `mlflow.models.evaluate` logs them; a file that it wrote is in the tests of the forms."""


@pytest.fixture
def person(mlflow: MlflowSite) -> Person:
    return Person(mlflow.url)


def log(person: Person, metrics: dict[str, Any], status: str = "FINISHED") -> str:
    """A run with metrics; returns its id."""
    experiment = person.post("experiments/create", name=f"gate-{secrets.token_hex(4)}")["experiment_id"]
    run = str(person.post("runs/create", experiment_id=experiment, start_time=1)["run"]["info"]["run_id"])
    for key, value in metrics.items():
        person.post("runs/log-metric", run_id=run, key=key, value=value, timestamp=1, step=0)
    person.post("runs/update", run_id=run, status=status, end_time=2)
    return run


def test_a_run_is_judged_by_its_id_on_the_intervals_of_its_counts(person: Person) -> None:
    location = f"mlflow+{person.url}#run={log(person, OF_EVALUATE)}"
    rules = "accuracy_score > 0.9\nrecall > 0.9\nval_auc > 0.7"
    verdict = gate(rules, metrics_file=[location], model="model.joblib").predicate
    assert (verdict.result, verdict.judged_on) == ("pass", "intervals")
    assert [one.lower is not None for one in verdict.rules] == [True, True, False]
    assert verdict.materials[0].uri == location


def test_the_address_that_a_browser_shows_names_the_run_too(person: Person) -> None:
    run = log(person, {"auc": 0.8})
    assert read_run(f"mlflow+{person.url}/#/experiments/7/runs/{run}") == read_run(f"mlflow+{person.url}#run={run}")


def test_the_champions_run_is_compared_with(person: Person) -> None:
    promote("champion")
    new, old = (f"mlflow+{person.url}#run={log(person, metrics)}" for metrics in (OF_EVALUATE, {"accuracy": 0.95}))
    verdict = gate(
        "accuracy > champion", metrics_file=[new], champion_metrics_file=[old], model="model.joblib"
    ).predicate
    assert (verdict.result, verdict.reasons[-1].code) == ("fail", "limit-broken")


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_a_number_that_is_none_never_passes(person: Person, value: str) -> None:
    run = log(person, {"loss": value, "auc": 0.9})
    for rule in ("loss < 0.5", "loss > 0.5", "forbid loss > 0.5"):
        verdict = gate(rule, metrics_file=[f"mlflow+{person.url}#run={run}"], model="model.joblib").predicate
        assert (verdict.result, verdict.reasons[0].code) == ("inconclusive", "not-a-number")


def test_a_promotion_reads_the_run_again(person: Person) -> None:
    run = log(person, OF_EVALUATE, "RUNNING")
    stated = gate("accuracy > 0.9", metrics_file=[f"mlflow+{person.url}#run={run}"], model="model.joblib")
    stored: Stored[Verdict] = Stored(Path("verdict.json"), "0" * 64, stated)

    def again() -> list[str]:
        def no_look(*_: object) -> Any:
            raise AssertionError

        return differences(
            stated.predicate, judge_again(stored, EvidenceStore("mlops-evidence"), None, date(2030, 1, 1), no_look)
        )

    person.post("runs/update", run_id=run, status="FINISHED", end_time=2)
    assert again() == []
    person.post("runs/log-metric", run_id=run, key="val/auc", value=0.7, timestamp=3, step=1)
    with pytest.raises(UnfoundedError, match="that it was judged on is not here as it was"):
        again()


def test_a_run_that_ended_badly_or_is_not_there_is_refused(person: Person) -> None:
    failed, deleted = log(person, {"auc": 0.9}, "FAILED"), log(person, {"auc": 0.9})
    person.post("runs/delete", run_id=deleted)
    messages = {
        failed: f"the run {failed} ended as FAILED: its numbers may be of a half-trained model.",
        deleted: f"the run {deleted} is deleted.",
        "0" * 32: f"MLflow at {person.url.removeprefix('http://')!r} has no such thing: "
        f"Run with id={'0' * 32} not found. Check the run's id.",
    }
    for run, message in messages.items():
        location = f"mlflow+{person.url}#run={run}"
        with pytest.raises(InputError) as refused:
            read_run(location)
        assert str(refused.value) == f"{location}: {message}"


def test_a_run_without_metrics_holds_no_number(person: Person) -> None:
    location = f"mlflow+{person.url}#run={log(person, {})}"
    with pytest.raises(InputError, match="holds no number"):
        gate("auc > 0.5", metrics_file=[location], model="model.joblib")


def test_who_may_not_read_the_run_is_told_which_variables_to_set(
    mlflow: MlflowSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    with pytest.raises(InputError, match=r"wants to know who asks \(status 401\) before we may read the run abc\. Set"):
        read_run(f"mlflow+{mlflow.guarded}#run=abc")


def test_a_server_that_is_not_there_is_the_outside_world_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlops_actions.clouds.http.FIRST_PAUSE", 0.0)
    with pytest.raises(OutsideError, match="failed 5 times in a row: no connection"):
        read_run("mlflow+http://127.0.0.1:9#run=abc")


@pytest.mark.parametrize(
    "location",
    ["mlflow+http://host", "mlflow+http://host#run=", "mlflow+ftp://host#run=1", "mlflow+http://a:b@h#run=1"],
)
def test_what_names_no_run_is_refused_without_its_password(location: str) -> None:
    with pytest.raises(InputError) as refused:
        read_run(location)
    assert "names no run of MLflow. Write mlflow+https://host#run=<id>" in str(refused.value)
    assert "a:b" not in str(refused.value)
