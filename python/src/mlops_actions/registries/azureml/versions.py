"""Model versions as Azure Machine Learning describes them: which bytes they are, and which aliases they show.

An alias is a tag of its name with the value `true`. The aliases Production, Staging and Development are the version's
stage too, as people see it in the studio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlops_actions.clouds.azure import Json
from mlops_actions.registries.interface import Blob

SHA256, SUFFIX, SIZE = "mlops-actions.sha256", "mlops-actions.suffix", "mlops-actions.size"
"""Properties of a version, which Azure lets nobody change; tags can be."""
FOLDER = "mlops-actions"
"""In the workspace's default datastore: models and statements by digest, and the log unless it is elsewhere."""
STAGES = ("Production", "Staging", "Development")
_ARCHIVED = "Archived"
_YES = "true"
_WRITTEN = (
    "description",
    "properties",
    "tags",
    "flavors",
    "isAnonymous",
    "isArchived",
    "jobName",
    "modelType",
    "modelUri",
    "stage",
    "datasets",
)
"""What may be written back: Azure replaces the whole version."""


def number_of(version: Json) -> int | None:
    """Its number; None for a version that others called otherwise, which no alias of ours can name."""
    name = str(version["name"])
    return int(name) if name.isascii() and name.isdigit() and name == str(int(name)) and int(name) > 0 else None


def blob_of_version(version: Json) -> Blob | None:
    """Which bytes it is; None where others registered it."""
    noted = version["properties"].get("properties") or {}
    if SHA256 not in noted:
        return None
    size = noted.get(SIZE, "")
    return Blob(noted[SHA256], noted.get(SUFFIX, ""), int(size) if size.isdigit() else 0)


def blob_path(blob: Blob) -> str:
    """Where its bytes lie in the workspace's datastore."""
    return f"{FOLDER}/blobs/{blob.sha256}/model{blob.suffix}"


def kept_digest(version: Json) -> str | None:
    """The digest of a version whose bytes are those that we keep by it; a property alone anybody could have written."""
    blob, uri = blob_of_version(version), str(version["properties"].get("modelUri") or "")
    return blob.sha256 if blob and uri.endswith(f"/paths/{blob_path(blob)}") else None


def blob_properties(blob: Blob) -> dict[str, str]:
    """What is noted of the bytes."""
    return {SHA256: blob.sha256, SUFFIX: blob.suffix, SIZE: str(blob.size)}


def aliases_of(version: Json) -> set[str]:
    """The aliases that name it.

    A stage holds one alias; another one is believed by its tag as long as the stage is one that we gave as well, and a
    stage that somebody chose by hand takes its tags' place.
    """
    tags, stage = _true_tags(version), version["properties"].get("stage")
    if stage not in tags:
        tags -= set(STAGES)
    return tags | ({stage} if stage in STAGES else set())


def with_alias(version: Json, alias: str) -> Json:
    """Its fields, now named by an alias."""
    fields = with_tags(version, {alias: _YES})
    return {**fields, "stage": alias} if alias in STAGES else fields


def without_alias(version: Json, alias: str) -> Json:
    """Its fields, no longer named by an alias."""
    fields = written_fields(version)
    fields["tags"] = {key: value for key, value in (fields.get("tags") or {}).items() if key != alias}
    if fields.get("stage") == alias:
        left = [stage for stage in STAGES if stage != alias and stage in _true_tags(version)]
        fields["stage"] = left[0] if left else _ARCHIVED
    return fields


def with_tags(version: Json, tags: Mapping[str, str]) -> Json:
    """Its fields with more tags."""
    fields = written_fields(version)
    return {**fields, "tags": {**(fields.get("tags") or {}), **tags}}


def with_blob(version: Json, blob: Blob) -> Json:
    """Its fields with a note of its bytes."""
    fields = written_fields(version)
    return {**fields, "properties": {**(fields.get("properties") or {}), **blob_properties(blob)}}


def written_fields(version: Json) -> Json:
    """What may be written back, as it is."""
    found: Mapping[str, Any] = version["properties"]
    return {name: found[name] for name in _WRITTEN if found.get(name) is not None}


def by_number(versions: Iterable[Json]) -> dict[int, Json]:
    """The versions that have one, in its order."""
    found = {number: version for version in versions if (number := number_of(version)) is not None}
    return dict(sorted(found.items()))


def _true_tags(version: Json) -> set[str]:
    tags = version["properties"].get("tags") or {}
    return {key for key, value in tags.items() if str(value).lower() == _YES}
