"""Read policies, contracts and mlops.yml files as the actions would, and say what is wrong in each."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mlops_actions.ci import CI
from mlops_actions.ci.interface import Annotation
from mlops_actions.errors import InputError, MlopsError
from mlops_actions.runner import ACTIONS, Outcome
from mlops_actions.yaml_source import YamlSource, read_yaml


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions check policy.yaml contract.yaml mlops.yml`."""
    parser.add_argument("files", nargs="+", help="Files of YAML; what each is shows in its keys.")


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Read all of them; exit code 2 where one is wrong. Data, models and registries are not looked at."""
    wrong = []
    for path in options.files:
        try:
            ci.say(f"{path}: {check_file(path)}")
        except MlopsError as error:
            place, _, line = (error.where or path).rpartition(":")
            file, number = (place, int(line)) if line.isdigit() else (error.where or path, None)
            message = " ".join(filter(None, [error.message, error.hint]))
            wrong.append(Annotation("error", message, file=file, line=number))
    ci.annotate(wrong)
    return Outcome(InputError.exit_code if wrong else 0, {})


def check_file(path: str) -> str:
    """What the file is and holds. Raises InputError with its line for what is wrong."""
    source = read_yaml(path, "file")
    keys = source.data.keys() if isinstance(source.data, dict) else set()
    if "apiVersion" in keys:
        return _contract(path, source)
    if "rules" in keys or "extends" in keys:
        from mlops_actions.policy.document import read_policy

        return f"a policy of {len(read_policy(path).rules)} rules"
    if keys & {"stages", *ACTIONS}:
        return _train(path)
    raise InputError(
        f"{path!r} is no policy, no contract and no mlops.yml.",
        where=path,
        hint="A policy has `rules`, a contract `apiVersion`, mlops.yml `stages` or an action.",
    )


def _contract(path: str, source: YamlSource) -> str:
    from mlops_actions.validate_data.contract import read_contract

    tables = [str(table.get("name")) for table in source.data.get("schema") or [] if isinstance(table, dict)]
    if not tables:
        read_contract(path)  # says what is missing
    checks = sum(len(read_contract(path, table).checks) for table in tables)
    return f"a contract of {checks} checks"


def _train(path: str) -> str:
    """Its keys and values; what they name is looked for beside the file, where its train would run."""
    from mlops_actions.release_train import plan

    _, stages = plan({"config": os.fspath(Path(path))}, {})
    return f"a train of {len(stages)} stages"
