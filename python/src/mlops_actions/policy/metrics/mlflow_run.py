"""The metrics of one run of an MLflow server, over REST."""

from __future__ import annotations

import json
import re

from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError
from mlops_actions.policy.metrics.formats import check_run
from mlops_actions.registries.mlflow.rest import NotThereError, Server

_LOCATION = re.compile(r"mlflow\+(?P<url>https?://[^#]+)#(?:run=|.*\bruns/)(?P<run>[0-9A-Za-z_-]+)/?", re.IGNORECASE)


def read_run(location: str) -> bytes:
    """The metrics of the run at `mlflow+https://host#run=<id>`, or at the address that a browser shows, as JSON.

    Raises InputError for another address or a run that is not there, OutsideError for a server that cannot be read.
    """
    match = _LOCATION.fullmatch(location)
    if match is None or without_credentials(location) != location:
        raise InputError(
            f"{without_credentials(location)!r} names no run of MLflow.",
            where="metrics-file",
            hint="Write mlflow+https://host#run=<id>, the password in MLFLOW_TRACKING_PASSWORD or _TOKEN.",
        )
    try:
        found = Server(match["url"]).get("runs/get", f"read the run {match['run']}", run_id=match["run"])
        run = found["run"]
        metrics = [{"key": one["key"], "value": one["value"]} for one in run["data"].get("metrics", [])]
    except NotThereError as error:
        raise InputError(error.message, where=location, hint="Check the run's id.") from None
    try:
        check_run(run["info"])
    except InputError as error:
        raise InputError(error.message, where=location) from None
    # The status may change without the numbers, and is no part of what they are known by.
    return json.dumps({"metrics": sorted(metrics, key=lambda one: str(one["key"]))}, indent=1).encode()
