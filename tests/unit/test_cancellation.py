"""The first signal raises, later ones do not; inside `deferred` none does."""

from __future__ import annotations

import os
import signal

import pytest

from mlops_actions import cancellation
from mlops_actions.errors import CancelledError


def test_the_first_signal_raises_and_the_second_does_not_break_the_clean_up() -> None:
    cleaned = []
    with cancellation.handled(), pytest.raises(CancelledError, match="cancelled by SIGINT"):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(True)
    assert cleaned == [True]


def test_deferred_code_is_told_instead_of_interrupted() -> None:
    with cancellation.handled():
        with cancellation.deferred():
            assert not cancellation.requested()
            os.kill(os.getpid(), signal.SIGTERM)
            assert cancellation.requested()
            assert cancellation.wait(60)
        os.kill(os.getpid(), signal.SIGINT)
        assert cancellation.requested()


def test_the_handlers_that_were_there_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with cancellation.handled():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_after_a_signal_later_ones_are_ignored_to_the_end_of_the_process() -> None:
    with pytest.raises(CancelledError), cancellation.handled():
        os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    assert cancellation.requested()
