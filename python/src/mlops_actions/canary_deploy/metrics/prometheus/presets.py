"""Queries of exporters that many have, by their name; the names of metrics and labels are those of their documentation.

`{side}` is `stable` or `candidate`, `{version}` the name of that side, other words are parameters of the location.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Preset:
    """One exporter."""

    queries: dict[str, Any]
    parameters: dict[str, str] = field(default_factory=dict)
    """Words that the queries use, each with what it is where it is not given."""


_HAPROXY = '{proxy="{backend}", server="{side}"}'
_ISTIO = '{reporter="source", destination_service_name="{version}"}'

PRESETS: Final = {
    "envoy": Preset({
        "requests": 'envoy_cluster_upstream_rq_xx{envoy_cluster_name="{side}"}',
        "errors": 'envoy_response_code_class="5"',
        "latency": 'envoy_cluster_upstream_rq_time_bucket{envoy_cluster_name="{side}"}',
        "latency-unit": "ms",
    }),
    # HAProxy's own 502 and 504 are response errors, its 503 connection errors; neither is among the responses.
    "haproxy": Preset(
        {
            "requests": [
                f"haproxy_server_http_responses_total{_HAPROXY}",
                f"haproxy_server_response_errors_total{_HAPROXY}",
                f"haproxy_server_connection_errors_total{_HAPROXY}",
            ],
            "errors": [
                'code="5xx"',
                f"haproxy_server_response_errors_total{_HAPROXY}",
                f"haproxy_server_connection_errors_total{_HAPROXY}",
            ],
        },
        {"backend": "model"},
    ),
    "traefik": Preset(
        {
            "requests": 'traefik_service_requests_total{service="{service}-{side}@file"}',
            "errors": 'code=~"5..|499"',
            "latency": 'traefik_service_request_duration_seconds_bucket{service="{service}-{side}@file"}',
        },
        {"service": "model"},
    ),
    "istio": Preset({
        "requests": f"istio_requests_total{_ISTIO}",
        "errors": 'response_code=~"5..|0"',
        "latency": f"istio_request_duration_milliseconds_bucket{_ISTIO}",
        "latency-unit": "ms",
    }),
    "kserve": Preset({
        "requests": 'revision_request_count{revision_name="{version}"}',
        "errors": 'response_code_class="5xx"',
        "latency": 'revision_request_latencies_bucket{revision_name="{version}"}',
        "latency-unit": "ms",
    }),
}  # fmt: skip
