"""The benchmarks' simulations, so that tests and benchmarks show the same thing on the same scenarios."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def benchmark_canary() -> ModuleType:
    return _load("canary")


@pytest.fixture(scope="session")
def benchmark_families() -> ModuleType:
    return _load("canary_families")


@pytest.fixture(scope="session")
def benchmark_dependence() -> ModuleType:
    return _load("canary_dependence")


@pytest.fixture(scope="session")
def benchmark_comparisons() -> ModuleType:
    return _load("comparisons")


def _load(name: str) -> ModuleType:
    path = Path(__file__).parents[4] / "benchmarks" / f"{name}.py"
    # Its neighbours, as when it runs as a script.
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up while it is being executed.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
