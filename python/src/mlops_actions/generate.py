"""Write what follows from each action's `Inputs`: action.yml, READMEs and JSON Schemas.

`make generate` writes them; `python -m mlops_actions.generate --check` fails where a file differs. A generated
action.yml carries no `default:`, since a default would arrive as a given input and override mlops.yml.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel

from mlops_actions import release_train
from mlops_actions.ci.flags import shown_default
from mlops_actions.ci.inputs import CommonInputs, hyphenated
from mlops_actions.cli import first_line
from mlops_actions.runner import ACTIONS, load_action
from mlops_actions.schemas import schemas

NOTICE = "Generated from the action's Inputs by `make generate`; do not edit."


@dataclass(frozen=True)
class Interface:
    """What a user sees of one action."""

    name: str
    """As it is called: the folder's name, or `run` for the whole train."""
    title: str
    description: str
    inputs: type[BaseModel]
    outputs: type[BaseModel]
    icon: str


_ICONS = {
    "validate-data": "database",
    "evaluate-model": "bar-chart-2",
    "quality-gate": "shield",
    "promote-champion": "award",
    "canary-deploy": "git-branch",
}


def interfaces() -> Iterator[Interface]:
    """The five actions, then the root action."""
    for name in ACTIONS:
        module = load_action(name)
        yield _interface(name, name, module, _ICONS[name])
    yield _interface("run", "mlops-actions", release_train, "play")


def _interface(name: str, title: str, module: Any, icon: str) -> Interface:
    return Interface(name, title, first_line(module), module.Inputs, module.Outputs, icon)


def files(root: Path) -> dict[Path, str]:
    """Every generated file and its content; of `root` only what is written by hand is read: guides and main README."""
    written: dict[Path, str] = {}
    for one in interfaces():
        if one.name == "run":
            written[Path("action.yml")] = action_yml(one, "python/launch")
            continue
        written[Path("actions") / one.name / "action.yml"] = action_yml(one, "../../python/launch")
        written[Path(one.name) / "action.yml"] = action_yml(one, "../python/launch")
        written[Path("actions") / one.name / "README.md"] = readme(
            one, _read(root / "docs" / "actions" / f"{one.name}.md") or ""
        )
    written[Path("container/action.yml")] = container_yml(list(interfaces()))
    written |= {Path("schemas") / name: text for name, text in schemas().items()}
    main = root / "README.md"
    written[Path("README.md")] = with_tables(main.read_text(encoding="utf-8") if main.exists() else "")
    return written


def action_yml(one: Interface, launch: str) -> str:
    """The metadata of a composite action; only the path to the launcher differs between its two places."""
    inputs = {key: {"description": text, "required": False} for key, text in described_inputs(one.inputs)}
    outputs = {
        key: {"description": text, "value": f"${{{{ steps.{one.name}.outputs.{key} }}}}"}
        for key, text in described_outputs(one.outputs)
    }
    environment = {"MLOPS_ACTIONS_REF": "${{ github.action_ref }}"}
    environment |= {f"INPUT_{key.upper().replace('-', '_')}": f"${{{{ inputs.{key} }}}}" for key in inputs}
    step = {
        "id": one.name,
        "shell": "bash",
        "run": f'exec "$GITHUB_ACTION_PATH/{launch}" {one.name}',
        "env": environment,
    }
    document = {
        "name": one.title,
        "description": one.description,
        "author": "mlops-actions",
        "branding": {"icon": one.icon, "color": "blue"},
        "inputs": inputs,
        "outputs": outputs,
        "runs": {"using": "composite", "steps": [step]},
    }
    return f"# {NOTICE}\n" + yaml.safe_dump(document, sort_keys=False, width=10_000, allow_unicode=True)


def container_yml(all_of_them: list[Interface]) -> str:
    """The metadata of the Docker action: one for all, since a job pulls one image."""
    inputs: dict[str, Any] = {
        "action": {
            "description": "What to run: `run` (the train of mlops.yml) or one action, such as `quality-gate`.",
            "required": True,
        }
    }
    outputs: dict[str, Any] = {}
    for one in all_of_them:
        for key, text in described_inputs(one.inputs):
            inputs.setdefault(key, {"description": _of(one, all_of_them, key, text), "required": False})
        for key, text in described_outputs(one.outputs):
            outputs.setdefault(key, {"description": text})
    document = {
        "name": "mlops-actions in a container",
        "description": "Any of the actions, or the whole train, from one image, for runners without Python.",
        "author": "mlops-actions",
        "branding": {"icon": "box", "color": "blue"},
        "inputs": inputs,
        "outputs": outputs,
        "runs": {"using": "docker", "image": "../Dockerfile", "args": ["${{ inputs.action }}"]},
    }
    return f"# {NOTICE}\n" + yaml.safe_dump(document, sort_keys=False, width=10_000, allow_unicode=True)


def _of(one: Interface, all_of_them: list[Interface], key: str, text: str) -> str:
    """An input's description, and whose it is where not all have it or not all mean the same by it."""
    having = [other.name for other in all_of_them if key in dict(described_inputs(other.inputs))]
    if len(having) == len(all_of_them):
        return text if key in map(hyphenated, CommonInputs.model_fields) else "As the README of each action says."
    return f"{text} ({', '.join(having)})" if having == [one.name] else f"See the READMEs of {', '.join(having)}."


def described_inputs(model: type[BaseModel]) -> list[tuple[str, str]]:
    """Key and description with its default: the action's own inputs, then those that all actions share."""
    fields = sorted(model.model_fields.items(), key=lambda field: field[0] in CommonInputs.model_fields)
    rows = []
    for name, field in fields:
        needed = " Required, here or in mlops.yml." if field.is_required() else ""
        rows.append((field.alias or name, f"{field.description}{needed}{shown_default(field)}"))
    return rows


def described_outputs(model: type[BaseModel]) -> list[tuple[str, str]]:
    """Key and description of every output."""
    return [(field.alias or name, str(field.description)) for name, field in model.model_fields.items()]


def readme(one: Interface, guide: str) -> str:
    """An action's README: what it is for, its guide, its inputs and outputs."""
    loader = PackageLoader("mlops_actions.reports", "templates")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701  Markdown
    template = environment.get_template("action_readme.md")
    inputs, outputs = described_inputs(one.inputs), described_outputs(one.outputs)
    return template.render(notice=NOTICE, one=one, guide=guide, inputs=inputs, outputs=outputs) + "\n"


def with_tables(text: str) -> str:
    """The main README with the table of actions between its markers made anew."""
    rows = "".join(
        f"| [`{one.name}`](actions/{one.name}) | {one.description} |\n" for one in interfaces() if one.name != "run"
    )
    table = f"<!-- actions -->\n| action | what it does |\n|---|---|\n{rows}<!-- /actions -->"
    return re.sub(r"<!-- actions -->.*<!-- /actions -->", lambda _: table, text, flags=re.DOTALL)


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` name those that differ."""
    parser = argparse.ArgumentParser(
        prog="python -m mlops_actions.generate", description=first_line(sys.modules[__name__])
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file differs")
    parser.add_argument("root", nargs="?", default=".", type=Path)
    options = parser.parse_args(arguments)
    differing = {path: text for path, text in files(options.root).items() if _read(options.root / path) != text}
    for path, text in differing.items():
        sys.stderr.write(f"{path} {'differs: run `make generate`' if options.check else 'written'}\n")
        if not options.check:
            (options.root / path).parent.mkdir(parents=True, exist_ok=True)
            (options.root / path).write_text(text, encoding="utf-8")
    return int(options.check and bool(differing))


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
