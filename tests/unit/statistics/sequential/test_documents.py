from __future__ import annotations

import json
from typing import Any

import pytest

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import (
    BY_CLUSTER,
    Block,
    Counts,
    Dispersion,
    Metric,
    begin,
    decide,
    from_document,
    next_step,
    to_document,
    update,
)

METRICS = [
    Metric("errors", BY_CLUSTER, Counts(100, 10_000)),
    Metric(
        "slower than 200 ms", Dispersion(1.7, "measured", 44), Counts(0, 0), margin=0.02, promotes=False, weight=0.5
    ),
]
LOOKS = [
    {"errors": Block(Counts(look % 3, 20), Counts(2, 180)), "slower than 200 ms": Block(Counts(1, 20), Counts(9, 180))}
    for look in range(6)
]


def written() -> dict[str, Any]:
    evidence = begin(METRICS, alpha=0.01, planned_looks=40)
    for look in LOOKS:
        evidence = update(evidence, look)
    text = json.dumps(to_document(evidence), allow_nan=False)
    document: dict[str, Any] = json.loads(text)
    return document


def test_a_rollout_killed_after_every_look_decides_as_one_that_never_stopped() -> None:
    whole = killed = begin(METRICS, planned_looks=40)
    for position, look in enumerate(LOOKS):
        whole, killed = update(whole, look), update(killed, look)
        if position == 3:
            whole, killed = next_step(whole), next_step(killed)
        killed = from_document(json.loads(json.dumps(to_document(killed), allow_nan=False)))
        assert to_document(killed) == to_document(whole)
        assert decide(killed) == decide(whole)


def test_evidence_before_the_first_look_survives_too() -> None:
    fresh = begin(METRICS, planned_looks=40)
    document = json.loads(json.dumps(to_document(fresh), allow_nan=False))
    assert decide(from_document(document)) == decide(fresh)


def test_the_state_is_small() -> None:
    assert len(json.dumps(to_document(begin(METRICS[:1], planned_looks=40)))) < 1_000


def changed(path: str, value: Any) -> dict[str, Any]:
    document = written()
    target: Any = document
    *parents, last = path.split(".")
    for key in parents:
        target = target[int(key)] if key.isdigit() else target[key]
    target[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("version", 2, "state.json: the rollout's state has version 2, this release reads 1."),
        ("looks", "six", "state.json: `looks` is 'six', of the wrong type."),
        ("looks", True, "state.json: `looks` is True, of the wrong type."),
        ("looks", -1, "state.json: looks is -1, below 0."),
        ("alpha", float("nan"), "state.json: `alpha` holds nan, a finite number is needed."),
        ("metrics", [3], "state.json: metrics[0]: an object is needed, found int."),
        ("metrics.0.log_started", [0.0], "state.json: metrics[0]: `log_started` has 1 values, 7 are needed."),
        (
            "metrics.1.log_products",
            [0.0, None, 0.0],
            "state.json: metrics[1]: `log_products` holds None, a finite number is needed.",
        ),
        ("metrics.0.started", 3.0, "state.json: metrics[0]: `started` or `baseline` cannot have come from a rollout."),
        (
            "metrics.0.dispersion",
            [1, "guess", 0],
            "state.json: metrics[0]: the source of a dispersion is unknown: 'guess'.",
        ),
    ],
)
def test_a_damaged_state_is_refused_with_its_place(path: str, value: Any, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        from_document(changed(path, value), where="state.json")
    assert str(refusal.value) == message


def test_a_missing_field_is_named() -> None:
    document = written()
    del document["metrics"][1]["margin"]
    with pytest.raises(InputError) as refusal:
        from_document(document, where="state.json")
    assert str(refusal.value) == "state.json: metrics[1]: `margin` is missing."


def test_metrics_that_have_not_started_together_are_refused() -> None:
    document = written()
    document["metrics"][1]["started"] = 0.5
    with pytest.raises(InputError, match="state: the metrics have not `started` together"):
        from_document(document)
