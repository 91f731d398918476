"""Traefik by its file provider: `traefik:http://127.0.0.1:8080?file=/etc/traefik/dynamic/canary.yml`.

The URL is that of Traefik's API, which tells what is in effect. The file is ours alone and holds the service `model`,
which a router of yours names as `model@file`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.interface import SIDES, Capabilities, Services, Side
from mlops_actions.canary_deploy.targets.parameters import split_parameters
from mlops_actions.canary_deploy.traefik_api import TraefikApi
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.store import write_whole

_MARK = "# Written by mlops-actions.\n"
_FOLLOW_LIMIT = 10.0
"""Seconds: Traefik takes over a changed file after its `providersThrottleDuration`, 2 s where nobody set it."""


@dataclass(frozen=True)
class TraefikTarget:
    """Routes by a weighted service; see `Target`."""

    location: str
    services: Services
    api: TraefikApi
    file: Path
    service: str
    kind: str = "traefik"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=0.01, compare_and_swap=False, outlives_run=False)
    )

    def is_running(self) -> bool:
        """It is not ours to start."""
        return True

    def prepare(self) -> None:
        """Write the file: where both servers are, and all traffic on the stable one."""
        self._refuse_foreign()
        self.api.service(self.service)
        self._write(self._document())
        wanted = {side: f"http://{self.services.of(side)}" for side in SIDES}
        weights.follow_state(self, "the two servers", lambda: self._urls() == wanted, _FOLLOW_LIMIT)
        weights.follow(self, 0, _FOLLOW_LIMIT)
        if not (self.api.service(self.service) or {}).get("usedBy"):
            raise InputError(
                f"no router of Traefik at {self.api.url} leads to the service {self.service}@file.",
                where="target",
                hint=f"Let yours name it: `service: {self.service}@file`.",
            )

    def reach(self) -> None:
        """Whether it answers, and has our service; one that has just started reads its files a moment later."""
        weights.follow_state(self, self.file.name, lambda: self.api.service(self.service) is not None, _FOLLOW_LIMIT)

    def weight(self) -> float:
        """What Traefik's API says is in effect."""
        found = self.api.service(self.service)
        if found is None:
            raise OutsideError(
                f"Traefik at {self.api.url} has no service {self.service}@file.",
                hint=f"Does its file provider watch {self.file}? A run writes it.",
            )
        parts = {one["name"]: int(one.get("weight", 1)) for one in found.get("weighted", {}).get("services", [])}
        stable, candidate = (parts.get(f"{self.service}-{side}") for side in SIDES)
        if stable is None or candidate is None or len(parts) > len(SIDES):
            raise OutsideError(f"the service {self.service}@file of Traefik is not ours: it splits to {sorted(parts)}.")
        return 100 * candidate / (stable + candidate) if candidate else 0.0

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Change the weights in the file, and wait until they are in effect."""
        weights.refuse_moved(self, expected, percent)
        self._refuse_foreign()
        try:
            document = yaml.safe_load(self.file.read_text())
        except (OSError, ValueError, yaml.YAMLError):
            document = None
        if not isinstance(document, dict):
            raise OutsideError(f"the file {str(self.file)!r} is gone or damaged; a run writes it anew.")
        document["http"]["services"][self.service] = self._split(percent)
        self._write(document)
        weights.follow(self, percent, _FOLLOW_LIMIT)

    def probe(self, side: Side) -> servers.Probe:
        """Ask the server itself, not through the proxy."""
        return servers.probe(self.services.of(side), self.services.health_path)

    def stop(self) -> bool:
        """It was not started by us."""
        return False

    def _document(self) -> dict[str, Any]:
        limits = {"responseHeaderTimeout": f"{self.services.time_limit:g}s", "dialTimeout": "1s"}
        sides = {
            f"{self.service}-{side}": {
                "loadBalancer": {
                    "servers": [{"url": f"http://{self.services.of(side)}"}],
                    "serversTransport": self.service,
                }
            }
            for side in SIDES
        }
        transports = {self.service: {"forwardingTimeouts": limits}}
        return {"http": {"services": {self.service: self._split(0)} | sides, "serversTransports": transports}}

    def _split(self, percent: float) -> dict[str, Any]:
        parts = zip(SIDES, weights.parts(percent), strict=True)
        return {"weighted": {"services": [{"name": f"{self.service}-{side}", "weight": part} for side, part in parts]}}

    def _urls(self) -> dict[Side, str]:
        found = {side: self.api.service(f"{self.service}-{side}") or {} for side in SIDES}
        return {
            side: ", ".join(server["url"] for server in one.get("loadBalancer", {}).get("servers", []))
            for side, one in found.items()
        }

    def _refuse_foreign(self) -> None:
        try:
            foreign = self.file.exists() and not self.file.read_text().startswith(_MARK)
        except (OSError, ValueError):
            foreign = True
        if foreign:
            raise InputError(
                f"the file {str(self.file)!r} is not ours, and would be overwritten.",
                where="target",
                hint="Name one that is not there yet, in the folder that Traefik's file provider watches.",
            )

    def _write(self, document: dict[str, Any]) -> None:
        write_whole(self.file, (_MARK + yaml.safe_dump(document, sort_keys=False)).encode())


def open_target(location: str, services: Services) -> TraefikTarget:
    """`traefik:URL?file=PATH&service=model`; nothing is reached or written yet."""
    for side in SIDES:
        services.address(side)
    example = "traefik:http://127.0.0.1:8080?file=/etc/traefik/dynamic/canary.yml"
    url, found = split_parameters(location, example, {"file": None, "service": "model"})
    file = Path(found["file"])
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{url!r} is no URL of Traefik's API.", hint=f"Write {example}.")
    if file.suffix not in (".yml", ".yaml"):
        raise InputError(f"Traefik does not read {str(file)!r}.", hint="Let the name of the file end with .yml.")
    return TraefikTarget(location, services, TraefikApi(url.rstrip("/")), file, found["service"])
