"""SageMaker's model registry, `sagemaker:REGION`: a model is a model package group, its versions are model packages.

SageMaker keeps no bytes: they lie in S3, beside the log, and a model package refers to them. An alias is a tag of the
group that holds a version's number, since one tag names one version and is replaced as a whole. The alias `champion`
approves its version as well, which is what pipelines that deploy wait for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops_actions.clouds.aws import AlreadyThereError, NotThereError, Service
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.registries.cache import cached
from mlops_actions.registries.hosted import HostedRegistry, Shown, open_log
from mlops_actions.registries.hosted.beside_log import ModelsBesideLog
from mlops_actions.registries.interface import Blob, Version
from mlops_actions.registries.objects import Objects, digest_blocks

logger = logging.getLogger(__name__)

ALIAS = "mlops-actions:alias:"
"""How the keys of a group's tags begin that are aliases; their values are versions' numbers."""
SHA256, SUFFIX, SIZE = "mlops-actions.sha256", "mlops-actions.suffix", "mlops-actions.size"
"""Metadata of a model package."""
APPROVING = "champion"
"""The alias that approves its version."""
_GROUP = r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}"
_TAG = r"[A-Za-z0-9_.:/=+@-]{1,100}"


def open_registry(location: str) -> HostedRegistry:
    """The registry at `sagemaker:REGION#log=s3://bucket/log`; nothing is read or made yet."""
    address, _, log = location.partition("#log=")
    objects = open_log(address, log)
    if not log.lower().startswith("s3://"):
        raise InputError(
            f"SageMaker reads models from S3 only, and they lie beside the log, which is at {log!r}.",
            where="log",
            hint="Write s3://bucket/folder, in the region of the registry.",
        )
    service = Service("sagemaker", address.partition(":")[2], address)
    return HostedRegistry(location, SageMaker(service, objects), objects)


class SageMaker(ModelsBesideLog):
    """See `hosted.System`."""

    called = "SageMaker"

    def __init__(self, service: Service, log: Objects) -> None:
        super().__init__(log)
        self._service = service
        self._groups: dict[str, str] = {}
        self._foreign: dict[str, str] = {}
        """The S3 addresses of models that others registered, by the digests that we computed."""

    def names(self) -> list[str]:
        """The model package groups."""
        found = self._service.pages("list_model_package_groups", "ModelPackageGroupSummaryList")
        return sorted(one["ModelPackageGroupName"] for one in found)

    def shown(self, name: str, logged: Collection[int]) -> Shown:
        """The group's tags; a version that was deleted or rejected has no alias any more."""
        group = self._group(name)
        if group is None:
            return Shown({}, 0)
        states = {one["ModelPackageVersion"]: str(one["ModelApprovalStatus"]) for one in self._packages(name)}
        aliases = {
            tag["Key"].removeprefix(ALIAS): int(tag["Value"])
            for tag in self._service.pages("list_tags", "Tags", ResourceArn=group)
            if tag["Key"].startswith(ALIAS) and tag["Value"].isdigit()
        }
        for number in {*logged, *aliases.values()} - states.keys():  # not listed yet, or deleted
            if package := self._package(name, number):
                states[number] = str(package["ModelApprovalStatus"])
        standing = {
            alias: (number,) for alias, number in aliases.items() if states.get(number, "Rejected") != "Rejected"
        }
        return Shown(standing, max(states, default=0))

    def numbered(self, name: str, number: int) -> Version | None:
        """A model package of the group."""
        package = self._package(name, number)
        return Version(name, number, self._blob_of(name, number, package)) if package else None

    def versions_of(self, name: str, sha256: str) -> list[Version]:
        """The model packages that are this digest, among those whose description says so: people copy descriptions."""
        found = (one for one in self._packages(name) if one.get("ModelPackageDescription") == _description(sha256))
        versions = (self.numbered(name, one["ModelPackageVersion"]) for one in found)
        same = (version for version in versions if version and version.sha256 == sha256)
        return sorted(same, key=lambda version: version.number)

    def fetch(self, blob: Blob) -> Path:
        """A local copy, of a model beside the log or of one that others registered."""
        if blob.sha256 in self._foreign and self.beside.blob(blob.sha256) is None:
            return cached(blob, lambda: _blocks(self._foreign[blob.sha256]))
        return super().fetch(blob)

    def check_alias(self, name: str, alias: str) -> None:
        """SageMaker takes fewer names than we do."""
        if not re.fullmatch(_GROUP, name):
            raise InputError(
                f"no model package group of SageMaker can be called {name!r}.",
                where="name",
                hint="Write letters, digits and single hyphens between them, 63 at most.",
            )
        if not re.fullmatch(_TAG, alias):
            raise InputError(f"no tag of SageMaker can hold the alias {alias!r}.", where="alias")

    def register(self, name: str, blob: Blob, tags: Mapping[str, str]) -> Version:
        """Make a model package that refers to the bytes in S3."""
        kept = self.beside.blob(blob.sha256)
        if kept is None:
            raise OutsideError(
                f"the bytes of the model {blob.sha256} are gone from {self.beside.location!r}.",
                hint="Promote the original file again, by its path, to repair it.",
            )
        try:
            self._service.call("create_model_package_group", ModelPackageGroupName=name)
        except AlreadyThereError:
            logger.debug("%s is there", name)
        source = {"S3Uri": self.beside.url(kept), "S3DataType": "S3Object", "CompressionType": "None"}
        made = self._service.call(
            "create_model_package",
            ModelPackageGroupName=name,
            ModelPackageDescription=_description(blob.sha256),
            InferenceSpecification={"Containers": [{"ModelDataSource": {"S3DataSource": source}}]},
            ModelApprovalStatus="PendingManualApproval",
            SkipModelValidation="All",
            CustomerMetadataProperties={**_metadata(kept), **tags},
        )
        return Version(name, int(made["ModelPackageArn"].rpartition("/")[2]), kept)

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Set metadata of a model package; what it has stays."""
        self._update(version, tags)

    def adopt(self, version: Version) -> None:
        """Keep the bytes of a version that others registered, and note its digest."""
        self.beside.store(self.fetch(version.blob), version.sha256)
        package = self._package(version.name, version.number) or {}
        self.beside.attach(version.name, _adopted(version.number), f"{version.sha256} {_source(package)}".encode())
        self._update(version, _metadata(version.blob))

    def set_alias(self, name: str, alias: str, version: Version) -> None:
        """Approve the version where the alias says so, then let the group's tag hold its number."""
        if alias == APPROVING:
            self._update(version, {}, "Approved")
        tag = {"Key": f"{ALIAS}{alias}", "Value": str(version.number)}
        self._service.call("add_tags", ResourceArn=str(self._group(name)), Tags=[tag])

    def _update(self, version: Version, metadata: Mapping[str, str], approval: str | None = None) -> None:
        found = self._package(version.name, version.number)
        if found is None:
            raise OutsideError(f"SageMaker has no {version} of {version.name!r} any more.", hint="Run this again.")
        before = found.get("CustomerMetadataProperties", {}), found["ModelApprovalStatus"]
        after = {**before[0], **metadata}, approval or before[1]
        if after != before:
            self._service.call(
                "update_model_package",
                ModelPackageArn=found["ModelPackageArn"],
                ModelApprovalStatus=after[1],
                CustomerMetadataProperties=after[0],
            )

    def _packages(self, name: str) -> Iterator[dict[str, Any]]:
        """What the listing says of a group's versions; nothing for a group that is not there."""
        if self._group(name):
            yield from self._service.pages("list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=name)

    def _package(self, name: str, number: int) -> dict[str, Any] | None:
        """What is known of one version, which a listing may not show yet."""
        group = self._group(name)
        if group is None:
            return None
        package = group.replace(":model-package-group/", ":model-package/", 1)  # its name as AWS writes it there
        try:
            return self._service.call("describe_model_package", ModelPackageName=f"{package}/{number}")
        except NotThereError:
            return None

    def _group(self, name: str) -> str | None:
        """The group's ARN, which never changes."""
        if name not in self._groups and re.fullmatch(_GROUP, name):
            try:
                found = self._service.call("describe_model_package_group", ModelPackageGroupName=name)
            except NotThereError:
                return None
            self._groups[name] = str(found["ModelPackageGroupArn"])
        return self._groups.get(name)

    def _blob_of(self, name: str, number: int, package: Mapping[str, Any]) -> Blob:
        """What its metadata say, where it refers to what we keep or adopted; else what its bytes are.

        Metadata alone are not believed: whoever may update a model package can write them.
        """
        said, source = _said(package), _source(package)
        if said and source == self.beside.url(said):
            return said
        if said and self.beside.attached(name, _adopted(number)) == f"{said.sha256} {source}".encode():
            return said
        logger.info("%s was registered by others: computing its digest from %s", package["ModelPackageArn"], source)
        sizes: list[int] = []
        sha256 = digest_blocks(_measured(_blocks(source), sizes))
        self._foreign[sha256] = source
        return Blob(sha256, "".join(Path(source).suffixes[-1:]), sum(sizes))


def _description(sha256: str) -> str:
    return f"sha256:{sha256}"


def _metadata(blob: Blob) -> dict[str, str]:
    """A value may not be empty."""
    return {SHA256: blob.sha256, SUFFIX: blob.suffix or "none", SIZE: str(blob.size)}


def _adopted(number: int) -> str:
    """The key of the note, beside the log, that tells digest and source of a version of others that we keep."""
    return f"adopted/{number}"


def _said(package: Mapping[str, Any]) -> Blob | None:
    """What the metadata of a model package say."""
    said = package.get("CustomerMetadataProperties", {})
    sha256, size = said.get(SHA256, ""), said.get(SIZE, "")
    if not re.fullmatch("[0-9a-f]{64}", sha256) or not re.fullmatch("[0-9]{1,15}", size):
        return None
    return Blob(sha256, said.get(SUFFIX, "").removeprefix("none"), int(size))


def kept_digest(package: Mapping[str, Any]) -> str | None:
    """The digest that metadata say, where the model lies under it as registries keep models; else None.

    Whose registry it is cannot be known here.
    """
    said = _said(package)
    sources = _sources(package)
    kept = said and len(sources) == 1 and sources[0].endswith(f"/blobs/{said.sha256}/model{said.suffix}")
    return said.sha256 if said and kept else None


def _sources(package: Mapping[str, Any]) -> list[str]:
    """The S3 addresses that a model package refers to, one for each container; empty for one that has none."""
    return [
        one.get("ModelDataUrl") or one.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri") or ""
        for one in package.get("InferenceSpecification", {}).get("Containers", [])
    ]


def _source(package: Mapping[str, Any]) -> str:
    """The S3 address of the only file that a model package refers to."""
    found = _sources(package)
    if len(found) == 1 and found[0] and not found[0].endswith("/"):
        return found[0]
    raise InputError(
        f"the model package {package['ModelPackageArn']} does not refer to one file in S3.",
        hint="Promote the model's file, by its path.",
    )


def _blocks(url: str) -> Iterator[bytes]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    parts = Objects(f"s3://{bucket}").parts(key)
    if parts is None:
        raise OutsideError(f"there is nothing at {url!r}, which a model package refers to.")
    return parts


def _measured(blocks: Iterator[bytes], sizes: list[int]) -> Iterator[bytes]:
    for block in blocks:
        sizes.append(len(block))
        yield block
