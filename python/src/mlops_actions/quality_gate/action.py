"""Judge a model by rules on intervals, not on points: pass, fail, or inconclusive with what would settle it.

The functional core is `policy.judging`; this file finds what is judged.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mlops_actions.ci.default_branch import read_from_default_branch, usual_origin
from mlops_actions.ci.inputs import FILES, MODEL, CommonInputs, CommonOutputs, Words
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Statement
from mlops_actions.evidence.verdict import TestSetLook, Verdict
from mlops_actions.policy.bases import Location, checked, read_base
from mlops_actions.policy.case import Case, from_evaluation
from mlops_actions.policy.champion import champion_now
from mlops_actions.policy.document import DEFAULT_CONFIDENCE, Policy, inline_policy, parse_policy, read_policy
from mlops_actions.policy.facts import Champion
from mlops_actions.policy.judging.judge import Terms
from mlops_actions.policy.looks import take_look
from mlops_actions.policy.sources import subject_of
from mlops_actions.policy.verdicts import reach_verdict
from mlops_actions.yaml_source import parse_yaml

_log = logging.getLogger(__name__)


def _one_a_line(value: object) -> object:
    return "\n".join(map(str, value)) if isinstance(value, list) else value


class Inputs(CommonInputs):
    """What quality-gate takes."""

    model: Annotated[str | None, MODEL] = Field(
        None,
        description="The model to judge: a path, `name@alias`, `name:version` or `sha256:…`; "
        "by default the one that the evidence speaks of.",
    )
    rules: Annotated[str | None, BeforeValidator(_one_a_line, json_schema_input_type=str | list[str] | None)] = Field(
        None, description="Rules, one a line, such as `roc_auc >= champion - 0.01`; or give `policy`."
    )
    policy: Annotated[str | None, FILES] = Field(
        None, description="YAML file of rules with severity, confidence and reasons."
    )
    policy_from: Literal["checkout", "default-branch"] | None = Field(
        None,
        description="Where `policy` is read: `checkout`, or `default-branch`, so that a pull request cannot loosen its "
        "own gate; by default that for pull requests.",
    )
    data: str | None = Field(
        None,
        description="Which evaluation counts, or what a metrics-file is about: path of the data, or the beginning of "
        "its SHA-256.",
    )
    metrics_file: Annotated[Words, FILES] = Field(
        default=[],
        description="JSON of numbers from other tools instead of an evaluation, or a run `mlflow+https://host#run=…`; "
        "judged on intervals where there are counts, else as points.",
    )
    champion_metrics_file: Annotated[Words, FILES] = Field(
        default=[],
        description="The champion's numbers, as in `metrics-file`; judged as those of other rows.",
    )
    without_champion: Literal["skip", "fail"] = Field(
        "skip", description="What rules about the champion come to when there never was one: `skip` or `fail`."
    )
    judge: Literal["intervals", "points"] = Field(
        "intervals", description="`intervals`, or `points`: plain comparison of values, blind to noise."
    )
    count_looks: bool = Field(
        False, description="Count in the registry how many candidates this test set has judged, also without a budget."
    )
    confidence: float | None = Field(
        None,
        gt=0.5,
        lt=1.0,
        description=f"One-sided confidence of each bound where the policy sets none, by default {DEFAULT_CONFIDENCE}.",
    )


class Outputs(CommonOutputs):
    """What quality-gate gives."""

    decision: str | None = Field(None, description="The result in one sentence.")
    champion: str | None = Field(None, description="SHA-256 of the champion it was judged against.")


def check(inputs: Inputs) -> None:
    """Raise InputError for rules that cannot be read or contradict each other; a train asks before it starts."""
    _policy(inputs)


def run(inputs: Inputs) -> Statement[Verdict]:
    """Judge one model; the statement carries every rule's outcome, the decision and what it was read from."""
    policy = _policy(inputs)
    case = _case(inputs, policy)
    terms = Terms(
        confidence=policy.confidence or inputs.confidence or DEFAULT_CONFIDENCE,
        points=inputs.judge == "points" or case.points,
        without_champion=inputs.without_champion,
        today=datetime.now(UTC).date(),
    )
    verdict = reach_verdict(case, policy, terms, _look(inputs, policy, case))
    _log.info("%s", "\n".join([verdict.decision, *(f"  You can: {choice}" for choice in verdict.choices)]))
    return Statement(case.subject.name, case.subject.sha256, verdict)


def _look(inputs: Inputs, policy: Policy, case: Case) -> TestSetLook | None:
    """The look at the test set that this run is, counted where that is asked for."""
    budget = policy.test_set_budget
    if budget is None and not inputs.count_looks:
        return None
    asking = "test-set-budget" if budget is not None else "count-looks"
    if inputs.name is None:
        raise InputError(f"{asking} needs the input 'name'.", hint="Looks are counted beside that model's log.")
    if case.test_set is None:
        raise InputError(
            f"{asking} needs to know the test set, which a metrics-file does not say.",
            hint="Give 'data': its path or SHA-256, or leave it out.",
        )
    from mlops_actions.registries import open_registry

    registry = open_registry(inputs.registry)
    return take_look(registry, inputs.name, case.test_set, case.subject.sha256, policy.sha256, budget)


def _policy(inputs: Inputs) -> Policy:
    if (inputs.rules is None) == (inputs.policy is None):
        given = "both 'rules' and 'policy' are given" if inputs.rules is not None else "no rules are given"
        hint = "Give either 'rules', one a line, or 'policy', a YAML file, here or in mlops.yml."
        raise InputError(f"{given}.", hint=hint)
    if inputs.policy is None:
        return inline_policy(inputs.rules or "")
    policy = _read(inputs.policy, inputs.policy_from)
    if policy.confidence is not None and inputs.confidence not in (None, policy.confidence):
        raise InputError(
            f"the input 'confidence' is {inputs.confidence}, the policy {policy.uri!r} says {policy.confidence}.",
            hint="Remove one of them.",
        )
    return policy


def _read(path: str, policy_from: str | None) -> Policy:
    if (policy_from or usual_origin()) == "checkout":
        return read_policy(path)
    branch, content = read_from_default_branch(path)
    _log.info("The policy is that of the branch %s.", branch)

    def read(location: Location) -> bytes:
        if location.kind != "file":
            return read_base(location)
        return checked(read_from_default_branch(location.uri)[1], location)

    return parse_policy(parse_yaml(content, path, "policy"), read)


def _case(inputs: Inputs, policy: Policy) -> Case:
    store = EvidenceStore(inputs.evidence)
    subject = subject_of(inputs.model, inputs.registry, inputs.name) if inputs.model else None
    if not inputs.metrics_file:
        if inputs.champion_metrics_file:
            raise InputError("the input 'champion-metrics-file' needs a 'metrics-file'.", hint="Give both, or neither.")
        return from_evaluation(store, policy.rules, subject, inputs.data, inputs.registry, inputs.name)
    if subject is None:
        raise InputError(
            "a 'metrics-file' does not say whose metrics they are.", hint="Give 'model': the path of the model."
        )
    from mlops_actions.policy.metrics.case import Files, from_metrics

    files = Files(inputs.metrics_file, inputs.champion_metrics_file)
    asks = any(rule.names_champion for rule in policy.rules)
    champion = champion_now(inputs.registry, inputs.name) if asks else Champion("unknown")
    return from_metrics(store, policy.rules, subject, files, inputs.data, champion)
