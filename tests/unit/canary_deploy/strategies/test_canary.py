from __future__ import annotations

import pytest

from mlops_actions.canary_deploy.strategies import Finish, strategy_of
from mlops_actions.errors import InputError

CANARY = strategy_of("canary")


def test_all_is_judged_but_the_promotion() -> None:
    assert CANARY.judged([5, 20, 100]) == (5, 20)
    assert CANARY.judged([5, 20]) == (5, 20)


def test_a_canary_of_everything_leaves_nothing_to_compare_with() -> None:
    with pytest.raises(InputError, match="'steps' is 100 alone, which leaves nothing on the stable side"):
        CANARY.judged([100])


def test_a_step_that_was_good_leads_to_the_next_and_the_last_to_the_promotion() -> None:
    assert CANARY.after_good(0, (5, 20)) == 20
    assert CANARY.after_good(1, (5, 20)) == Finish("promoted", "pass")


def test_without_a_decision_the_user_chooses_and_it_is_never_a_pass() -> None:
    assert CANARY.at_deadline("hold") == Finish("held", "inconclusive")
    assert CANARY.at_deadline("rollback") == Finish("rolled-back", "inconclusive")
