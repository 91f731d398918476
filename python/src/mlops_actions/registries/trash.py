"""Models that were let go, until the trash is emptied: `trash/<seconds since 1970>/<sha256>/model.joblib`."""

from __future__ import annotations

import re
from datetime import datetime

from mlops_actions.registries.interface import Head
from mlops_actions.registries.objects import Objects

TRASH = re.compile(r"trash/(?P<seconds>\d+)/(?P<sha256>[0-9a-f]{64})/(?P<file>model[^/]*)")


def let_go(sha256: str) -> str:
    """Where it is noted that a model's bytes were let go, and not lost."""
    return f"let-go/{sha256}"


def trashed(key: str, now: datetime) -> str:
    """Where a blob's object lies in the trash.

    >>> trashed("blobs/aa/model.onnx", datetime.fromtimestamp(7))
    'trash/7/aa/model.onnx'
    """
    return f"trash/{int(now.timestamp())}/{key.removeprefix('blobs/')}"


def restore(objects: Objects, head: Head) -> list[str]:
    """Move back out of the trash what an alias names; returns the models' SHA-256."""
    missing = {
        version.sha256
        for version in head.aliases.values()
        if version and objects.size(f"blobs/{version.sha256}/model{version.blob.suffix}") is None
    }
    back = []
    for key in objects.keys("trash") if missing else []:
        match = TRASH.fullmatch(key)
        if match and match["sha256"] in missing:
            objects.move(key, f"blobs/{match['sha256']}/{match['file']}")
            back.append(match["sha256"])
    return back
