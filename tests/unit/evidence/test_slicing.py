"""The slice language: what it reads, how it prints it, and what it refuses."""

from __future__ import annotations

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence.slicing import Feature, Slicing, parse_slicing

BINS = "bins are a count, or numbers to cut at. Write `distance[4]` or `distance[0, 500]`."
EXAMPLE = (
    'Write a column, `carrier & origin`, `distance[4]`, `distance[0, 500]`, `day.month`, or `"a column"` in quotes.'
)
COLUMNS = ["carrier", "origin", "distance", "time_hour", "home town", "a.month", "class"]


@pytest.mark.parametrize(
    ("text", "meaning", "printed"),
    [
        ("carrier", Slicing((Feature("carrier"),)), "carrier"),
        ("carrier&origin", Slicing((Feature("carrier"), Feature("origin"))), "carrier & origin"),
        ("distance[4]", Slicing((Feature("distance", bins=4),)), "distance[4]"),
        ("distance[-1.50, 5e2,]", Slicing((Feature("distance", edges=(-1.5, 500.0)),)), "distance[-1.5, 500]"),
        ("distance[500,]", Slicing((Feature("distance", edges=(500.0,)),)), "distance[500,]"),
        ("time_hour.weekday", Slicing((Feature("time_hour", part="weekday"),)), "time_hour.weekday"),
        ('"home town".missing', Slicing((Feature("home town", part="missing"),)), '"home town".missing'),
        ("home town", Slicing((Feature("home town"),)), '"home town"'),
        ("a.month", Slicing((Feature("a.month"),)), '"a.month"'),
        ("class", Slicing((Feature("class"),)), '"class"'),
        (
            "origin & distance[0, 9]",
            Slicing((Feature("origin"), Feature("distance", edges=(0.0, 9.0)))),
            "origin & distance[0, 9]",
        ),
    ],
)
def test_a_slicing_reads_and_prints(text: str, meaning: Slicing, printed: str) -> None:
    assert parse_slicing(text, COLUMNS, "slices") == meaning
    assert str(meaning) == printed
    assert parse_slicing(printed, COLUMNS, "slices") == meaning


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("carrier &", f"`carrier &` cannot be read as a slice. {EXAMPLE}"),
        ("a & b & c", "`a & b & c`: column 1: only two columns can be crossed. Write `carrier & origin`."),
        ("a & a", "`a & a`: column 1: a is crossed with itself. Write it once."),
        (" a and b", "` a and b`: column 2: columns are crossed with `&`. Write `carrier & origin`."),
        ("a & é.mnth", "`a & é.mnth`: column 5: 'mnth' is no part of a column. Did you mean 'month'?"),
        ("a[1]", "`a[1]`: column 1: 1 bins: there are from 2 to 100. Write `distance[4]`."),
        ("a[2, 2]", "`a[2, 2]`: column 1: the numbers that bins are cut at must rise. Write `distance[0, 500, 1000]`."),
        ("a[1:3]", f"`a[1:3]`: column 1: {BINS}"),
        ("a[1, x]", "`a[1, x]`: column 6: `x` is not a number. Write `distance[0, 500, 1000]`."),
        ("a[True]", f"`a[True]`: column 1: {BINS}"),
        ("f(a)", f"`f(a)`: column 1: `f(a)` is not a column. {EXAMPLE}"),
    ],
)  # fmt: skip
def test_what_is_no_slice_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_slicing(text, COLUMNS, "slices")
    assert str(refused.value) == f"slices: {message}"
