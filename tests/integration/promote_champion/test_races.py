"""Promotions at once: exactly one winner, nobody's entry lost, and the losers say who won."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.object_store import ObjectStoreRegistry
from promotion_project import Project
from racing import PROMOTERS, Promoters, judged_models, race_for_the_champion, racing_promoters

ROUNDS = 25
"""On a disk; a third of it in a bucket. `benchmarks/races.py` runs a thousand each."""


@pytest.fixture(scope="module")
def promoters() -> Iterator[Promoters]:
    with racing_promoters() as started:
        yield started


@pytest.fixture
def bucket_promoters(bucket: Project) -> Iterator[Promoters]:
    """They find the bucket as the test does, by its environment."""
    with racing_promoters() as started:
        yield started


def test_of_many_candidates_for_one_alias_exactly_one_wins_each_round(project: Project, promoters: Promoters) -> None:
    expect_one_winner(project, promoters, ROUNDS)


def test_in_a_bucket_too(bucket: Project, bucket_promoters: Promoters) -> None:
    expect_one_winner(bucket, bucket_promoters, ROUNDS // 3)


def expect_one_winner(project: Project, promoters: Promoters, rounds: int) -> None:
    raced = race_for_the_champion(project, promoters, rounds)
    assert raced.won_by_one == rounds
    assert raced.told == raced.losers == rounds * (PROMOTERS - 1)
    assert set(raced.codes) <= {"lost-race", "champion-changed"}
    assert raced.codes["lost-race"] > 0
    assert raced.kept


def test_no_entry_is_lost_when_everyone_moves_an_alias_of_their_own(project: Project, promoters: Promoters) -> None:
    rounds = 8
    names = [f"alias-{number}" for number in range(PROMOTERS)]
    for number in range(1, rounds + 1):
        models = judged_models(project, str(number))
        answers = promoters.race(project, models, names)
        assert [answer["result"] for answer in answers] == ["pass"] * PROMOTERS
        entries = {answer["entry"] for answer in answers}
        assert entries == set(range((number - 1) * PROMOTERS + 1, number * PROMOTERS + 1))
        aliases = project.registry.head("delay").aliases
        assert [version and version.sha256 for version in map(aliases.get, names)] == [*map(digest_path, models)]
    assert project.registry.head("delay").versions == rounds * PROMOTERS


def test_promotions_of_the_same_model_at_once_all_pass_with_one_entry(project: Project, promoters: Promoters) -> None:
    for number in range(1, 6):
        path = project.model(f"{number}")
        project.judged(path)
        answers = promoters.race(project, [path] * PROMOTERS, ["champion"] * PROMOTERS)
        assert [answer["result"] for answer in answers] == ["pass"] * PROMOTERS
        assert sum(answer["changed"] for answer in answers) == 1
        assert project.registry.head("delay").entry == number


def test_the_loser_of_two_promotions_at_once_is_told_who_won(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    project.promoted("old")
    winner, loser = project.model("winner"), project.model("loser")
    project.judged(winner)
    project.judged(loser)
    point = ObjectStoreRegistry.point

    def overtaken(self: Any, *arguments: Any) -> Any:
        monkeypatch.setattr(ObjectStoreRegistry, "point", point)
        assert project.promote(winner).predicate.result == "pass"
        return point(self, *arguments)

    monkeypatch.setattr(ObjectStoreRegistry, "point", overtaken)
    promotion = project.promote(loser).predicate
    assert (promotion.result, promotion.changed, promotion.entry) == ("fail", False, None)
    assert promotion.before == promotion.after == digest_path(winner)
    (reason,) = promotion.reasons
    assert reason.code == "lost-race"
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", reason.message) == (
        f"Another promotion was faster: champion of 'delay' is now version 2 ({digest_path(winner)[:12]}), by log "
        "entry 2 of TIME UTC (mlops-actions 0.1.0). Evaluate and gate this model against it."
    )


def test_a_champion_that_changes_while_a_challenger_is_promoted_makes_its_verdict_stale(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.promoted("old")
    champion, challenger = project.model("champion"), project.model("challenger")
    project.judged(champion)
    project.judged(challenger)
    point = ObjectStoreRegistry.point

    def overtaken(self: Any, *arguments: Any) -> Any:
        monkeypatch.setattr(ObjectStoreRegistry, "point", point)
        project.promote(champion)
        return point(self, *arguments)

    monkeypatch.setattr(ObjectStoreRegistry, "point", overtaken)
    promotion = project.promote(challenger, alias="challenger").predicate
    assert [reason.code for reason in promotion.reasons] == ["champion-changed"]
    assert "challenger" not in project.registry.head("delay").aliases


def test_a_log_that_never_rests_is_an_outside_error(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project.model("one")
    project.judged(path)
    monkeypatch.setattr(ObjectStoreRegistry, "point", lambda *_arguments: None)
    with pytest.raises(OutsideError) as caught:
        project.promote(path)
    assert str(caught.value) == (
        "the log of 'delay' in the registry 'file:registry' moved on 100 times meanwhile. "
        "Run it again when fewer promotions run at once."
    )
