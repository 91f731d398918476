"""Runs of Weights & Biases: one for each action, in the group of its pipeline."""

from __future__ import annotations

import json
import re
import secrets
from collections import defaultdict
from urllib.parse import quote

from mlops_actions.clouds.wandb import Wandb
from mlops_actions.errors import InputError
from mlops_actions.tracking.record import Record

_UPSERT = """
mutation UpsertBucket(
  $name: String, $project: String, $entity: String, $groupName: String, $displayName: String, $jobType: String,
  $commit: String, $repo: String, $tags: [String!], $config: JSONString, $summaryMetrics: JSONString
) {
  upsertBucket(input: {
    name: $name, modelName: $project, entityName: $entity, groupName: $groupName, displayName: $displayName,
    jobType: $jobType, commit: $commit, jobRepo: $repo, tags: $tags, config: $config, summaryMetrics: $summaryMetrics
  }) { bucket { name } inserted }
}"""
_FILES = """
mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) {
  createRunFiles(input: {entityName: $entity, projectName: $project, runName: $run, files: $files}) {
    runID uploadHeaders files { name uploadUrl }
  }
}"""
_LONGEST_GROUP = 128
"""Characters of a group's name."""
_FOLDER = "mlops-actions"


def open_tracker(location: str) -> WandbTracker:
    """The tracker at `wandb:ENTITY/PROJECT`; nothing is asked yet."""
    match = re.fullmatch(r"wandb:([^/?#]+)/([^/?#]+)", location, re.IGNORECASE)
    if not match:
        raise InputError(
            f"the input 'track' is {location!r}, which names no project of W&B.",
            hint="Write wandb:ENTITY/PROJECT, such as wandb:ml/delay.",
        )
    return WandbTracker(Wandb(), match[1], match[2])


class WandbTracker:
    """See `interface.Tracker`."""

    def __init__(self, server: Wandb, entity: str, project: str) -> None:
        self._server = server
        self._entity = entity
        self._project = project

    def write(self, record: Record) -> str:
        """Write a run of its own, since a run's summary is written whole; the pipeline's runs are one group."""
        run = secrets.token_hex(4)
        self._describe(run, record)
        self._upload(run, record)
        self._end(run, record)
        place = "/".join(map(quote, (self._entity, self._project)))
        return f"{self._server.url.replace('://api.', '://')}/{place}/runs/{run}"

    def _describe(self, run: str, record: Record) -> None:
        made = record.provenance
        config = {"model": record.experiment, **record.tags, **({"mlops-actions.version": made.tool} if made else {})}
        variables = {
            "name": run,
            "entity": self._entity,
            "project": self._project,
            "groupName": (record.pipeline or "")[-_LONGEST_GROUP:] or None,
            "displayName": f"{record.action} {record.experiment}",
            "jobType": record.action,
            "commit": made.commit if made else None,
            "repo": made.repository if made else None,
            "tags": [record.tags[f"{record.action}.result"]],
            "config": json.dumps({key: {"value": value} for key, value in config.items()}),
            "summaryMetrics": json.dumps({point.name: point.value for point in record.points}),
        }
        self._server.ask(_UPSERT, f"write runs to {self._project!r}", variables)

    def _upload(self, run: str, record: Record) -> None:
        right = f"write files to {self._project!r}"
        content = {f"{_FOLDER}/{path}": data for path, data in record.files.items()}
        asked = {"entity": self._entity, "project": self._project, "run": run, "files": list(content)}
        made = self._server.ask(_FILES, right, asked)["createRunFiles"]
        headers = dict(one.split(":", 1) for one in made.get("uploadHeaders") or [])
        for one in made["files"]:
            url = one["uploadUrl"]
            whole = f"{self._server.url}{url}" if url.startswith("/") else url
            self._server.send("PUT", whole, right, data=content[one["name"]], headers=headers).close()

    def _end(self, run: str, record: Record) -> None:
        """The course of what has steps, and that the run has ended, lest it looks as if it had crashed."""
        steps: dict[int, dict[str, float]] = defaultdict(dict)
        for point in record.points:
            steps[point.step][point.name] = point.value
        lines = [json.dumps({"_step": step, **values}) for step, values in sorted(steps.items())]
        url = f"{self._server.url}/files/{quote(self._entity)}/{quote(self._project)}/{run}/file_stream"
        history = {"files": {"wandb-history.jsonl": {"offset": 0, "content": lines}}, "complete": True, "exitcode": 0}
        self._server.send("POST", url, f"write runs to {self._project!r}", json=history).close()
