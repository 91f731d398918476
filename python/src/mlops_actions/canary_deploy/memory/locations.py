"""Where a rollout is remembered: a folder of this machine, or wherever a registry may be."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from mlops_actions.canary_deploy.memory.folder import FolderMemory
from mlops_actions.canary_deploy.memory.interface import Memory
from mlops_actions.errors import InputError

FOLDER = "mlops-state"
"""On this machine, where nothing else is said."""

_BUCKETS = ("s3", "gs", "az")


def open_memory(state: str | None, registry: str, target: str) -> Memory:
    """What remembers the rollouts of a target; nothing is read or made yet.

    A plain path is a folder of this machine; `file:`, `s3://`, `gs://` or `az://` is a log that other machines see
    too. Without `state` it is the registry where that is a bucket, else a folder. InputError for any other scheme.
    """
    scheme = _scheme(registry if state is None else state)
    if state is None:
        state = registry if scheme in _BUCKETS else FOLDER
    elif scheme not in ("", "file", *_BUCKETS):
        raise InputError(
            f"the input 'state' is {state!r}; rollouts are not remembered there.",
            hint="Write a folder of this machine, s3://bucket/folder, gs://…, az://… or file:/folder on a shared disk.",
        )
    if not _scheme(state):
        return FolderMemory(Path(state) / _name(target))
    # obstore is imported only where there is a log.
    from mlops_actions.canary_deploy.memory.log import open_log_memory

    return open_log_memory(state, _name(target))


def local_folder(state: str | None, target: str) -> Path:
    """Where a target may keep what has to outlive this process on this machine, wherever rollouts are remembered."""
    return Path(FOLDER if state is None or _scheme(state) else state) / _name(target)


def _scheme(location: str) -> str:
    return location.partition(":")[0].lower() if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", location) else ""


def _name(target: str) -> str:
    """One part of a path, another for each target."""
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", target).strip("-.")[:60]
    return f"{slug}-{hashlib.sha256(target.encode()).hexdigest()[:8]}"
