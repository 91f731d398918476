"""The runs of a stand-in of W&B: what clients tell of them, and what the vendor's own client reads."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
_TIME = "2026-01-01T00:00:00Z"


class WandbRuns:
    """Runs by name."""

    def __init__(self) -> None:
        self.runs: dict[str, Json] = {}
        """What was told of each, with its files and its history."""

    def _UpsertBucket(self, given: Json) -> Json:  # noqa: N802
        run = self.runs.setdefault(given["name"], {"files": {}, "history": [], "state": "running"})
        run.update({name: value for name, value in given.items() if value is not None})
        return {"upsertBucket": {"bucket": {"name": given["name"]}, "inserted": True}}

    def _CreateRunFiles(self, given: Json) -> Json:  # noqa: N802
        files = [{"name": name, "uploadUrl": f"/upload/{given['run']}/{name}"} for name in given["files"]]
        return {"createRunFiles": {"runID": f"R-{given['run']}", "uploadHeaders": ["x-kind:file"], "files": files}}

    def _Run(self, given: Json) -> Json:  # noqa: N802
        run = self.runs.get(given["name"])
        if run is None or (run["entity"], run["project"]) != (given["entity"], given["project"]):
            return {"project": {"run": None}}
        told = {
            "projectId": "1", "id": f"R-{run['name']}", "tags": run["tags"], "name": run["name"],
            "displayName": run["displayName"], "sweepName": None, "state": run["state"], "config": run["config"],
            "group": run.get("groupName"), "jobType": run["jobType"], "commit": run.get("commit"), "readOnly": False,
            "createdAt": _TIME, "heartbeatAt": _TIME, "description": None, "notes": None, "systemMetrics": "{}",
            "summaryMetrics": run["summaryMetrics"], "historyLineCount": len(run["history"]), "historyKeys": None,
            "user": {"name": "u", "username": "u"},
        }  # fmt: skip
        return {"project": {"run": told}}

    def stream(self, run: str, told: Json) -> None:
        """What a client streams of a run."""
        lines = told.get("files", {}).get("wandb-history.jsonl", {}).get("content", [])
        self.runs[run]["history"] += [json.loads(line) for line in lines]
        if told.get("complete"):
            self.runs[run]["state"] = "finished" if told["exitcode"] == 0 else "failed"
