"""Which counts of rows are acceptable."""

from __future__ import annotations

import pytest

from mlops_actions.validate_data.threshold import Operator, Threshold


@pytest.mark.parametrize(
    ("operator", "limits", "accepted"),
    [
        ("mustBe", (2,), {2}),
        ("mustNotBe", (2,), {0, 1, 3, 4}),
        ("mustBeGreaterThan", (2,), {3, 4}),
        ("mustBeGreaterOrEqualTo", (2,), {2, 3, 4}),
        ("mustBeLessThan", (2,), {0, 1}),
        ("mustBeLessOrEqualTo", (2,), {0, 1, 2}),
        ("mustBeBetween", (1, 3), {2}),
        ("mustNotBeBetween", (1, 3), {0, 1, 3, 4}),
    ],
)
def test_each_comparison_accepts_just_its_counts(
    operator: Operator, limits: tuple[float, ...], accepted: set[int]
) -> None:
    assert {count for count in range(5) if Threshold(operator, limits).holds(count, 4)} == accepted


def test_percent_is_of_all_rows() -> None:
    allowed = Threshold("mustBeLessOrEqualTo", (5,), "percent")
    assert (allowed.holds(10, 200), allowed.holds(11, 200)) == (True, False)


@pytest.mark.parametrize(
    ("threshold", "words"),
    [
        (Threshold("mustBeBetween", (1, 30_000)), "must be strictly between 1 and 30,000"),
        (Threshold("mustBeLessThan", (0.5,), "percent"), "must be less than 0.5 %"),
        (Threshold("mustBeGreaterThan", (12_345_678,)), "must be greater than 12,345,678"),
    ],
)
def test_a_threshold_reads_as_words(threshold: Threshold, words: str) -> None:
    assert str(threshold) == words
