"""The whole release train of mlops.yml: data, evaluation, gate, promotion, canary.

Stages run in order; the first that does not pass stops the train, and its exit code is the train's.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import (
    CommonInputs,
    CommonOutputs,
    Given,
    GivenInputs,
    Words,
    collect,
    read_inputs,
)
from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import Predicate, Statement
from mlops_actions.runner import ACTIONS, Outcome, configuration, execute, load_action, working_directory, write_report
from mlops_actions.yaml_source import YamlSource

DEFAULT_STAGES = ["validate-data", "evaluate-model", "quality-gate", "promote-champion"]


class Inputs(CommonInputs):
    """What the train itself takes; the stages take theirs from mlops.yml."""

    model: str | None = Field(None, description="The model to take through the train, instead of mlops.yml's.")
    stages: Words = Field(
        default=DEFAULT_STAGES, description="The actions to run, in order; one may be named several times."
    )


class Outputs(CommonOutputs):
    """What the train gives."""

    stage: str = Field("", description="The stage that the train ended at.")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions run [mlops.yml] [--stages …]`."""
    parser.add_argument("file", nargs="?", metavar="mlops.yml", help="The same as --config.")
    add_inputs(parser, Inputs)


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Check everything that can be checked, then run stage by stage."""
    flags = {key: value for key, value in vars(options).items() if key != "file"}
    flags["config"] = flags["config"] or options.file
    ci.presume_error()
    with working_directory(flags, os.environ):
        outcome = _run_stages(flags, os.environ, ci)
    ci.set_outputs(outcome.outputs)
    return outcome


def _run_stages(flags: Mapping[str, object], environ: Mapping[str, str], ci: CI) -> Outcome:
    inputs, stages = plan(flags, environ)
    statements: list[Statement[Predicate]] = []
    for number, (stage, given) in enumerate(stages, start=1):
        with ci.group(f"{number}/{len(stages)} {stage}"):
            outcome = execute(stage, given, ci)
        ci.say(f"{stage}: {outcome.result}")
        statements += [outcome.statement] if outcome.statement else []
        if outcome.result != "pass":
            break
    if inputs.report_path:
        write_report(inputs.report_path, statements)
    return replace(outcome, outputs=outcome.outputs | {"stage": stage, "report-path": inputs.report_path or ""})


def plan(flags: Mapping[str, object], environ: Mapping[str, str]) -> tuple[Inputs, list[tuple[str, GivenInputs]]]:
    """The train's inputs and each stage's, all read before the first runs: a wrong one changes nothing anywhere."""
    config = configuration(flags, environ)
    given = collect(flags, environ, config)
    if config is not None and config.data.get("stages") is not None:
        given.maps.append({"stages": Given(config.data["stages"], config.where("stages"))})
    inputs = read_inputs(Inputs, given, "run")
    for stage in inputs.stages:
        if stage not in ACTIONS:
            raise InputError(
                f"there is no stage {stage!r}.", where=given["stages"].source, hint=nearest(stage, ACTIONS)
            )
    own = {key: value for key, value in flags.items() if key != "stages"}
    handed_on = _evaluated_model(own, environ, config)
    seen: Counter[str] = Counter()
    stages = []
    for stage in inputs.stages:
        of_stage = collect(own, environ, config, stage, seen[stage])
        of_stage.maps.append(handed_on)
        read_inputs(load_action(stage).Inputs, of_stage, stage)
        seen[stage] += 1
        stages.append((stage, of_stage))
    return inputs, stages


def _evaluated_model(
    flags: Mapping[str, object], environ: Mapping[str, str], config: YamlSource | None
) -> dict[str, Given]:
    """The model that evaluate-model is given is the one that the later stages judge, promote and deploy."""
    given = collect(flags, environ, config, "evaluate-model").get("model")
    return {"model": given} if given else {}
