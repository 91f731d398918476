"""How a user's own metric is written, and which names it may have."""

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.own_metrics.names import OwnMetric, own_metrics


def test_only_import_paths_are_read() -> None:
    given = ["all", 'recall("a:b")', "my_metrics:profit", "money.gain:net(amount, rate)", "my_metrics:profit"]
    assert own_metrics(given) == (OwnMetric("my_metrics", "profit"), OwnMetric("money.gain", "net", ("amount", "rate")))


def test_it_is_written_as_it_is_read() -> None:
    (one,) = own_metrics(["money.gain:net( amount,rate )"])
    assert (str(one), one.name) == ("money.gain:net(amount, rate)", "net")


@pytest.mark.parametrize("text", ["a b:c", "m:p(", "m:p(a b)", "m:p('a')", ":p", "m:", "my-metrics:profit"])
def test_what_is_no_import_path_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        own_metrics([text])
    assert str(caught.value) == (
        f"metrics: {text!r} is no import path. "
        "Write `my_metrics:profit`, or `my_metrics:profit(amount)` for a function that takes a column."
    )


@pytest.mark.parametrize("name", ["recall", "champion", "size_mb", "latency_p95_ms", "demographic_parity", "if"])
def test_a_name_that_rules_take_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        own_metrics([f"m:{name}"])
    assert str(caught.value) == (
        f"metrics: 'm:{name}': {name!r} means something else in rules. "
        f"Call the function otherwise, such as `own_{name}`."
    )


def test_two_functions_of_one_name_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        own_metrics(["a:profit", "b:profit"])
    assert str(caught.value) == (
        "metrics: `a:profit` and `b:profit` would have the same name 'profit'. Call one of the functions otherwise."
    )
