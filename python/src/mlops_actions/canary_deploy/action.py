"""Move live traffic to a candidate step by step, and take it back on evidence that it is worse."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mlops_actions.canary_deploy.beginning import plan_ahead, roll_out
from mlops_actions.canary_deploy.interventions import abort, promote, status
from mlops_actions.canary_deploy.strategies import OnInconclusive, StrategyName
from mlops_actions.ci.inputs import MODEL, CommonInputs, CommonOutputs, Seconds, split_pairs, split_words
from mlops_actions.evidence import Statement
from mlops_actions.evidence import rollout as document

_SHORTEST_INTERVAL = 0.1


def rising(steps: list[float]) -> list[float]:
    """Weights in percent that rise from above 0."""
    if not steps or not steps[0] > 0 or steps[-1] > 100 or sorted(set(steps)) != steps:
        raise ValueError("write rising percentages, such as 5, 20, 50, 100")
    return steps


def split_margins(value: object) -> object:
    """Names with numbers, separated by commas or new lines.

    >>> split_margins("wrong=0.02, out_of_range=0.01")
    {'wrong': '0.02', 'out_of_range': '0.01'}
    """
    return split_pairs("\n".join(value.split(","))) if isinstance(value, str) else value


Margin = Annotated[float, Field(ge=0, lt=1)]


def absolute_path(path: str) -> str:
    """The path part of a URL."""
    if not re.fullmatch(r"/[!-~]*", path):
        raise ValueError("write a path that starts with a slash, such as /healthz")
    return path


def long_enough(interval: float) -> float:
    """A time between looks that leaves some for the requests: 0.8 of it is their limit."""
    if interval < _SHORTEST_INTERVAL:
        raise ValueError(f"write {_SHORTEST_INTERVAL:g}s or more")
    return interval


class Inputs(CommonInputs):
    """What canary-deploy takes."""

    model: Annotated[str | None, MODEL] = Field(
        None,
        description="The model that the candidate serves: a path, `name@alias`, `name:version` or `sha256:…`; without "
        "it, the only one with a passing verdict.",
    )
    target: str = Field(
        description="What routes the traffic: `envoy:HOST:PORT` for an embedded Envoy that users reach there, "
        "`envoy:http://HOST:PORT` with the admin address of one that runs already, `envoy:file://PATH` where that "
        "reads its routes from a file, `haproxy:SOCKET?backend=NAME`, "
        "`traefik:URL?file=PATH`, `httproute:NAMESPACE/NAME`, `kserve:NAMESPACE/NAME`, "
        "`azureml:SUBSCRIPTION/GROUP/WORKSPACE/ENDPOINT`, `sagemaker:REGION/ENDPOINT`, "
        "or `exec:COMMAND` for a script of yours; see below."
    )
    stable: str = Field(
        description="The server of today, as `host:port`, or a name that the target knows; `none` for a first "
        "deployment, which is promoted once it is healthy and `smoke-path` or `before-step` has tried it."
    )
    candidate: str = Field(description="The server of the new model, in the same way.")
    metrics_source: str | None = Field(
        None,
        description="What counts requests and errors where the target does not, or not as you would: "
        "`prometheus:URL`, `json:URL`, `cloudwatch:REGION/ENDPOINT`, `postgresql://…` or `sqlite:FILE` for late "
        "labels, or `exec:COMMAND` for a script of yours; several, one a line; see below.",
    )
    metrics_query: str | None = Field(
        None,
        description="What to ask `metrics-source`, or a file that says it: the counters of Prometheus, of which "
        "`?preset=envoy|haproxy|traefik|istio|kserve` knows some, or a SELECT; see below.",
    )
    label_delay: Seconds | None = Field(
        None,
        description="How long labels may take to reach the database: a request is judged once, when so much time has "
        "passed since, and its label is there or missing for good.",
    )
    strategy: StrategyName = Field(
        "canary",
        description="How traffic moves: `canary`, by steps; `blue-green`, at once; `ab`, a split that stays until one "
        "question is answered; `shadow`, with copies of requests and no user.",
    )
    mode: Literal["run", "advance", "plan", "status", "promote", "abort", "return", "stop"] = Field(
        "run",
        description="`run` to the end, or take up a run that was killed; `advance` by one step at most, in a workflow "
        "with a schedule; `plan` what it would take; tell the `status`; `promote` by hand; `abort` an unfinished one; "
        "`return` all traffic to the stable side, even after a promotion; `stop` does as `abort` and ends an embedded "
        "Envoy.",
    )
    steps: Annotated[Annotated[list[float], AfterValidator(rising)] | None, BeforeValidator(split_words)] = Field(
        None,
        description="The candidate's weights in percent, each judged before the next. By default `5, 20, 50, 100`; for "
        "`blue-green` `95, 100`, which holds back 5 % to compare with; for `ab` `50`; for `shadow` the "
        "share that is copied, `100`.",
    )
    interval: Annotated[Seconds, AfterValidator(long_enough)] = Field(10, description="Time between two looks.")
    deadline: Seconds = Field(3600, description="Longest time from the first weight to the decision.")
    window: Seconds = Field(300, description="How long a run of `advance` looks before it leaves the rest to the next.")
    unattended_weight: float = Field(
        5, ge=0, lt=100, description="What the candidate holds at most between two runs of `advance`, in percent."
    )
    minimum_requests: int = Field(
        0, ge=0, description="What the candidate has to answer in each step at least, besides the evidence."
    )
    baseline: Seconds | None = Field(
        None,
        description="How long the stable side is watched before the first weight, to see how its errors come in "
        "bunches; 30 looks where not given, with fewer they are taken to come by threes.",
    )
    error_margin: float = Field(
        0.01, ge=0, lt=1, description="How much higher the candidate's error rate may be: 0.01 is one point."
    )
    latency: Seconds | None = Field(
        None,
        description="Longest time that a request may take, such as `250ms`, where its source times requests: as with "
        "errors, `error-margin` more of the candidate's may be slower.",
    )
    metrics: Annotated[dict[str, Margin], BeforeValidator(split_margins)] = Field(
        {},
        description="Counters of your own that are judged too, each with its margin, such as `wrong=0.02, "
        "out_of_range=0.01`; their source counts them.",
    )
    cluster: str | None = Field(
        None,
        description="What errors come in bunches by, such as `user`: then `metrics-source` counts users that saw an "
        "error, each once, instead of requests.",
    )
    alpha: float = Field(
        0.05, gt=0, lt=1, description="Probability of rolling back a good candidate, and of promoting a bad one."
    )
    question: str | None = Field(
        None,
        description="What an A/B test is to show, of errors or of another count of its source: `errors < stable` (the "
        "default), `conversions > stable`, `errors < stable + 0.01`.",
    )
    sticky: str | None = Field(
        None,
        description="What keeps a user on one side while the split stays, where the target can: `header:NAME` or "
        "`cookie:NAME`, of your application. What is compared is then to be counted by user.",
    )
    pairs: str | None = Field(
        None,
        description="Where both models' predictions for the same requests are, for a shadow: a file of JSON lines, or "
        "`exec:COMMAND` for a script of yours that prints them; see below.",
    )
    on_inconclusive: OnInconclusive | None = Field(
        None,
        description="At the deadline without a decision: `rollback` (the default), or `hold` the weight where it is "
        "(the default of `ab`).",
    )
    health_path: Annotated[str, AfterValidator(absolute_path)] = Field(
        "/healthz", description="Path that a healthy server answers with a status of 2xx."
    )
    smoke_path: Annotated[str, AfterValidator(absolute_path)] | None = Field(
        None,
        description="Path that the candidate has to answer with a status of 2xx ten times, before its first user; this "
        "warms it up too.",
    )
    before_step: str | None = Field(
        None,
        description="Called before a step's weight is set, the promotion's too: `exec:COMMAND`, or a URL that is "
        "posted to. Where it fails, the rollout is rolled back.",
    )
    after_step: str | None = Field(None, description="The same, after a step was shown to be good enough.")
    health_timeout: Seconds = Field(60, description="How long the servers may take to get healthy.")
    state: str | None = Field(
        None,
        description="What remembers an unfinished rollout: a folder of this machine, or a place that others see too, "
        "such as `s3://bucket/folder` or `file:/shared/folder`; by default the registry where it is a bucket, else the "
        "folder `mlops-state`.",
    )


class Outputs(CommonOutputs):
    """What canary-deploy gives."""

    outcome: str = Field(
        "",
        description="`promoted`, `rolled-back`, `held`, `in-progress` (the next run goes on), `refused` or `planned`.",
    )
    weight: float = Field(0.0, description="The candidate's share of traffic in percent at the end.")


_MODES = {
    "run": roll_out,
    "advance": roll_out,
    "plan": plan_ahead,
    "status": status,
    "promote": promote,
    "abort": abort,
    "return": abort,
    "stop": abort,
}


def run(inputs: Inputs) -> Statement[document.Rollout]:
    """Roll out, or do what `mode` asks; a candidate that is worse is a statement with the result `fail`."""
    return _MODES[inputs.mode](inputs)
