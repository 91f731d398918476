"""Write what a project begins with: mlops.yml, a contract, a policy and a workflow; nothing is overwritten."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.ci import CI
from mlops_actions.ci.git import git
from mlops_actions.errors import InputError
from mlops_actions.evidence.store import write_whole
from mlops_actions.onboarding.infer import infer
from mlops_actions.onboarding.pinning import REPOSITORY, pinned
from mlops_actions.onboarding.rules import propose_rules
from mlops_actions.runner import Outcome

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.rows.target import Target

_WORKFLOW = ".github/workflows/release-model.yml"
_REQUIREMENTS = "requirements.txt"
_STAGES = ["validate-data", "evaluate-model", "quality-gate", "promote-champion"]


@dataclass(frozen=True)
class Canary:
    """Where a canary would run."""

    target: str
    stable: str
    candidate: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions init --model build/model.joblib --data data/test.parquet --target late`."""
    parser.add_argument("--model", required=True, help="Path of the model file, there or made by --train.")
    parser.add_argument("--data", required=True, help="Labelled rows that it is to be judged on.")
    parser.add_argument("--target", required=True, help="The column that it predicts.")
    parser.add_argument("--name", help="The model's name in the registry. Default: after the folder.")
    parser.add_argument("--registry", default="file:mlops-registry", help="Default: file:mlops-registry.")
    parser.add_argument("--cluster", help="A column whose rows are not independent, such as a day or a user.")
    parser.add_argument("--train", help="The command that makes the model, where it is not in git.")
    canary = "The canary's target, such as envoy:127.0.0.1:8000; with --stable and --candidate."
    parser.add_argument("--canary", help=canary)
    parser.add_argument("--stable", help="host:port of the server of today.")
    parser.add_argument("--candidate", help="host:port of the new model's server.")


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Write the files that are new; InputError where one is there, before any is written."""
    canary = _canary(options)
    refuse_existing(["mlops.yml", "contract.yaml", "policy.yaml", _WORKFLOW])
    train = _training(options.model, options.train)
    written = make_files(options, canary, train)
    for path, text in written.items():
        write_whole(Path(path), text.encode())
        ci.say(f"wrote {path}")
    sys.stdout.write(
        "Read the four files: they say what this data shows, not what you know. Then:\n"
        "  mlops-actions doctor     what is still missing, here and on the runner\n"
        "  mlops-actions run        the train, on this machine\n"
    )
    if not Path(_REQUIREMENTS).exists():
        sys.stdout.write(
            f"There is no {_REQUIREMENTS}: the workflow installs nothing that training and model need. Write one "
            f"(pip freeze), and the step `python -m pip install -r {_REQUIREMENTS}`.\n"
        )
    return Outcome(0, {})


def refuse_existing(paths: list[str]) -> None:
    """What people wrote stays: InputError that names what is there."""
    there = [path for path in paths if Path(path).exists()]
    if there:
        raise InputError(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; nothing was written.",
            hint="Move away what shall be written anew.",
        )


def make_files(options: argparse.Namespace, canary: Canary | None, train: str | None) -> dict[str, str]:
    """Path → text of each file. The data is read: for the contract, and for what a policy can ask of so many rows."""
    contract, _ = infer(options.data)
    facts = {
        "name": options.name or _name(Path.cwd().name),
        "registry": options.registry,
        "stages": [*_STAGES, *(["canary-deploy", "promote-champion"] if canary else [])],
        "model": options.model,
        "data": options.data,
        "target": options.target,
        "cluster": options.cluster,
        "canary": canary,
        "rules": propose_rules(_target(options.data, options.target)),
        "repository": REPOSITORY,
        "branch": _branch(),
        "cloud": options.registry.partition(":")[0] in ("s3", "gs", "az"),
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "requirements": _REQUIREMENTS if Path(_REQUIREMENTS).exists() else None,
        "train": train,
        "uses": pinned(""),
        "abort_uses": pinned("/canary-deploy"),
    }
    return {
        "mlops.yml": _render("mlops.yml", facts),
        "contract.yaml": contract,
        "policy.yaml": _render("policy.yaml", facts),
        _WORKFLOW: _render("release.yml", facts),
    }


def _render(template: str, facts: dict[str, object]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(  # noqa: S701  YAML
        loader=PackageLoader("mlops_actions.onboarding", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment.get_template(template).render(facts)


def _canary(options: argparse.Namespace) -> Canary | None:
    given = [options.canary, options.stable, options.candidate]
    if any(given) and not all(given):
        raise InputError("a canary needs --canary, --stable and --candidate.", hint="Give all three, or none.")
    return Canary(*given) if all(given) else None


def _training(model: str, train: str | None) -> str | None:
    """The command that makes the model in CI; none where the model itself is in git."""
    if train is None and not git("ls-files", "--error-unmatch", "--", model):
        raise InputError(
            f"{model!r} is not in git, so a runner will not have it.",
            where="--model",
            hint='Give the command that makes it: --train "python train.py".',
        )
    return train


def _target(data: str, name: str) -> Target:
    from mlops_actions.evaluate_model.rows.target import read_target
    from mlops_actions.tables import open_table

    return read_target(name, open_table(data).arrays([name])[name], None, None)


def _branch() -> str:
    """The branch that is checked out; main where there is none."""
    return (git("symbolic-ref", "--short", "HEAD") or b"main").decode().strip()


def _name(folder: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder).strip("-._") or "model"
