"""MLflow tracking, over its REST interface: one run for each pipeline, in the experiment of the model's name."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mlops_actions.ci.credentials import refuse_credentials
from mlops_actions.errors import InputError
from mlops_actions.registries.mlflow.artifacts import open_artifacts
from mlops_actions.registries.mlflow.rest import AlreadyThereError, NotThereError, Server
from mlops_actions.tracking.record import Record

PIPELINE = "mlops-actions.pipeline"
"""The tag by which the actions of one pipeline find their run."""

_MOST_METRICS = 1000
"""In one request, as MLflow limits it."""
_LONGEST_TAG = 5000
_LONGEST_NAME = 250
_FOLDER = "mlops-actions"


def open_tracker(location: str) -> MlflowTracker:
    """The tracker at `mlflow+https://host/prefix`, with `?experiment=NAME` for another one than the model's name."""
    parts = urlsplit(re.sub(r"^mlflow\+", "", location, flags=re.IGNORECASE))
    refuse_credentials(
        location,
        f"the input 'track' ({location!r})",
        hint="Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, from a secret.",
    )
    asked = parse_qs(parts.query, keep_blank_values=True)
    if unknown := sorted(set(asked) - {"experiment"}):
        raise InputError(f"the input 'track' has {unknown[0]!r}, which is unknown.", hint="Write ?experiment=NAME.")
    return MlflowTracker(Server(parts._replace(query="", fragment="").geturl()), asked.get("experiment", [None])[0])


class MlflowTracker:
    """See `interface.Tracker`."""

    def __init__(self, server: Server, experiment: str | None) -> None:
        self._server = server
        self._experiment = experiment

    def write(self, record: Record) -> str:
        """Write to the pipeline's run; two that are made at once are both kept, and later actions take the older."""
        experiment = self._experiment_id(self._experiment or record.experiment)
        run = self._run(experiment, record)
        run_id = run["run_id"]
        self._log(run_id, record)
        artifacts = open_artifacts(run["artifact_uri"], self._server)
        for path, content in record.files.items():
            artifacts.upload(f"{_FOLDER}/{path}", partial(iter, (content,)))
        self._server.post("runs/update", "end runs", run_id=run_id, status="FINISHED", end_time=_now())
        return f"{self._server.url}/#/experiments/{experiment}/runs/{run_id}"

    def _experiment_id(self, name: str) -> str:
        def read() -> str:
            found = self._server.get("experiments/get-by-name", "read experiments", experiment_name=name)
            return str(found["experiment"]["experiment_id"])

        try:
            return read()
        except NotThereError:
            pass
        try:
            made = self._server.post("experiments/create", f"make the experiment {name!r}", name=name)
        except AlreadyThereError:
            return read()
        return str(made["experiment_id"])

    def _run(self, experiment: str, record: Record) -> dict[str, Any]:
        """The run of the record's pipeline, made where it is the first."""
        if record.pipeline:
            found = self._server.post(
                "runs/search",
                "search runs",
                experiment_ids=[experiment],
                filter=f"tags.`{PIPELINE}` = '{_plain(record.pipeline)}'",
                order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
                max_results=1,
            )
            if runs := found.get("runs"):
                return dict(runs[0]["info"])
        name = f"{record.action} {time.strftime('%Y-%m-%d %H:%M', time.gmtime())}"
        made = self._server.post(
            "runs/create",
            "make runs",
            experiment_id=experiment,
            start_time=_now(),
            run_name=f"pipeline {record.pipeline.rpartition('/')[2]}" if record.pipeline else name,
            tags=_pairs(_origin(record)),
        )
        return dict(made["run"]["info"])

    def _log(self, run_id: str, record: Record) -> None:
        right, moment = "log metrics and tags", _now()
        metrics = [
            {"key": _name(point.name), "value": point.value, "timestamp": moment, "step": point.step}
            for point in record.points
        ]
        self._server.post("runs/log-batch", right, run_id=run_id, tags=_pairs(record.tags.items()))
        for start in range(0, len(metrics), _MOST_METRICS):
            some = metrics[start : start + _MOST_METRICS]
            self._server.post("runs/log-batch", right, run_id=run_id, metrics=some)


def _origin(record: Record) -> Iterator[tuple[str, str]]:
    """Where the run came from, by the names that MLflow's pages know."""
    if record.pipeline:
        yield PIPELINE, _plain(record.pipeline)
    if (found := record.provenance) is None:
        return
    named = {
        "mlflow.source.git.commit": found.commit,
        "mlflow.source.git.repoURL": found.repository,
        "mlflow.user": found.actor,
        "mlops-actions.version": found.tool,
    }
    yield from ((key, value) for key, value in named.items() if value)


def _pairs(tags: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"key": key, "value": value[:_LONGEST_TAG]} for key, value in tags]


def _name(name: str) -> str:
    """A metric's name with what MLflow allows: letters, digits, and _ - . space : /.

    >>> _name('evaluate-model/slice/carrier/AA & >= 500/recall[a"]')
    'evaluate-model/slice/carrier/AA _ __ 500/recall_a__'
    """
    return re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)[:_LONGEST_NAME]


def _plain(url: str) -> str:
    """A URL that fits between the quotes of a filter."""
    return url.replace("'", "%27")


def _now() -> int:
    return int(time.time() * 1000)
