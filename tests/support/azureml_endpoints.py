"""The online endpoints of the stand-in for a workspace: long-running operations, traffic, scoring, and its counts."""

from __future__ import annotations

import copy
import http.client
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
Found = tuple[int, Any, dict[str, str]]
KEY = "planted-key-that-nobody-may-see"
KIND = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
_NAME = r"[A-Za-z][A-Za-z0-9-]{0,31}"
_ENDPOINT = re.compile(rf"/onlineEndpoints/({_NAME})(?:/(listKeys|token))?")
_DEPLOYMENT = re.compile(rf"/onlineEndpoints/({_NAME})/deployments(?:/({_NAME})(/getLogs)?)?")
_OPERATION = re.compile(r"/onlineEndpoints/operationsStatus/([0-9a-f-]+)")
_METRICS = re.compile(rf"/onlineEndpoints/({_NAME})/providers/Microsoft\.Insights/metrics", re.IGNORECASE)


@dataclass
class Operation:
    """One that runs: what it changes shows only at its end."""

    ends: float
    resource: Json
    apply: Callable[[], None]
    error: Json | None = None
    meanwhile: int = 200
    """The status of an answer to a question about it while it runs."""
    over: bool = False


@dataclass
class Endpoints:
    """Endpoints by name, their deployments, and what runs."""

    seconds: float = 0.05
    """How long an operation takes."""
    style: str = "Azure-AsyncOperation"
    """How a PUT tells of one: by this header, or by `none` but the resource's own state. DELETE uses `Location`."""
    minute: float = 60.0
    """Seconds of one bucket of counts; tests have shorter ones."""
    lag: float = 0.0
    """Seconds until a request is counted."""
    failing: dict[str, Json] = field(default_factory=dict)
    """Deployments that do not start, and what Azure says of them."""
    servers: dict[str, str] = field(default_factory=dict)
    """Deployment → host:port of what really answers."""
    endpoints: dict[str, Json] = field(default_factory=dict)
    deployments: dict[tuple[str, str], Json] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    answers: list[tuple[float, str, str]] = field(default_factory=list)
    """When, by which deployment, and the class of its status."""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, url: str) -> Found | None:
        """What a request to a path below the workspace gets; None for a path of others."""
        self._settle()
        if found := _OPERATION.fullmatch(path):
            return self._operation(found[1])
        if found := _METRICS.fullmatch(path):
            return 200, self._metrics(query), {}
        if found := _ENDPOINT.fullmatch(path):
            return self._endpoint(method, found[1], found[2], body, url)
        if found := _DEPLOYMENT.fullmatch(path):
            return self._deployment(method, found[1], found[2], found[3], body, url)
        return None

    def change(self, name: str, traffic: dict[str, int] | None = None, **properties: Any) -> None:
        """As a person does in the studio."""
        self.endpoints[name]["properties"] |= properties | ({} if traffic is None else {"traffic": traffic})

    def begin_by_hand(self, name: str, seconds: float, traffic: dict[str, int]) -> None:
        """As a person whose change runs for a while."""
        endpoint = self.endpoints[name]
        endpoint["properties"]["provisioningState"] = "Updating"
        apply = lambda: endpoint["properties"].update(traffic=traffic)  # noqa: E731
        self.operations[str(uuid.uuid4())] = Operation(time.monotonic() + seconds, endpoint, apply)

    def infer(self, method: str, path: str, headers: dict[str, str], content: bytes) -> tuple[int, dict[str, str], Any]:
        """One request of a user, or of ours to one deployment."""
        _, _, name, *rest = path.split("/")
        known = {key.lower(): value for key, value in headers.items()}
        if known.get("authorization") != f"Bearer {KEY}":
            return 401, {}, {"error": "key_auth_access_denied"}
        self._settle()
        chosen = known.get("azureml-model-deployment") or self._draw(name)
        if (name, chosen) not in self.deployments:
            return 404, {}, {"error": f"no deployment {chosen}"}
        status, headers, answer = self._ask(chosen, method, "/" + "/".join(rest), content)
        if "azureml-model-deployment" not in known:
            for copied, share in (self.endpoints[name]["properties"].get("mirrorTraffic") or {}).items():
                if random.random() * 100 < share:
                    self._ask(copied, method, "/" + "/".join(rest), content)
            self.answers.append((time.time(), chosen, f"{status // 100}xx"))
        return status, headers, answer

    def _draw(self, name: str) -> str:
        traffic: dict[str, int] = self.endpoints[name]["properties"]["traffic"]
        return random.choices(list(traffic), list(traffic.values()))[0]

    def _ask(self, deployment: str, method: str, path: str, content: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.servers.get(deployment, "127.0.0.1:1"), timeout=5)
        try:
            connection.request(method, path, content or None)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower().startswith("x-")}
            return answer.status, kept, answer.read()
        except (OSError, http.client.HTTPException):
            return 503, {}, b"no healthy upstream"
        finally:
            connection.close()

    def _settle(self) -> None:
        for one in self.operations.values():
            if not one.over and time.monotonic() >= one.ends:
                one.over = True
                if one.error is None:
                    one.apply()
                one.resource["properties"]["provisioningState"] = "Failed" if one.error else "Succeeded"

    def _begin(
        self,
        resource: Json,
        apply: Callable[[], None],
        url: str,
        error: Json | None = None,
        style: str | None = None,
    ) -> dict[str, str]:
        from azureml_fake import BASE

        style, number = style or self.style, str(uuid.uuid4())
        meanwhile = 202 if style == "Location" else 200
        self.operations[number] = Operation(time.monotonic() + self.seconds, resource, apply, error, meanwhile)
        link = f"{url}{BASE}/onlineEndpoints/operationsStatus/{number}?api-version=2025-12-01"
        headers = {"x-ms-async-operation-timeout": "PT1H"}
        return headers if style == "none" else headers | {style: link, "Retry-After": "0"}

    def _operation(self, number: str) -> Found:
        one = self.operations.get(number)
        if one is None:
            return _refuse(404, "NotFound", "no such operation")
        if not one.over:
            return one.meanwhile, {"name": number, "status": "InProgress"}, {}
        return (
            200,
            {"name": number, "status": "Failed" if one.error else "Succeeded"}
            | ({"error": one.error} if one.error else {}),
            {},
        )

    def _endpoint(self, method: str, name: str, action: str | None, body: Any, url: str) -> Found:
        now = self.endpoints.get(name)
        if action and now:
            if action == "listKeys":
                return 200, {"primaryKey": KEY, "secondaryKey": KEY}, {}
            expires = int(time.time()) + 3600
            return 200, {"accessToken": KEY, "expiryTimeUtc": expires, "tokenType": "Bearer"}, {}
        if method == "GET":
            return (200, copy.deepcopy(now), {}) if now else _lacks(f"{KIND}/{name}")
        if method == "PUT":
            return self._put_endpoint(name, now, body, url)
        return _refuse(405, "MethodNotAllowed", method)

    def _put_endpoint(self, name: str, now: Json | None, body: Json, url: str) -> Found:
        given = body["properties"]
        traffic, mirror = given.get("traffic") or {}, given.get("mirrorTraffic") or {}
        if now and now["properties"]["provisioningState"] not in ("Succeeded", "Failed"):
            return _refuse(409, "Conflict", f"There is already an operation running on {name}; wait for its end.")
        if "location" not in body:
            return _refuse(400, "LocationRequired", "The location property is required for this definition.")
        if now and body["location"] != now["location"]:
            message = f"The resource '{name}' already exists in location '{now['location']}'."
            return _refuse(409, "InvalidResourceLocation", message)
        if sum(traffic.values()) not in (0, 100):
            return _refuse(400, "BadRequest", "Sum of traffic must be 0 or 100")
        if sum(mirror.values()) > 50 or len(mirror) > 1 or any(traffic.get(one) for one in mirror):
            return _refuse(400, "BadRequest", "mirrorTraffic: one deployment without traffic, at most 50")
        for one in (*traffic, *mirror):
            if (name, one) not in self.deployments:
                return _refuse(400, "BadRequest", f"deployment {one} does not exist")
        meant = {**given, "traffic": traffic, "mirrorTraffic": mirror, "scoringUri": f"{url}/inference/{name}/score"}
        if now is None:
            new = {"id": f"onlineEndpoints/{name}", "name": name, "type": KIND, "location": body["location"],
                   "tags": body.get("tags") or {}, "kind": "Managed", "identity": {"type": "SystemAssigned"},
                   "properties": {**meant, "provisioningState": "Creating"}}  # fmt: skip
            self.endpoints[name] = new
            return 201, copy.deepcopy(new), self._begin(new, lambda: None, url)
        endpoint = now
        endpoint["properties"]["provisioningState"] = "Updating"

        def apply() -> None:
            state = endpoint["properties"]["provisioningState"]
            endpoint["tags"] = body.get("tags") or {}
            endpoint["properties"] = {**meant, "provisioningState": state}

        return 200, copy.deepcopy(endpoint), self._begin(endpoint, apply, url)

    def _deployment(self, method: str, name: str, one: str | None, logs: str | None, body: Any, url: str) -> Found:
        if one is None:
            return 200, {"value": [copy.deepcopy(d) for (e, _), d in self.deployments.items() if e == name]}, {}
        now = self.deployments.get((name, one))
        if logs:
            lines = [f"line {number} of {one}" for number in range(1, 100)] + ["ValueError: cannot read the model"]
            return 200, {"content": "\n".join(lines[-(body or {}).get("tail", 50) :])}, {}
        if method == "PUT":
            if name not in self.endpoints:
                return _refuse(404, "ParentResourceNotFound", f"no endpoint {name}")
            new = {"id": f"onlineEndpoints/{name}/deployments/{one}", "name": one, "type": f"{KIND}/deployments",
                   "location": body["location"], "tags": body.get("tags") or {}, "sku": body.get("sku"),
                   "properties": {**body["properties"], "provisioningState": "Creating"}}  # fmt: skip
            self.deployments[name, one] = new
            begun = self._begin(new, lambda: None, url, self.failing.get(one))
            return (200 if now else 201), copy.deepcopy(new), begun
        if now is None:
            return _lacks(f"{KIND}/{name}/deployments/{one}") if method == "GET" else (204, None, {})
        if method == "GET":
            return 200, copy.deepcopy(now), {}
        if self.endpoints[name]["properties"]["traffic"].get(one):
            return _refuse(400, "BadRequest", f"{one} receives traffic")
        now["properties"]["provisioningState"] = "Deleting"

        def apply() -> None:
            del self.deployments[name, one]
            self.deleted.append(one)

        return 202, None, self._begin(now, apply, url, style="Location")

    def _metrics(self, query: dict[str, list[str]]) -> Json:
        first, last = (datetime.fromisoformat(text).timestamp() for text in query["timespan"][0].split("/"))
        counted = Counter(
            (deployment, status, when // self.minute * self.minute)
            for when, deployment, status in self.answers
            if first <= when < last and when <= time.time() - self.lag
        )
        series: dict[tuple[str, str], list[Json]] = {}
        for (deployment, status, start), number in sorted(counted.items()):
            stamp = datetime.fromtimestamp(start, UTC).isoformat()
            series.setdefault((deployment, status), []).append({"timeStamp": stamp, "total": float(number)})
        found = [
            {
                "metadatavalues": [
                    {"name": {"value": "deployment"}, "value": deployment},
                    {"name": {"value": "statuscodeclass"}, "value": status},
                ],
                "data": data,
            }
            for (deployment, status), data in series.items()
        ]
        return {"timespan": query["timespan"][0], "interval": "PT1M", "namespace": KIND, "value": [
            {"id": "RequestsPerMinute", "type": "Microsoft.Insights/metrics", "unit": "Count",
             "name": {"value": "RequestsPerMinute"}, "timeseries": found}]}  # fmt: skip


def _lacks(what: str) -> Found:
    return _refuse(404, "ResourceNotFound", f"The Resource '{what}' was not found.")


def _refuse(status: int, code: str, message: str) -> Found:
    return status, {"error": {"code": code, "message": message}}, {}
