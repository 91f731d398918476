"""In CI a skipped test is a failed one: what a machine lacks is installed there, not passed over."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from typing import TypeVar

import pytest

from mlops_actions import cancellation

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# The start of a test's id, and why it may be skipped in CI.
MAY_SKIP: dict[str, str] = {}


@pytest.fixture(autouse=True)
def no_cancellation_is_left() -> Iterator[None]:
    """A cancelled run stays cancelled to the end of its process, which in a test is pytest's."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    with cancellation.handled():
        assert not cancellation.requested()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return fail_if_skipped((yield))


def fail_if_skipped(report: Report) -> Report:
    expected = hasattr(report, "wasxfail") or report.nodeid.startswith(tuple(MAY_SKIP))
    if report.skipped and os.environ.get("CI") and not expected:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not accept: {report.longrepr}"
    return report
