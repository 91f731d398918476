"""An Envoy that reads its routes from a file: `envoy:file:///etc/envoy/routes.yaml?admin=127.0.0.1:9901`.

The file is its RDS, and stays its administrator's: only the weights of the clusters `stable` and `candidate` in it are
changed, everywhere where both stand together, and all else is kept but comments. A weight holds over a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from mlops_actions.canary_deploy import servers
from mlops_actions.canary_deploy.envoy_admin import EnvoyAdmin, mappings
from mlops_actions.canary_deploy.targets import weights
from mlops_actions.canary_deploy.targets.addresses import split_address
from mlops_actions.canary_deploy.targets.envoy_config import CANDIDATE, STABLE
from mlops_actions.canary_deploy.targets.interface import Capabilities, Services, Side
from mlops_actions.canary_deploy.targets.parameters import split_parameters
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.store import write_whole

_EXAMPLE = "envoy:file:///etc/envoy/routes.yaml?admin=127.0.0.1:9901"
_SPLIT = "weighted_clusters: {clusters: [{name: stable, weight: 100}, {name: candidate, weight: 0}]}"
_FOLLOW_LIMIT = 5.0
"""Seconds: Envoy takes over a file that is moved into place within milliseconds."""

Json = dict[str, Any]


@dataclass(frozen=True)
class EnvoyFileTarget:
    """Routes by weighted clusters in a file; see `Target`."""

    location: str
    services: Services
    admin: EnvoyAdmin
    file: Path
    kind: str = "envoy"
    capabilities: Capabilities = field(
        default=Capabilities(least_weight=0.01, compare_and_swap=False, outlives_run=False)
    )

    def is_running(self) -> bool:
        """It is not ours to start."""
        return True

    def prepare(self) -> None:
        """Check that it routes as the file says, and that the stable side has all traffic."""
        self._document()
        weights.refuse_unless_at_rest(
            self,
            f"After a promotion let its cluster {STABLE!r} point to the promoted server, then give it all the weight "
            f"in {self.file.name}",
        )
        if not {STABLE, CANDIDATE} <= self.admin.clusters():
            raise InputError(
                f"the Envoy at {self.admin.find()} has no clusters {STABLE!r} and {CANDIDATE!r}.", where="target"
            )

    def reach(self) -> None:
        """Whether it answers."""
        self.weight()

    def weight(self) -> float:
        """What Envoy has taken over, not what stands in the file."""
        found = _shares(self.admin.configuration("dynamic_route_configs"))
        if not found:
            raise OutsideError(
                f"no route of the Envoy at {self.admin.find()} splits between {STABLE!r} and {CANDIDATE!r}.",
                hint=f"Does its RDS read {self.file}?",
            )
        if len(found) > 1:
            raise OutsideError(f"the routes of the Envoy at {self.admin.find()} split unequally: {sorted(found)} %.")
        return found.pop()

    def set_weight(self, percent: float, expected: float | None = None) -> None:
        """Write the weights into the file, and wait until Envoy has taken them over."""
        weights.refuse_moved(self, expected, percent)
        document = self._document()
        parts = dict(zip((STABLE, CANDIDATE), weights.parts(percent), strict=True))
        for clusters in _splits(document):
            for one in clusters:
                one["weight"] = parts[one["name"]]
        write_whole(self.file, yaml.safe_dump(document, sort_keys=False).encode())
        weights.follow(self, percent, _FOLLOW_LIMIT)

    def probe(self, side: Side) -> servers.Probe:
        """Ask the server itself, not through the proxy."""
        return servers.probe(self.services.of(side), self.services.health_path)

    def stop(self) -> bool:
        """It was not started by us."""
        return False

    def _document(self) -> Json:
        try:
            document = yaml.safe_load(self.file.read_text())
        except OSError as error:
            raise InputError(
                f"the file {str(self.file)!r} cannot be read: {error.strerror}.",
                where="target",
                hint="It is the one that Envoy's RDS reads, on Envoy's machine.",
            ) from None
        except (ValueError, yaml.YAMLError):
            document = None
        if not isinstance(document, dict) or not any(_splits(document)):
            raise InputError(
                f"no route in {str(self.file)!r} splits between {STABLE!r} and {CANDIDATE!r}.",
                where="target",
                hint=f"Give a route {_SPLIT}.",
            )
        return document


def _splits(document: Any) -> Iterator[list[Json]]:
    """The clusters of each route between our two, and nothing else."""
    for found in mappings(document):
        weighted = found.get("weighted_clusters")
        clusters = weighted.get("clusters", []) if isinstance(weighted, dict) else []
        if {one.get("name") for one in clusters} == {STABLE, CANDIDATE}:
            yield clusters


def _shares(document: Any) -> set[float]:
    shares = set()
    for clusters in _splits(document):
        parts = {one["name"]: int(one.get("weight", 0)) for one in clusters}
        total = sum(parts.values())
        shares.add(100 * parts[CANDIDATE] / total if total else 0.0)
    return shares


def open_file(location: str, services: Services) -> EnvoyFileTarget:
    """`envoy:file://PATH?admin=HOST:PORT`; nothing is reached or written yet."""
    place, found = split_parameters(location, _EXAMPLE, {"admin": None})
    file, admin = Path(urlsplit(place).path), found["admin"]
    split_address(admin)
    if file.suffix not in (".yaml", ".yml", ".json"):
        raise InputError(f"Envoy does not read {str(file)!r} as routes.", hint=f"Write {_EXAMPLE}.")
    return EnvoyFileTarget(location, services, EnvoyAdmin(lambda: admin), file)
