"""Limits in words."""

from __future__ import annotations

import pytest

from mlops_actions.ci.inputs import to_bytes
from mlops_actions.evaluate_model.sandbox.limits import Limits, affordable_memory, size_text


@pytest.mark.parametrize(
    ("text", "size"),
    [("500", 500), ("500B", 500), ("4GB", 4 * 10**9), ("2 GiB", 2 * 2**30), ("1.5MB", 1_500_000), ("1TB", 10**12)],
)
def test_a_size_is_read_in_decimal_and_binary_units(text: str, size: int) -> None:
    assert to_bytes(text) == size


@pytest.mark.parametrize(
    ("size", "text"), [(999, "999 bytes"), (600_000_000, "600 MB"), (2**31, "2.15 GB"), (4e15, "4e+03 TB")]
)
def test_a_size_is_said_in_the_largest_unit_below_it(size: float, text: str) -> None:
    assert size_text(size) == text


def test_an_exception_that_met_a_limit_names_its_input() -> None:
    limits = Limits(memory=2 * 10**9, disk=10**6)
    assert limits.met_by("MemoryError: no") == " `memory-limit` allows 2 GB."
    assert limits.met_by("OSError: [Errno 28] No space left on device") == " `disk-limit` allows 1 MB."
    assert limits.met_by("BlockingIOError: [Errno 11] Resource temporarily unavailable") == (
        " It may have 256 processes at a time."
    )
    assert limits.met_by("ValueError: no") == ""


def test_what_is_affordable_leaves_a_reserve_of_this_machine() -> None:
    import os

    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert 0 < affordable_memory() <= 0.9 * physical
