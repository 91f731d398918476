"""Numbers of other tools, under the names that a rule can write."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path

import pytest
from sklearn.metrics import classification_report

from mlops_actions.errors import InputError
from mlops_actions.policy.metrics.source import read_numbers

SHAPES = {
    "dvc": ({"eval": {"accuracy": 0.9, "loss": 0.1}}, {"eval.accuracy": 0.9, "accuracy": 0.9, "loss": 0.1}),
    "mlflow": ({"run": {"data": {"metrics": [{"key": "auc", "value": 0.8, "timestamp": 1, "step": 0}]}}}, {"auc": 0.8}),
    "trainer": ({"eval_accuracy": 0.7, "epoch": 3}, {"eval_accuracy": 0.7, "epoch": 3.0}),
    "trainer state": (
        {"log_history": [{"eval_f1": 0.1}, {"loss": 2}, {"eval_f1": 0.6}]},
        {"eval_f1": 0.6, "loss": 2.0},
    ),
    "folds": ([{"auc": 0.1}, {"auc": 0.2}], {"_0.auc": 0.1, "_1.auc": 0.2}),
    "cyclonedx": (
        {
            "modelCard": {
                "quantitativeAnalysis": {
                    "performanceMetrics": [
                        {"type": "accuracy", "value": "0.9", "confidenceInterval": {"lowerBound": "0.8"}},
                        {"type": "recall", "value": "0.7", "slice": "carrier AA"},
                    ]
                }
            }
        },
        {
            "accuracy": 0.9,
            "modelCard.quantitativeAnalysis.accuracy": 0.9,
            "modelCard.quantitativeAnalysis.carrier_AA.recall": 0.7,
        },
    ),
    "words": ({"top-5 accuracy": 0.5, "flag": True, "name": "x"}, {"top_5_accuracy": 0.5}),
}


@pytest.mark.parametrize(("document", "expected"), SHAPES.values(), ids=SHAPES.keys())
def test_the_shapes_of_other_tools_are_read(tmp_path: Path, document: object, expected: dict[str, float]) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(document))
    metrics = read_numbers([str(path)]).metrics
    assert {name: metrics[name].value for name in expected} == expected


def write(folder: Path, **files: object) -> list[str]:
    for name, document in files.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return [str(folder / f"{name}.json") for name in files]


def test_the_numbers_of_several_files_bear_the_files_names_and_what_is_unique(tmp_path: Path) -> None:
    numbers = read_numbers(write(tmp_path, test={"accuracy": 0.9, "auc": 0.8}, train={"accuracy": 1.0}))
    named = {name: one.value for name, one in numbers.metrics.items()}
    assert named == {"test.accuracy": 0.9, "test.auc": 0.8, "auc": 0.8, "train.accuracy": 1.0}
    assert [source.uri for source in numbers.sources] == [str(tmp_path / "test.json"), str(tmp_path / "train.json")]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, value in (("a", 1), ("b", 2)):
        Path(folder).mkdir()
        write(Path(folder), m={"auc": value})
    metrics = read_numbers(["a/m.json", "b/m.json"]).metrics
    assert {name: one.value for name, one in metrics.items()} == {"a_m_json.auc": 1, "b_m_json.auc": 2}


def test_a_file_that_is_given_twice_is_refused(tmp_path: Path) -> None:
    (path,) = write(tmp_path, m={"auc": 0.9})
    with pytest.raises(InputError, match="is given twice. Remove one of them."):
        read_numbers([path, path])


def test_every_end_of_a_name_that_is_unique_may_be_written(tmp_path: Path) -> None:
    document = {"test": {"AA": {"recall": 0.8}, "UA": {"recall": 0.7}}, "train": {"AA": {"auc": 0.9}}}
    metrics = read_numbers(write(tmp_path, m=document)).metrics
    assert {name: one.value for name, one in metrics.items()} == {
        "test.AA.recall": 0.8,
        "AA.recall": 0.8,
        "test.UA.recall": 0.7,
        "UA.recall": 0.7,
        "train.AA.auc": 0.9,
        "AA.auc": 0.9,
        "auc": 0.9,
    }


def test_a_statement_of_ours_is_no_file_of_others_whose_intervals_are_two_sided(tmp_path: Path) -> None:
    statement = {"predicateType": "https://mlops-actions.github.io/statement/evaluation/v1", "predicate": {"n": 1}}
    with pytest.raises(InputError, match=r"this is a statement of mlops-actions, no metrics-file. Leave out"):
        read_numbers(write(tmp_path, m=statement))


def test_a_name_that_several_numbers_share_must_be_written_in_full(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(classification_report([0, 1, 1, 0], [0, 1, 0, 0], output_dict=True)))
    metrics = read_numbers([str(path)]).metrics
    assert metrics["accuracy"].value == 0.75
    assert metrics["_1.recall"].value == 0.5
    assert metrics["macro_avg.f1_score"].value == pytest.approx(0.7333, abs=1e-4)
    assert "recall" not in metrics


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "null", "1e999", "1" + "0" * 400])
def test_what_is_no_number_is_kept_as_missing(tmp_path: Path, literal: str) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(f'{{"accuracy": {literal}}}')
    assert isnan(read_numbers([str(path)]).metrics["accuracy"].value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("{}", "holds no number"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ('{"a b": 1, "a-b": 2}', "2 numbers read as 'a_b'"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 5000, "cannot be read as JSON"),
    ],
)
def test_a_bad_metrics_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_numbers([str(path)])


@pytest.mark.parametrize("value", ["90 %", "nan", "inf", "", "0,9", True, None, "1e999"])
def test_a_text_that_is_no_number_is_no_measurement(tmp_path: Path, value: object) -> None:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps({"performanceMetrics": [{"type": "accuracy", "value": value}]}))
    assert isnan(read_numbers([str(path)]).metrics["accuracy"].value)
