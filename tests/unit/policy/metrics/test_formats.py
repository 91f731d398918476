"""The forms of other tools, read from files that the tools themselves wrote."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from mlops_actions.errors import InputError
from mlops_actions.policy.metrics.formats import FORMATS
from mlops_actions.policy.metrics.source import Numbers, read_numbers
from mlops_actions.statistics.evaluation import evaluate
from mlops_actions.statistics.sample import Predictions, Sample

FILES = Path(__file__).with_name("files")
WRITTEN_BY = {
    "dvc_diff.json": ("DVC's metrics diff", "dvc 3.67.1: metrics diff --json"),
    "dvc_diff_all.json": ("DVC's metrics diff", "dvc 3.67.1: metrics diff --all --json"),
    "dvc_show.json": ("DVC's metrics show", "dvc 3.67.1: metrics show --json"),
    "dvc_show_missing.json": ("DVC's metrics show", "the same, one metrics file deleted"),
    "dvc_show_revisions.json": ("DVC's metrics show", "dvc 3.67.1: metrics show --json -a -T"),
    "mlflow_run_rest.json": ("an MLflow run", "mlflow 3.17.2: api/2.0/mlflow/runs/get after mlflow.models.evaluate"),
    "mlflow_run_described.json": ("an MLflow run", "mlflow 3.17.2: mlflow runs describe"),
    "evaluate_plain.json": ("Hugging Face evaluate", "evaluate 0.4.6: save() of an evaluator's results"),
    "evaluate_bootstrap.json": ("Hugging Face evaluate", 'the same, strategy="bootstrap"'),
    "evaluate_f1.json": ("Hugging Face evaluate", "the same, F1"),
    "trainer_all_results.json": ("Hugging Face Trainer", "transformers 5: save_metrics, 237 rows of evaluation"),
    "trainer_with_samples.json": ("Hugging Face Trainer", "the same, eval_samples added as in its example scripts"),
    "trainer_state.json": ("Hugging Face Trainer", "the same, save_state"),
}
"""File → its form, and which version of which tool wrote it."""


def read(name: str) -> Numbers:
    return read_numbers([str(FILES / name)])


def values(numbers: Numbers, *names: str) -> dict[str, float]:
    return {name: round(numbers.metrics[name].value, 4) for name in names}


def refused(tmp_path: Path, document: object) -> str:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError) as error:
        read_numbers([str(path)])
    return str(error.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("name", WRITTEN_BY)
def test_a_file_is_read_in_the_form_of_its_tool(name: str) -> None:
    document = json.loads((FILES / name).read_text())

    def reads(form: str) -> bool:
        try:
            return FORMATS[form](document) is not None
        except InputError:
            return True

    assert next(form for form in FORMATS if reads(form)) == WRITTEN_BY[name][0]


def test_every_form_has_a_file_that_its_tool_wrote() -> None:
    assert {form for form, _ in WRITTEN_BY.values()} == set(FORMATS) - {"plain JSON"}
    assert {path.name for path in FILES.iterdir()} == set(WRITTEN_BY)


def test_dvcs_diff_holds_the_champion_too_with_counts_where_all_is_asked_for() -> None:
    numbers = read("dvc_diff_all.json")
    assert values(numbers, "accuracy", "auc", "AA.recall") == {"accuracy": 0.92, "auc": 0.7, "AA.recall": 0.81}
    accuracy, champion = numbers.metrics["accuracy"], numbers.champion["metrics.accuracy"]
    assert (accuracy.n, accuracy.scale, champion.value, champion.n) == (2000, "wilson", 0.9, 2000)
    assert isnan(numbers.champion["f1"].value)


def test_dvcs_diff_leaves_out_what_did_not_change_and_the_message_says_so() -> None:
    numbers = read("dvc_diff.json")
    assert "auc" not in numbers.metrics
    assert numbers.metrics["accuracy.value"].scale == "point"
    assert numbers.missing == "DVC leaves out what did not change: write `dvc metrics diff --all --json`."


def test_dvcs_show_is_of_the_workspace() -> None:
    for name in ("dvc_show.json", "dvc_show_revisions.json"):
        numbers = read(name)
        assert values(numbers, "metrics.accuracy", "accuracy", "report.auc", "AA.recall") == {
            "metrics.accuracy": 0.92,
            "accuracy": 0.92,
            "report.auc": 0.7,
            "AA.recall": 0.81,
        }
        assert numbers.metrics["accuracy"].n == 2000
        assert not numbers.champion


def test_what_dvc_could_not_read_is_not_passed_over(tmp_path: Path) -> None:
    assert refused(tmp_path, json.loads((FILES / "dvc_show_missing.json").read_text())) == (
        "DVC could not read 'report.json': [Errno 2] No such file or directory: 'report.json'."
    )


def test_of_several_revisions_without_the_workspace_none_is_meant(tmp_path: Path) -> None:
    one = {"data": {"m.json": {"data": {"auc": 0.9}}}}
    assert refused(tmp_path, {"main": one, "v1": one}) == (
        "it tells of several revisions, main, v1, and not of the workspace. "
        "Write what `dvc metrics show --json` says of one."
    )


@pytest.mark.parametrize("name", ["mlflow_run_rest.json", "mlflow_run_described.json"])
def test_an_mlflow_run_has_the_intervals_of_its_counts(name: str) -> None:
    metrics = read(name).metrics
    truth, labels = np.repeat([0, 0, 1, 1], (90, 18, 24, 105)), np.repeat([0, 1, 0, 1], (90, 18, 24, 105))
    wanted = {"accuracy_score": "accuracy", "recall_score": "recall", "precision_score": "precision", "f1_score": "f1"}
    found = evaluate(Sample("binary", truth, Predictions(labels)), [*wanted.values(), "mcc"]).estimates
    for theirs, ours in wanted.items():
        assert metrics[theirs].value == pytest.approx(found[ours].value)
        assert metrics[theirs].lower(0.95) == pytest.approx(found[ours].lower(0.95), abs=1e-4)
        assert metrics[ours] == metrics[theirs]
    assert metrics["mcc"].lower(0.95) == pytest.approx(found["mcc"].lower(0.95))
    assert (metrics["val_auc"].value, metrics["val_auc"].scale) == (0.9, "point")
    assert isnan(metrics["nan_one"].value)
    assert isnan(metrics["inf_one"].value)


def mlflow_run(**changes: object) -> dict[str, object]:
    info = {"run_id": "a" * 32, "status": "FINISHED", "lifecycle_stage": "active"} | changes
    return {"run": {"info": info, "data": {"metrics": [{"key": "auc", "value": 0.9}]}}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lifecycle_stage": "deleted"}, f"the run {'a' * 32} is deleted."),
        ({"status": "FAILED"}, f"the run {'a' * 32} ended as FAILED: its numbers may be of a half-trained model."),
        ({"status": "KILLED"}, f"the run {'a' * 32} ended as KILLED: its numbers may be of a half-trained model."),
    ],
)
def test_a_run_that_did_not_end_well_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    assert refused(tmp_path, mlflow_run(**changes)) == message


def test_a_run_that_has_not_ended_is_read_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(mlflow_run(status="RUNNING")))
    assert read_numbers([str(path)]).metrics["auc"].value == 0.9
    assert caplog.messages == [f"The MLflow run {'a' * 32} is RUNNING: its numbers may still change."]


def test_weighted_rows_of_mlflow_have_no_counts(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    metrics = {"true_negatives": 5, "false_positives": 1, "false_negatives": 1, "true_positives": 5}
    path.write_text(json.dumps({"info": {"run_id": "a"}, "data": {"metrics": {**metrics, "accuracy_score": 0.87}}}))
    assert read_numbers([str(path)]).points
    metrics["example_count"] = 12
    path.write_text(json.dumps({"info": {"run_id": "a"}, "data": {"metrics": {**metrics, "accuracy_score": 0.87}}}))
    assert read_numbers([str(path)]).points


def test_evaluates_bootstrap_gives_its_standard_error_and_time_and_speed_the_rows() -> None:
    f1 = read("evaluate_f1.json").metrics["f1"]
    assert (round(f1.value, 4), f1.n, f1.method) == (0.9583, 237, "bootstrap")
    assert f1.upper(0.975) - f1.lower(0.975) == pytest.approx(2 * 1.97 * 0.01283764, abs=1e-4)
    for name in ("evaluate_plain.json", "evaluate_bootstrap.json"):
        accuracy = read(name).metrics["accuracy"]
        assert (round(accuracy.value * 237), accuracy.n, accuracy.scale) == (227, 237, "wilson")
    assert "_evaluate_version" not in read("evaluate_plain.json").metrics


@pytest.mark.parametrize("name", ["trainer_all_results.json", "trainer_with_samples.json"])
def test_trainer_tells_its_rows_or_time_and_speed_do(name: str) -> None:
    metrics = read(name).metrics
    assert (metrics["eval_accuracy"].n, metrics["eval_accuracy"].scale) == (237, "wilson")
    assert metrics["eval_f1"].scale == "point"


def test_of_trainers_history_the_last_value_counts() -> None:
    metrics = read("trainer_state.json").metrics
    assert metrics["eval_accuracy"].value == read("trainer_all_results.json").metrics["eval_accuracy"].value
    assert metrics["eval_accuracy"].n == 237


@pytest.mark.parametrize(("runtime", "speed"), [(0.0001, 2_370_000.0), (100.0, 2.3715)])
def test_a_number_of_rows_that_time_and_speed_leave_open_is_not_guessed(
    tmp_path: Path, runtime: float, speed: float
) -> None:
    path = tmp_path / "all_results.json"
    document = {"eval_accuracy": 227 / 237, "eval_runtime": runtime, "eval_samples_per_second": speed}
    path.write_text(json.dumps(document))
    assert read_numbers([str(path)]).points
