"""Models that others registered: read from the datastore where they lie, so that their digest can be told."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
from pathlib import Path, PurePosixPath

from mlops_actions.clouds.azure import Json, Workspace
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import digest_path
from mlops_actions.registries.azureml.datastore import Datastore
from mlops_actions.registries.cache import cache_folder
from mlops_actions.registries.interface import Blob
from mlops_actions.registries.model_file import blob_of
from mlops_actions.registries.objects import Objects

logger = logging.getLogger(__name__)

_URI = re.compile(r"azureml://(?:.*/)?datastores/(?P<datastore>[^/]+)/paths/(?P<path>.+?)/*")


def fetch_foreign(workspace: Workspace, name: str, number: int, version: Json) -> Blob:
    """The blob of a version without a note of its digest; its bytes are in the cache from then on."""
    uri = str(version["properties"].get("modelUri") or "")
    logger.info("version %d of %s was registered by others: computing its digest from %s", number, name, uri)
    place = _URI.fullmatch(uri)
    if place is None:
        raise InputError(
            f"version {number} of {name!r} lies at {uri!r}, which is no path of a datastore.",
            hint="Get it with `az ml model download`, and promote the file by its path.",
        )
    path = PurePosixPath(place["path"])
    parent = "" if str(path.parent) == "." else str(path.parent)
    objects = Datastore(workspace, place["datastore"]).objects(parent)
    temporary = cache_folder() / "blobs" / f".{secrets.token_hex(8)}"
    try:
        model = _download(objects, path.name, temporary)
        blob = blob_of(model, digest_path(model))
        goal = temporary.parent / f"{blob.sha256}{blob.suffix}"
        if not goal.exists():
            model.rename(goal)
    except OSError as error:
        raise OutsideError(f"the cache {str(temporary.parent)!r} cannot be used: {error.strerror}.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return blob


def _download(objects: Objects, name: str, folder: Path) -> Path:
    """The file of that name, else the folder; alone in it, a file counts for itself."""
    keys = [name] if objects.size(name) is not None else objects.keys(name)
    if not keys:
        raise OutsideError(f"the bytes of {name!r} are gone from {objects.location}.")
    for key in keys:
        if ".." in PurePosixPath(key).parts:
            raise OutsideError(f"a file is named {key!r}, which leads out of its folder.")
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as stream:
            for block in objects.parts(key) or ():
                stream.write(block)
    if keys == [name] or len(keys) > 1:
        return folder / name
    return folder / keys[0]
