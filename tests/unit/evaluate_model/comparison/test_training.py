"""Labels of the training data in the codes of the test set."""

import numpy as np
import pytest

from mlops_actions.evaluate_model.comparison.training import codes_of
from mlops_actions.tables.interface import Column


@pytest.mark.parametrize(
    ("column", "labels", "codes"),
    [
        (Column(np.array([2, 0, 1, 0]), None, ["yes", "no", "maybe"]), ("no", "yes"), [1, 0, 1]),
        (Column(np.array([1, 0, 3, 1])), (0, 1), [1, 0, 1]),
        (Column(np.array([True, False])), (False, True), [1, 0]),
        (Column(np.array([], dtype=np.intp), None, []), ("no", "yes"), []),
    ],
)
def test_a_label_that_the_test_set_does_not_have_is_left_out(
    column: Column, labels: tuple[str, ...], codes: list[int]
) -> None:
    assert codes_of(column, labels).tolist() == codes
