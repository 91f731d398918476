"""What GitHub's event says about where the commits of a run come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Event:
    """The parts of an event's payload that matter; None where it does not hold them."""

    head_commit: str | None = None
    """Tip of the pull request, whose merge with its base is what is checked out."""
    head_repository: str | None = None
    """Repository that the pull request, or the run that triggered this one, comes from."""
    pull_request: bool = False
    """Whether the run belongs to a pull request."""
    default_branch: str | None = None


def read_event(environ: Mapping[str, str]) -> Event:
    """Read GITHUB_EVENT_PATH; an empty event where it is missing or is no JSON object."""
    path = environ.get("GITHUB_EVENT_PATH")
    name = environ.get("GITHUB_EVENT_NAME", "")
    pull_request = name.startswith("pull_request")
    try:
        payload = json.loads(Path(path).read_bytes()) if path else {}
    except (OSError, ValueError):
        payload = {}
    source = ("workflow_run", "head_repository") if name == "workflow_run" else ("pull_request", "head", "repo")
    return Event(
        head_commit=_text(payload, "pull_request", "head", "sha") if pull_request else None,
        head_repository=_text(payload, *source, "full_name"),
        pull_request=pull_request,
        default_branch=_text(payload, "repository", "default_branch"),
    )


def _text(payload: Any, *keys: str) -> str | None:
    for key in keys:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload if isinstance(payload, str) else None
