"""One managed online endpoint of Azure Machine Learning, and its deployments."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mlops_actions.canary_deploy import servers
from mlops_actions.ci.credentials import bearer
from mlops_actions.clouds.azure import Json, OperationFailedError, Workspace, settled
from mlops_actions.errors import InputError, MlopsError, OutsideError
from mlops_actions.registries.azureml.versions import kept_digest

logger = logging.getLogger(__name__)

_TRAFFIC_LIMIT = 300.0
"""Seconds that a change of traffic may take."""
_DEPLOYMENT_LIMIT = 3600.0
"""Seconds that a deployment may take to start, or to go."""
_PAUSE = 1.0
_ENDED = (None, "Succeeded", "Failed", "Canceled")
_LOG_LINES = 20
_CARRIED = ("location", "tags", "identity", "kind", "sku")
_READ_ONLY = ("scoringUri", "swaggerUri", "provisioningState")
_AAD_SCOPE = "https://ml.azure.com/.default"


@dataclass
class Endpoint:
    """What Azure says of it is asked for anew each time.

    Methods raise InputError where the endpoint is not there or a right is missing, and OutsideError where Azure fails.
    """

    workspace: Workspace
    name: str
    _key: str | None = field(default=None, repr=False)

    def read(self) -> Json:
        """The endpoint. InputError where there is none."""
        found = self.workspace.find(self._path)
        if found is None:
            raise InputError(
                f"the workspace {self.workspace.name!r} has no online endpoint {self.name!r}.",
                where="target",
                hint="Make it with `az ml online-endpoint create`.",
            )
        return found

    def read_quiet(self) -> Json:
        """The endpoint once nobody's change of it is running any more. OutsideError where that does not end."""
        until = time.monotonic() + _TRAFFIC_LIMIT
        while (found := self.read())["properties"].get("provisioningState") not in _ENDED:
            if time.monotonic() > until:
                raise OutsideError(f"a change of the endpoint {self.name!r} by somebody else does not end.")
            time.sleep(_PAUSE)
        return found

    def put(self, found: Json, **properties: Any) -> Json:
        """The endpoint with other properties and all else as it was read: Azure replaces the whole of it.

        ConflictError where somebody else's change of it is running.
        """
        kept = {key: value for key, value in found["properties"].items() if key not in _READ_ONLY and value is not None}
        body = {key: found[key] for key in _CARRIED if found.get(key) is not None} | {"properties": kept | properties}
        begun = self.workspace.arm.put(f"{self.workspace.path}/{self._path}", body)
        return settled(self.workspace.arm, begun, f"change the endpoint {self.name!r}", _TRAFFIC_LIMIT)

    def deployment(self, name: str) -> Json | None:
        """A deployment of it; None for one that is not there."""
        return self.workspace.find(f"{self._path}/deployments/{name}")

    def deploy(self, name: str, body: Json) -> str | None:
        """Start a deployment, or replace it; returns when it has, with why it did not."""
        path = f"{self.workspace.path}/{self._path}/deployments/{name}"
        body = {"location": self.read()["location"], **body}
        begun = self.workspace.arm.put(path, body)
        try:
            settled(self.workspace.arm, begun, f"start the deployment {name!r}", _DEPLOYMENT_LIMIT)
        except OperationFailedError as error:
            return f"{error.message}{self._last_words(name)}"
        return None

    def delete(self, name: str) -> None:
        """Remove a deployment; Azure refuses one that has traffic."""
        begun = self.workspace.arm.delete(f"{self.workspace.path}/{self._path}/deployments/{name}")
        settled(self.workspace.arm, begun, f"delete the deployment {name!r}", _DEPLOYMENT_LIMIT)

    def digest_of(self, deployment: Json) -> str | None:
        """The digest of the registered model that a deployment serves; None where no promotion of ours made it."""
        model = str(deployment["properties"].get("model") or "")
        named = re.search(r"/models/([^/]+)/versions/([^/]+)$", model)
        if named is None or self.workspace.path.lower() not in model.lower():
            return None
        version = self.workspace.find(f"models/{named[1]}/versions/{named[2]}")
        return kept_digest(version) if version else None

    def ask(self, name: str, path: str, seconds: float) -> tuple[int, Any]:
        """Ask one deployment by its header, whatever the traffic; its status and headers. Again with a new key."""
        status, headers = self._ask(name, path, seconds)
        if status in (401, 403) and self._key is not None:
            self._key = None
            status, headers = self._ask(name, path, seconds)
        return status, headers

    def _ask(self, name: str, path: str, seconds: float) -> tuple[int, Any]:
        import requests

        scoring = urlsplit(self.read()["properties"]["scoringUri"])
        url = f"{scoring.scheme}://{scoring.netloc}{scoring.path.rpartition('/')[0]}{path}"
        headers, auth = {"azureml-model-deployment": name}, bearer(self._secret())
        with requests.get(
            url, headers=headers, auth=auth, timeout=seconds, allow_redirects=False, stream=True
        ) as answer:
            return answer.status_code, answer.headers

    def _secret(self) -> str:
        """What the endpoint is signed in to with: a key, a token of its own, or ours."""
        if self._key is None:
            mode, path = self.read()["properties"]["authMode"], f"{self.workspace.path}/{self._path}"
            if mode == "Key":
                self._key = str(self.workspace.arm.post(f"{path}/listKeys")["primaryKey"])
            elif mode == "AMLToken":
                self._key = str(self.workspace.arm.post(f"{path}/token")["accessToken"])
            else:
                return str(self.workspace.arm.credential.token(_AAD_SCOPE).token)
        return self._key

    def _last_words(self, name: str) -> str:
        """The last line that a deployment logged; more of them are told at once."""
        path = f"{self.workspace.path}/{self._path}/deployments/{name}/getLogs"
        try:
            content = self.workspace.arm.post(path, {"containerType": "InferenceServer", "tail": _LOG_LINES})["content"]
        except MlopsError as error:
            return f" Its log cannot be read: {error.message}"
        lines = [line.rstrip() for line in str(content or "").splitlines() if line.strip()][-_LOG_LINES:]
        for line in lines:
            logger.warning("%s | %s", name, line)
        return f" Its log ends: {lines[-1]}" if lines else " Its log is empty."

    @property
    def _path(self) -> str:
        return f"onlineEndpoints/{self.name}"


def probe(endpoint: Endpoint, name: str, path: str, seconds: float) -> servers.Probe:
    """A deployment's health and digest: what Azure knows of it, then what it answers itself.

    A path that it does not serve tells nothing against it: most scoring servers have none but /score, and Azure itself
    asks after their health.
    """
    import requests

    try:
        deployment = endpoint.deployment(name)
        if deployment is None:
            return servers.Probe(False, None, f"the endpoint has no deployment {name!r}")
        state = deployment["properties"].get("provisioningState")
        if state != "Succeeded":
            return servers.Probe(False, None, f"Azure says that it is {state}")
        status, headers = endpoint.ask(name, path, seconds)
        digest = servers.read_digest(headers.get(servers.HEADER) or endpoint.digest_of(deployment))
    except requests.RequestException as error:
        return servers.Probe(False, None, f"no HTTP answer ({type(error).__name__})")
    except OutsideError as error:
        return servers.Probe(False, None, error.message.removesuffix("."))
    return servers.Probe(200 <= status < 300 or status in (404, 405), digest, f"status {status}")
