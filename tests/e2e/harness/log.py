"""What act says in its JSON log, as jobs with their steps, outputs, annotations and summaries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["error", "warning", "notice"]


@dataclass(frozen=True)
class Annotation:
    level: Level
    message: str
    properties: Mapping[str, str] = field(default_factory=dict)
    """file, line, title, ... as the command named them."""


@dataclass
class Step:
    """One step of a job; those inside a composite action are part of it."""

    result: str = "skipped"
    outputs: dict[str, str] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    summary: str = ""
    output: list[str] = field(default_factory=list)
    """What it printed, commands excepted."""
    seconds: float = 0.0


@dataclass
class Job:
    id: str
    matrix: Mapping[str, Any]
    result: str = "cancelled"
    steps: dict[str, Step] = field(default_factory=dict)
    """By the step's id, or by its number (from 0) where it has none. A step that did not run is missing."""
    messages: list[str] = field(default_factory=list)

    @property
    def annotations(self) -> list[Annotation]:
        return [annotation for step in self.steps.values() for annotation in step.annotations]

    @property
    def summary(self) -> str:
        return "\n".join(step.summary for step in self.steps.values() if step.summary)


@dataclass(frozen=True)
class Run:
    exit_code: int
    jobs: tuple[Job, ...]
    stderr: str

    def job(self, name: str, **matrix: object) -> Job:
        """The one job of this id whose matrix has these values; a job that was skipped is none."""
        found = [job for job in self.jobs if job.id == name and matrix.items() <= job.matrix.items()]
        if len(found) != 1:
            ran = ", ".join(f"{job.id} {dict(job.matrix)}: {job.result}" for job in self.jobs)
            raise LookupError(f"{len(found)} jobs are {name} {matrix}; ran: {ran}\n{self.stderr}")
        return found[0]

    def ran(self, name: str) -> bool:
        return any(job.id == name for job in self.jobs)

    def __str__(self) -> str:
        """The whole story, for the message of a failed assertion."""
        lines = [f"act exited with {self.exit_code}", self.stderr]
        for job in self.jobs:
            lines += [f"--- {job.id} {dict(job.matrix)}: {job.result}", *job.messages]
        return "\n".join(lines)


def read_log(lines: Iterable[str], exit_code: int, stderr: str) -> Run:
    jobs: dict[str, Job] = {}
    for line in lines:
        if line.startswith("{"):
            entry = json.loads(line)
            if "jobID" in entry:
                job = jobs.setdefault(entry["job"].strip(), Job(entry["jobID"], entry.get("matrix") or {}))
                read_entry(entry, job)
    return Run(exit_code, tuple(jobs.values()), stderr)


def read_entry(entry: Mapping[str, Any], job: Job) -> None:
    job.result = entry.get("jobResult", job.result)
    if not entry.get("raw_output") or entry.get("msg", "").strip():
        job.messages.append(str(entry.get("msg", "")).rstrip())
    path = entry.get("stepID")
    if not path or entry.get("stage") != "Main":
        return
    step = job.steps.setdefault(path[0], Step())
    inner = len(path) > 1  # a step inside a composite action, whose sayings the whole may repeat
    if entry.get("command") == "summary" and (inner or not step.summary):
        step.summary += entry["content"]
    if not inner:
        step.result = entry.get("stepResult", step.result)
        step.seconds = entry.get("executionTime", 0) / 1e9 or step.seconds
        if entry.get("command") == "set-output":
            step.outputs[entry["name"]] = entry["arg"]
    if entry.get("command") in {"error", "warning", "notice"}:
        step.annotations.append(Annotation(entry["command"], entry["arg"], entry.get("kvPairs") or {}))
    if entry.get("raw_output"):
        step.output.append(entry["msg"].removesuffix("\n"))
