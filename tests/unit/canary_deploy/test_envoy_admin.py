"""Shares as an Envoy of somebody else's holds them."""

from __future__ import annotations

import pytest

from mlops_actions.canary_deploy.envoy_admin import percent_of
from mlops_actions.errors import OutsideError


@pytest.mark.parametrize(
    ("held", "percent"),
    [
        ("400", 100),
        ("{numerator: 3, denominator: MILLION}", 0.0003),
        ("{numerator: 250, denominator: HUNDRED}", 100),
        ("{numerator: 7}", 7),
        ({"numerator": 20_000, "denominator": "TEN_THOUSAND"}, 100),
        (".nan", 100),
    ],
)
def test_a_share_of_more_than_all_is_all(held: object, percent: float) -> None:
    assert percent_of(held) == pytest.approx(percent)


@pytest.mark.parametrize("held", ["", "half", "{numerator: 1, denominator: TEN}", "[1]", None])
def test_what_is_no_percentage_is_never_taken_for_one(held: object) -> None:
    with pytest.raises(OutsideError, match="for the candidate's share, which is no percentage"):
        percent_of(held)
