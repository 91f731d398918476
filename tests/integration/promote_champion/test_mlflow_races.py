"""Promotions to a real MLflow at once: one winner, and its alias names that one in the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from mlflow_site import MlflowSite, Person, s3_environment
from mlops_actions.evidence import digest_path
from promotion_project import Project
from racing import PROMOTERS, Promoters, judged_models, race_for_the_champion, racing_promoters

ROUNDS = int(os.environ.get("MLFLOW_RACE_ROUNDS", "4"))
"""A hundred are in benchmarks/RESULTS.md."""


@pytest.fixture(scope="module")
def promoters(mlflow: MlflowSite) -> Iterator[Promoters]:
    with racing_promoters(s3_environment(mlflow.s3)) as started:
        yield started


def test_of_many_candidates_exactly_one_wins_each_round_and_mlflow_follows(
    project: Project, person: Person, promoters: Promoters
) -> None:
    raced = race_for_the_champion(project, promoters, ROUNDS, lambda winner: follows(project, person, winner))
    assert raced.won_by_one == ROUNDS
    assert raced.told == raced.losers == ROUNDS * (PROMOTERS - 1)
    assert set(raced.codes) <= {"lost-race", "champion-changed"}
    assert raced.codes["lost-race"] > 0
    assert raced.kept
    assert not project.registry.head(project.name).strays


def follows(project: Project, person: Person, winner: dict[str, Any]) -> bool:
    return person.aliases(project.name) == {"champion": winner["version"]}


def test_no_entry_is_lost_when_everyone_moves_an_alias_of_their_own(
    project: Project, person: Person, promoters: Promoters
) -> None:
    models = judged_models(project, "own")
    names = [f"alias-{number}" for number in range(PROMOTERS)]
    answers = promoters.race(project, models, names)
    assert [answer["result"] for answer in answers] == ["pass"] * PROMOTERS
    assert {answer["entry"] for answer in answers} == set(range(1, PROMOTERS + 1))
    head = project.registry.head(project.name)
    assert [version and version.sha256 for version in map(head.aliases.get, names)] == [*map(digest_path, models)]
    assert person.aliases(project.name) == {name: version and version.number for name, version in head.aliases.items()}


def test_the_same_model_at_once_is_one_entry_and_everyone_passes(
    project: Project, person: Person, promoters: Promoters
) -> None:
    path = project.model("everyone's")
    project.judged(path)
    answers = promoters.race(project, [path] * PROMOTERS, ["champion"] * PROMOTERS)
    assert [answer["result"] for answer in answers] == ["pass"] * PROMOTERS
    assert sum(answer["changed"] for answer in answers) == 1
    assert project.registry.head(project.name).entry == 1
    champion = project.registry.version(project.name, digest_path(path))
    assert champion is not None
    assert project.champion() == champion.sha256
    assert person.aliases(project.name) == {"champion": champion.number}
