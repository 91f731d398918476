"""What a rollout judges, from what its inputs ask for and what the stable side showed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlops_actions.canary_deploy.baseline import Baseline, History
from mlops_actions.canary_deploy.judged import Wanted, choose_metrics
from mlops_actions.canary_deploy.metrics.interface import BY_CLUSTER, ERRORS
from mlops_actions.canary_deploy.metrics.latency import latency_name
from mlops_actions.errors import InputError
from mlops_actions.statistics import sequential
from mlops_actions.statistics.sequential import Counts, Dispersion

MEASURED = Dispersion(1.5, "measured", 40)
SLOWER = {0.05: 900, 0.1: 480, 0.2: 260, 0.25: 120, 0.5: 90, 1.0: 40, 2.0: 8, 5.0: 0}
"""Of 1,000 requests of the stable side, by seconds."""
WANTED = Wanted(error_margin=0.01)


def baseline(**more: Counts) -> Baseline:
    counts = {ERRORS: Counts(10, 1000), **{latency_name(at): Counts(bad, 1000) for at, bad in SLOWER.items()}, **more}
    return Baseline({name: History(one, MEASURED) for name, one in counts.items()}, requests_per_second=10)


def test_errors_alone_are_judged_where_nothing_else_is_asked_for() -> None:
    (errors,) = choose_metrics(WANTED, baseline(wrong=Counts(1, 10)))
    assert (errors.name, errors.margin, errors.history, errors.dispersion) == (
        "errors",
        0.01,
        Counts(10, 1000),
        MEASURED,
    )


def test_a_latency_promotes_by_the_limit_and_rolls_back_by_the_mean_of_cuts() -> None:
    _, *latency = choose_metrics(replace(WANTED, latency=0.25), baseline())
    assert [(one.name, one.promotes) for one in latency] == [
        ("latency>250ms", True),
        ("latency>100ms", False),
        ("latency>200ms", False),
        ("latency>500ms", False),
        ("latency>1000ms", False),
        ("latency>2000ms", False),
    ]
    assert sum(one.weight for one in latency) == pytest.approx(1), "together they weigh as much as the errors"


def test_each_counter_has_its_own_margin_and_history() -> None:
    _, wrong, odd = choose_metrics(
        replace(WANTED, margins={"wrong": 0.03, "odd": 0.0}), baseline(wrong=Counts(7, 300), odd=Counts(0, 1000))
    )
    assert (wrong.name, wrong.margin, wrong.history, wrong.promotes) == ("wrong", 0.03, Counts(7, 300), True)
    assert (odd.name, odd.margin) == ("odd", 0.0)


def test_errors_by_cluster_take_the_place_of_errors_by_request_and_need_no_dispersion() -> None:
    (errors,) = choose_metrics(replace(WANTED, cluster="user"), baseline(**{BY_CLUSTER: Counts(4, 60)}))
    assert (errors.name, errors.dispersion, errors.history) == (BY_CLUSTER, sequential.BY_CLUSTER, Counts(4, 60))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"latency": 0.3},
            "latency: how many requests take longer than 300ms is not counted. Write one of the bounds of the buckets "
            "that are: 50ms, 100ms, 200ms, 250ms, 500ms, 1000ms, 2000ms, 5000ms.",
        ),
        (
            {"margins": {"wrng": 0.1}},
            "metrics: nothing counted 'wrng' while the stable side was watched. Did you mean 'wrong'? What "
            "'metrics-source' has to give for it is in the guide.",
        ),
        ({"cluster": "user"}, "cluster: nothing counted 'errors by cluster' while the stable side was watched."),
    ],
)
def test_what_nothing_counts_is_refused_by_its_name(asked: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as refused:
        choose_metrics(replace(WANTED, **asked), baseline(wrong=Counts(7, 300)))  # type: ignore[arg-type]
    assert str(refused.value).startswith(said)


def test_a_source_that_does_not_time_requests_cannot_judge_their_latency() -> None:
    untimed = Baseline({ERRORS: History(Counts(1, 100), MEASURED)}, 10)
    with pytest.raises(InputError, match="latency was asked for, and what counts the requests does not time them"):
        choose_metrics(replace(WANTED, latency=0.25), untimed)
