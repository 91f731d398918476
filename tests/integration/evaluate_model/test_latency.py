"""Latency of real models in real processes: ones that sleep for a known time, since this machine may be busy."""

from __future__ import annotations

import re
import time

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation

from .conftest import Evaluate, WriteModel, promote

SLEEPER = """
def predict_proba(self, X):
    import time
    time.sleep({seconds} * len(X) ** {power})
    return numpy.full((len(X), 2), 0.5)
"""


def sleeper(write_model: WriteModel, seconds: float, name: str = "model.pkl", power: float = 0.0) -> str:
    return write_model(SLEEPER.format(seconds=seconds, power=power), name)


def value(found: Evaluation, name: str) -> float:
    assert found.latency is not None
    one = found.latency.estimates[name]
    assert one.value is not None
    return one.value


def bounds(one: EstimateRecord) -> tuple[float, float]:
    assert one.lower is not None
    assert one.upper is not None
    return one.lower, one.upper


def test_calls_are_repeated_in_bursts_and_have_an_interval(evaluate: Evaluate, write_model: WriteModel) -> None:
    found = evaluate(sleeper(write_model, 0.001, power=0.5))
    assert found.latency is not None
    assert found.latency.repeats == 12
    assert found.latency.batch_rows == 400
    assert found.latency.calls["row"] >= 20
    lower, upper = bounds(found.latency.estimates["latency_p95_ms"])
    assert 1.0 < lower < value(found, "latency_p95_ms") < upper < 500.0
    assert value(found, "latency_p50_ms") <= value(found, "latency_p95_ms")
    assert value(found, "batch_latency_p50_ms") > 20.0
    assert found.timing is not None
    assert found.timing.latency_p95_ms is not None


def test_a_model_that_is_too_slow_for_ten_repeats_has_fewer(evaluate: Evaluate, write_model: WriteModel) -> None:
    began = time.monotonic()
    found = evaluate(sleeper(write_model, 0.12))
    assert time.monotonic() - began < 60
    assert found.latency is not None
    assert 1 <= found.latency.repeats < 10
    assert list(found.latency.calls) == ["row"]
    one = found.latency.estimates["latency_p95_ms"]
    assert one.value is not None
    assert one.value > 100
    assert (one.lower, one.upper) == (None, None)


def test_no_repeats_leave_no_latency(evaluate: Evaluate, trained: str) -> None:
    found = evaluate(trained, latency_repeats=0)
    assert found.latency is None
    assert found.timing is not None
    assert found.timing.latency_p95_ms is None


def test_the_memory_of_a_model_is_told(evaluate: Evaluate, write_model: WriteModel) -> None:
    body = "def predict_proba(self, X): numpy.ones({count}); return numpy.full((len(X), 2), 0.5)"
    little, much = (
        evaluate(write_model(body.format(count=count)), latency_repeats=0).timing for count in (1, 40_000_000)
    )
    assert little is not None
    assert much is not None
    assert little.peak_memory_bytes is not None
    assert much.peak_memory_bytes is not None
    assert little.peak_memory_bytes > 10_000_000
    assert 300_000_000 < much.peak_memory_bytes - little.peak_memory_bytes < 350_000_000


def test_model_and_champion_are_timed_in_turns(evaluate: Evaluate, write_model: WriteModel) -> None:
    fast, slow = sleeper(write_model, 0.002, "fast.pkl"), sleeper(write_model, 0.004, "slow.pkl")
    latency = evaluate(slow, champion=fast, compare_latency=True).latency
    assert latency is not None
    assert latency.repeats == 12
    assert set(latency.estimates) == set(latency.champion) == set(latency.differences)
    lower, upper = bounds(latency.differences["latency_p50_ms"])
    assert 1.0 < lower < upper < 4.0


def test_a_champion_is_timed_though_its_predictions_are_kept(evaluate: Evaluate, trained: str) -> None:
    registered = {"name": "flights", "registry": "file:registry"}
    evaluate(trained, **registered)
    promote(trained)
    alone = evaluate(trained, **registered).latency
    assert alone is not None
    assert (alone.champion, alone.differences) == ({}, {})
    latency = evaluate(trained, compare_latency=True, **registered).latency
    assert latency is not None
    lower, upper = bounds(latency.differences["latency_p50_ms"])
    assert lower < upper


TIMED_ONLY = """
def predict_proba(self, X):
    if '"turns": true' in open('input/request.json').read(): {what}
    return numpy.full((len(X), 2), 0.5)
"""


@pytest.mark.parametrize(
    ("what", "message", "limit"),
    [
        ("raise ValueError('tired')", "raised ValueError: tired, when it was called again.", 60),
        ("os.write(0, b'x' * 100000)", "said what the scorer would not say.", 60),
        ("os.write(0, b'[1]\\n')", "said what the scorer would not say.", 60),
        # Long enough for a busy machine to score.
        ("__import__('time').sleep(100)", "was not done within the time-limit of 12 seconds.", 12),
    ],
)
def test_a_champion_that_cannot_be_timed_is_told_and_compared_otherwise(
    evaluate: Evaluate, write_model: WriteModel, trained: str, what: str, message: str, limit: int
) -> None:
    bad = write_model(TIMED_ONLY.format(what=what))
    found = evaluate(trained, champion=bad, compare_latency=True, time_limit=limit)
    assert (found.result, [one.code for one in found.reasons]) == ("inconclusive", ["champion-not-timed"])
    assert found.reasons[0].message == f"The champion, timed beside the model, {message}"
    assert found.differences
    assert found.latency is not None
    assert found.latency.differences == {}


def test_a_model_that_cannot_be_timed_fails(
    evaluate: Evaluate, write_model: WriteModel, trained: str, isolation: str
) -> None:
    bad = write_model(TIMED_ONLY.format(what="os._exit(3)"))
    found = evaluate(bad, champion=trained, compare_latency=True, isolation=isolation)
    assert (found.result, [one.code for one in found.reasons]) == ("fail", ["model-ended"])
    assert found.reasons[0].message == "The model ended the process with exit code 3 before it had answered."


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"latency_repeats": 0}, "with `latency-repeats: 0` nothing is timed."),
        ({"predictions": "test.parquet"}, "only a model that is scored here can be timed beside its champion."),
    ],
)
def test_what_cannot_be_compared_is_refused(
    evaluate: Evaluate, trained: str, inputs: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        evaluate(trained, compare_latency=True, **inputs)
