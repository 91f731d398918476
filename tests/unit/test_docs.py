"""What the documents show is what the program takes: every snippet is read by the code it is about."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mlops_actions.cli import COMMANDS
from mlops_actions.policy.document import inline_policy, read_policy
from mlops_actions.promote_champion.refusals import CODES
from mlops_actions.runner import ACTIONS
from mlops_actions.statistics.metrics import METRICS, Task, metrics_for
from mlops_actions.statistics.metrics.names import CONSTRAINTS
from mlops_actions.validate_data.contract import read_contract
from mlops_actions.yaml_source import parse_yaml, read_yaml

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "container/README.md")),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "docs" / "actions").glob("*.md"),
    *(ROOT / "examples").glob("*/README.md"),
]
USES = re.compile(r"org/mlops-actions(?:/(?P<action>[a-z-]+))?@v1")


def snippets() -> Iterator[tuple[str, Any]]:
    for page in PAGES:
        for number, text in enumerate(re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)):
            name = f"{page.relative_to(ROOT)}:{number}"
            yield name, parse_yaml(text.encode(), name, "snippet").data


SNIPPETS = dict(snippets())


def documents() -> list[dict[str, Any]]:
    return [snippet for snippet in SNIPPETS.values() if isinstance(snippet, dict)]


def steps() -> Iterator[tuple[str, str | None, dict[str, Any]]]:
    for name, snippet in SNIPPETS.items():
        found = (
            snippet
            if isinstance(snippet, list)
            else [s for job in snippet.get("jobs", {}).values() for s in job.get("steps", [])]
            + snippet.get("steps", [])
        )
        for step in found:
            if match := USES.fullmatch(str(step.get("uses", ""))):
                yield name, match["action"], step.get("with", {})


@pytest.mark.parametrize(("where", "action", "inputs"), list(steps()))
def test_every_step_gives_inputs_that_the_action_has(where: str, action: str | None, inputs: dict[str, Any]) -> None:
    folder = ROOT / action if action else ROOT
    metadata = read_yaml(folder / "action.yml", "metadata").data
    assert set(inputs) <= metadata["inputs"].keys(), where


def test_every_action_is_shown_in_use() -> None:
    assert {action for _, action, _ in steps()} >= set(ACTIONS)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_guide_names_every_metric(task: Task) -> None:
    listed = " ".join(guide("evaluate-model").split())
    assert f"- {task}: {', '.join(f'`{name}`' for name in metrics_for(task))} " in listed


def test_the_guide_names_every_metric_that_is_asked_for() -> None:
    prose = re.sub(r"```.*?```", "", guide("evaluate-model"), flags=re.DOTALL)
    names = re.findall(r"`([^`]+)`", prose)
    assert {name for name, metric in METRICS.items() if metric.parameter} <= {one.split("(")[0] for one in names}
    assert {name for name, metric in METRICS.items() if metric.per_class} <= set(names) | {"recall"}
    assert all(any(f"{name}(" in one for one in names) for name in CONSTRAINTS)
    assert "cost" in names


def test_the_guide_lists_every_refusal() -> None:
    rows = [line for line in guide("promote-champion").splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{name}` | {code.meaning} | {code.remedy} | {'yes' if code.overridable else 'never'} |"
        for name, code in CODES.items()
    ]


def test_every_command_that_the_readme_shows_is_read() -> None:
    shown = re.findall(r"^mlops-actions (.*?)(?: +#.*)?$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert {line.split()[0] for line in shown} == set(COMMANDS) - {"attest", "comment", "gc", "import"}
    for line in shown:
        parser = argparse.ArgumentParser()
        name, *words = line.split()
        import_module(COMMANDS[name]).add_arguments(parser)
        parser.parse_args(words)


def test_every_policy_reads(tmp_path: Path) -> None:
    policies = [snippet for snippet in documents() if "rules" in snippet and "metadata" not in snippet]
    assert len(policies) >= 2
    for policy in policies:
        # What another repository holds cannot be read here.
        (tmp_path / "policy.yaml").write_text(yaml.safe_dump({**policy, "extends": []}))
        assert read_policy(str(tmp_path / "policy.yaml")).rules


def test_every_inline_rule_reads() -> None:
    inline = [inputs["rules"] for _, _, inputs in steps() if "rules" in inputs]
    spelled = re.findall(
        r"`((?:recall|worst|roc_auc|abs|age|latency_p95_ms)[^`]* (?:>=|<=|<|>) [^`]+)`", guide("quality-gate")
    )
    assert len(spelled) >= 5
    for rules in [*inline, *spelled]:
        assert inline_policy(rules).rules


def test_the_contract_of_the_guide_reads(tmp_path: Path) -> None:
    (contract,) = [snippet for snippet in documents() if snippet.get("kind") == "DataContract"]
    (tmp_path / "contract.yaml").write_text(yaml.safe_dump(contract))
    properties = read_contract(str(tmp_path / "contract.yaml")).properties
    assert [one.name for one in properties if not one.available] == ["dep_delay"]


def test_every_configuration_fits_the_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "mlops.schema.json").read_text())
    found = [snippet for snippet in SNIPPETS.values() if isinstance(snippet, dict) and "stages" in snippet]
    assert found
    for snippet in found:
        jsonschema.validate(snippet, schema)


def test_every_link_between_our_pages_leads_somewhere() -> None:
    for page in [
        *PAGES,
        *(ROOT / "actions").glob("*/README.md"),
        *(ROOT / "docs").glob("*.md"),
        ROOT / "CONTRIBUTING.md",
    ]:
        base = ROOT / "actions" / page.stem if page.parent.name == "actions" else page.parent
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (base / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_readme_shows_what_was_measured_and_nothing_else() -> None:
    readme, results = (
        re.findall(r"<!-- begin validation -->\n(.*?)<!-- end validation -->", (ROOT / page).read_text(), re.DOTALL)
        for page in ("README.md", "benchmarks/RESULTS.md")
    )
    assert "Great Expectations" in readme[0]
    assert readme[0].strip() in results[0]


def guide(action: str) -> str:
    return (ROOT / "docs" / "actions" / f"{action}.md").read_text()


def test_the_pictures_of_the_statistics_are_what_their_script_draws(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "docs/figures.py", tmp_path], check=True)
    drawn = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert len(drawn) == 3
    assert drawn == {name: (ROOT / "docs" / name).read_text() for name in drawn}
