"""Judge a model by rules on intervals, not on points: pass, fail, or inconclusive with what would settle it.

The functional core is `judge` and `decide`; this file finds what they judge and writes down what they say.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mlops_actions.ci.inputs import FILES, MODEL, CommonInputs, CommonOutputs
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Material, Statement
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.policy.case import Case, from_evaluation, from_metrics_file
from mlops_actions.policy.document import DEFAULT_CONFIDENCE, Policy, inline_policy, read_policy
from mlops_actions.policy.judging.decision import Decision, choices, decide
from mlops_actions.policy.judging.finding import Finding
from mlops_actions.policy.judging.judge import Terms, judge
from mlops_actions.policy.sources import subject_of

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
    data: str | None = Field(
        None, description="Which evaluation counts: path of its data, or the beginning of the data's SHA-256."
    )
    metrics_file: Annotated[str | None, FILES] = Field(
        None, description="JSON of numbers from another tool instead of an evaluation; judged as points."
    )
    without_champion: Literal["skip", "fail"] = Field(
        "skip", description="What rules about the champion come to when there never was one: `skip` or `fail`."
    )
    judge: Literal["intervals", "points"] = Field(
        "intervals", description="`intervals`, or `points`: plain comparison of values, blind to noise."
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
        points=inputs.judge == "points" or inputs.metrics_file is not None,
        without_champion=inputs.without_champion,
        today=datetime.now(UTC).date(),
    )
    # Where the evaluation failed there is nothing to judge, and the verdict carries its reasons.
    rules = () if case.evaluated == "fail" else policy.rules
    findings = judge(rules, case.facts, terms)
    decision = _decide(case, findings)
    open_choices: list[str] = []
    if decision.result == "inconclusive":
        points = None if terms.points else _decide(case, judge(rules, case.facts, replace(terms, points=True))).result
        open_choices = choices(findings, case.facts.clusters, points)
    _log.info("%s", "\n".join([decision.sentence, *(f"  You can: {choice}" for choice in open_choices)]))
    verdict = Verdict(
        result=decision.result,
        reasons=list(decision.reasons),
        materials=[*case.materials, Material(name="policy", uri=policy.uri, digest={"sha256": policy.sha256})],
        rules=[outcome for finding in findings for outcome in finding.outcomes],
        champion=case.facts.champion.sha256,
        policy=policy.sha256,
        judged_on="points" if terms.points else "intervals",
        decision=decision.sentence,
        choices=open_choices,
    )
    return Statement(case.subject.name, case.subject.sha256, verdict)


def _decide(case: Case, findings: Sequence[Finding]) -> Decision:
    return decide(findings, case.evaluated, case.notes, case.facts.clusters)


def _policy(inputs: Inputs) -> Policy:
    if (inputs.rules is None) == (inputs.policy is None):
        given = "both 'rules' and 'policy' are given" if inputs.rules is not None else "no rules are given"
        raise InputError(f"{given}.", hint="Give either 'rules', one a line, or 'policy', a YAML file.")
    if inputs.policy is None:
        return inline_policy(inputs.rules or "")
    policy = read_policy(inputs.policy)
    if policy.confidence is not None and inputs.confidence not in (None, policy.confidence):
        raise InputError(
            f"the input 'confidence' is {inputs.confidence}, the policy {policy.uri!r} says {policy.confidence}.",
            hint="Remove one of them.",
        )
    return policy


def _case(inputs: Inputs, policy: Policy) -> Case:
    store = EvidenceStore(inputs.evidence)
    subject = subject_of(inputs.model, inputs.registry, inputs.name) if inputs.model else None
    if inputs.metrics_file is None:
        return from_evaluation(store, policy.rules, subject, inputs.data, inputs.registry, inputs.name)
    if subject is None:
        raise InputError(
            "a 'metrics-file' does not say whose metrics they are.", hint="Give 'model': the path of the model."
        )
    return from_metrics_file(store, policy.rules, subject, inputs.metrics_file, inputs.data)
