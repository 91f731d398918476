"""Envoy: an embedded one (`envoy:HOST:PORT`, where users reach it) or one that runs already (`envoy:http://ADMIN`, or
`envoy:file://PATH`, in `envoy_file.py`).

One that runs already has clusters `stable` and `candidate`, and for each path two routes, of which the first has our
runtime key; to mirror, it has a cluster `shadow` too: see the guide. Its time limit is to be shorter than `interval`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.envoy_admin import EnvoyAdmin, fraction, mappings, percent_of
from mlops_actions.canary_deploy.targets import envoy_config, weights
from mlops_actions.canary_deploy.targets.addresses import Address, split_address
from mlops_actions.canary_deploy.targets.embedded_envoy import EmbeddedEnvoy
from mlops_actions.canary_deploy.targets.envoy_config import CANDIDATE, KEY, MIRROR_KEY, SHADOW, STABLE, STICKY_PREFIX
from mlops_actions.canary_deploy.targets.envoy_file import EnvoyFileTarget, open_file
from mlops_actions.canary_deploy.targets.interface import SIDES, Capabilities, Services, Side, Sticky
from mlops_actions.errors import InputError

_ROUNDING = 0.005


@dataclass(frozen=True)
class EnvoyTarget:
    """Routes by one runtime key, and mirrors by another; see `MirroringTarget`."""

    location: str
    services: Services
    admin: EnvoyAdmin
    embedded: EmbeddedEnvoy | None = None
    kind: str = "envoy"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=0.01, compare_and_swap=False, outlives_run=True, sticky=True)
    )

    def is_running(self) -> bool:
        """Whether there is an Envoy to ask."""
        return self.embedded is None or self.embedded.is_running()

    def prepare(self) -> None:
        """Start an embedded Envoy or point the running one; check one that is not ours."""
        if self.embedded is None:
            return self._check()
        if self.embedded.is_running():
            return self.embedded.point(*self._routes())
        self.embedded.rest_at(0)
        return self.embedded.start(*self._routes())

    def reach(self) -> None:
        """Start an embedded Envoy again that has ended; leave a running one as it is."""
        if self.embedded and not self.embedded.is_running():
            self.embedded.start(*self._routes())
        self.weight()

    def weight(self) -> float:
        """What Envoy's runtime holds now, whoever set it."""
        if self.embedded and self.services.sticky:
            parts = self.admin.number(f"{STICKY_PREFIX}.{CANDIDATE}"), self.admin.number(f"{STICKY_PREFIX}.{STABLE}")
            candidate, stable = (part or 0 for part in parts)
            return 100 * candidate / (candidate + stable) if candidate else 0.0
        return self._share(KEY, f"Put before the route to {STABLE!r} one to {CANDIDATE!r} with the same match and")

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Set the runtime key and read it back."""
        weights.refuse_moved(self, expected, percent)
        self.admin.set_values(envoy_config.weights(percent) if self.embedded else {KEY: fraction(percent)})
        weights.follow(self, percent)
        if self.embedded and percent in (0, 100):
            self.embedded.rest_at(round(percent))

    def mirror(self) -> float:
        """What Envoy's runtime holds now for the copies of the stable side's requests."""
        where = f"Give the route to {STABLE!r} request_mirror_policies with the cluster {SHADOW!r} and"
        return self._share(MIRROR_KEY, where)

    def set_mirror(self, percent: float) -> None:
        """Set the runtime key of the copies and read it back."""
        if percent and SHADOW not in self.admin.clusters():
            raise InputError(
                f"the Envoy at {self.admin.find()} has no cluster {SHADOW!r}, to which requests are copied.",
                where="target",
                hint=f"Define it with the server of {CANDIDATE!r}: so copies are counted apart from users' requests.",
            )
        self.mirror()
        self.admin.set_share(MIRROR_KEY, percent)
        weights.follow_state(self, f"to copy {percent:g} %", lambda: abs(self.mirror() - percent) < _ROUNDING)

    def probe(self, side: Side) -> servers.Probe:
        """Ask the server itself, not through the proxy."""
        return servers.probe(self.services.of(side), self.services.health_path)

    def stop(self) -> bool:
        """Stop the embedded Envoy; one that was not started by us is left alone."""
        return self.embedded.stop() if self.embedded else False

    def _routes(self) -> tuple[Address, Address, float, Sticky | None]:
        services = self.services
        return services.address("stable"), services.address("candidate"), services.time_limit, services.sticky

    def _check(self) -> None:
        weights.refuse_unless_at_rest(
            self,
            f"After a promotion let its cluster {STABLE!r} point to the promoted server, then set the runtime key "
            f"{KEY} to 0",
        )
        if not {STABLE, CANDIDATE} <= self.admin.clusters():
            raise InputError(
                f"the Envoy at {self.admin.find()} has no clusters {STABLE!r} and {CANDIDATE!r}.", where="target"
            )

    def _share(self, key: str, where: str) -> float:
        """What the runtime holds; where nobody ever set it, what the route says."""
        share = self.admin.share(key)
        if share is not None:
            return share
        defaults = [
            percent_of(found.get("default_value", 0))
            for found in mappings(self.admin.configuration())
            if found.get("runtime_key") == key
        ]
        if not defaults:
            raise InputError(
                f"no route of the Envoy at {self.admin.find()} has the runtime key {key}.",
                where="target",
                hint=f"{where} runtime_fraction: {{default_value: {{numerator: 0}}, runtime_key: {key}}}.",
            )
        return defaults[0]


def open_target(location: str, services: Services) -> EnvoyTarget | EnvoyFileTarget:
    """`envoy:HOST:PORT`, `envoy:http://HOST:PORT` or `envoy:file://PATH`; nothing is reached or started yet."""
    for side in SIDES:
        services.address(side)
    place = location.removeprefix("envoy:")
    if place.startswith("file://"):
        return open_file(location, services)
    if place.startswith("http://"):
        admin = urlsplit(place).netloc
        split_address(admin)
        capabilities = Capabilities(least_weight=0.01, compare_and_swap=False, outlives_run=False)
        return EnvoyTarget(location, services, EnvoyAdmin(lambda: admin), capabilities=capabilities)
    embedded = EmbeddedEnvoy(split_address(place), services.folder.resolve() / "envoy")
    return EnvoyTarget(location, services, embedded.admin, embedded)
