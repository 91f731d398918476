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

from mlops_actions import cancellation
from mlops_actions.ci import CI
from mlops_actions.ci.default_branch import read_once
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs, CommonOutputs, Words
from mlops_actions.ci.sources import Given, GivenInputs, collect, read_inputs
from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import Predicate, Statement
from mlops_actions.registries.locations import open_registry
from mlops_actions.runner import (
    ACTIONS,
    Outcome,
    check_named,
    configuration,
    execute,
    load_action,
    working_directory,
    write_reports,
)
from mlops_actions.yaml_source import YamlSource

Stage = tuple[str, GivenInputs]
"""An action's name, and where its inputs come from."""

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
    ci.presume_error()
    flags = {key: value for key, value in vars(options).items() if key != "file"}
    flags["config"] = flags["config"] or options.file
    # The stages go by one policy, also where another is merged meanwhile.
    with working_directory(flags, os.environ), read_once():
        inputs, stages = plan(flags, os.environ)
        return _run_stages(inputs, stages, ci)


def _run_stages(inputs: Inputs, stages: list[Stage], ci: CI) -> Outcome:
    statements: list[Statement[Predicate]] = []
    try:
        for number, (stage, given) in enumerate(stages, start=1):
            with ci.group(f"{number}/{len(stages)} {stage}"):
                outcome = execute(stage, given, ci, reports=False)
            ci.say(f"{stage}: {outcome.result}")
            statements += [outcome.statement] if outcome.statement else []
            if outcome.result != "pass" or cancellation.requested():
                break
    finally:
        if statements:
            write_reports(inputs, statements)
    return replace(outcome, outputs=outcome.outputs | {"stage": stage, "report-path": inputs.report_path or ""})


def plan(flags: Mapping[str, object], environ: Mapping[str, str]) -> tuple[Inputs, list[Stage]]:
    """The train's inputs and each stage's, all checked before the first runs: a wrong one changes nothing anywhere."""
    config = configuration(flags, environ)
    inputs = _own_inputs(flags, environ, config)
    if config is not None:
        _check_sections(config)
    own = {key: value for key, value in flags.items() if key != "stages"}
    handed_on = _evaluated_model(own, environ, config)
    seen: Counter[str] = Counter()
    stages = []
    for stage in inputs.stages:
        given = collect(own, environ, config, stage, seen[stage])
        given.maps.append(handed_on)
        _check_stage(stage, given)
        seen[stage] += 1
        stages.append((stage, given))
    return inputs, stages


def _own_inputs(flags: Mapping[str, object], environ: Mapping[str, str], config: YamlSource | None) -> Inputs:
    given = collect(flags, environ, config)
    if config is not None and config.data.get("stages") is not None:
        given.maps.append({"stages": Given(config.data["stages"], config.where("stages"))})
    inputs = read_inputs(Inputs, given, "run")
    if not inputs.stages:
        raise InputError(
            "the input 'stages' names no stage.", where=given["stages"].source, hint=f"Known: {', '.join(ACTIONS)}."
        )
    for stage in inputs.stages:
        if stage not in ACTIONS:
            raise InputError(
                f"there is no stage {stage!r}.", where=given["stages"].source, hint=nearest(stage, ACTIONS)
            )
    return inputs


def _check_sections(config: YamlSource) -> None:
    """A key that an action does not know is wrong also where that action is none of the stages."""
    for action in [key for key in config.data if key in ACTIONS]:
        section = config.data[action]
        known = [field.alias or name for name, field in load_action(action).Inputs.model_fields.items()]
        for occurrence in range(len(section) if isinstance(section, list) else 1):
            for key, one in collect({}, {}, config, action, occurrence).items():
                if one.own and key not in known:
                    raise InputError(f"{action} has no input {key!r}.", where=one.source, hint=nearest(key, known))


def _check_stage(stage: str, given: GivenInputs) -> None:
    """Read the stage's inputs, see that what they name is there, and let the stage check what it can."""
    module = load_action(stage)
    inputs = read_inputs(module.Inputs, given, stage)
    check_named(module.Inputs, given)
    if "registry" in given:
        _check_registry(inputs.registry, given["registry"].source)
    if check := getattr(module, "check", None):
        check(inputs)


def _check_registry(location: str, source: str) -> None:
    """Nothing is read yet; a hosted one must name its log."""
    try:
        open_registry(location)
    except InputError as error:
        raise InputError(error.message, where=source, hint=error.hint) from None


def _evaluated_model(
    flags: Mapping[str, object], environ: Mapping[str, str], config: YamlSource | None
) -> dict[str, Given]:
    """The model that evaluate-model is given is the one that the later stages judge, promote and deploy."""
    given = collect(flags, environ, config, "evaluate-model").get("model")
    return {"model": replace(given, own=False)} if given else {}
