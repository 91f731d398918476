"""Whatever a file holds, it is numbers or an error that says why not; never a crash, and never infinity."""

from __future__ import annotations

import json
from math import isinf
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_actions.errors import InputError
from mlops_actions.policy.metrics.source import read_numbers

KEYS = (
    *("", "workspace", "data", "error", "m.json", "old", "new", "diff", "a.b", "a", "run", "info", "run_id", "metrics"),
    *("key", "value", "status", "lifecycle_stage", "log_history", "eval_accuracy", "eval_runtime", "eval_samples"),
    *("eval_samples_per_second", "_evaluate_version", "accuracy", "score", "standard_error", "confidence_interval"),
    *("total_time_in_seconds", "samples_per_second", "n", "se", "lower", "upper", "confidence", "confusion_matrix"),
    *("precision", "recall", "f1-score", "support", "performanceMetrics", "type", "slice", "predicateType"),
    *("example_count", "true_positives", "true_negatives", "false_positives", "false_negatives", "accuracy_score"),
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 5, 0.5, 0.9, 0.95, 95, 237, 1e308, -1e308, float("nan"), float("inf"), 10**400]),
    st.floats(),
    st.integers(),
)
LEAVES = st.one_of(NUMBERS, st.none(), st.booleans(), st.sampled_from(["NaN", "Infinity", "FAILED", "x", "0.9"]))
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, min_size=1, max_size=7)
    ),
    max_leaves=25,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metrics") / "metrics.json"


@settings(max_examples=400, deadline=None)
@given(document=DOCUMENTS)
@example(document={"metrics": [{"key": [], "value": 1}]})
@example(document={"metrics": [{"key": {"a": 1}, "value": 1}, {"key": None, "value": 1}]})
@example(document={"info": {"run_id": 1, "status": []}, "data": {"metrics": {"a": 1}}})
@example(document={"m.json": {"a": {"old": 1, "new": {"b": [1]}}}})
@example(document={"m.json": {"a": {"old": 1, "new": 1}, "a.b": {"old": 1, "new": 1}}})
@example(document={"": {"data": {"m.json": {"error": 5}}}})
@example(document={"_evaluate_version": 1, "accuracy": {"score": [], "standard_error": {}, "confidence_interval": 1}})
@example(document={"eval_accuracy": 0.9, "eval_runtime": 1e308, "eval_samples_per_second": 1e308})
@example(document={"a": {"value": 1e308, "lower": -1e308, "upper": 1e308, "confidence": 0.95}})
def test_a_document_is_numbers_or_an_input_error(path: Path, document: object) -> None:
    path.write_text(json.dumps(document))
    try:
        numbers = read_numbers([str(path)])
    except InputError as error:
        assert str(path) in str(error)
    else:
        found = [*numbers.metrics.values(), *numbers.champion.values()]
        assert found
        assert not any(isinf(one.value) for one in found)
        assert all(one.lower(0.95) <= one.upper(0.95) for one in found if not one.undecidable)
