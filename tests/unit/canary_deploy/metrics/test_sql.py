"""Cohorts of requests in a real SQLite file, at a clock that the test sets."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from guide import shown
from mlops_actions.canary_deploy.metrics.databases import Answer, Sqlite
from mlops_actions.canary_deploy.metrics.interface import BY_CLUSTER, ERRORS, Query, blocks_since
from mlops_actions.canary_deploy.metrics.sql import SqlCounts, open_source
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import Block, Counts

QUERY = shown("`postgresql://…`, `sqlite:` labels that come late", "sql", {})
NAMES = {"stable": "stable", "candidate": "candidate"}
DELAY = 100.0


@dataclass
class World:
    """A database, and what time it is there."""

    file: Path
    time: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.connection = sqlite3.connect(self.file)
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute(
            "CREATE TABLE predictions (request INTEGER PRIMARY KEY, version, time, predicted, score DEFAULT 0.5)"
        )
        self.connection.execute("CREATE TABLE labels (request, late)")

    @property
    def shown(self) -> str:
        return "sqlite:test.db"

    def now(self) -> float:
        return self.time

    def ask(self, query: str, since: float, until: float) -> Answer:
        return Sqlite(self.file).ask(query, since, until)

    def source(self, query: str = QUERY, delay: float = DELAY) -> SqlCounts:
        return SqlCounts(self, query, NAMES, delay)  # type: ignore[arg-type]

    def predict(self, version: str, number: int, wrong: int = 0, unlabelled: int = 0, at: float | None = None) -> None:
        """Requests of a version at this time: the first are labelled wrong, the last not at all."""
        text = f"{datetime.fromtimestamp(self.time if at is None else at, UTC):%F %T.%f}"
        for position in range(number):
            cursor = self.connection.execute(
                "INSERT INTO predictions (version, time, predicted) VALUES (?, ?, 1)", (version, text)
            )
            if position < number - unlabelled:
                self.connection.execute("INSERT INTO labels VALUES (?, ?)", (cursor.lastrowid, int(position >= wrong)))
        self.connection.commit()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "serving.db")
    yield made
    made.connection.close()


def test_each_request_is_counted_once_and_only_when_its_label_had_its_time(world: World) -> None:
    source = world.source()
    snapshots = [source.read()]
    for _ in range(30):
        world.time += 5
        world.predict("stable", 9, wrong=1)
        world.predict("candidate", 1)
        world.time += 5
        snapshots.append(source.read())
    blocks = [blocks_since(before, after, 60)["wrong"] for before, after in pairwise(snapshots)]
    assert blocks[:10] == [Block(Counts(0, 0), Counts(0, 0))] * 10, "nothing is ripe"
    assert blocks[10:] == [Block(Counts(0, 1), Counts(1, 9))] * 20


def test_labels_from_before_the_first_look_are_the_history(world: World) -> None:
    for seconds in range(200):
        world.predict("stable", 1, wrong=seconds % 2, at=world.time - seconds - 0.5)
    source = world.source()
    before = source.read()
    assert {"wrong", "out_of_range"} <= set(before.readings), "what it counts is known at once"
    world.time += 40
    assert blocks_since(before, source.read(), 60)["wrong"] == Block(Counts(0, 0), Counts(20, 40))


def test_no_cohort_reaches_over_a_look_since_only_there_the_weight_changes(world: World) -> None:
    asked: list[tuple[float, float]] = []

    class Watched(World):
        def ask(self, query: str, since: float, until: float) -> Answer:
            asked.append((since - 1_000_000, until - 1_000_000))
            return super().ask(query, since, until)

    watched = Watched(world.file.with_name("other.db"))
    source = watched.source()
    for pause in (0, 30, 70, 7, 41, 60, 60):
        watched.time += pause
        source.read()
    assert asked == [(-100, -100), (-100, -70), (-70, 0), (0, 0), (0, 30), (30, 100), (100, 148 - 41)][:7]


def test_a_label_that_comes_after_its_time_is_not_counted_any_more(world: World) -> None:
    source = world.source(delay=0)
    source.read()
    world.predict("stable", 10, unlabelled=2)
    world.time += 10
    first = source.read()
    world.connection.execute("INSERT INTO labels SELECT request, 0 FROM predictions WHERE request > 8")
    world.connection.commit()
    world.time += 10
    assert blocks_since(first, source.read(), 60)["wrong"] == Block(Counts(0, 0), Counts(0, 0))


@pytest.mark.parametrize("delay", [0, 25, 450])
def test_another_process_goes_on_with_the_cohort_after_the_last_one(world: World, delay: float) -> None:
    source = world.source(delay=delay)
    looks: list[float] = []
    last = source.read()
    for number in range(60):
        world.time += 10
        world.predict("stable", 9, wrong=1)
        if number % 6 == 5:
            # Nobody looks for a while; then comes the next run, which reads before and after it sets its weight.
            world.time += 300
            world.predict("stable", 18, wrong=2)
            source = world.source(delay=delay)
            source.take_up(looks, last.readings)
            last = source.read()
            looks.append(world.time)
            world.time += 1
            last = source.read()
        else:
            last = source.read()
            looks.append(world.time)
    while source.read().readings["milliseconds read"].canary.total < 1000 * looks[-1]:
        world.time += 10
    counted = source.read().readings["wrong"].baseline
    assert counted == Counts(60 + 10 * 2, 9 * (60 + 10 * 2)), "each request once, also those of the pauses"


def test_a_run_that_was_killed_counts_nothing_twice(world: World) -> None:
    first, looks = world.source(delay=25), []
    for _ in range(10):
        world.time += 10
        world.predict("stable", 9)
        before = first.read()
        looks.append(world.time)
    second = world.source(delay=25)
    second.take_up(looks, {})
    world.time += 10
    assert second.read().readings["milliseconds read"].canary.total >= before.readings["milliseconds read"].canary.total
    for _ in range(10):
        world.time += 10
        after = second.read()
    assert after.readings["wrong"].baseline.total + before.readings["wrong"].baseline.total <= 90


def test_a_cohort_whose_labels_are_missing_more_often_on_one_side_is_thrown_away(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    source = world.source(delay=0)
    before = source.read()
    world.predict("stable", 900, wrong=9, unlabelled=90)
    world.predict("candidate", 100, wrong=0, unlabelled=40)
    world.time += 10
    with caplog.at_level(logging.WARNING):
        after = source.read()
    assert blocks_since(before, after, 60)["wrong"] == Block(Counts(0, 0), Counts(0, 0))
    assert caplog.messages == [
        "labels are missing for 40 % of the candidate's requests and 10 % of the stable side's: this cohort is thrown "
        "away"
    ]


def test_a_difference_too_small_for_one_cohort_is_seen_in_their_sum(world: World) -> None:
    source = world.source(delay=0)
    source.read()
    totals = []
    for _ in range(8):
        world.predict("stable", 90, unlabelled=9)
        world.predict("candidate", 40, unlabelled=8)
        world.time += 10
        totals.append(source.read().readings["wrong"].canary.total)
    assert totals[0] > 0
    assert totals[-1] == totals[-2], "by then the labels of both sides are known to differ"


def test_labels_that_are_missing_more_often_by_now_on_both_sides_are_no_difference(world: World) -> None:
    source = world.source(delay=0)
    source.read()
    world.predict("stable", 900, unlabelled=9)
    world.time += 10
    source.read()
    world.predict("stable", 90, unlabelled=27)
    world.predict("candidate", 10, unlabelled=3)
    world.time += 10
    assert source.read().readings["wrong"].canary == Counts(0, 7)


def test_a_clock_that_was_set_back_reads_nothing_twice(world: World) -> None:
    source = world.source()
    for minutes in (0, 1, -1, 1, 3, 3):
        world.time += 60 * minutes
        world.predict("stable", 5, at=999_930)
        last = source.read()
    assert last.readings["wrong"].baseline == Counts(0, 10), "those that were there when their time was read"


def test_errors_and_clusters_have_totals_of_their_own(world: World) -> None:
    query = (
        "SELECT 'stable' AS version, 100 AS requests, 90 AS labelled, 7 AS errors, 20 AS clusters, 3 AS "
        "cluster_errors, 4 AS wrong UNION SELECT 'candidate', 10, 9, 0, 2, 0, 1"
    )
    readings = world.source(query, delay=0).read().readings
    assert {name: (one.canary, one.baseline) for name, one in readings.items() if name != "milliseconds read"} == {
        ERRORS: (Counts(0, 10), Counts(7, 100)),
        BY_CLUSTER: (Counts(0, 2), Counts(3, 20)),
        "wrong": (Counts(1, 9), Counts(4, 90)),
    }


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        (
            "SELECT 1 AS requests",
            OutsideError,
            "metrics-query: the query of sqlite:test.db has no column 'version'. It is",
        ),
        ("SELECT 'stable' AS version", OutsideError, "has no column 'requests'"),
        (
            "SELECT 'v7' AS version, 1 AS requests",
            OutsideError,
            "gives the versions 'v7', and none of 'stable', 'candid",
        ),
        ("SELECT 'stable' AS version, NULL AS requests", OutsideError, "gives None as 'requests' of 'stable'"),
        ("SELECT 'stable' AS version, -1 AS requests", OutsideError, "gives -1 as 'requests' of 'stable'"),
        ("SELECT 'stable' AS version, 0.5 AS requests", OutsideError, "gives 0.5 as 'requests' of 'stable'"),
        ("SELECT 'stable' AS version, 1 AS requests, 2 AS wrong", OutsideError, "gives 2 'wrong' in 1"),
        ("SELECT 'stable' AS version, 1 AS requests, 2 AS labelled", OutsideError, "gives 2 labelled of 1 requests of"),
        (
            "SELECT 'stable' AS version, 1 AS requests UNION SELECT 'stable', 2",
            OutsideError,
            "gives several rows for one version",
        ),
        ("SELECT frm", InputError, "metrics-query: sqlite:.* refuses the query: no such column: frm"),
        ("DELETE FROM predictions", InputError, "refuses the query: attempt to write a readonly database"),
    ],
)
def test_a_query_that_gives_no_counts_is_named(world: World, query: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        world.source(query).read()


def test_the_query_stands_in_the_input_or_in_a_file(tmp_path: Path) -> None:
    services = Services("model-v1:80", "model-v2:80", "/", 1, tmp_path)
    (tmp_path / "quality.sql").write_text("SELECT 7")
    for location, query in (
        ("sqlite:a.db", "SELECT 7"),
        ("sqlite:a.db", str(tmp_path / "quality.sql")),
        (f"sqlite:a.db#{tmp_path}/quality.sql", None),
    ):
        source = open_source(location, services, Query(query, 60))
        assert (source.query, source.delay, source.names["model-v2"]) == ("SELECT 7", 60, "candidate")
    with pytest.raises(InputError, match=re.escape("what to ask postgresql://db/serving is not said. Write")):
        open_source("postgresql://bot:s3cret@db/serving", services, Query())
    with pytest.raises(InputError, match="the file of the query 'none.sql' cannot be read"):
        open_source("sqlite:a.db#none.sql", services, Query())
