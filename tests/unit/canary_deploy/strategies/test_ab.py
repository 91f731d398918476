from __future__ import annotations

import pytest

from mlops_actions.canary_deploy.comparison import Question
from mlops_actions.canary_deploy.strategies import Finish, strategy_of
from mlops_actions.errors import InputError

AB = strategy_of("ab")


def test_there_is_one_split() -> None:
    assert AB.judged(AB.usual_steps) == (50,)
    for steps in ([5, 20], [100]):
        with pytest.raises(InputError, match="and an A/B test has one split. Write steps: 50"):
            AB.judged(steps)


def test_a_candidate_that_is_good_enough_is_not_what_was_asked() -> None:
    assert AB.after_good(0, (50,)) is None


def test_the_traffic_stays_where_it_is_whatever_the_answer() -> None:
    sales = Question("sales", ">")
    assert AB.after_answer(sales, "open") is None
    assert AB.after_answer(sales, "yes") == Finish("held", "pass")
    assert AB.after_answer(sales, "no") == Finish("held", "fail")
    assert AB.at_deadline(AB.usual_end) == Finish("held", "inconclusive")


def test_more_errors_are_harm_and_not_only_an_answer() -> None:
    assert AB.after_answer(Question("errors", "<"), "no") == Finish("rolled-back", "fail")
    assert AB.after_answer(Question("errors", "<", -0.01), "no") == Finish("held", "fail"), "it may make no more"


def test_the_traffic_is_given_back_where_the_user_says_so() -> None:
    assert AB.at_deadline("rollback") == Finish("rolled-back", "inconclusive")
