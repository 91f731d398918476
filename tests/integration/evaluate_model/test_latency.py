"""Latency of real models in real processes: ones that sleep for a known time, since this machine may be busy."""

from __future__ import annotations

import time

from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation

from .conftest import Evaluate, WriteModel

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
