from __future__ import annotations

import pytest

from mlops_actions.canary_deploy.comparison import Question
from mlops_actions.canary_deploy.strategies import Finish, strategy_of
from mlops_actions.errors import InputError

SHADOW = strategy_of("shadow")
CLAIM = Question("wrong", "<", 0.01)


def test_a_shadow_has_no_user() -> None:
    assert SHADOW.mirrors
    assert SHADOW.judged([25]) == (0,)
    with pytest.raises(InputError, match="'steps' is 5, 20, and a shadow copies one share of requests"):
        SHADOW.judged([5, 20])


def test_copies_that_are_answered_well_promote_nothing() -> None:
    assert SHADOW.after_good(0, (0,)) is None
    assert SHADOW.at_deadline(SHADOW.usual_end) == Finish("held", "inconclusive")


def test_labels_decide_and_the_traffic_is_as_it_was() -> None:
    assert SHADOW.after_answer(CLAIM, "yes") == Finish("held", "pass")
    assert SHADOW.after_answer(CLAIM, "no") == Finish("held", "fail")
    assert SHADOW.after_answer(CLAIM, "open") is None
