"""Where the log beside a hosted registry lives: a place that outlasts the job."""

from __future__ import annotations

import re
from pathlib import Path

from mlops_actions.ci import current
from mlops_actions.errors import InputError
from mlops_actions.registries.objects import Objects

_BUCKETS = ("s3", "gs", "az")
_WRITE = "Write s3://bucket/folder, gs://…, az://…, or file:/folder on a disk that all runs share."


def open_log(registry: str, location: str) -> Objects:
    """The objects of the log of a hosted registry; nothing is read or made yet.

    Raises InputError where none is given, and for a place that another run would not find it at.
    """
    if not location.strip():
        raise InputError(
            f"the hosted registry {registry!r} keeps no history that can be trusted, so it needs a log beside it.",
            where="log",
            hint=_WRITE,
        )
    scheme = location.partition(":")[0].lower() if ":" in location else ""
    if scheme in _BUCKETS and re.match(r"[a-z0-9]+://[^/]", location, re.IGNORECASE):
        return Objects(location)
    if scheme != "file":
        raise InputError(f"the log cannot be at {location!r}.", where="log", hint=_WRITE)
    objects = Objects(location)
    folder = objects.folder or Path()
    if not folder.is_absolute():
        raise InputError(
            f"the log {location!r} is relative to the working directory, which another run may not share.",
            where="log",
            hint=_WRITE,
        )
    passing = next((one for one in current().passing_folders() if folder.resolve().is_relative_to(one)), None)
    if passing:
        raise InputError(
            f"the log {location!r} would be lost with this job: nothing below {str(passing)!r} outlasts it.",
            where="log",
            hint=_WRITE,
        )
    return objects
