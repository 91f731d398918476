"""Tell what would have to be true for a model to pass: what each rule lacks, and what would settle it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.dossier import newest, read_dossier
from mlops_actions.errors import InputError
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.reports import markdown, text
from mlops_actions.reports.page import Page, Table, Text, marked, number
from mlops_actions.runner import Outcome, common_inputs


@dataclass(frozen=True)
class Condition:
    """What one rule that does not pass would need."""

    rule: str
    slice: str | None
    result: str
    severity: str
    value: float | None
    """The metric, or its difference to what the rule compares with."""
    bound: float | None
    """The end of the interval that has to clear the limit."""
    limit: float | None
    lacking: float | None
    """By how much the bound misses the limit."""
    value_needed: float | None
    """The value that would pass with an interval as wide as this one."""
    rows_needed: int | None
    clusters_needed: int | None
    why: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions explain build/model.joblib`."""
    parser.add_argument("model", help="A path, name@alias, @alias, name:version or sha256:….")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="Default: text.")
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log", "evidence"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Explain the newest verdict on a model."""
    from mlops_actions.registries import open_registry, resolve

    inputs = common_inputs(vars(options), os.environ)
    model = resolve(options.model, inputs.registry, inputs.name)
    statements = read_dossier(inputs.evidence, open_registry(inputs.registry), [model])
    verdict = newest(statements, Verdict, model.sha256)
    if verdict is None:
        raise InputError(
            f"no verdict in {inputs.evidence!r} is about {options.model!r} (sha256 {model.sha256[:12]}).",
            hint="Run quality-gate, or name the folder with --evidence.",
        )
    if options.format == "json":
        document = {
            "result": verdict.result,
            "decision": verdict.decision,
            "conditions": list(map(asdict, conditions(verdict))),
        }
        sys.stdout.write(json.dumps(document, indent=1) + "\n")
    else:
        render = {"text": text.render, "markdown": markdown.render}[options.format]
        sys.stdout.write(render(page(options.model, verdict)).rstrip() + "\n")
    return Outcome(0, {})


def conditions(verdict: Verdict) -> Iterator[Condition]:
    """One for each rule, and each slice of one, that neither passes nor is left out."""
    for one in verdict.rules:
        if one.result in ("fail", "inconclusive"):
            yield _condition(one)


def _condition(one: RuleOutcome) -> Condition:
    bound = _bound(one)
    lacking = None if bound is None or one.limit is None else abs(one.limit - bound)
    needed = None
    if lacking is not None and one.value is not None and bound is not None and one.limit is not None:
        needed = one.value + (one.limit - bound)
    return Condition(
        rule=one.rule,
        slice=one.slice,
        result=one.result,
        severity=one.severity,
        value=one.value,
        bound=bound,
        limit=one.limit,
        lacking=lacking,
        value_needed=needed,
        rows_needed=one.rows_needed,
        clusters_needed=one.clusters_needed,
        why=one.message,
    )


def _bound(one: RuleOutcome) -> float | None:
    """The end of the interval that has to clear the limit: of a plain rule to show it, of a guard to leave the harm."""
    from mlops_actions.policy.language.parse import parse_rule
    from mlops_actions.policy.language.rule import Passed

    if one.lower is None and one.upper is None:
        return one.value
    demand = parse_rule(one.rule, "rule")
    return None if isinstance(demand, Passed) else one.lower if demand.comparisons[0].above else one.upper


def page(model: str, verdict: Verdict) -> Page:
    """The conditions as people read them."""
    found = list(conditions(verdict))
    rows = tuple(
        (
            marked(one.result),
            one.rule if one.slice is None else f"  {one.slice}",
            number(one.value),
            number(one.bound),
            number(one.limit),
            number(one.value_needed),
            _data(one),
        )
        for one in found
    )
    headings = ("now", "rule", "value", "its bound", "limit", "value that would pass", "data that would show it")
    choices = tuple(Text(f"You can: {choice}") for choice in verdict.choices)
    reasons = tuple(Text(f"{one.rule}: {one.why}") for one in found if one.slice is None)
    if not found:
        return Page("What would have to be true", verdict.result, f"{model}: {verdict.decision}", ())
    table = Table("Rules that do not pass", headings, rows)
    return Page(
        "What would have to be true", verdict.result, f"{model}: {verdict.decision}", (table, *reasons, *choices)
    )


def _data(one: Condition) -> str:
    if one.clusters_needed is not None:
        return f"{one.clusters_needed:,} clusters"
    return f"{one.rows_needed:,} rows" if one.rows_needed is not None else "–"
