"""Several sources at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.metrics import MetricSource, Snapshot, open_metrics
from mlops_actions.canary_deploy.metrics.combined import CombinedCounters
from mlops_actions.canary_deploy.metrics.interface import ERRORS, Query, blocks_since
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import OutsideError
from mlops_actions.statistics.sequential import Block, Counts, Moments, Reading


class Counter:
    """Counts one thing, on both sides alike."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.total = 100
        self.born = 0.0
        self.time = 0.0

    def read(self) -> Snapshot:
        self.time += 10
        counts = Counts(1, self.total)
        return Snapshot({name: Reading(self.time, counts, counts) for name in self.names}, self.born)


def test_each_source_gives_what_the_ones_before_do_not_count() -> None:
    proxy, labels = Counter(ERRORS), Counter(ERRORS, "wrong")
    both = CombinedCounters([proxy, labels])
    before = both.read()
    proxy.total, labels.total = 130, 107
    assert blocks_since(before, both.read(), 60) == {
        ERRORS: Block(Counts(0, 30), Counts(0, 30)),
        "wrong": Block(Counts(0, 7), Counts(0, 7)),
    }


def test_one_source_that_began_anew_throws_the_look_away_for_all() -> None:
    proxy, labels = Counter(ERRORS), Counter("wrong")
    both = CombinedCounters([proxy, labels])
    before = both.read()
    proxy.born = 15.0
    after = both.read()
    assert blocks_since(before, after, 60) == {}
    assert set(blocks_since(after, both.read(), 60)) == {ERRORS, "wrong"}


def test_their_age_is_told_where_each_of_them_tells_it() -> None:
    proxy, labels = Counter(ERRORS), Counter("wrong")
    proxy.born, labels.born = 7.0, -5.0
    assert CombinedCounters([proxy, labels]).read().born == 7.0
    labels.born = 0.0
    assert not CombinedCounters([proxy, labels]).read().tells_age


def test_means_of_one_source_stand_beside_the_counts_of_another() -> None:
    class Revenue(Counter):
        def read(self) -> Snapshot:
            return Snapshot({}, 0.0, sums={"revenue": (Moments(2, 3.0, 5.0), Moments(4, 6.0, 10.0))})

    found = CombinedCounters([Counter(ERRORS), Revenue()]).read()
    assert set(found.readings) == {ERRORS}
    assert found.sums["revenue"][0] == Moments(2, 3.0, 5.0)


def test_without_errors_nothing_is_judged() -> None:
    with pytest.raises(OutsideError, match="none of the sources of metrics counts requests and errors"):
        CombinedCounters([Counter("wrong")]).read()


@pytest.mark.parametrize(
    ("target", "named", "kinds"),
    [
        ("envoy:127.0.0.1:8000", "sqlite:a.db", ["EnvoyCounters", "SqlCounts"]),
        ("envoy:127.0.0.1:8000", "json:http://a/\nsqlite:a.db\n", ["JsonCounters", "SqlCounts"]),
        ("kserve:prod/model", "sqlite:a.db", ["SqlCounts"]),
    ],
)
def test_labels_alone_are_beside_the_counters_of_the_target(
    tmp_path: Path, target: str, named: str, kinds: list[str]
) -> None:
    services = Services("127.0.0.1:1", "127.0.0.1:2", "/", 1, tmp_path)
    found: MetricSource = open_metrics(open_target(target, services), named, services, Query("SELECT 1"))
    assert isinstance(found, CombinedCounters)
    assert [type(source).__name__ for source in found.sources] == kinds
