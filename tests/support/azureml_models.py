"""The models and the default datastore of the stand-in for a workspace."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from azure_site import ACCOUNT, KEY, VERSION
from mlflow_site import BUCKET

Json = dict[str, Any]
Found = tuple[int, Any, dict[str, str]] | None
DATASTORE = "workspaceblobstore"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}"


@dataclass
class Models:
    """Model versions: what is listed may lag behind what was written, as in a system of many replicas."""

    lag: float = 0.0
    """Seconds until a list shows what was written."""
    signatures: int = 0
    """How many were given out."""
    signature_seconds: float = 3600
    keyless: bool = False
    """Whether the storage is signed in to by whoever asks, without a secret of the workspace's."""
    _written: dict[tuple[str, str], list[tuple[float, Json]]] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, url: str) -> Found:
        """What a request to a path below the workspace gets; None for a path of others."""
        if path == "/datastores" and method == "GET":
            return 200, {"value": [self._datastore()]}, {}
        if path == f"/datastores/{DATASTORE}" and method == "GET":
            return 200, self._datastore(), {}
        if path == f"/datastores/{DATASTORE}/listSecrets" and method == "POST":
            return 200, {"secretsType": "Sas", "sasToken": self._signature()}, {}
        if path == "/models" and method == "GET":
            return 200, {"value": [self._container(name) for name in sorted({name for name, _ in self._written})]}, {}
        if found := re.fullmatch(rf"/models/({_NAME})", path):
            known = any(name == found[1] for name, _ in self._written)
            return (200, self._container(found[1]), {}) if known else self._lacks(found[1])
        if found := re.fullmatch(rf"/models/({_NAME})/versions", path):
            return 200, {"value": self._listed(found[1], query)}, {}
        if found := re.fullmatch(rf"/models/({_NAME})/versions/([^/]+)", path):
            if method == "PUT":
                return self.put(found[1], found[2], body)
            return (200, now, {}) if (now := self.version(found[1], found[2])) else self._lacks(found[0])
        return None

    def version(self, name: str, number: str) -> Json | None:
        """As it is, past every lag."""
        written = self._written.get((name, number))
        return copy.deepcopy(written[-1][1]) if written else None

    def remove(self, name: str, number: str) -> None:
        """As a person does in the studio."""
        del self._written[name, number]

    def change(self, name: str, number: str, **properties: Any) -> None:
        """As a person does in the studio: tags, stage."""
        now = self.version(name, number)
        assert now
        now["properties"] |= properties
        self._written[name, number].append((time.monotonic(), now))

    def put(self, name: str, number: str, body: Json) -> tuple[int, Json, dict[str, str]]:
        """Make or replace a version; what its bytes are never changes."""
        new, now = copy.deepcopy(body["properties"]), self.version(name, number)
        if now:
            old = now["properties"]
            if new.get("modelUri") not in (None, old["modelUri"]):
                return self._refuse(409, "Conflict", f"Model {name}:{number} exists, and its modelUri is immutable.")
            noted = new.get("properties") or {}
            if any(noted.get(key) != value for key, value in (old.get("properties") or {}).items()):
                return self._refuse(400, "BadRequest", "properties can be added, but not removed or altered")
            new["modelUri"] = old["modelUri"]
        document = {
            "id": f"models/{name}/versions/{number}",
            "name": number,
            "type": "Microsoft.MachineLearningServices/workspaces/models/versions",
            "properties": {**new, "provisioningState": "Succeeded"},
        }
        self._written.setdefault((name, number), []).append((time.monotonic(), document))
        return (200 if now else 201), copy.deepcopy(document), {}

    def _listed(self, name: str, query: dict[str, list[str]]) -> list[Json]:
        seen = []
        for (model, _), written in self._written.items():
            past = [document for when, document in written if when <= time.monotonic() - self.lag]
            if model == name and past and _lets_through(past[-1]["properties"], query):
                seen.append(copy.deepcopy(past[-1]))
        return seen[::-1]

    def _container(self, name: str) -> Json:
        numbers = [number for model, number in self._written if model == name]
        return {"id": f"models/{name}", "name": name, "type": "Microsoft.MachineLearningServices/workspaces/models",
                "properties": {"latestVersion": numbers[-1] if numbers else None, "isArchived": False}}  # fmt: skip

    def _datastore(self) -> Json:
        return {
            "id": f"datastores/{DATASTORE}",
            "name": DATASTORE,
            "type": "Microsoft.MachineLearningServices/workspaces/datastores",
            "properties": {
                "datastoreType": "AzureBlob",
                "accountName": ACCOUNT,
                "containerName": BUCKET,
                "endpoint": "core.windows.net",
                "protocol": "https",
                "isDefault": True,
                "credentials": {"credentialsType": "None" if self.keyless else "AccountKey"},
            },
        }

    def _signature(self) -> str:
        """Of the account, as https://learn.microsoft.com/rest/api/storageservices/create-account-sas says."""
        self.signatures += 1
        ends = (datetime.now(UTC) + timedelta(seconds=self.signature_seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        given = {"sv": VERSION, "ss": "b", "srt": "sco", "sp": "rwdlac", "se": ends, "spr": "https,http"}
        signed = "\n".join([ACCOUNT, "rwdlac", "b", "sco", "", ends, "", "https,http", VERSION, "", ""])
        digest = hmac.digest(base64.b64decode(KEY), signed.encode(), hashlib.sha256)
        return urlencode({**given, "sig": base64.b64encode(digest).decode()})

    def _lacks(self, what: str) -> tuple[int, Json, dict[str, str]]:
        return self._refuse(404, "UserError", f"Not found: {what}")

    def _refuse(self, status: int, code: str, message: str) -> tuple[int, Json, dict[str, str]]:
        return status, {"error": {"code": code, "message": message}}, {}


def _lets_through(properties: Json, query: dict[str, list[str]]) -> bool:
    for kind in ("tags", "properties"):
        for wanted in ",".join(query.get(kind, [])).split(","):
            key, _, value = wanted.partition("=")
            if key and (properties.get(kind) or {}).get(key) != value:
                return False
    return True
