"""Kubernetes Gateway API: `httproute:NAMESPACE/NAME`, with `stable` and `candidate` as `SERVICE:PORT`.

Every rule of the HTTPRoute that leads to the stable Service takes part. A change carries the version that was read, so
that nobody else's is overwritten, and is confirmed when the gateway has observed it.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.kubernetes_api import ConflictError, KubernetesApi
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.interface import SIDES, Capabilities, Services, Side
from mlops_actions.canary_deploy.targets.parameters import split_parameters
from mlops_actions.errors import InputError, MlopsError, OutsideError

Json = dict[str, Any]
_EXAMPLE = "httproute:NAMESPACE/NAME"
_GATEWAY_LIMIT = 10.0
"""Seconds: gateways gather changes for up to two."""
_ATTEMPTS = 10
_PAUSE = 0.05


@dataclass(frozen=True)
class HttpRouteTarget:
    """Routes by the weights of backendRefs; see `Target`."""

    location: str
    services: Services
    api: KubernetesApi
    namespace: str
    name: str
    kind: str = "httproute"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=0.01, compare_and_swap=True, outlives_run=False)
    )

    def is_running(self) -> bool:
        """It is not ours to start."""
        return True

    def prepare(self) -> None:
        """Name the candidate's Service, without traffic, beside the stable one; refuse where another gets some."""
        self._rewrite(self._prepared)
        self._follow()
        self._refuse_unresolved()

    def _prepared(self, route: Json) -> list[Json]:
        rules: list[Json] = copy.deepcopy(route["spec"].get("rules", []))
        ours = [rule for rule in rules if self._ref(rule, "stable")]
        if not ours:
            found = sorted({_service(ref) for rule in rules for ref in rule.get("backendRefs", [])})
            raise InputError(
                f"no rule of the HTTPRoute {self.name!r} leads to the Service {self.services.stable!r}; they lead to "
                f"{', '.join(found) or 'none'}.",
                where="target",
                hint="Give the Service of today as 'stable', such as model-v1:80.",
            )
        for rule in ours:
            busy = [
                _service(ref) for ref in rule["backendRefs"] if _weight(ref) and _service(ref) != self.services.stable
            ]
            if busy:
                raise InputError(
                    f"the HTTPRoute {self.name!r} already sends traffic to {', '.join(busy)}.",
                    where="target",
                    hint="After a promotion give the promoted Service as 'stable'; `mode: abort` ends an unfinished "
                    "rollout.",
                )
            stable = self._ref(rule, "stable") or {}
            name, _, port = self.services.candidate.rpartition(":")
            fresh = self._ref(rule, "candidate") or copy.deepcopy(stable) | {"name": name, "port": int(port)}
            # What has no traffic is left over from a rollout before.
            rule["backendRefs"] = [stable | {"weight": 100}, fresh | {"weight": 0}]
        return rules

    def reach(self) -> None:
        """Whether it answers, and the route splits between our two Services."""
        self.weight()

    def weight(self) -> float:
        """From the weights that the gateway was given, whoever set them."""
        return self._share(self._read())

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Patch the weights, and wait until the gateway has observed them."""

        def split(route: Json) -> list[Json]:
            found = self._share(route)
            if expected is not None and weights.differ(self, found, expected) and weights.differ(self, found, percent):
                raise weights.moved(self, found, expected)
            rules: list[Json] = copy.deepcopy(route["spec"]["rules"])
            for rule in self._split(rules):
                for side, part in zip(SIDES, weights.parts(percent), strict=True):
                    (self._ref(rule, side) or {})["weight"] = part
            return rules

        self._rewrite(split)
        self._follow()
        weights.follow(self, percent)

    def probe(self, side: Side) -> servers.Probe:
        """Ask the Service through the API server: from outside the cluster there is no other way."""
        service = self.services.of(side)
        path = f"/api/v1/namespaces/{self.namespace}/services/{service}/proxy{self.services.health_path}"
        try:
            answer = self.api.ask("GET", path)
        except MlopsError as error:
            return servers.Probe(False, None, error.message.removesuffix("."))
        if answer.status == 403:
            return servers.Probe(False, None, f"we may not get services/proxy of {service.partition(':')[0]!r}")
        reported = servers.read_digest(answer.headers.get(servers.HEADER))
        return servers.Probe(200 <= answer.status < 300, reported, f"status {answer.status}")

    def stop(self) -> bool:
        """It was not started by us."""
        return False

    @property
    def _path(self) -> str:
        return f"/apis/gateway.networking.k8s.io/v1/namespaces/{self.namespace}/httproutes/{self.name}"

    def _read(self) -> Json:
        return self.api.read(self._path)

    def _rewrite(self, rules_of: Callable[[Json], list[Json]]) -> None:
        """Patch the rules to those that are made of the route as it is now, whoever changes it meanwhile."""
        for _ in range(_ATTEMPTS):
            route = self._read()
            rules, version = rules_of(route), route["metadata"]["resourceVersion"]
            if rules == route["spec"]["rules"]:
                return
            try:
                # A merge patch replaces the whole list, so all of it is given.
                self.api.patch(self._path, {"metadata": {"resourceVersion": version}, "spec": {"rules": rules}})
            except ConflictError:
                # Mostly the gateway, which writes its status after each change.
                time.sleep(_PAUSE)
            else:
                return
        raise OutsideError(f"{self.location} was changed by others {_ATTEMPTS} times while its rules were to be set.")

    def _ref(self, rule: Json, side: Side) -> Json | None:
        found = (ref for ref in rule.get("backendRefs", []) if _service(ref) == self.services.of(side))
        return next(found, None)

    def _split(self, rules: list[Json]) -> list[Json]:
        found = [rule for rule in rules if self._ref(rule, "stable") and self._ref(rule, "candidate")]
        if not found:
            raise OutsideError(
                f"no rule of the HTTPRoute {self.name!r} splits between {self.services.stable} and "
                f"{self.services.candidate}; a run lets it."
            )
        return found

    def _share(self, route: Json) -> float:
        shares = set()
        for rule in self._split(route["spec"].get("rules", [])):
            total = sum(_weight(ref) for ref in rule["backendRefs"])
            candidate = _weight(self._ref(rule, "candidate") or {})
            shares.add(100 * candidate / total if candidate else 0.0)
        if len(shares) > 1:
            raise OutsideError(f"the rules of the HTTPRoute {self.name!r} split unequally: {sorted(shares)} %.")
        return shares.pop()

    def _follow(self) -> None:
        def followed() -> bool:
            route = self._read()
            observed = [one.get("observedGeneration") for one in _conditions(route)]
            return bool(observed) and all(one in (None, route["metadata"]["generation"]) for one in observed)

        weights.follow_state(self, "the change (its gateway has not observed it)", followed, _GATEWAY_LIMIT)

    def _refuse_unresolved(self) -> None:
        for one in _conditions(self._read()):
            if one["type"] in ("Accepted", "ResolvedRefs") and one["status"] == "False":
                raise InputError(
                    f"the gateway refuses the HTTPRoute {self.name!r}: {one.get('reason')}: {one.get('message')}",
                    where="target",
                )


def open_target(location: str, services: Services) -> HttpRouteTarget:
    """`httproute:NAMESPACE/NAME?context=NAME`; nothing is reached yet."""
    place, found = split_parameters(location, _EXAMPLE, {"context": "current"})
    namespace, name = split_name(location, place, _EXAMPLE)
    for side in SIDES:
        if not re.fullmatch(r"[a-z0-9-]+:[0-9]{1,5}", services.of(side)):
            raise InputError(
                f"the input {side!r} is {services.of(side)!r}, which is no Service with a port.",
                hint="Write SERVICE:PORT, such as model-v1:80.",
            )
    context = None if found["context"] == "current" else found["context"]
    return HttpRouteTarget(location, services, KubernetesApi(context), namespace, name)


def split_name(location: str, place: str, example: str) -> tuple[str, str]:
    """Namespace and name of an object. InputError for what is none."""
    if not re.fullmatch(r"[a-z0-9-]+/[a-z0-9.-]+", place):
        raise InputError(f"the input 'target' is {location!r}, which names no object.", hint=f"Write {example}.")
    namespace, _, name = place.partition("/")
    return namespace, name


def _service(ref: Json) -> str:
    return f"{ref.get('name')}:{ref.get('port')}"


def _weight(ref: Json) -> int:
    return int(ref.get("weight", 1))


def _conditions(route: Json) -> list[Json]:
    return [one for parent in route.get("status", {}).get("parents", []) for one in parent.get("conditions", [])]
