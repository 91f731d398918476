"""The bytes of models in MLflow: each lies in a run of its own, from where versions of any name take it.

A run counts once it is FINISHED, which is said after its upload; a killed writer leaves one that is RUNNING and never
read. Runs carry the digest as a tag, and so do versions that others registered, from the time that we let an alias of
ours name one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from mlops_actions.errors import OutsideError
from mlops_actions.evidence import Predicate, Statement, Stored
from mlops_actions.registries.interface import Blob
from mlops_actions.registries.kept import kept_content, kept_name, read_kept
from mlops_actions.registries.mlflow.artifacts import digest_of, open_artifacts
from mlops_actions.registries.mlflow.copies import copy_of, download
from mlops_actions.registries.mlflow.rest import AlreadyThereError, NotThereError, Server
from mlops_actions.registries.model_file import blob_of, verified_blocks

logger = logging.getLogger(__name__)

EXPERIMENT = "mlops-actions"
"""The experiment that holds the runs."""
SHA256, SUFFIX, SIZE = "mlops-actions.sha256", "mlops-actions.suffix", "mlops-actions.size"
"""Tags of runs and versions."""
MODEL = "model"
"""The folder of a run with the model's file in it, alone: the source of its versions."""


@dataclass(frozen=True)
class Run:
    """A run that holds a model, whole."""

    id: str
    artifacts: str
    """Their URI."""
    blob: Blob

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Self:
        """As MLflow describes it."""
        info, tags = found["info"], read_tags(found["data"])
        return cls(info["run_id"], info["artifact_uri"].rstrip("/"), tagged_blob(tags))

    @property
    def source(self) -> str:
        """Where versions take the model from."""
        return f"{self.artifacts}/{MODEL}"


class MlflowModels:
    """Models and their statements, by digest."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def blob(self, sha256: str) -> Blob | None:
        """A model by its SHA-256."""
        if runs := self.runs(sha256):
            return runs[0].blob
        tagged = self._tagged_version(sha256)
        return tagged_blob(read_tags(tagged)) if tagged else None

    def runs(self, sha256: str) -> list[Run]:
        """The runs that hold it, oldest first; more than one where several stored it at once."""
        if self._experiment is None:
            return []
        found = self._server.pages(
            "POST",
            "runs/search",
            "runs",
            f"read runs of the experiment {EXPERIMENT!r}",
            experiment_ids=[self._experiment],
            filter=f"tags.`{SHA256}` = '{sha256}' and attributes.status = 'FINISHED'",
            order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
        )
        return [Run.of(one) for one in found]

    def store(self, path: Path, sha256: str) -> Blob:
        """Keep the bytes of a file, once."""
        blob = blob_of(path, sha256)
        if any(run.blob == blob and self._is_whole(run) for run in self.runs(sha256)):
            return blob
        right = f"make runs in the experiment {EXPERIMENT!r}"
        tags = [{"key": key, "value": value} for key, value in blob_tags(blob).items()]
        made = self._server.post(
            "runs/create",
            right,
            experiment_id=self._made_experiment(),
            start_time=_now(),
            run_name=f"model {sha256[:12]}",
            tags=tags,
        )["run"]
        artifacts = open_artifacts(made["info"]["artifact_uri"], self._server)
        artifacts.upload(f"{MODEL}/model{blob.suffix}", lambda: verified_blocks(path, sha256))
        run_id = made["info"]["run_id"]
        self._server.post("runs/update", right, run_id=run_id, status="FINISHED", end_time=_now())
        return blob

    def fetch(self, blob: Blob) -> Path:
        """A local copy, verified."""
        if path := copy_of(blob.sha256):
            return path
        source = self._source(blob)
        if source is None:
            raise OutsideError(
                f"MLflow at {self._server.url!r} has lost the model {blob.sha256}: its bytes are gone.",
                hint="Promote the original file again, by its path, to repair it.",
            )
        sha256, path = download(open_artifacts(source, self._server))
        if sha256 != blob.sha256:
            raise OutsideError(
                f"MLflow's model {blob.sha256} is damaged: its bytes have another SHA-256.",
                where=source,
                hint="Promote the original file again, by its path, to repair it.",
            )
        return path

    def check(self, blob: Blob) -> str | None:
        """What is wrong with the stored bytes, read where they lie; None for nothing."""
        source = self._source(blob)
        artifacts = open_artifacts(source, self._server) if source else None
        if artifacts is None or not artifacts.files():
            return f"the bytes of {blob.sha256[:12]} are gone."
        found = digest_of(artifacts)
        return None if found == blob.sha256 else f"its bytes have the SHA-256 {found[:12]}, not {blob.sha256[:12]}."

    def examine(self, version: Mapping[str, Any]) -> Blob:
        """The model of a version that others registered; its digest is computed from its artifacts."""
        name, number, source = version["name"], version["version"], version["source"]
        logger.info("version %s of %s was registered by others: computing its digest from %s", number, name, source)
        if str(source).startswith("models:/"):
            source = self._server.get(
                "model-versions/get-download-uri", f"read versions of {name!r}", name=name, version=number
            )["artifact_uri"]
        sha256, path = download(open_artifacts(source, self._server))
        if path.is_file():
            return blob_of(path, sha256)
        return Blob(sha256, "", sum(file.stat().st_size for file in path.rglob("*") if file.is_file()))

    def keep(self, name: str, sha256: str, statements: Sequence[Stored[Predicate]]) -> None:
        """Keep statements beside a stored model, each once."""
        run = self.runs(sha256)[0]
        artifacts = open_artifacts(run.artifacts, self._server)
        there = artifacts.files(_folder(name))
        for stored in statements:
            path = f"{_folder(name)}/{kept_name(stored)}"
            content = kept_content(stored)
            if path not in there:
                artifacts.upload(path, lambda content=content: iter([content]))  # type: ignore[misc]

    def statements(self, name: str, sha256: str) -> list[Statement[Predicate]]:
        """The statements kept beside a model, by file name."""
        found: dict[str, Statement[Predicate]] = {}
        for run in self.runs(sha256):
            artifacts = open_artifacts(run.artifacts, self._server)
            for path in artifacts.files(_folder(name)):
                found[path] = read_kept(path, b"".join(artifacts.blocks(path)), f"{run.artifacts}, {path}")
        return [found[path] for path in sorted(found)]

    def _source(self, blob: Blob) -> str | None:
        """The URI of the artifacts that hold a model."""
        if runs := self.runs(blob.sha256):
            return runs[0].source
        tagged = self._tagged_version(blob.sha256)
        return str(tagged["source"]) if tagged else None

    def _is_whole(self, run: Run) -> bool:
        """By its size: it is verified whenever it is read."""
        files = open_artifacts(run.source, self._server).files()
        return list(files.values()) == [run.blob.size]

    def _tagged_version(self, sha256: str) -> dict[str, Any] | None:
        return next(search_versions(self._server, f"tags.`{SHA256}` = '{sha256}'"), None)

    @cached_property
    def _experiment(self) -> str | None:
        right = f"read the experiment {EXPERIMENT!r}"
        try:
            found = self._server.get("experiments/get-by-name", right, experiment_name=EXPERIMENT)
        except NotThereError:
            return None
        return str(found["experiment"]["experiment_id"])

    def _made_experiment(self) -> str:
        if self._experiment is None:
            try:
                self._server.post("experiments/create", f"make the experiment {EXPERIMENT!r}", name=EXPERIMENT)
            except AlreadyThereError:
                logger.debug("another promotion made the experiment meanwhile")
            del self.__dict__["_experiment"]
        return str(self._experiment)


def search_versions(server: Server, wanted: str) -> Iterator[dict[str, Any]]:
    """The registered versions that a filter of MLflow's lets through."""
    return server.pages("GET", "model-versions/search", "model_versions", "search versions", filter=wanted)


def read_tags(thing: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a run's data, a version or a model."""
    return {tag["key"]: tag.get("value", "") for tag in thing.get("tags", [])}


def blob_tags(blob: Blob) -> dict[str, str]:
    """The tags that say which bytes these are."""
    return {SHA256: blob.sha256, SUFFIX: blob.suffix, SIZE: str(blob.size)}


def tagged_blob(tags: Mapping[str, str]) -> Blob:
    """What the tags say; whether it is true is seen whenever the bytes are read."""
    size = tags.get(SIZE, "")
    return Blob(tags[SHA256], tags.get(SUFFIX, ""), int(size) if size.isdigit() else 0)


def _folder(name: str) -> str:
    return f"evidence/{name}"


def _now() -> int:
    return int(time.time() * 1000)
