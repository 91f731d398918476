"""What comes back from the scorer is checked before it is believed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlops_actions.evaluate_model.scoring.answer import Answer, MisbehaviourError, Problem, read_answer

TIMES = {"row": [1.0, 2.0], "batch": [3.0]}
CLAIMS = {"method": "predict_proba", "classes": [0, 1], "load_seconds": 0.1, "score_seconds": 0.2, "latency": [TIMES]}


def leave(folder: Path, array: NDArray[Any], **claims: object) -> None:
    np.save(folder / "predictions.npy", array)
    (folder / "answer.json").write_text(json.dumps({"answer": {**CLAIMS, **claims}}))


def refusal(folder: Path, rows: int = 2) -> str:
    with pytest.raises(MisbehaviourError) as caught:
        read_answer(folder, rows, "classes")
    return caught.value.code


def test_probabilities_are_read(tmp_path: Path) -> None:
    leave(tmp_path, np.array([[0.25, 0.75], [1.0, 0.0]]))
    answer = read_answer(tmp_path, 2, "classes")
    assert isinstance(answer, Answer)
    assert answer.probabilities is not None
    assert answer.probabilities.tolist() == [[0.25, 0.75], [1.0, 0.0]]
    assert (answer.classes, answer.latency) == ((0, 1), [TIMES])


def test_values_are_read(tmp_path: Path) -> None:
    leave(tmp_path, np.array([[1.0], [2.0]]), classes=None, method="predict")
    answer = read_answer(tmp_path, 2, "values")
    assert isinstance(answer, Answer)
    assert answer.values is not None
    assert answer.values.tolist() == [1.0, 2.0]


def test_no_answer_is_none_and_a_problem_is_itself(tmp_path: Path) -> None:
    assert read_answer(tmp_path, 2, "classes") is None
    (tmp_path / "answer.json").write_text(json.dumps({"problem": {"code": "no-predict", "message": "Model"}}))
    assert read_answer(tmp_path, 2, "classes") == Problem(code="no-predict", message="Model")


@pytest.mark.parametrize(
    "claims",
    [
        {"load_seconds": -1.0},
        {"load_seconds": "1"},
        {"latency": [{"row": [float("nan")]}]},
        {"latency": [{"row": [0.0]}]},
        {"latency": [{"row": []}]},
        {"latency": [{"row": [1.0] * 200}]},
        {"latency": [TIMES] * 100},
        {"latency": [{"hour": [1.0]}]},
        {"classes": [[0], [1]]},
        {"classes": None, "method": ["x"]},
    ],
)
def test_claims_of_another_form_are_forged(tmp_path: Path, claims: dict[str, object]) -> None:
    leave(tmp_path, np.full((2, 2), 0.5), **claims)
    assert refusal(tmp_path) == "answer-forged"


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000, b" " * 2_000_000])
def test_an_answer_that_is_no_answer_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "answer.json").write_bytes(content)
    assert refusal(tmp_path) in ("answer-forged", "predictions-count")


@pytest.mark.parametrize(
    ("array", "claims", "code"),
    [
        (np.full((3, 2), 0.5), {}, "predictions-count"),
        (np.full((2, 3), 0.5), {}, "predictions-shape"),
        (np.array([[1, 0], [0, 1]]), {}, "predictions-shape"),
        (np.array(["a", "b"]), {}, "predictions-shape"),
        (np.array(0.5), {}, "predictions-count"),
        (np.full((0, 2), 0.5), {}, "predictions-shape"),
        (np.full((2, 2), np.inf), {}, "predictions-nan"),
        (np.full((2, 2), 0.5), {"classes": [1, 1]}, "predictions-shape"),
        (np.full((2, 2), 0.5), {"classes": [True, 1]}, "predictions-shape"),
        (np.full((2, 1), 1.0), {"classes": [1]}, "predictions-shape"),
        (np.array([0, 2], dtype=np.int32), {"method": "predict"}, "predictions-shape"),
        (np.array([0, -1], dtype=np.int32), {"method": "predict"}, "predictions-shape"),
        (np.array([0.0, 1.0]), {"method": "predict"}, "predictions-shape"),
        (np.zeros(100_000), {}, "predictions-count"),
    ],
)
def test_predictions_that_are_none_are_refused(
    tmp_path: Path, array: NDArray[Any], claims: dict[str, object], code: str
) -> None:
    leave(tmp_path, array, **claims)
    assert refusal(tmp_path) == code


def test_predictions_are_never_unpickled(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text(json.dumps({"answer": CLAIMS}))
    np.save(tmp_path / "predictions.npy", np.array([print, print], dtype=object), allow_pickle=True)
    assert refusal(tmp_path) == "predictions-shape"


def test_a_header_that_promises_more_than_there_is_takes_no_memory(tmp_path: Path) -> None:
    leave(tmp_path, np.full((2, 2), 0.5))
    content = (tmp_path / "predictions.npy").read_bytes()
    (tmp_path / "predictions.npy").write_bytes(content.replace(b"(2, 2), }          ", b"(2, 99999999999), }"))
    assert refusal(tmp_path) == "predictions-shape"


def test_links_are_not_followed(tmp_path: Path) -> None:
    leave(tmp_path, np.full((2, 2), 0.5))
    (tmp_path / "predictions.npy").rename(tmp_path / "elsewhere")
    (tmp_path / "predictions.npy").symlink_to("elsewhere")
    assert refusal(tmp_path) == "answer-forged"
    (tmp_path / "predictions.npy").unlink()
    os.link(tmp_path / "elsewhere", tmp_path / "predictions.npy")
    assert refusal(tmp_path) == "answer-forged"
