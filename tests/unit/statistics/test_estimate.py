import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from mlops_actions.statistics.estimate import Estimate

SCALES = ["identity", "logit", "fisher", "wilson", "tango"]


def estimate_on(scale: str, *, value: float = 0.7, se: float = 0.05, df: float = 40.0, n: int = 90) -> Estimate:
    gained, lost = (0.15, 0.05) if scale == "tango" else (None, None)
    value = 0.1 if scale == "tango" else value
    return Estimate(value, se, df, n, n * 0.8, n, scale, "test", gained, lost)


def test_wilson_equals_scipys_interval() -> None:
    found = Estimate(0.9, 0.01, math.inf, 50, 50.0, 50, "wilson", "wilson")
    expected = stats.binomtest(45, 50).proportion_ci(0.9, method="wilson")
    assert found.lower(0.95) == pytest.approx(expected.low, abs=1e-9)
    assert found.upper(0.95) == pytest.approx(expected.high, abs=1e-9)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (9, 3), (0, 12), (20, 20), (50, 0)])
def test_tango_equals_a_constrained_maximum_likelihood_score_test(gained: int, lost: int) -> None:
    n = 50

    def score(delta: float) -> float:
        def minus_log_likelihood(p21: float) -> float:
            parts = ((gained, p21 + delta), (lost, p21), (n - gained - lost, 1 - 2 * p21 - delta))
            return -sum(count * math.log(max(p, 1e-300)) for count, p in parts if count)

        bounds = (max(0.0, -delta), (1 - delta) / 2)
        p21 = optimize.minimize_scalar(minus_log_likelihood, bounds=bounds, options={"xatol": 1e-13}).x
        return float((gained - lost - n * delta) / math.sqrt(n * (2 * p21 + delta - delta**2)))

    observed = (gained - lost) / n
    found = Estimate(observed, 0.0, math.inf, n, n, n, "tango", "tango", gained / n, lost / n)
    for bound, z in ((found.lower(0.95), 1.6448536), (found.upper(0.95), -1.6448536)):
        if abs(bound) < 1 - 1e-9:
            assert score(bound) == pytest.approx(z, abs=2e-3)
        else:
            assert abs(observed) == 1.0


def test_tango_gives_its_published_interval() -> None:
    """Tango (1998), table II: 44 pairs, 16 and 10 discordant... swapped sign for candidate - champion."""
    found = Estimate(0.0, 0.0, math.inf, 100, 100, 100, "tango", "tango", 0.0, 0.0)
    z = 1.959963984540054
    assert found.upper(0.975) == pytest.approx(z * z / (100 + z * z), abs=1e-9)
    assert found.lower(0.975) == pytest.approx(-z * z / (100 + z * z), abs=1e-9)


@pytest.mark.parametrize("scale", SCALES)
@given(confidence=st.floats(0.51, 0.999))
def test_bound_and_p_value_agree(scale: str, confidence: float) -> None:
    estimate = estimate_on(scale)
    assert estimate.p_greater(estimate.lower(confidence)) == pytest.approx(1 - confidence, abs=1e-7)
    assert estimate.p_less(estimate.upper(confidence)) == pytest.approx(1 - confidence, abs=1e-7)


@pytest.mark.parametrize("scale", SCALES)
@given(low=st.floats(0.5, 0.99), step=st.floats(0.0001, 0.009))
def test_more_confidence_never_narrows(scale: str, low: float, step: float) -> None:
    estimate = estimate_on(scale)
    assert estimate.lower(low + step) <= estimate.lower(low) <= estimate.value + 1e-12
    assert estimate.upper(low + step) >= estimate.upper(low) >= estimate.value - 1e-12


@given(
    st.sampled_from(SCALES),
    st.floats(-2, 2),
    st.floats(0, 2),
    st.floats(-1, 1e6),
    st.integers(0, 10**6),
    st.floats(0, 1e6),
    st.floats(-0.2, 1.2),
    st.floats(-0.2, 1.2),
)
def test_no_fields_at_all_make_a_bound_nan(
    scale: str, value: float, se: float, df: float, n: int, n_effective: float, gained: float, lost: float
) -> None:
    shares = (gained, lost) if scale == "tango" else (None, None)
    estimate = Estimate(value, se, df, n, n_effective, n, scale, "test", *shares)
    lower, upper = estimate.lower(0.95), estimate.upper(0.95)
    assert not math.isnan(lower)
    assert not math.isnan(upper)
    assert lower <= upper
    for limit in (-3.0, -1.0, 0.0, 0.3, 1.0, 3.0):
        assert 0.0 <= estimate.p_greater(limit) <= 1.0
        assert 0.0 <= estimate.p_less(limit) <= 1.0


REASONS: list[tuple[str, Estimate]] = [
    ("no-data", Estimate(math.nan, math.nan, 0, 0, 0, 0, "wilson", "wilson")),
    ("undefined", Estimate(math.nan, 0.1, 50, 50, 50, 50, "identity", "mean")),
    ("undefined", Estimate(0.5, math.inf, 50, 50, 50, 50, "identity", "mean")),
    ("undefined", Estimate(0.5, 0.1, math.nan, 50, 50, 50, "identity", "mean")),
    ("undefined", Estimate(1.5, 0.1, 50, 50, 50, 50, "logit", "delta")),
    ("few-clusters", Estimate(0.5, 0.1, 4.9, 5000, 50, 9, "wilson", "wilson")),
    ("zero-variance", Estimate(0.5, 0.0, 50, 50, 50, 50, "identity", "mean")),
    ("zero-variance", Estimate(1.0, 0.0, 50, 50, 50, 50, "logit", "delong")),
]


@pytest.mark.parametrize(("reason", "estimate"), REASONS)
def test_an_undecidable_estimate_neither_passes_nor_fails(reason: str, estimate: Estimate) -> None:
    assert estimate.undecidable == reason
    assert (estimate.lower(0.95), estimate.upper(0.95)) == (-math.inf, math.inf)
    assert estimate.p_greater(-9.0) == estimate.p_less(9.0) == 1.0


@pytest.mark.parametrize(("_", "estimate"), REASONS)
def test_an_undecidable_estimate_stays_so_through_json(_: str, estimate: Estimate) -> None:
    assert Estimate.from_dict(json.loads(json.dumps(estimate.to_dict(), allow_nan=False))).undecidable


@pytest.mark.parametrize("scale", SCALES)
def test_json_keeps_every_bound(scale: str) -> None:
    estimate = estimate_on(scale)
    again = Estimate.from_dict(json.loads(json.dumps(estimate.to_dict(), allow_nan=False)))
    assert again == estimate
    assert again.lower(0.99) == estimate.lower(0.99)


def test_a_point_has_itself_as_both_bounds() -> None:
    size = Estimate.from_dict(Estimate.point(20.0).to_dict())
    assert size.lower(0.99) == size.upper(0.99) == 20.0
    assert Estimate.point(math.nan).undecidable == "undefined"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scale": "loglog"}, "unknown scale 'loglog'"),
        ({"scale": "tango"}, "needs 'gained' and 'lost'"),
        ({"se": -1.0}, "cannot be negative"),
        ({"value": "0.9"}, "expected a number, found '0.9'"),
        ({"value": True}, "expected a number, found True"),
    ],
)
def test_a_damaged_estimate_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Estimate.from_dict(estimate_on("wilson").to_dict() | change)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ValueError, match="needs the field 'value'"):
        Estimate.from_dict({"scale": "identity"})


@pytest.mark.parametrize("confidence", [0.0, 0.4, 1.0, 95.0, math.nan])
def test_an_impossible_confidence_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="a confidence lies between"):
        estimate_on("identity").lower(confidence)


@pytest.mark.parametrize("bound", [Estimate.lower, Estimate.upper])
def test_wilson_stays_useful_when_every_row_is_right(bound: Callable[[Estimate, float], float]) -> None:
    perfect = Estimate(1.0, 0.0, 49.0, 50, 50.0, 50, "wilson", "wilson")
    assert 0.9 < bound(perfect, 0.95) <= 1.0
    assert np.isfinite(bound(perfect, 0.9999))
