"""The configuration of an Envoy with two clusters and one weight: pure, as the JSON that Envoy reads.

Clusters and routes are files that Envoy watches, so that a next rollout points it elsewhere without a restart.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlops_actions.canary_deploy.envoy_admin import PARTS, fraction
from mlops_actions.canary_deploy.targets.interface import Sticky

STABLE = "stable"
CANDIDATE = "candidate"
"""The clusters' names, in Envoy's counters too."""
SHADOW = "shadow"
"""The candidate as it is copied requests, so that these are counted apart from its users'."""
KEY = "mlops_actions.canary.candidate"
"""The runtime key that holds the candidate's share; without it all traffic is the stable side's."""
MIRROR_KEY = "mlops_actions.canary.mirror"
"""The runtime key that holds the share of requests that is copied; without it none is."""

STICKY_PREFIX = "mlops_actions.sticky"
"""Of the runtime keys that hold both sides' weights, where users are kept on their side."""

CLUSTERS_FILE = "clusters.json"
ROUTES_FILE = "routes.json"
BOOTSTRAP_FILE = "bootstrap.json"
RESTING_FOLDER = "runtime"

_TYPES = "type.googleapis.com/envoy"
Json = dict[str, Any]


def bootstrap(listen: tuple[str, int], folder: Path) -> Json:
    """Everything that cannot change while it runs. The admin interface takes a free port of loopback."""
    manager = {
        "@type": f"{_TYPES}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "canary",
        "use_remote_address": True,
        "server_header_transformation": "PASS_THROUGH",
        "rds": {"route_config_name": "canary", "config_source": _watched(folder / ROUTES_FILE)},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{_TYPES}.extensions.filters.http.router.v3.Router"},
            }
        ],
    }
    listener = {
        "name": "canary",
        "address": _address(listen),
        # Or a second Envoy could listen on the same port and take half of the connections.
        "enable_reuse_port": False,
        "filter_chains": [
            {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
        ],
    }
    layers = [
        {"name": "resting", "disk_layer": {"symlink_root": str(folder / RESTING_FOLDER)}},
        {"name": "admin", "admin_layer": {}},
    ]
    return {
        "node": {"id": "mlops-actions", "cluster": "canary"},
        "admin": {"address": _address(("127.0.0.1", 0))},
        "dynamic_resources": {"cds_config": _watched(folder / CLUSTERS_FILE)},
        "layered_runtime": {"layers": layers},
        "static_resources": {"listeners": [listener]},
        "stats_flush_on_admin": True,
    }


def clusters(stable: tuple[str, int], candidate: tuple[str, int]) -> Json:
    """Where the two sides are."""
    return _resources([_cluster(STABLE, stable), _cluster(CANDIDATE, candidate), _cluster(SHADOW, candidate)])


def routes(time_limit: float, sticky: Sticky | None = None) -> Json:
    """A request goes to the candidate with the key's share, else to the stable side, which may have it copied."""
    route = {"timeout": f"{time_limit:.3f}s"}
    # The copy has the host that the user asked for.
    mirror = {"cluster": SHADOW, "runtime_fraction": _share(MIRROR_KEY), "disable_shadow_host_suffix_append": True}
    chosen: list[Json] = [
        {"match": {"prefix": "/", "runtime_fraction": _share(KEY)}, "route": {"cluster": CANDIDATE, **route}},
        {"match": {"prefix": "/"}, "route": {"cluster": STABLE, "request_mirror_policies": [mirror], **route}},
    ]
    if sticky:
        # A hash of the user in place of a lot; it grows with the share, so that whoever has the candidate keeps it.
        weighted = {
            "use_hash_policy": True,
            "runtime_key_prefix": STICKY_PREFIX,
            "clusters": [{"name": CANDIDATE, "weight": 0}, {"name": STABLE, "weight": PARTS}],
        }
        named = {"header_name": sticky.name} if sticky.kind == "header" else {"name": sticky.name}
        by_user = {"hash_policy": [{sticky.kind: named}], "weighted_clusters": weighted, **route}
        by_user["request_mirror_policies"] = [mirror]
        chosen = [{"match": {"prefix": "/"}, "route": by_user}]
    configuration = {
        "@type": f"{_TYPES}.config.route.v3.RouteConfiguration",
        "name": "canary",
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": chosen}],
    }
    return _resources([configuration])


def weights(percent: float) -> dict[str, str]:
    """The runtime's values at a share: of both ways to route, so that a change of the way changes no share."""
    candidate = round(percent * PARTS / 100)
    return {
        KEY: fraction(percent),
        f"{STICKY_PREFIX}.{CANDIDATE}": str(candidate),
        f"{STICKY_PREFIX}.{STABLE}": str(PARTS - candidate),
    }


def resting(percent: int) -> dict[str, str]:
    """The same as files of the runtime's layer on disk, with which a restarted Envoy begins: 0 or 100."""
    shares = {KEY: percent, f"{STICKY_PREFIX}.{CANDIDATE}": percent, f"{STICKY_PREFIX}.{STABLE}": 100 - percent}
    return {f"{RESTING_FOLDER}/{key.replace('.', '/')}": str(share) for key, share in shares.items()}


def address_of(cluster: Json) -> tuple[str, int]:
    """Where a cluster's one server is, as Envoy tells its own configuration."""
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    socket = endpoint["address"]["socket_address"]
    return str(socket["address"]), int(socket["port_value"])


Routing = frozenset[tuple[float, str | None]]
"""The time limit of each route in seconds, and what its users are told apart by."""


def routing_of(route_configuration: Json) -> Routing:
    """What differs between our route configurations; Envoy writes the same one in its own words."""
    routes = [route["route"] for host in route_configuration["virtual_hosts"] for route in host["routes"]]
    return frozenset((round(float(route["timeout"].rstrip("s")), 3), _user_of(route)) for route in routes)


def _user_of(route: Json) -> str | None:
    policies = route.get("hash_policy", [])
    return json.dumps(policies[0], sort_keys=True) if policies else None


def _share(key: str) -> Json:
    return {"runtime_key": key, "default_value": {"numerator": 0, "denominator": "TEN_THOUSAND"}}


def _cluster(name: str, address: tuple[str, int]) -> Json:
    endpoint = {"endpoint": {"address": _address(address)}}
    return {
        "@type": f"{_TYPES}.config.cluster.v3.Cluster",
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _resources(resources: list[Json]) -> Json:
    return {"resources": resources}


def _address(address: tuple[str, int]) -> Json:
    return {"socket_address": {"address": address[0], "port_value": address[1]}}


def _watched(file: Path) -> Json:
    return {"path_config_source": {"path": str(file)}, "resource_api_version": "V3"}
