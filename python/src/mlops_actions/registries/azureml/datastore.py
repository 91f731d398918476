"""The blob storage of a workspace, reached as `az ml model create` reaches it: through its datastore's own secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from mlops_actions.ci.credentials import secret
from mlops_actions.clouds.azure import Json, Workspace
from mlops_actions.errors import InputError
from mlops_actions.registries.azureml.versions import FOLDER
from mlops_actions.registries.objects import RETRIES, Objects

if TYPE_CHECKING:
    from obstore.store import AzureCredential, ObjectStore

_ENDPOINT = "AZURE_STORAGE_ENDPOINT"
"""obstore's own variable for where Azure's storage is, where the datastore does not say it rightly."""
_STORAGE_SCOPE = "https://storage.azure.com/.default"
_HOURS = 1
"""How long a signature lives that the workspace gives out; a new one is asked for before it ends."""


class Datastore:
    """One datastore of a workspace; nothing is asked before it is used."""

    def __init__(self, workspace: Workspace, name: str | None = None) -> None:
        self._workspace = workspace
        self._asked = name

    @cached_property
    def name(self) -> str:
        """As Azure knows it; the workspace's default one where none was asked for."""
        return str(self._described["name"])

    def objects(self, folder: str = FOLDER) -> Objects:
        """What lies below a folder of it."""
        where = f"azureml:{self._workspace.name}/{self._asked or 'default datastore'}/{folder}"
        return Objects(where, open_store=lambda: self._open(folder))

    def uri(self, path: str) -> str:
        """How Azure writes a path in it."""
        one = self._workspace
        return (
            f"azureml://subscriptions/{one.subscription}/resourcegroups/{one.group}/workspaces/{one.name}"
            f"/datastores/{self.name}/paths/{path}"
        )

    @cached_property
    def _described(self) -> Json:
        if self._asked is None:
            listed = self._workspace.arm.pages(f"{self._workspace.path}/datastores", isDefault="true")
            found = next(iter(listed), None)
        else:
            found = self._workspace.find(f"datastores/{self._asked}")
        if found is None:
            what = f"datastore {self._asked!r}" if self._asked else "default datastore"
            raise InputError(f"the workspace {self._workspace.name!r} has no {what}.")
        kind = found["properties"].get("datastoreType")
        if kind != "AzureBlob":
            raise InputError(
                f"the datastore {found['name']!r} of the workspace {self._workspace.name!r} is of the kind {kind}; "
                "models are kept in AzureBlob.",
                hint="Make a blob datastore the workspace's default.",
            )
        return found

    def _open(self, folder: str) -> ObjectStore:
        from obstore.store import AzureStore

        known = self._described["properties"]
        account, endpoint = known["accountName"], known.get("endpoint") or "core.windows.net"
        address = f"{known.get('protocol') or 'https'}://{account}.blob.{endpoint}"
        # Asked for once here, where what goes wrong can be told; the store asks again before it expires.
        first = [self._credential()]

        def ask() -> AzureCredential:
            return first.pop() if first else self._credential()

        config: dict[str, Any] = {} if secret(_ENDPOINT) else {"endpoint": address}
        return AzureStore(
            known["containerName"],
            prefix=folder,
            account_name=account,
            credential_provider=ask,
            retry_config=RETRIES,
            **config,
        )

    def _credential(self) -> AzureCredential:
        """A signature or key that the workspace gives out; our own token where it keeps none."""
        if self._described["properties"].get("credentials", {}).get("credentialsType") == "None":
            token = self._workspace.arm.credential.token(_STORAGE_SCOPE)
            return {"token": token.token, "expires_at": datetime.fromtimestamp(token.expires_on, UTC)}
        found = self._workspace.arm.post(
            f"{self._workspace.path}/datastores/{self.name}/listSecrets",
            {"expirableSecret": True, "expireAfterHours": _HOURS},
        )
        if signature := found.get("sasToken"):
            return {"sas_token": str(signature).lstrip("?"), "expires_at": _end_of(str(signature))}
        if key := found.get("key"):
            return {"access_key": str(key), "expires_at": None}
        raise InputError(
            f"the datastore {self.name!r} is signed in to by {found.get('secretsType')}, which gives out no signature.",
            hint="Let it use an account key, a shared access signature, or the identity of whoever asks.",
        )


def _end_of(signature: str) -> datetime:
    """When a shared access signature ends; soon, where it does not say."""
    ends = parse_qs(signature.lstrip("?")).get("se")
    return datetime.fromisoformat(ends[0]) if ends else datetime.now(UTC) + timedelta(hours=_HOURS)
