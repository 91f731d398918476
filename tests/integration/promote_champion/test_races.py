"""Promotions at once: exactly one winner, nobody's entry lost, and the losers say who won."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.object_store import ObjectStoreRegistry
from racing import Promoters, racing_promoters

PROMOTERS = 8
ROUNDS = 25


@pytest.fixture(scope="module")
def promoters() -> Iterator[Promoters]:
    with racing_promoters(PROMOTERS) as started:
        yield started


def race(promoters: Promoters, orders: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return promoters.race([("file:registry", "delay", model, alias) for model, alias in orders])


def test_of_many_candidates_for_one_alias_exactly_one_wins_each_round(project: Any, promoters: Any) -> None:
    codes: Counter[str] = Counter()
    for number in range(1, ROUNDS + 1):
        paths = [project.model(f"{number}-{promoter}") for promoter in range(PROMOTERS)]
        for path in paths:
            project.judged(path)
        before = project.champion()
        answers = race(promoters, [(path, "champion") for path in paths])
        (winner,) = [answer for answer in answers if answer["result"] == "pass"]
        assert (winner["before"], winner["after"], winner["entry"]) == (before, project.champion(), number)
        for answer in answers:
            if answer is not winner:
                (reason,) = answer["reasons"]
                codes[reason["code"]] += 1
                assert winner["after"][:12] in reason["message"]
                assert not answer["changed"]
    assert set(codes) <= {"lost-race", "champion-changed"}
    assert codes["lost-race"] > 0
    history = list(project.registry.history("delay"))
    assert [change.entry for change in history] == list(range(1, ROUNDS + 1))


def test_no_entry_is_lost_when_everyone_moves_an_alias_of_their_own(project: Any, promoters: Any) -> None:
    rounds = 8
    for number in range(1, rounds + 1):
        paths = [project.model(f"{number}-{promoter}") for promoter in range(PROMOTERS)]
        for path in paths:
            project.judged(path)
        answers = race(promoters, [(path, f"alias-{at}") for at, path in enumerate(paths)])
        assert [answer["result"] for answer in answers] == ["pass"] * PROMOTERS
        entries = {answer["entry"] for answer in answers}
        assert entries == set(range((number - 1) * PROMOTERS + 1, number * PROMOTERS + 1))
        aliases = project.registry.head("delay").aliases
        assert [aliases[f"alias-{at}"].sha256 for at in range(PROMOTERS)] == [digest_path(path) for path in paths]
    assert project.registry.head("delay").versions == rounds * PROMOTERS


def test_two_promotions_of_the_same_model_at_once_both_pass_with_one_entry(project: Any, promoters: Any) -> None:
    for number in range(1, 6):
        path = project.model(f"{number}")
        project.judged(path)
        answers = race(promoters, [(path, "champion")] * PROMOTERS)
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
