"""A managed online endpoint between a counting client and two real servers."""

from __future__ import annotations

import threading
import time
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from azureml_endpoints import KEY
from azureml_fake import LOCATION, AzureFake
from canary_site import Server
from mlops_actions.canary_deploy.metrics import MetricSource
from mlops_actions.canary_deploy.metrics.interface import Snapshot
from target_site import TargetSite

ENDPOINT = "churn"
MINUTE, LAG = 0.1, 0.05


class AzureSite(TargetSite):
    """Users reach the endpoint through a gateway that has its key."""

    counters_survive = True

    def __init__(self, folder: Path, azure: AzureFake, endpoint: str = ENDPOINT) -> None:
        super().__init__(folder)
        self.endpoint = endpoint
        self.azure = azure
        endpoints = azure.endpoints
        endpoints.minute = MINUTE
        endpoints.servers = {"blue": self.stable.address, "green": self.candidate.address}
        for name in ("blue", "green"):
            endpoints.deployments[endpoint, name] = {
                "id": name, "name": name, "type": "deployments", "location": "westeurope", "tags": {},
                "sku": {"name": "Default", "capacity": 1},
                "properties": {"endpointComputeType": "Managed", "provisioningState": "Succeeded"},
            }  # fmt: skip
        endpoints.endpoints[endpoint] = {
            "id": endpoint, "name": endpoint, "type": "endpoints", "location": "westeurope",
            "tags": {"team": "retention"}, "identity": {"type": "SystemAssigned"}, "kind": "Managed",
            "properties": {"authMode": "Key", "traffic": {"blue": 100}, "mirrorTraffic": {},
                           "description": "of the team", "publicNetworkAccess": "Disabled",
                           "scoringUri": f"{azure.url}/inference/{endpoint}/score", "provisioningState": "Succeeded"},
        }  # fmt: skip
        self.gateway = _gateway(azure, endpoint)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.gateway.server_port}"

    @property
    def names(self) -> tuple[str, str]:
        return "blue", "green"

    @property
    def location(self) -> str:
        return f"{LOCATION}/{self.endpoint}"

    @property
    def properties(self) -> dict[str, Any]:
        """The endpoint's, as they are."""
        found: dict[str, Any] = self.azure.endpoints.endpoints[self.endpoint]["properties"]
        return found

    def start(self) -> None:
        self.azure.start()

    def stop(self) -> None:
        self.azure.stop()

    def set_by_hand(self, percent: float) -> None:
        self.azure.endpoints.change(self.endpoint, {"blue": 100 - int(percent), "green": int(percent)})

    def source(self) -> MetricSource:
        """The same at every question, as in one run; it waits until Monitor has what happened before."""
        return self._patient

    @property
    def lag(self) -> float:  # type: ignore[override]
        """The source looks at the new split now; what is asked from the next minute on is counted."""
        self._counters.read()
        return 1.1 * MINUTE

    @cached_property
    def _counters(self) -> MetricSource:
        return TargetSite.source(self)

    @cached_property
    def _patient(self) -> MetricSource:
        counters = self._counters

        class Patient:
            def read(self) -> Snapshot:
                counters.read()
                time.sleep(2 * MINUTE + LAG)
                return counters.read()

        return Patient()

    def close(self) -> None:
        super().close()
        self.gateway.shutdown()
        self.gateway.server_close()


def _gateway(azure: AzureFake, endpoint: str) -> Server:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet

        def do_GET(self) -> None:
            asked = {"Authorization": f"Bearer {KEY}"}
            status, _, content = azure.endpoints.infer("GET", f"/inference/{endpoint}{self.path}", asked, b"")
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
