"""The configuration of an Envoy with two clusters and one weight: pure, as the JSON that Envoy reads.

Clusters and routes are files that Envoy watches, so that a next rollout points it elsewhere without a restart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

STABLE = "stable"
CANDIDATE = "candidate"
"""The clusters' names, in Envoy's counters too."""
SHADOW = "shadow"
"""The candidate as it is copied requests, so that these are counted apart from its users'."""
KEY = "mlops_actions.canary.candidate"
"""The runtime key that holds the candidate's share; without it all traffic is the stable side's."""
MIRROR_KEY = "mlops_actions.canary.mirror"
"""The runtime key that holds the share of requests that is copied; without it none is."""

CLUSTERS_FILE = "clusters.json"
ROUTES_FILE = "routes.json"
BOOTSTRAP_FILE = "bootstrap.json"
RESTING_FOLDER = "runtime"
RESTING_FILE = f"{RESTING_FOLDER}/{KEY.replace('.', '/')}"
"""The share that a restarted Envoy begins with, an integer percentage."""

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


def routes(time_limit: float) -> Json:
    """A request goes to the candidate with the key's share, else to the stable side, which may have it copied."""
    route = {"timeout": f"{time_limit:.3f}s"}
    # The copy has the host that the user asked for.
    mirror = {"cluster": SHADOW, "runtime_fraction": _share(MIRROR_KEY), "disable_shadow_host_suffix_append": True}
    both = [
        {"match": {"prefix": "/", "runtime_fraction": _share(KEY)}, "route": {"cluster": CANDIDATE, **route}},
        {"match": {"prefix": "/"}, "route": {"cluster": STABLE, "request_mirror_policies": [mirror], **route}},
    ]
    configuration = {
        "@type": f"{_TYPES}.config.route.v3.RouteConfiguration",
        "name": "canary",
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": both}],
    }
    return _resources([configuration])


def address_of(cluster: Json) -> tuple[str, int]:
    """Where a cluster's one server is, as Envoy tells its own configuration."""
    endpoint = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    socket = endpoint["address"]["socket_address"]
    return str(socket["address"]), int(socket["port_value"])


def time_limit_of(route_configuration: Json) -> set[str]:
    """The time limits of a route configuration, as Envoy writes them, such as `8s`."""
    hosts = route_configuration["virtual_hosts"]
    return {route["route"]["timeout"] for host in hosts for route in host["routes"]}


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
