"""A managed online endpoint of Azure Machine Learning: `azureml:SUBSCRIPTION/GROUP/WORKSPACE/ENDPOINT`.

`stable` and `candidate` are deployments of it. Azure splits by whole percents and has no compare-and-swap: the split is
read before each change and after it, and what others change is told. `?deployment=FILE` starts the candidate as
declared, and `?idle=delete` lets `mode: stop` delete that of the two which has no traffic.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.azureml_api import Endpoint, probe
from mlops_actions.canary_deploy.azureml_deployment import read_deployment
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.interface import SIDES, Capabilities, Services, Side
from mlops_actions.canary_deploy.targets.parameters import split_parameters
from mlops_actions.clouds.azure import ConflictError, Json, open_workspace
from mlops_actions.errors import InputError, OutsideError

logger = logging.getLogger(__name__)

_PLACE = "SUBSCRIPTION/GROUP/WORKSPACE/ENDPOINT"
_DEFAULTS = {"deployment": "none", "idle": "keep"}
_PROBE_LIMIT = 10.0
"""Seconds that a deployment may take to answer."""
_ATTEMPTS = 5
_MOST_COPIES = 50
"""Percent of requests that Azure copies at most."""


@dataclass(frozen=True)
class AzureMlTarget:
    """Routes between two deployments; see `Target`, and `MirroringTarget` and `DeployingTarget`."""

    location: str
    services: Services
    endpoint: Endpoint
    declared: Path | None
    """The file of the deployment to start."""
    deletes_idle: bool
    kind: str = "azureml"
    capabilities: Capabilities = field(default=Capabilities(least_weight=1, compare_and_swap=False, outlives_run=False))

    def is_running(self) -> bool:
        """It is not ours to start."""
        return True

    def deploy(self) -> str | None:
        """Start the candidate as its file declares it, beside the stable side and without traffic."""
        if self.declared is None:
            return None
        if share := self._read_quiet().get(self.services.candidate):
            raise InputError(
                f"the deployment {self.services.candidate!r} has {share:g} % of the traffic, so it is not replaced.",
                where="candidate",
                hint="Let 'candidate' name one that is free.",
            )
        name = self.services.candidate
        body = read_deployment(self.declared, self.endpoint.workspace, name, self.endpoint.name)
        logger.info("starting the deployment %s of %s; this takes Azure some minutes", name, self.endpoint.name)
        return self.endpoint.deploy(name, body)

    def prepare(self) -> None:
        """Check that both deployments are there, and that the stable one has all traffic."""
        self._refuse_unfit()
        weights.refuse_unless_at_rest(self, "After a promotion let 'stable' name the promoted deployment")
        if not self._share("stable"):
            raise InputError(
                f"the deployment {self.services.stable!r} has no traffic of the endpoint {self.endpoint.name!r}.",
                where="stable",
                hint=f"Give it all: az ml online-endpoint update -n {self.endpoint.name} --traffic "
                f"{self.services.stable}=100.",
            )

    def reach(self) -> None:
        """Whether it answers, and has the two deployments."""
        self._refuse_unfit()

    def weight(self) -> float:
        """The candidate's percentage of the traffic."""
        return self._share("candidate")

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Put the endpoint with another split, all else as it was; read it again until it says so."""
        for _ in range(_ATTEMPTS):
            found = self.endpoint.read_quiet()
            share, others = self._share("candidate", found), self._others(found)
            if expected is not None and others:
                raise OutsideError(
                    f"{self._told(others)}: somebody else changed the traffic of {self.location}.",
                )
            if expected is not None and weights.differ(self, share, expected) and weights.differ(self, share, percent):
                raise weights.moved(self, share, expected)
            traffic = self._split(round(percent), others)
            mirror = dict(found["properties"].get("mirrorTraffic") or {})
            copied = {name: part for name, part in mirror.items() if not traffic.get(name)}
            if copied != mirror:
                logger.info("copies to %s end: Azure copies to no deployment with traffic", ", ".join(mirror))
            try:
                self.endpoint.put(found, traffic=traffic, mirrorTraffic=copied)
            except ConflictError:
                # Somebody else's change, or our own whose answer was lost: what comes of it decides.
                continue
            return weights.follow(self, percent)
        raise OutsideError(f"{self.location} was changed by others {_ATTEMPTS} times while its weight was to be set.")

    def mirror(self) -> float:
        """The percentage of requests that Azure copies to the candidate."""
        found = self.endpoint.read()["properties"].get("mirrorTraffic") or {}
        return float(found.get(self.services.candidate, 0))

    def set_mirror(self, percent: float) -> None:
        """Copy that share of requests to the candidate."""
        if percent > _MOST_COPIES or percent != round(percent):
            raise InputError(f"Azure copies whole percents of the requests up to {_MOST_COPIES}, not {percent:g}.")
        found = self.endpoint.read_quiet()
        mirror = dict(found["properties"].get("mirrorTraffic") or {})
        mirror.pop(self.services.candidate, None)
        if mirror and percent:
            raise InputError(
                f"the endpoint {self.endpoint.name!r} copies requests to {', '.join(mirror)}, and Azure to one only.",
                where="target",
                hint="End these copies first.",
            )
        self.endpoint.put(found, mirrorTraffic=mirror | ({self.services.candidate: round(percent)} if percent else {}))
        weights.follow_state(self, f"copies of {percent:g} %", lambda: self.mirror() == percent)

    def probe(self, side: Side) -> servers.Probe:
        """What Azure says of a deployment, and what it answers itself, called past the traffic."""
        return probe(self.endpoint, self.services.of(side), self.services.health_path, _PROBE_LIMIT)

    def stop(self) -> bool:
        """Delete that of the two deployments which has no traffic, where that was asked for."""
        if not self.deletes_idle:
            return False
        traffic = self._read_quiet()
        idle = [name for name in (self.services.of(side) for side in SIDES) if not traffic.get(name)]
        if len(idle) != 1 or self.endpoint.deployment(idle[0]) is None:
            return False
        logger.info("deleting the deployment %s of %s, which has no traffic", idle[0], self.endpoint.name)
        self.endpoint.delete(idle[0])
        return True

    def _read_quiet(self) -> dict[str, int]:
        return dict(self.endpoint.read_quiet()["properties"].get("traffic") or {})

    def _share(self, side: Side, found: Json | None = None) -> float:
        traffic = (found or self.endpoint.read())["properties"].get("traffic") or {}
        whole = sum(traffic.values())
        return 100.0 * traffic.get(self.services.of(side), 0) / whole if whole else 0.0

    def _refuse_unfit(self) -> None:
        found = self.endpoint.read()
        self._refuse_others(found)
        for side in SIDES:
            if self.endpoint.deployment(self.services.of(side)) is None:
                raise InputError(
                    f"the input {side!r} is {self.services.of(side)!r}, and the endpoint {self.endpoint.name!r} has no "
                    "such deployment.",
                    where=side,
                )

    def _refuse_others(self, found: Json) -> None:
        if others := self._others(found):
            raise InputError(
                f"{self._told(others)}.",
                where="target",
                hint="Nothing was changed. A canary needs all traffic on its two sides.",
            )

    def _others(self, found: Json) -> dict[str, int]:
        """The deployments beside the two sides that have traffic."""
        traffic = found["properties"].get("traffic") or {}
        sides = [self.services.of(side) for side in SIDES]
        return {name: part for name, part in sorted(traffic.items()) if part and name not in sides}

    def _told(self, others: dict[str, int]) -> str:
        shares = ", ".join(f"{name} has {part} %" for name, part in others.items())
        return f"other deployments of the endpoint {self.endpoint.name!r} have traffic: {shares}"

    def _split(self, candidate: int, others: dict[str, int]) -> dict[str, int]:
        """The traffic with that share for the candidate. Others, who came meanwhile, keep theirs in a roll-back."""
        stable = 100 - candidate - sum(others.values())
        if stable < 0:
            raise OutsideError(f"{self._told(others)}, which leaves no {candidate} % for the candidate.")
        return {**others, self.services.stable: stable, self.services.candidate: candidate}


def open_target(location: str, services: Services) -> AzureMlTarget:
    """`azureml:SUBSCRIPTION/GROUP/WORKSPACE/ENDPOINT?deployment=FILE&idle=delete`; nothing is reached yet."""
    place, found = split_parameters(location, f"azureml:{_PLACE}", _DEFAULTS)
    workspace, (name,) = open_workspace(f"azureml:{place}", "target", _PLACE)
    if found["idle"] not in ("keep", "delete"):
        raise InputError(f"'idle' of the input 'target' is {found['idle']!r}.", hint="Write keep or delete.")
    declared = None if found["deployment"] == "none" else Path(found["deployment"])
    return AzureMlTarget(location, services, Endpoint(workspace, name), declared, found["idle"] == "delete")
