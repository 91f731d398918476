"""What every target can do. A new one is one file that does it and one line in `locations.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from mlops_actions.canary_deploy.servers import Probe
from mlops_actions.canary_deploy.targets.addresses import Address, split_address
from mlops_actions.errors import InputError

Side = Literal["stable", "candidate"]
SIDES: tuple[Side, Side] = ("stable", "candidate")


@dataclass(frozen=True)
class Sticky:
    """What users are told apart by, so that each stays on a side while the split stays."""

    kind: Literal["header", "cookie"]
    name: str


def read_sticky(text: str) -> Sticky:
    """`header:NAME` or `cookie:NAME`. InputError for anything else.

    >>> read_sticky("cookie:uid")
    Sticky(kind='cookie', name='uid')
    """
    kind, _, name = text.partition(":")
    if kind not in ("header", "cookie") or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise InputError(
            f"the input 'sticky' is {text!r}, which names neither a header nor a cookie.",
            hint="Write header:X-User or cookie:uid: what your users are told apart by.",
        )
    return Sticky("header" if kind == "header" else "cookie", name)


@dataclass(frozen=True)
class Services:
    """The two servers behind a target, and what a target may need to route to them."""

    stable: str
    """host:port, or a name that the target knows."""
    candidate: str
    health_path: str
    time_limit: float
    """Seconds after which a request counts as failed, where the target can set it: shorter than a look, so that a
    hanging candidate makes errors and not silence."""
    folder: Path
    """Where a target may keep what has to outlive this process."""
    sticky: Sticky | None = None
    """Only where the target's capabilities say so."""

    def of(self, side: Side) -> str:
        """One of the two as the user wrote it."""
        return self.candidate if side == "candidate" else self.stable

    def address(self, side: Side) -> Address:
        """Where one of the two listens. InputError, which names the input, where it is no address."""
        try:
            return split_address(self.of(side))
        except InputError as error:
            raise InputError(
                f"the input {side!r} is {self.of(side)!r}, which is no address.", hint=error.hint
            ) from None


@dataclass(frozen=True)
class Capabilities:
    """What differs between targets."""

    least_weight: float
    """The smallest difference between two weights, in percent points: all weights are its multiples."""
    compare_and_swap: bool
    """Whether a change that was made meanwhile by somebody else is refused by the target itself, and not only seen."""
    outlives_run: bool
    """Whether the target was started by us and has to be stopped by `mode: stop`."""
    sticky: bool = False
    """Whether it can keep users on their side by a header or a cookie."""


class Target(Protocol):
    """Routes requests to the stable side and to the candidate by a weight.

    Every method raises OutsideError when the target cannot be reached, and InputError when it is not set up for us.
    """

    @property
    def kind(self) -> str:
        """Its scheme, such as `envoy`."""

    @property
    def location(self) -> str:
        """As the user wrote it."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""

    def is_running(self) -> bool:
        """Whether there is a proxy; one of our own may have ended."""

    def prepare(self) -> None:
        """Reach or start it and route to the two services, with all traffic on the stable one."""

    def reach(self) -> None:
        """Reach it for a rollout that goes on; one of our own that has ended is started again, its weight at rest."""

    def weight(self) -> float:
        """The candidate's effective share in percent: what the target does, not what it was told."""

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Give the candidate its share; returns when `weight` confirms it.

        OutsideError, and no change, where the share is not the `expected` one: somebody else changed it. Without
        `expected`, as for a roll-back, whatever was there is replaced.
        """

    def probe(self, side: Side) -> Probe:
        """Ask one server for its health and its model's digest."""

    def stop(self) -> bool:
        """Stop what `prepare` started, here or in an earlier run; returns whether there was anything."""


@runtime_checkable
class MirroringTarget(Target, Protocol):
    """A target that can also copy users' requests to the candidate, whose answers to them nobody gets."""

    def mirror(self) -> float:
        """The share of requests in percent that is copied: what the target does, not what it was told."""

    def set_mirror(self, percent: float) -> None:
        """Copy that share of requests; returns when `mirror` confirms it."""


@runtime_checkable
class DeployingTarget(Target, Protocol):
    """A target that can also start the candidate, where the user declares how."""

    def deploy(self) -> str | None:
        """Start it without traffic, where that is declared; returns when it has started, or why it did not."""
