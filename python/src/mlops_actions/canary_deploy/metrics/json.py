"""The counts that a URL answers: `json:http://host/counts`, in the shape that a command of `exec:` prints."""

from __future__ import annotations

import time
from dataclasses import dataclass

from mlops_actions.canary_deploy.metrics.counts import EXAMPLE, read_counts
from mlops_actions.canary_deploy.metrics.http_json import JsonUrl
from mlops_actions.canary_deploy.metrics.interface import Query, Snapshot
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.errors import OutsideError


@dataclass(frozen=True)
class JsonCounters:
    """Asks the URL once a look."""

    url: JsonUrl

    def read(self) -> Snapshot:
        """What it answers; the moment is the one at which it was asked."""
        now = time.monotonic()
        status, document = self.url.get()
        if status != 200 or not isinstance(document, dict):
            raise OutsideError(
                f"{self.url.shown} answers with status {status} and {str(document)[:60]!r}, and no counts.",
                hint=f"It is to give {EXAMPLE}.",
            )
        return read_counts(document, now, self.url.shown)


def open_source(location: str, services: Services, query: Query) -> JsonCounters:  # noqa: ARG001
    """`json:URL` as the input `metrics-source`; nothing is asked yet."""
    return JsonCounters(JsonUrl(location.partition(":")[2], "json"))
