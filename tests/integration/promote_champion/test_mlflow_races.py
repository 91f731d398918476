"""Promotions to a real MLflow at once: one winner, and its alias names that one in the end."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mlflow_site import MlflowSite, Person, s3_environment
from mlops_actions.evidence import digest_path
from racing import Promoters, racing_promoters

PROMOTERS = 8
ROUNDS = int(os.environ.get("MLFLOW_RACE_ROUNDS", "4"))
"""A hundred are in benchmarks/RESULTS.md."""


@pytest.fixture(scope="module")
def promoters(mlflow: MlflowSite) -> Iterator[Promoters]:
    with racing_promoters(PROMOTERS, s3_environment(mlflow.s3)) as started:
        yield started


def test_of_many_candidates_exactly_one_wins_each_round_and_mlflow_follows(
    project: Any, person: Person, promoters: Promoters
) -> None:
    codes: Counter[str] = Counter()
    for number in range(1, ROUNDS + 1):
        paths = [project.model(f"{number}-{promoter}") for promoter in range(PROMOTERS)]
        for path in paths:
            project.judged(path)
        before = project.champion()
        answers = promoters.race([(project.registry_location, project.name, path, "champion") for path in paths])
        (winner,) = [answer for answer in answers if answer["result"] == "pass"]
        assert (winner["before"], winner["after"], winner["entry"]) == (before, project.champion(), number)
        assert person.aliases(project.name) == {"champion": winner["version"]}
        for answer in answers:
            if answer is not winner:
                (reason,) = answer["reasons"]
                codes[reason["code"]] += 1
                assert winner["after"][:12] in reason["message"]
    assert set(codes) <= {"lost-race", "champion-changed"}
    assert codes["lost-race"] > 0
    assert [change.entry for change in project.registry.history(project.name)] == list(range(1, ROUNDS + 1))
    assert not project.registry.head(project.name).strays


def test_no_entry_is_lost_when_everyone_moves_an_alias_of_their_own(
    project: Any, person: Person, promoters: Promoters
) -> None:
    paths = [project.model(f"own-{promoter}") for promoter in range(PROMOTERS)]
    for path in paths:
        project.judged(path)
    orders = [(project.registry_location, project.name, path, f"alias-{at}") for at, path in enumerate(paths)]
    answers = promoters.race(orders)
    assert [answer["result"] for answer in answers] == ["pass"] * PROMOTERS
    assert {answer["entry"] for answer in answers} == set(range(1, PROMOTERS + 1))
    head = project.registry.head(project.name)
    assert [head.aliases[f"alias-{at}"].sha256 for at in range(PROMOTERS)] == [digest_path(path) for path in paths]
    assert person.aliases(project.name) == {alias: version.number for alias, version in head.aliases.items()}


def test_the_same_model_at_once_is_one_entry_and_everyone_passes(
    project: Any, person: Person, promoters: Promoters
) -> None:
    path = project.model("everyone's")
    project.judged(path)
    answers = promoters.race([(project.registry_location, project.name, path, "champion")] * PROMOTERS)
    assert [answer["result"] for answer in answers] == ["pass"] * PROMOTERS
    assert sum(answer["changed"] for answer in answers) == 1
    head = project.registry.head(project.name)
    assert head.entry == 1
    assert person.aliases(project.name) == {"champion": head.aliases["champion"].number}
    assert project.registry.version(project.name, digest_path(path)) == head.aliases["champion"]
