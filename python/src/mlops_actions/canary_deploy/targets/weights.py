"""What all targets do around a change of weight."""

from __future__ import annotations

import time
from collections.abc import Callable

from mlops_actions.canary_deploy.targets.interface import Target
from mlops_actions.errors import InputError, OutsideError

_FOLLOW_LIMIT = 2.0
_PAUSE = 0.01
_ROUNDING = 1e-6


def follow(target: Target, percent: float, seconds: float = _FOLLOW_LIMIT) -> None:
    """Wait until the target does what it was told. OutsideError where it does not within the time."""
    until = time.monotonic() + seconds
    while differ(target, found := target.weight(), percent):
        if time.monotonic() > until:
            raise OutsideError(f"the weight of {target.location} stays at {found:g} % instead of {percent:g} %.")
        time.sleep(_PAUSE)


def follow_state(target: Target, what: str, followed: Callable[[], bool], seconds: float = _FOLLOW_LIMIT) -> None:
    """Wait until the target has taken over something else than a weight. OutsideError where it does not."""
    until = time.monotonic() + seconds
    while not followed():
        if time.monotonic() > until:
            raise OutsideError(f"{target.location} did not take over {what} within {seconds:g} s.")
        time.sleep(_PAUSE)


def parts(percent: float) -> tuple[int, int]:
    """A share as whole weights of the stable side and the candidate, percentages where it is a whole one.

    >>> parts(5), parts(0.5), parts(100)
    ((95, 5), (9950, 50), (0, 100))
    """
    whole = 100 if abs(percent - round(percent)) < _ROUNDING else 10_000
    candidate = round(percent * whole / 100)
    return whole - candidate, candidate


def refuse_moved(target: Target, expected: float | None, percent: float) -> None:
    """OutsideError where the weight is not the expected one: for targets that cannot compare and swap.

    The weight that is to be set may have been set by an attempt that was not confirmed.
    """
    if expected is None:
        return
    found = target.weight()
    if differ(target, found, expected) and differ(target, found, percent):
        raise moved(target, found, expected)


def moved(target: Target, found: float, expected: float) -> OutsideError:
    """What is said of a weight that somebody else changed."""
    return OutsideError(
        f"the weight of {target.location} is {found:g} % instead of {expected:g} %: somebody else changed it."
    )


def refuse_unless_at_rest(target: Target, hint: str) -> None:
    """InputError where a target that we cannot point at other servers already has traffic on its candidate."""
    if (weight := target.weight()) > 0:
        raise InputError(
            f"{target.location} already sends {weight:g} % of the traffic to its candidate.",
            where="target",
            hint=f"{hint}; `mode: abort` ends an unfinished rollout.",
        )


def differ(target: Target, one: float, other: float) -> bool:
    """Whether two weights are more apart than the target may round."""
    return abs(one - other) > target.capabilities.least_weight / 2
