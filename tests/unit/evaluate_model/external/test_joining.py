"""Rows are found by key; whatever could be joined wrongly is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.external.joining import in_order, places_of
from mlops_actions.tables import Column


def words(*values: str) -> Column:
    known = sorted(set(values))
    return Column(np.array([known.index(one) for one in values]), None, known)


def numbers(*values: float) -> Column:
    return Column(np.array(values))


def refusal(join: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        join()
    return str(caught.value)


def test_rows_are_found_by_one_key_in_any_order() -> None:
    found = places_of({"id": numbers(3, 1, 2)}, {"id": numbers(1, 2, 3, 9)}, "p.csv")
    assert found.tolist() == [2, 0, 1]


def test_numbers_of_another_width_and_words_of_other_categories_are_equal() -> None:
    data = {"id": Column(np.array([1, 2, 1], dtype=np.int16)), "from": words("JFK", "JFK", "LGA")}
    predictions = {"id": numbers(2.0, 1.0, 1.0), "from": words("JFK", "LGA", "JFK")}
    assert places_of(data, predictions, "p.csv").tolist() == [2, 0, 1]


@given(st.lists(st.tuples(st.integers(-3, 3), st.sampled_from("abc")), unique=True, min_size=1), st.randoms())
def test_a_join_is_that_of_pandas(rows: list[tuple[int, str]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    data, other = pd.DataFrame(rows, columns=["n", "w"]), pd.DataFrame(shuffled, columns=["n", "w"])
    expected = data.merge(other.assign(place=range(len(other))), on=["n", "w"], how="left").place
    sides = [{"n": numbers(*one.n), "w": words(*one.w)} for one in (data, other)]
    assert places_of(sides[0], sides[1], "p.csv").tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("data", "predictions", "message"),
    [
        (
            {"id": numbers(1, 2, 3)},
            {"id": numbers(2, 4)},
            "predictions: 'p.csv' has no prediction for 2 of 3 rows, first for id = '1'. "
            "Predict every row of the data, or leave these rows out of it.",
        ),
        (
            {"id": numbers(1, 1), "from": words("JFK", "JFK")},
            {"id": numbers(1), "from": words("JFK")},
            "key: the data has 2 rows with id = '1', from = 'JFK': which belong together is not known. "
            "Add a column that tells them apart.",
        ),
        (
            {"id": numbers(1, 2)},
            {"id": numbers(2, 1, 2, 2)},
            "key: 'p.csv' has 3 rows with id = '2': which belong together is not known. "
            "Add a column that tells them apart.",
        ),
        (
            {"id": numbers(1)},
            {"id": words("1")},
            "key: 'id' holds numbers in the data and text in the predictions.",
        ),
        (
            {"id": Column(np.array([1, 2]), np.array([True, False]))},
            {"id": numbers(1, 2)},
            "key: 1 rows of 'data' have no 'id'. Name another key.",
        ),
        (
            {"id": numbers(1)},
            {"id": Column(np.array(["2020-01-01"], dtype="datetime64[us]"))},
            "key: 'id' holds dates in one of data and predictions only.",
        ),
    ],
)
def test_what_could_be_joined_wrongly_is_refused(
    data: dict[str, Column], predictions: dict[str, Column], message: str
) -> None:
    assert refusal(lambda: places_of(data, predictions, "p.csv")) == message


def test_the_order_joins_tables_of_equal_length_only() -> None:
    in_order(3, 3, "p.csv")
    assert refusal(lambda: in_order(3, 2, "p.csv")) == (
        "predictions: 'p.csv' has 2 rows, and the data 3. "
        "Give `key`, the columns by which rows are found, or predict each row of the data in its order."
    )
