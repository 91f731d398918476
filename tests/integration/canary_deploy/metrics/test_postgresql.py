"""Labels that come late to a real PostgreSQL, asked as the guide says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from canary_site import free_port
from guide import shown
from mlflow_site import postgresql, running_postgresql
from mlops_actions.canary_deploy.metrics import Query, open_metrics
from mlops_actions.canary_deploy.metrics.interface import ERRORS, blocks_since
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import Block, Counts

QUERY = shown("`postgresql://…`, `sqlite:` labels that come late", "sql", {})
TABLES = """
CREATE TABLE predictions (request bigserial, version text, time timestamptz, predicted boolean, score float8);
CREATE TABLE labels (request bigint, late boolean);
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not postgresql():
        pytest.skip("PostgreSQL is not installed; .ci/run installs it")
    import psycopg

    with running_postgresql(tmp_path_factory.mktemp("postgresql"), free_port()) as server:
        found = f"{server}/mlflow".replace("+psycopg2", "")
        with psycopg.connect(found) as connection:
            connection.execute(TABLES)
        yield found


def source_of(address: str, folder: Path, query: str = QUERY, counts: str | None = None) -> Any:
    """The database beside a command that counts requests and errors."""
    services = Services("model-v1:80", "model-v2:80", "/", 1, folder)
    script = folder / "counts.sh"
    script.write_text(f"#!/bin/sh\necho '{counts or COUNTS}'\n")
    script.chmod(0o755)
    return open_metrics(open_target(f"exec:{script}", services), address, services, Query(query, 60))


COUNTS = '{"stable": {"requests": 900, "errors": 9}, "candidate": {"requests": 100, "errors": 1}}'


def fill(address: str, version: str, number: int, wrong: int, ago: float) -> None:
    """Labelled predictions of a version, so many seconds ago; some of them wrong, and one out of range."""
    import psycopg

    at = datetime.now(UTC) - timedelta(seconds=ago)
    with psycopg.connect(address) as connection:
        for position in range(number):
            score = 7.0 if position == 0 else 0.5
            connection.execute(
                "WITH made AS (INSERT INTO predictions (version, time, predicted, score) VALUES (%s, %s, true, %s) "
                "RETURNING request) INSERT INTO labels SELECT request, %s FROM made",
                (version, at, score, position >= wrong),
            )


def test_ripe_labels_are_counted_beside_the_errors_of_the_target(address: str, tmp_path: Path) -> None:
    source = source_of(address, tmp_path)
    before = source.read()
    assert before.errors.baseline == Counts(9, 900)
    fill(address, "model-v1", 20, wrong=3, ago=60 - 0.05)
    fill(address, "candidate", 5, wrong=1, ago=60 - 0.05)
    fill(address, "model-v1", 20, wrong=20, ago=1)
    time.sleep(0.3)
    blocks = blocks_since(before, source.read(), 60)
    assert blocks["wrong"] == Block(Counts(1, 5), Counts(3, 20))
    assert blocks["out_of_range"] == Block(Counts(1, 5), Counts(1, 20))
    assert blocks[ERRORS] == Block(Counts(0, 0), Counts(0, 0))


def test_numbers_of_any_kind_and_percent_signs_and_casts_are_read(address: str, tmp_path: Path) -> None:
    query = (
        "SELECT 'stable' AS version, sum(2)::numeric AS requests, sum((:since::timestamptz < :until)::int) AS none, "
        "count(*) FILTER (WHERE 'a%' LIKE 'a%') AS likes"
    )
    readings = source_of(address, tmp_path, query).read().readings
    assert readings["likes"].baseline == Counts(1, 2)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT frm", 'refuses the query: column "frm" does not exist'),
        ("SELECT * FROM nothing", 'refuses the query: relation "nothing" does not exist'),
        ("DELETE FROM labels RETURNING 1", "refuses the query: cannot execute DELETE in a read-only transaction"),
        ("SELECT 1/0", "refuses the query: division by zero"),
    ],
)
def test_a_query_that_is_wrong_is_a_wrong_input(address: str, tmp_path: Path, query: str, said: str) -> None:
    (tmp_path / "q.sql").write_text(query)
    with pytest.raises(InputError, match=f"metrics-query: postgresql://[^@]*/mlflow {said}"):
        source_of(address, tmp_path, str(tmp_path / "q.sql")).read()


def test_a_database_that_is_not_there_is_an_error_of_the_outside(tmp_path: Path) -> None:
    address = f"postgresql://reader:s3cret@127.0.0.1:{free_port()}/serving"
    with pytest.raises(OutsideError, match=r"postgresql://127.0.0.1:\d+/serving cannot be asked: .*refused") as failed:
        source_of(address, tmp_path).read()
    assert "s3cret" not in str(failed.value)
