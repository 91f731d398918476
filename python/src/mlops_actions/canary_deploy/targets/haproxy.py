"""HAProxy by its runtime socket: `haproxy:/run/haproxy/admin.sock?backend=model` or `haproxy:HOST:PORT?backend=model`.

The backend balances by weight and has two servers, `stable` and `candidate`; where they are is set at runtime.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.haproxy_runtime import HaproxyRuntime
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.addresses import split_address
from mlops_actions.canary_deploy.targets.interface import SIDES, Capabilities, Services, Side
from mlops_actions.canary_deploy.targets.parameters import split_parameters
from mlops_actions.errors import InputError

_ALL = 200
"""What both weights add up to: HAProxy's are whole numbers up to 256."""


@dataclass(frozen=True)
class HaproxyTarget:
    """Routes by two servers' weights; see `Target`."""

    location: str
    services: Services
    runtime: HaproxyRuntime
    backend: str
    kind: str = "haproxy"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=100 / _ALL, compare_and_swap=False, outlives_run=False)
    )

    def is_running(self) -> bool:
        """It is not ours to start."""
        return True

    def prepare(self) -> None:
        """Point both servers to where they are, ending with all traffic on the stable one.

        Where the candidate of the last rollout serves users, they stay with it until the new stable side is known.
        """
        self._check()
        self._point("stable")
        self.set_weight(0)
        self._point("candidate")

    def reach(self) -> None:
        """Point both servers again to where they are: a reload has forgotten it."""
        self._check()
        self._point("stable")
        self._point("candidate")

    def weight(self) -> float:
        """From the weights that are in effect, whoever set them."""
        found = self.runtime.servers(self.backend)
        self._refuse_missing(set(found))
        stable, candidate = found["stable"].weight, found["candidate"].weight
        return 100 * candidate / (stable + candidate) if candidate else 0.0

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Set both weights and read them back."""
        weights.refuse_moved(self, expected, percent)
        candidate = round(percent * _ALL / 100)
        self.runtime.set_weights(self.backend, _ALL - candidate, candidate)
        weights.follow(self, percent)

    def probe(self, side: Side) -> servers.Probe:
        """Ask the server itself, not through the proxy."""
        return servers.probe(self.services.of(side), self.services.health_path)

    def stop(self) -> bool:
        """It was not started by us."""
        return False

    def _point(self, side: Side) -> None:
        self.runtime.set_address(self.backend, side, self.services.address(side))

    def _check(self) -> None:
        found = self.runtime.servers(self.backend)
        self._refuse_missing(set(found))
        if others := sorted(name for name, server in found.items() if name not in SIDES and server.weight):
            raise InputError(
                f"the backend {self.backend!r} of HAProxy has more servers that get traffic: {', '.join(others)}.",
                where="target",
                hint="A canary needs a backend of its two servers `stable` and `candidate`.",
            )

    def _refuse_missing(self, found: set[str]) -> None:
        if missing := [side for side in SIDES if side not in found]:
            raise InputError(
                f"the backend {self.backend!r} of HAProxy has no server {missing[0]!r}; it has {sorted(found)}.",
                where="target",
                hint="Write in it `server stable HOST:PORT weight 200` and `server candidate HOST:PORT weight 0`.",
            )


def open_target(location: str, services: Services) -> HaproxyTarget:
    """`haproxy:SOCKET?backend=NAME`; nothing is reached yet."""
    for side in SIDES:
        services.address(side)
    example = "haproxy:/run/haproxy/admin.sock?backend=model"
    place, found = split_parameters(location, example, {"backend": None})
    if not place.startswith("/"):
        split_address(place)
    if not all(character.isalnum() or character in "-_.:" for character in found["backend"]):
        raise InputError(f"{found['backend']!r} is no name of a backend of HAProxy.", hint=f"Write {example}.")
    return HaproxyTarget(location, services, HaproxyRuntime(place), found["backend"])
