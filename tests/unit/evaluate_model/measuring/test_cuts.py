"""Which rows a slice holds, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.measuring.cuts import Cut, cut_by, cuts_of
from mlops_actions.evidence.slicing import parse_slicing
from mlops_actions.tables import Column

NAN, NAT = float("nan"), "NaT"


def cut(text: str, *columns: Column, protected: bool = False) -> Cut:
    """Cut by a text, whose columns are given in alphabetical order."""
    names = sorted({"place", "id", "day", "miles"} & set(text.replace("[", " ").replace(".", " ").split()))
    return cut_by(parse_slicing(text, names, "slices"), dict(zip(names, columns, strict=True)), protected=protected)


def rows_of(made: Cut) -> dict[str, list[int]]:
    return {value: np.flatnonzero(made.codes == i).tolist() for i, value in enumerate(made.values)}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (Column(np.array([0, 2, 0]), None, ["a", "b", "c"]), ("a", "c")),
        (Column(np.array([0, 0, 0]), np.array([True, False, True]), ["a"]), ("a", "(missing)")),
        (Column(np.array([0, 0]), np.array([False, False]), []), ("(missing)",)),
        (Column(np.array([1.0, 2.5])), ("1.0", "2.5")),
        (Column(np.array([2.0, np.nan]), np.array([True, False])), ("2", "(missing)")),
        (Column(np.array([np.nan, 2.0]), np.array([False, True])), ("2", "(missing)")),
        (Column(np.array([True, False])), ("false", "true")),
        (Column(np.array(["2013-09-01", "2013-09-02"], dtype="datetime64[us]")), ("2013-09-01", "2013-09-02")),
        (Column(np.array(["2013-09-01T10:00"], dtype="datetime64[us]")), ("2013-09-01T10:00:00",)),
    ],
)
def test_a_slice_is_named_as_people_write_its_value(column: Column, values: tuple[str, ...]) -> None:
    made = cut("place", column)
    assert made.values == values
    assert made.rows.sum() == len(column.values)
    assert np.bincount(made.codes).tolist() == made.rows.tolist()


def test_a_thousand_slices_are_enough() -> None:
    assert len(cut("id", Column(np.arange(1000))).values) == 1000
    with pytest.raises(InputError, match="`id` has 1,001 different values"):
        cut("id", Column(np.arange(1001)))


def test_a_value_cannot_pass_for_the_pool() -> None:
    with pytest.raises(InputError) as caught:
        cut("place", Column(np.array([0, 1]), None, ["(other)", "a"]))
    assert str(caught.value) == "slices: 'place' holds the value '(other)', which has a meaning here. Rename it."


def grouped(keys: object) -> list[list[int]]:
    """Rows of each group, as pandas has them; missing keys are a group of their own."""
    groups = pd.DataFrame({"row": range(len(keys))}).groupby(keys, dropna=False, observed=True)  # type: ignore[arg-type,call-overload]
    return sorted(group.row.tolist() for _, group in groups)


def table(rows: int = 2000) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    miles = np.round(generator.gamma(2, 300, rows), -1)
    miles[::17] = np.nan
    hours = generator.integers(0, 3 * 365 * 24, rows)
    return pd.DataFrame(
        {
            "day": np.datetime64("2019-11-30T00:00:00", "us") + hours.astype("timedelta64[h]"),
            "miles": miles,
            "place": pd.Categorical(generator.choice(list("abcde"), rows)),
        }
    )


def columns_of(frame: pd.DataFrame) -> dict[str, Column]:
    return {
        "day": Column(frame.day.to_numpy()),
        "miles": Column(frame.miles.to_numpy(), frame.miles.notna().to_numpy()),
        "place": Column(frame.place.cat.codes.to_numpy(), None, list("abcde")),
    }


@pytest.mark.parametrize("part", ["year", "month", "day", "weekday", "hour"])
def test_parts_of_dates_are_those_of_pandas(part: str) -> None:
    frame = table()
    numbers = getattr(frame.day.dt, part.replace("weekday", "day_of_week"))
    keys = frame.day.dt.day_name() if part == "weekday" else numbers
    made = cut_by(parse_slicing(f"day.{part}", ["day"], "slices"), columns_of(frame))
    assert made.values == tuple(map(str, dict(sorted(zip(numbers, keys, strict=True))).values()))
    assert sorted(rows_of(made).values()) == grouped(keys)


@pytest.mark.parametrize("edges", [[0, 500, 1000], [-50, 400], [5000, 6000], [300]])
def test_bins_by_edges_are_those_of_pandas_with_what_lies_outside(edges: list[float]) -> None:
    frame = table()
    text = f"miles[{', '.join(map(str, edges))},]"
    made = cut_by(parse_slicing(text, ["miles"], "slices"), columns_of(frame))
    keys = pd.cut(frame.miles, [-np.inf, *edges, np.inf], right=False)
    assert sorted(rows_of(made).values()) == grouped(keys)


@pytest.mark.parametrize("bins", [2, 4, 10])
def test_bins_by_count_hold_about_as_many_rows(bins: int) -> None:
    frame = table()
    made = cut_by(parse_slicing(f"miles[{bins}]", ["miles"], "slices"), columns_of(frame))
    *known, missing = made.rows
    most_ties = frame.miles.value_counts().max()
    assert made.values[-1] == "(missing)"
    assert missing == frame.miles.isna().sum()
    assert len(known) == bins
    assert max(known) - min(known) <= 2 * most_ties
    assert [frame.miles[rows].min() for rows in rows_of(made).values()][:-1] == sorted(
        frame.miles[rows].min() for rows in list(rows_of(made).values())[:-1]
    )


@pytest.mark.parametrize(
    ("values", "text", "expected"),
    [
        ([1.0, 2, 3, 4], "miles[2]", {"< 3": [0, 1], ">= 3": [2, 3]}),
        ([0.0, 0, 0, 0, 1], "miles[4]", {"< 1": [0, 1, 2, 3], ">= 1": [4]}),
        ([0.0, 1, 1, 1, 1], "miles[4]", {"< 1": [0], ">= 1": [1, 2, 3, 4]}),
        ([7.0, 7, 7], "miles[4]", {"7": [0, 1, 2]}),
        ([NAN, 7, NAN], "miles[4]", {"7": [1], "(missing)": [0, 2]}),
        ([NAN, NAN], "miles[4]", {"(missing)": [0, 1]}),
        ([5.0, 15, 25], "miles[10, 20]", {"< 10": [0], "[10, 20)": [1], ">= 20": [2]}),
        ([10.0, 20], "miles[10, 20]", {"[10, 20)": [0], ">= 20": [1]}),
        ([1e9 + 1, 1e9 + 2, 1e9 + 3], "miles[1000000002, 1000000003]",
         {"< 1000000002": [0], "[1000000002, 1000000003)": [1], ">= 1000000003": [2]}),
        ([1.0, NAN], "miles.missing", {"false": [0], "true": [1]}),
        ([1.0, NAN], "miles", {"1": [0], "(missing)": [1]}),
    ],
)  # fmt: skip
def test_bins_with_ties_gaps_and_edges_outside_the_data(
    values: list[float], text: str, expected: dict[str, list[int]]
) -> None:
    assert rows_of(cut(text, Column(np.array(values)))) == expected


def test_a_date_that_is_missing_has_no_month() -> None:
    made = cut("day.month", Column(np.array(["2020-03-01", NAT], dtype="datetime64[us]")))
    assert rows_of(made) == {"3": [0], "(missing)": [1]}


def test_a_cross_is_pandas_groupby_of_both() -> None:
    frame = table()
    made = cut_by(parse_slicing("place & miles[300, 600]", ["miles", "place"], "slices"), columns_of(frame))
    keys = [frame.place, pd.cut(frame.miles, [-np.inf, 300, 600, np.inf], right=False)]
    groups = frame.assign(row=range(len(frame))).groupby(keys, dropna=False, observed=True)
    assert sorted(rows_of(made).values()) == sorted(group.row.tolist() for _, group in groups)
    assert made.column == "place & miles[300, 600]"
    assert made.values[:4] == ("a & < 300", "a & [300, 600)", "a & >= 600", "a & (missing)")
    assert made.crosses["b & >= 600"] == {"place": "b", "miles[300, 600]": ">= 600"}


def test_two_crosses_are_never_called_alike() -> None:
    made = cut("id & place", *(Column(np.array([0, 1]), None, values) for values in (["a", "a & b"], ["b & c", "c"])))
    assert made.values == ('a & "b & c"', '"a & b" & c')


def test_what_is_protected_and_sliced_is_cut_once() -> None:
    both = [parse_slicing("place", ["place"], "slices")]
    made = cuts_of(both, both, {"place": Column(np.arange(3))})
    assert [(one.column, one.protected) for one in made] == [("place", True)]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("place[4]", Column(np.array([0]), None, ["a"]), "slices: `place[4]`: 'place' holds no numbers."),
        ("place.month", Column(np.array([0]), None, ["a"]), "slices: `place.month`: 'place' holds no dates."),
        ("miles.hour", Column(np.array([0.0])), "slices: `miles.hour`: 'miles' holds no dates."),
    ],
)
def test_a_column_that_cannot_be_cut_so_is_named(text: str, column: Column, message: str) -> None:
    with pytest.raises(InputError) as refused:
        cut(text, column)
    assert str(refused.value) == message


def test_every_pair_of_at_most_a_hundred_groups_is_compared() -> None:
    with pytest.raises(InputError) as refused:
        cut("id", Column(np.arange(101)), protected=True)
    assert str(refused.value) == (
        "protected: `id` has 101 different values, of which `protected` takes at most 100. Take fewer: bins such as "
        "`distance[4]`, or a part of a date such as `day.month`."
    )
