from __future__ import annotations

import pytest

from mlops_actions.canary_deploy.strategies import Finish, strategy_of
from mlops_actions.errors import InputError

BLUE_GREEN = strategy_of("blue-green")


def test_five_percent_are_held_back_where_the_user_says_nothing() -> None:
    assert BLUE_GREEN.judged(BLUE_GREEN.usual_steps) == (95,)
    assert BLUE_GREEN.judged([90]) == (90,)


def test_a_hundred_alone_holds_nothing_back() -> None:
    assert BLUE_GREEN.judged([100]) == (100,)


@pytest.mark.parametrize("steps", [[5, 100], [50, 95], [50, 95, 100]])
def test_a_switch_is_no_ramp(steps: list[float]) -> None:
    with pytest.raises(InputError, match="and blue-green switches at once"):
        BLUE_GREEN.judged(steps)


def test_a_switch_that_was_good_is_promoted() -> None:
    assert BLUE_GREEN.after_good(0, (95,)) == Finish("promoted", "pass")
