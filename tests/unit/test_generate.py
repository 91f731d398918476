"""What is generated is up to date, and is what GitHub and editors take."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mlops_actions.evidence.statement import KINDS
from mlops_actions.generate import files, interfaces, main
from mlops_actions.runner import ACTIONS
from mlops_actions.yaml_source import read_yaml

ROOT = Path(__file__).resolve().parents[2]
METADATA = [Path("action.yml"), *(Path(folder) / name / "action.yml" for name in ACTIONS for folder in ("", "actions"))]
ICONS_COLOURS = {"white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"}
SCHEMAS = {"mlops", "policy", *KINDS}


def test_every_generated_file_is_up_to_date() -> None:
    generated = files(ROOT)
    stale = [str(path) for path, text in generated.items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert stale == [], "run `make generate`"
    assert set(METADATA) <= generated.keys()


def test_nothing_lies_among_the_generated_files_that_is_not_generated() -> None:
    there = {path.relative_to(ROOT) for pattern in ("action.yml", "*/action.yml") for path in ROOT.glob(pattern)}
    there |= {path.relative_to(ROOT) for folder in ("actions", "schemas") for path in (ROOT / folder).rglob("*.*")}
    assert there - files(ROOT).keys() == set()


def test_a_check_names_what_differs_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    (tmp_path / "action.yml").write_text("name: another\n")
    capsys.readouterr()
    assert main(["--check", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "action.yml differs: run `make generate`\n"
    assert (tmp_path / "action.yml").read_text() == "name: another\n"


def test_the_table_of_the_readme_is_made_anew_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("before\n<!-- actions -->\nold\n<!-- /actions -->\nafter\n")
    text = files(tmp_path)[Path("README.md")]
    assert text.startswith("before\n<!-- actions -->\n| action |")
    assert text.endswith("<!-- /actions -->\nafter\n")
    assert [name for name in ACTIONS if f"[`{name}`](actions/{name})" not in text] == []


@pytest.fixture(params=METADATA, ids=str)
def metadata(request: pytest.FixtureRequest) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / request.param).read_text())
    return document


def test_a_composite_runs_bash_and_nests_no_action(metadata: dict[str, Any]) -> None:
    assert metadata["runs"]["using"] == "composite"
    for step in metadata["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "uses" not in step


def test_no_expression_stands_in_a_script(metadata: dict[str, Any]) -> None:
    assert [step["run"] for step in metadata["runs"]["steps"] if "${{" in step["run"]] == []


def test_a_signal_reaches_the_action_since_the_script_is_replaced_by_it(metadata: dict[str, Any]) -> None:
    (step,) = metadata["runs"]["steps"]
    assert re.fullmatch(r'exec "\$GITHUB_ACTION_PATH/(\.\./)*python/launch" [a-z-]+', step["run"])


def test_no_input_has_a_default_which_would_override_the_file(metadata: dict[str, Any]) -> None:
    assert {key for one in metadata["inputs"].values() for key in one} == {"description", "required"}
    assert [key for key, one in metadata["inputs"].items() if one["required"]] == []


def test_every_input_reaches_the_action_under_its_variable_and_nothing_else_does(metadata: dict[str, Any]) -> None:
    mapped = {f"INPUT_{key.upper().replace('-', '_')}": f"${{{{ inputs.{key} }}}}" for key in metadata["inputs"]}
    (step,) = metadata["runs"]["steps"]
    assert step["env"] == mapped | {"MLOPS_ACTIONS_REF": "${{ github.action_ref }}"}


def test_every_output_is_one_of_an_existing_step(metadata: dict[str, Any]) -> None:
    steps = {step["id"] for step in metadata["runs"]["steps"]}
    for key, output in metadata["outputs"].items():
        found = re.fullmatch(r"\$\{\{ steps\.([\w-]+)\.outputs\.([\w-]+) \}\}", output["value"])
        assert found
        assert (found[1] in steps, found[2]) == (True, key)


def test_the_marketplace_takes_its_name_description_and_badge(metadata: dict[str, Any]) -> None:
    assert len(metadata["description"]) <= 125
    assert metadata["branding"]["color"] in ICONS_COLOURS
    assert re.fullmatch(r"[a-z0-9-]+", metadata["branding"]["icon"])


@pytest.mark.parametrize("name", ACTIONS)
def test_the_copy_at_the_root_differs_only_in_the_path_to_the_launcher(name: str) -> None:
    copy = (ROOT / name / "action.yml").read_text()
    original = (ROOT / "actions" / name / "action.yml").read_text()
    assert copy != original
    assert copy == original.replace("/../../python/launch", "/../python/launch")
    for folder in (ROOT / name, ROOT / "actions" / name):
        assert not folder.is_symlink()
        launcher = next(iter(re.findall(r"GITHUB_ACTION_PATH/(.*?)\"", (folder / "action.yml").read_text())))
        assert (folder / launcher).resolve() == ROOT / "python/launch"


def fields() -> Iterator[tuple[str, str, Any]]:
    for one in interfaces():
        for model in (one.inputs, one.outputs):
            for name, field in model.model_fields.items():
                yield one.name, name, field


def test_every_input_and_output_is_described_in_a_sentence() -> None:
    bad = [f"{action} {name}" for action, name, field in fields() if not re.search(r"[.…]$", field.description or "")]
    assert bad == []


def test_every_action_says_in_one_line_what_it_does() -> None:
    assert [one.name for one in interfaces() if not re.fullmatch(r"[A-Z].*\.", one.description)] == []


def schema(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text())
    return document


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


def problems(name: str, document: object) -> list[str]:
    return [error.message for error in jsonschema.Draft202012Validator(schema(name)).iter_errors(document)]


def test_the_schema_takes_the_example() -> None:
    assert problems("mlops", read_yaml(ROOT / "examples/flight-delay/mlops.yml", "example").data) == []
    assert problems("policy", yaml.safe_load((ROOT / "examples/flight-delay/policy.yaml").read_text())) == []


@pytest.mark.parametrize(
    "change",
    [
        {"nmae": "flights"},
        {"stages": ["quality-gaet"]},
        {"stages": []},
        {"quality-gate": {"polcy": "policy.yaml"}},
        {"evaluate-model": {"isolation": "strong"}},
        {"evaluate-model": {"working-directory": "models"}},
        {"promote-champion": [{"alias": "champion"}, {"alais": "champion"}]},
        {"canary-deploy": {"alpha": 5}},
    ],
)
def test_the_schema_refuses_what_the_train_refuses(change: dict[str, object]) -> None:
    example = read_yaml(ROOT / "examples/flight-delay/mlops.yml", "example").data
    assert problems("mlops", example | change)


@pytest.mark.parametrize("rules", [[], [{"rul": "accuracy > 1"}], [{"rule": "accuracy > 1", "severity": "blok"}]])
def test_the_schema_of_policies_refuses_what_the_gate_refuses(rules: list[object]) -> None:
    assert problems("policy", {"rules": rules})


def test_an_editor_that_reads_the_example_finds_its_schema() -> None:
    first = (ROOT / "examples/flight-delay/mlops.yml").read_text().splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(.*)", first)
    assert found
    assert (ROOT / "examples/flight-delay" / found[1]).resolve() == ROOT / "schemas/mlops.schema.json"


def test_make_generate_runs_as_a_module(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mlops_actions.generate", "--check", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "action.yml differs: run `make generate`" in done.stderr.splitlines()
