"""Ctrl-C and a CI system's cancel, as one flag that is set once.

A runner sends SIGINT, then SIGTERM, then kills. A handler that raised on the second signal would break the
roll-back that the first one began, so only the first raises, and none does inside `deferred`.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from mlops_actions.errors import CancelledError

_requested = Event()
_deferrals = 0


def requested() -> bool:
    """Whether the run was asked to stop."""
    return _requested.is_set()


def wait(seconds: float) -> bool:
    """Sleep, but no longer than until the run is asked to stop; returns whether it was."""
    return _requested.wait(seconds)


@contextmanager
def deferred() -> Iterator[None]:
    """Inside, a signal only sets the flag: the code asks `requested` and cleans up by itself."""
    global _deferrals
    _deferrals += 1
    try:
        yield
    finally:
        _deferrals -= 1


@contextmanager
def handled() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into CancelledError; later ones are ignored, also after it."""
    _requested.clear()
    before = {number: signal.signal(number, _on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if not _requested.is_set():
            for number, handler in before.items():
                signal.signal(number, handler)


def ignore_signals() -> None:
    """At the end of a cancelled process, which would otherwise lose its exit code to a signal in its last moment.

    An interpreter that shuts down takes all handlers away, and leaves only what is ignored for good.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    first = not _requested.is_set()
    _requested.set()
    if first and not _deferrals:
        raise CancelledError(f"cancelled by {signal.Signals(number).name}.")
