"""The model registry of an MLflow server, over its REST interface; `HostedRegistry` holds the log beside it."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from mlops_actions.ci.credentials import refuse_credentials
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import Predicate, Statement, Stored
from mlops_actions.registries.hosted import HostedRegistry, Shown, open_log
from mlops_actions.registries.interface import Blob, Received, Version
from mlops_actions.registries.mlflow.models import (
    SHA256,
    MlflowModels,
    blob_tags,
    read_tags,
    search_versions,
    tagged_blob,
)
from mlops_actions.registries.mlflow.rest import AlreadyThereError, NotThereError, Server
from mlops_actions.registries.model_file import digested

logger = logging.getLogger(__name__)


def open_registry(location: str) -> HostedRegistry:
    """The registry at `mlflow+https://host/prefix#log=location`; nothing is read or made yet."""
    address, _, log = location.partition("#log=")
    url = re.sub(r"^mlflow\+", "", address, flags=re.IGNORECASE)
    refuse_credentials(
        address,
        f"the registry {address!r}",
        hint="Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, from a secret.",
    )
    return HostedRegistry(location, Mlflow(Server(url)), open_log(address, log))


class Mlflow:
    """See `hosted.System`."""

    called = "MLflow"

    def __init__(self, server: Server) -> None:
        self._server = server
        self._models = MlflowModels(server)

    def names(self) -> list[str]:
        """The models that are registered."""
        found = self._server.pages("GET", "registered-models/search", "registered_models", "search registered models")
        return sorted(one["name"] for one in found)

    def shown(self, name: str, logged: Collection[int]) -> Shown:  # noqa: ARG002  nothing lags
        """One request; an alias names one version."""
        try:
            answer = self._server.get("registered-models/get", f"read the registered model {name!r}", name=name)
        except NotThereError:
            return Shown({}, 0)
        model = answer["registered_model"]
        aliases = {one["alias"]: (int(one["version"]),) for one in model.get("aliases", [])}
        return Shown(aliases, max((int(one["version"]) for one in model.get("latest_versions", [])), default=0))

    def numbered(self, name: str, number: int) -> Version | None:
        """A registered version."""
        try:
            found = self._server.get(
                "model-versions/get", f"read versions of {name!r}", name=name, version=str(number)
            )["model_version"]
        except NotThereError:
            return None
        return _version(found) if SHA256 in read_tags(found) else Version(name, number, self._models.examine(found))

    def versions_of(self, name: str, sha256: str) -> list[Version]:
        """The versions that carry this digest, by number."""
        found = search_versions(self._server, f"name = '{name}' and tags.`{SHA256}` = '{sha256}'")
        return sorted(map(_version, found), key=lambda version: version.number)

    def blob(self, sha256: str) -> Blob | None:
        """A stored model by its SHA-256, whatever its name."""
        return self._models.blob(sha256)

    def fetch(self, blob: Blob) -> Path:
        """A local copy of the model."""
        return self._models.fetch(blob)

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes, read where they lie and not from a copy."""
        return self._models.check(blob)

    def receive(self, path: Path) -> AbstractContextManager[Received]:
        """Read a file and digest it."""
        _check_file(path)
        return digested(path, self.store)

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file, once."""
        _check_file(path)
        return self._models.store(path, sha256)

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a model, each once."""
        self._models.keep(name, sha256, statements)

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements that were kept beside a model, by file name."""
        return self._models.statements(name, sha256)

    def check_alias(self, name: str, alias: str) -> None:  # noqa: ARG002  see the interface
        """MLflow keeps some aliases to itself."""
        if alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
            raise InputError(
                f"MLflow keeps the alias {alias!r} to itself.",
                where="alias",
                hint="Take another name, such as champion.",
            )

    def register(self, name: str, blob: Blob, tags: Mapping[str, str]) -> Version:
        """Make a version whose source is the run that holds the model."""
        runs = self._models.runs(blob.sha256)
        if not runs:
            raise OutsideError(
                f"MLflow at {self._server.url!r} has lost the model {blob.sha256}: its bytes are gone.",
                hint="Promote the original file again, by its path, to repair it.",
            )
        try:
            self._server.post("registered-models/create", "make registered models", name=name)
        except AlreadyThereError:
            logger.debug("%s is registered", name)
        made = self._server.post(
            "model-versions/create",
            f"register a version of {name!r}",
            name=name,
            source=runs[0].source,
            run_id=runs[0].id,
            tags=[{"key": key, "value": value} for key, value in {**blob_tags(blob), **tags}.items()],
        )["model_version"]
        return _version(made)

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Set tags of a version, one request each."""
        right = f"tag versions of {version.name!r}"
        for key, value in tags.items():
            self._server.post(
                "model-versions/set-tag", right, name=version.name, version=str(version.number), key=key, value=value
            )

    def adopt(self, version: Version) -> None:
        """Note the digest of a version that others registered."""
        self.tag(version, blob_tags(version.blob))

    def set_alias(self, name: str, alias: str, version: Version) -> None:
        """Let an alias name this version."""
        self._server.post(
            "registered-models/alias",
            f"set the alias {alias!r} of {name!r}",
            name=name,
            alias=alias,
            version=str(version.number),
        )


def _version(found: Mapping[str, Any]) -> Version:
    """A version that carries our tags."""
    return Version(found["name"], int(found["version"]), tagged_blob(read_tags(found)))


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(
            f"the model {str(path)!r} is a folder, which MLflow registers itself.",
            hint="Log it with MLflow, and promote the version that MLflow made, as name:number.",
        )
