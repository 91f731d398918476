"""Bounds hold the truth as often as they say: 1,000 samples a point; `benchmarks/coverage.py` has the full table."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    path = Path(__file__).parents[3] / "benchmarks" / "coverage.py"
    spec = spec_from_file_location("coverage_of_bounds", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    # Its own error is then a fortieth of a sample's.
    module.TRUTH_ROWS = 500_000  # type: ignore[attr-defined]
    return module


@pytest.mark.parametrize(
    ("metric", "paired", "clustered"),
    [
        ("recall", False, True),
        ("recall", True, True),
        ("f1", False, False),
        ("roc_auc", False, True),
        ("quantile_loss(0.9)", False, False),
        ("median_absolute_error", False, True),
        ("recall@false_positive_rate(0.1)", False, True),
        ("recall@false_positive_rate(0.1)", True, False),
        ("ece", False, False),
    ],
)
def test_a_bound_holds_the_truth_95_times_in_100(
    coverage: ModuleType, metric: str, paired: bool, clustered: bool
) -> None:
    (kind,) = [one for one in coverage.KINDS if (one.metric, one.paired) == (metric, paired)]
    found = [coverage.simulate(kind, point, 1000, clustered=clustered) for point in coverage.GRID]
    for side in ([one.lower for one in found], [one.upper for one in found]):
        assert np.mean(side) >= 0.935
        assert min(side) >= 0.9
