from __future__ import annotations

import pytest

from mlops_actions.statistics.sequential.interval import Interval, farthest


def test_an_interval_excludes_what_lies_outside() -> None:
    found = Interval(0.1, 0.05, 0.15)
    assert found.excludes(0)
    assert not found.excludes(0.05)


@pytest.mark.parametrize(("kept", "end", "edge"), [
    (lambda truth: truth > 0.2, 0.0, 0.2),
    (lambda truth: truth < 0.5001, 1.0, 0.5001),
    (lambda _: True, 1.0, 1.0),
    (lambda truth: truth > 0.45 or 0.2 < truth < 0.3, 0.0, 0.2),
])  # fmt: skip
def test_the_search_finds_the_edge_even_beyond_a_gap(kept: object, end: float, edge: float) -> None:
    assert callable(kept)
    assert farthest(kept, 0.5, end) == pytest.approx(edge, abs=1e-4)


def test_where_nothing_is_kept_the_search_stays_at_the_estimate() -> None:
    assert farthest(lambda _: False, 0.5, 0.0) == pytest.approx(0.5, abs=1e-4)
