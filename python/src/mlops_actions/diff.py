"""Tell what differs between two models: metrics, rules, data, code and environment."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs
from mlops_actions.dossier import newest, read_dossier
from mlops_actions.evidence import Material
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation
from mlops_actions.evidence.training import Training
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.registries import Model
from mlops_actions.reports import markdown, text
from mlops_actions.reports.page import Page, Table, Text, interval, number
from mlops_actions.runner import Outcome, common_inputs


@dataclass(frozen=True)
class Side:
    """One of the two models and the newest statements about it."""

    model: Model
    training: Training | None
    evaluation: Evaluation | None
    verdict: Verdict | None

    @property
    def label(self) -> str:
        """As the user wrote it, with its version."""
        version = self.model.version
        return f"{self.model.reference} (v{version})" if version else self.model.reference


@dataclass(frozen=True)
class Difference:
    """One fact that may differ; None where a side does not say."""

    section: str
    what: str
    before: str | None
    after: str | None

    @property
    def same(self) -> bool:
        """Whether both sides say the same."""
        return self.before == self.after


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions diff @champion build/model.joblib`."""
    parser.add_argument("before", help="A path, name@alias, @alias, name:version or sha256:….")
    parser.add_argument("after", help="The same of the other model.")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="Default: text.")
    parser.add_argument("--all", action="store_true", help="Also what is the same.")
    add_inputs(parser, CommonInputs, only={"config", "name", "registry", "log", "evidence"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:  # noqa: ARG001  every command is given it
    """Print what differs."""
    from mlops_actions.registries import open_registry, resolve

    inputs = common_inputs(vars(options), os.environ)
    models = [resolve(one, inputs.registry, inputs.name) for one in (options.before, options.after)]
    statements = read_dossier(inputs.evidence, open_registry(inputs.registry), models)

    before, after = (
        Side(
            model,
            newest(statements, Training, model.sha256),
            newest(statements, Evaluation, model.sha256),
            newest(statements, Verdict, model.sha256),
        )
        for model in models
    )
    differences = list(compare(before, after))
    if options.format == "json":
        sys.stdout.write(json.dumps([_as_dict(one) for one in differences], indent=1) + "\n")
        return Outcome(0, {})
    render = {"text": text.render, "markdown": markdown.render}[options.format]
    shown = differences if options.all else [one for one in differences if not one.same]
    sys.stdout.write(render(page(before, after, shown)).rstrip() + "\n")
    return Outcome(0, {})


def compare(before: Side, after: Side) -> Iterator[Difference]:
    """Every fact that the statements about one or both models tell."""
    first, second = facts(before), facts(after)
    for section in first:
        for what in dict.fromkeys([*second[section], *first[section]]):
            yield Difference(section, what, first[section].get(what), second[section].get(what))
    if after.evaluation and after.evaluation.champion_sha256 == before.model.sha256:
        for metric, record in after.evaluation.differences.items():
            yield Difference("Paired differences", metric, None, _estimate(record))


def facts(side: Side) -> dict[str, dict[str, str]]:
    """What is known of one model: section → what → as people read it."""
    training, evaluation, verdict = side.training, side.evaluation, side.verdict
    tested = [one for one in evaluation.materials if one.name == "data"] if evaluation else []
    origin = {f"{one.name} {one.uri}": _digest(one) for one in training.materials} if training else {}
    surroundings: dict[str, str] = {}
    if training:
        told = {"command": " ".join(training.command), "commit": training.commit, "lock": training.lock}
        origin |= {what: value for what, value in told.items() if value}
        origin |= {"uncommitted changes": "yes"} if training.dirty else {}
        origin |= {f"parameter {name}": value for name, value in training.parameters.items()}
        surroundings |= {"python, training": training.python} if training.python else {}
    if evaluation and evaluation.environment:
        surroundings |= {"python, scoring": evaluation.environment.python, **evaluation.environment.packages}
    return {
        "Model": {"SHA-256": side.model.sha256} | _size(evaluation),
        "Metrics": {name: _estimate(one) for name, one in evaluation.estimates.items()} if evaluation else {},
        "Rules": {one.rule: one.result for one in verdict.rules if one.slice is None} if verdict else {},
        "Test data": {one.uri: _digest(one) for one in tested},
        "Origin": origin,
        "Environment": surroundings,
    }


def page(before: Side, after: Side, differences: Sequence[Difference]) -> Page:
    """The differences as people read them."""
    tables = (
        Table(
            section,
            ("what", "before", "after"),
            tuple((one.what, one.before or "–", one.after or "–") for one in differences if one.section == section),
        )
        for section in dict.fromkeys(one.section for one in differences)
    )
    return Page("Difference", "", f"{before.label} → {after.label}", (Text(comparable(before, after)), *tables))


def comparable(before: Side, after: Side) -> str:
    """Whether the two evaluations may be compared, in one sentence."""
    if before.model.sha256 == after.model.sha256:
        return "They are the same, byte for byte."
    first, second = before.evaluation, after.evaluation
    if first is None or second is None:
        missing = [side.label for side in (before, after) if side.evaluation is None]
        return f"No evaluation of {' and '.join(missing)} is known."
    if second.champion_sha256 == before.model.sha256:
        return "The second was evaluated against the first on the same rows: the differences are paired."
    if data_of(first) == data_of(second):
        return "Both were evaluated on the same data, but apart: with the first as `champion`, differences are paired."
    return "They were evaluated on different data: their metrics cannot be compared."


def data_of(evaluation: Evaluation) -> set[str]:
    """Digests of the data that an evaluation read."""
    return {digest for one in evaluation.materials if one.name == "data" for digest in one.digest.values()}


def _size(evaluation: Evaluation | None) -> dict[str, str]:
    return {"bytes": f"{evaluation.size_bytes:,}"} if evaluation and evaluation.size_bytes is not None else {}


def _digest(material: Material) -> str:
    return next(iter(material.digest.values()), "")


def _estimate(record: EstimateRecord) -> str:
    return f"{number(record.value)} ({interval(record.lower, record.upper)})"


def _as_dict(one: Difference) -> dict[str, object]:
    return {"section": one.section, "what": one.what, "before": one.before, "after": one.after, "same": one.same}
