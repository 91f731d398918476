"""What is made of a hosted registry's aliases beside our log."""

from __future__ import annotations

import pytest

from mlops_actions.registries import Author, Blob, Version
from mlops_actions.registries.hosted.following import Followed, agree, tell_stray
from mlops_actions.registries.log import Log
from mlops_actions.registries.model_log import change_fields, state_fields
from mlops_actions.registries.objects import Objects

ONE, TWO = (Version("delay", number, Blob(str(number) * 64, ".joblib", 9)) for number in (1, 2))


def test_aliases_that_agree_are_no_strays() -> None:
    found = agree({"champion": TWO, "staging": None}, {"champion": [2], "theirs": [1]}, {})
    assert (found.aliases, found.strays) == ({"champion": TWO, "staging": None}, {})


def test_an_alias_that_names_another_version_is_a_stray_and_the_log_decides() -> None:
    found = agree({"champion": TWO}, {"champion": [1]}, {})
    assert (found.aliases, found.strays) == ({"champion": TWO}, {"champion": 1})


def test_an_alias_that_names_another_version_beside_the_logs_is_a_stray() -> None:
    found = agree({"champion": TWO}, {"champion": [1, 2]}, {})
    assert (found.aliases, found.strays) == ({"champion": TWO}, {"champion": 1})


def test_an_alias_that_was_removed_is_a_stray_and_names_nothing() -> None:
    found = agree({"champion": TWO}, {}, {})
    assert (found.aliases, found.strays) == ({"champion": None}, {"champion": None})


def test_an_alias_that_the_log_let_go_and_somebody_set_is_a_stray() -> None:
    assert agree({"champion": None}, {"champion": [1]}, {}).strays == {"champion": 1}


@pytest.mark.parametrize("hosted", [{}, {"champion": [1]}, {"champion": [2]}, {"champion": [1, 2]}])
def test_an_alias_that_has_not_followed_yet_is_no_stray(hosted: dict[str, list[int]]) -> None:
    pending = {"champion": frozenset({None, 1, 2})}
    found = agree({"champion": TWO}, hosted, pending)
    assert (found.aliases, found.strays) == ({"champion": TWO}, {})


def test_an_alias_that_was_moved_elsewhere_before_it_followed_is_a_stray() -> None:
    assert agree({"champion": TWO}, {"champion": [7]}, {"champion": frozenset({1, 2})}).strays == {"champion": 7}


def test_entries_are_pending_back_to_the_one_that_was_followed(objects: Objects) -> None:
    log = Log(objects, "models/delay")
    followed = Followed(objects, "models/delay", log, "delay")
    previous = None
    for number, (alias, before, after) in enumerate([("champion", None, ONE), ("b", None, ONE), ("b", ONE, TWO)], 1):
        change = change_fields("promote", alias, before, after, Author("test"))
        entry = log.append(number, previous, change, state_fields({alias: after}, 2), "test")
        assert entry is not None
        previous = entry.sha256
    assert followed.pending(3) == {"champion": {None, 1}, "b": {None, 1, 2}}
    followed.mark(1)
    assert followed.pending(3) == {"b": {None, 1, 2}}
    followed.mark(3)
    followed.mark(3)
    assert followed.pending(3) == {}
    assert followed.pending(0) == {}


def test_what_was_done_by_hand_is_told() -> None:
    assert tell_stray("delay", "champion", TWO, 1) == (
        "The alias 'champion' of 'delay' was moved to version 1 by hand in the hosted registry; "
        "the log says version 2 (222222222222)."
    )
    assert tell_stray("delay", "champion", TWO, None) == (
        "The alias 'champion' of 'delay' was removed, or its version deleted, by hand in the hosted registry; "
        "the log says version 2 (222222222222)."
    )
