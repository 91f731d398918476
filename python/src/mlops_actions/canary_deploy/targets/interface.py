"""What every target can do. A new one is one file that does it and one line in `locations.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from mlops_actions.canary_deploy.servers import Probe

Side = Literal["stable", "candidate"]


@dataclass(frozen=True)
class Services:
    """The two servers behind a target, and what a target may need to route to them."""

    stable: str
    """host:port"""
    candidate: str
    health_path: str
    time_limit: float
    """Seconds after which a request counts as failed, where the target can set it: shorter than a look, so that a
    hanging candidate makes errors and not silence."""
    folder: Path
    """Where a target may keep what has to outlive this process."""


@dataclass(frozen=True)
class Capabilities:
    """What differs between targets."""

    least_weight: float
    """The smallest difference between two weights, in percent points."""
    compare_and_swap: bool
    """Whether a change that was made meanwhile by somebody else is refused by the target itself."""
    outlives_run: bool
    """Whether the target was started by us and has to be stopped by `mode: stop`."""


class Target(Protocol):
    """Routes requests to the stable side and to the candidate by a weight.

    Every method raises OutsideError when the target cannot be reached, and InputError when it is not set up for us.
    """

    kind: str
    """Its scheme, such as `envoy`."""
    location: str
    """As the user wrote it."""
    capabilities: Capabilities

    def is_running(self) -> bool:
        """Whether there is a proxy; one of our own may have ended."""

    def prepare(self) -> None:
        """Reach or start it and route to the two services, with all traffic on the stable one."""

    def reach(self) -> None:
        """Reach it for a rollout that goes on; one of our own that has ended is started again, its weight at rest."""

    def weight(self) -> float:
        """The candidate's effective share in percent: what the target does, not what it was told."""

    def set_weight(self, percent: float) -> None:
        """Give the candidate its share; returns when `weight` confirms it."""

    def probe(self, side: Side) -> Probe:
        """Ask one server for its health and its model's digest."""

    def stop(self) -> bool:
        """Stop what `prepare` started, here or in an earlier run; returns whether there was anything."""
