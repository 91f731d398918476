"""What in a workflow that uses these actions leads to trouble, with the line that it stands on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mlops_actions.yaml_source import YamlSource, read_yaml

_OURS = re.compile(r"[^/@\s]+/mlops-actions(?:/(?P<action>[a-z-]+))?@(?P<reference>\S+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Remark:
    """One thing to change."""

    level: Literal["warning", "problem"]
    message: str
    where: str
    remedy: str


def review(path: Path) -> Iterator[Remark]:
    """Remarks on one workflow file, in the order of its jobs; none where it does not use these actions."""
    source = read_yaml(str(path), "workflow")
    workflow = source.data if isinstance(source.data, dict) else {}
    jobs = {name: job for name, job in (workflow.get("jobs") or {}).items() if isinstance(job, dict)}
    ours = [
        (("jobs", name, "steps", index, "uses"), match)
        for name, job in jobs.items()
        for index, step in enumerate(job.get("steps") or [])
        if isinstance(step, dict) and (match := _OURS.fullmatch(str(step.get("uses", ""))))
    ]
    if not ours:
        return
    for keys, match in ours:
        if not _COMMIT.fullmatch(match["reference"]):
            yield Remark(
                "warning",
                f"{match['reference']} can be moved to other code.",
                source.where(*keys),
                "Pin the commit, with the version as a comment.",
            )
    yield from _versions(ours, source)
    yield from _rights(workflow, jobs, source)
    yield from _cancelling(workflow, source)
    yield from _conditions(jobs, source)
    if any(match["action"] == "canary-deploy" for _, match in ours) and not _aborts(jobs):
        yield Remark(
            "warning",
            "no job takes the traffic back when the canary's job dies.",
            source.where("jobs"),
            "Add a job with `if: always()` that runs canary-deploy with `mode: abort`.",
        )


def _versions(ours: list[tuple[tuple[Any, ...], re.Match[str]]], source: YamlSource) -> Iterator[Remark]:
    first = ours[0][1]["reference"]
    for keys, match in ours:
        if match["reference"] != first:
            yield Remark(
                "warning",
                f"{match['reference'][:12]} and {first[:12]} are two versions in one workflow.",
                source.where(*keys),
                "Use one: statements are written for the next action to read.",
            )
            return


def _rights(workflow: dict[str, Any], jobs: dict[str, Any], source: YamlSource) -> Iterator[Remark]:
    without = [name for name, job in jobs.items() if "permissions" not in job]
    if "permissions" not in workflow and without:
        yield Remark(
            "warning",
            f"the job {without[0]!r} has whatever rights the repository gives by default.",
            source.where("jobs", without[0]),
            "Write `permissions: {}` at the top, and in each job what it needs, such as `contents: read`.",
        )


def _cancelling(workflow: dict[str, Any], source: YamlSource) -> Iterator[Remark]:
    concurrency = workflow.get("concurrency")
    if isinstance(concurrency, dict) and concurrency.get("cancel-in-progress") is True:
        yield Remark(
            "warning",
            "a newer run cancels one that may be promoting or moving traffic.",
            source.where("concurrency", "cancel-in-progress"),
            "Write `cancel-in-progress: false`.",
        )


def _conditions(jobs: dict[str, Any], source: YamlSource) -> Iterator[Remark]:
    """`!= 'fail'` lets `inconclusive` and `error` through."""
    for name, job in jobs.items():
        places = [("jobs", name, "if"), *(("jobs", name, "steps", i, "if") for i in range(len(job.get("steps") or [])))]
        conditions = [job.get("if"), *(step.get("if") for step in job.get("steps") or [] if isinstance(step, dict))]
        for place, condition in zip(places, conditions, strict=False):
            if re.search(r"outputs\.result\s*!=\s*'fail'", str(condition)):
                yield Remark(
                    "problem",
                    "`!= 'fail'` holds for `inconclusive` and `error` too.",
                    source.where(*place),
                    "Write `== 'pass'`.",
                )


def _aborts(jobs: dict[str, Any]) -> bool:
    for job in jobs.values():
        for step in job.get("steps") or []:
            arguments = step.get("with") if isinstance(step, dict) else None
            if isinstance(arguments, dict) and arguments.get("mode") == "abort":
                return True
    return False
