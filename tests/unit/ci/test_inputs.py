"""Five sources of inputs, first wins, and messages that name the source."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from mlops_actions.ci.configuration import read_configuration
from mlops_actions.ci.inputs import CommonInputs, Numbers, Seconds, Words, existing_path
from mlops_actions.ci.sources import collect, read_inputs
from mlops_actions.errors import InputError
from mlops_actions.yaml_source import parse_yaml


class Inputs(CommonInputs):
    model: str = Field(description="The model.")
    slices: Words = Field(default=[], description="Columns.")
    steps: Numbers = Field(default=[5.0, 100.0], description="Percent.")
    interval: Seconds = Field(default=30.0, description="Between looks.")
    dry_run: bool = Field(default=False, description="Change nothing.")


CONFIG = parse_yaml(
    b"""name: flights
fail-on: fail
gate:
  model: from-section
  slices: [carrier, origin]
twice:
  - {model: first}
  - {model: second}
""",
    "mlops.yml",
    "configuration",
)


def message_of(flags: dict[str, object], environ: dict[str, str], action: str = "gate") -> str:
    with pytest.raises(InputError) as caught:
        read_inputs(Inputs, collect(flags, environ, CONFIG, action), action)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_flags_win_over_variables_over_section_over_common_keys_over_defaults() -> None:
    given = collect({"model": "flag"}, {"INPUT_MODEL": "env", "INPUT_SLICES": "dest"}, CONFIG, "gate")
    inputs = read_inputs(Inputs, given, "gate")
    assert (inputs.model, inputs.slices, inputs.fail_on, inputs.interval) == ("flag", ["dest"], "fail", 30.0)
    assert [given[key].source for key in ("model", "slices", "name")] == ["--model", "INPUT_SLICES", "mlops.yml:1"]


def test_an_empty_variable_is_not_given() -> None:
    inputs = read_inputs(Inputs, collect({}, {"INPUT_MODEL": ""}, CONFIG, "gate"), "gate")
    assert inputs.model == "from-section"


@pytest.mark.parametrize("name", ["INPUT_FAIL-ON", "INPUT_FAIL_ON"])
def test_docker_and_composite_spell_variables_differently(name: str) -> None:
    assert read_inputs(Inputs, collect({}, {name: "never"}, CONFIG, "gate"), "gate").fail_on == "never"


def test_two_spellings_of_one_variable_may_not_contradict_each_other() -> None:
    both = {"INPUT_FAIL-ON": "never", "INPUT_FAIL_ON": "never"}
    assert read_inputs(Inputs, collect({}, both, CONFIG, "gate"), "gate").fail_on == "never"
    assert (
        message_of({}, both | {"INPUT_FAIL_ON": "fail"})
        == "INPUT_FAIL-ON is 'never', INPUT_FAIL_ON is 'fail'. Set one."
    )


@pytest.mark.parametrize(("text", "words"), [("a, b", ["a", "b"]), ("a\nb\n", ["a", "b"]), ("a", ["a"])])
def test_lists_are_separated_by_commas_or_lines(text: str, words: list[str]) -> None:
    assert read_inputs(Inputs, collect({"slices": text}, {}, CONFIG, "gate"), "gate").slices == words


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("5m", 300.0), ("1.5h", 5400.0), ("2d", 172800.0)])
def test_durations_have_units(text: str, seconds: float) -> None:
    assert read_inputs(Inputs, collect({"interval": text}, {}, CONFIG, "gate"), "gate").interval == seconds


def test_a_section_that_is_a_list_gives_each_occurrence_its_own() -> None:
    models = [read_inputs(Inputs, collect({}, {}, CONFIG, "twice", index), "twice").model for index in (0, 1)]
    assert models == ["first", "second"]


def test_one_occurrence_too_many_is_named() -> None:
    with pytest.raises(InputError, match=r"mlops.yml:6: 'twice' runs 3 times in stages, but its section has 2 entries"):
        collect({}, {}, CONFIG, "twice", 2)


def test_an_unknown_key_of_a_section_is_named_with_the_nearest() -> None:
    config = parse_yaml(b"gate:\n  model: m\n  slcies: [a]\n", "mlops.yml", "configuration")
    with pytest.raises(InputError) as caught:
        read_inputs(Inputs, collect({}, {}, config, "gate"), "gate")
    assert str(caught.value) == "mlops.yml:3: gate has no input 'slcies'. Did you mean 'slices'?"


def test_a_missing_input_names_every_place_it_could_stand() -> None:
    message = message_of({}, {}, "other")
    assert message == "other needs the input 'model'. Give --model, INPUT_MODEL, or 'model' below 'other' in mlops.yml."


def test_a_wrong_value_names_its_source_and_what_to_write() -> None:
    assert message_of({"steps": "5, many"}, {}) == (
        "--steps: the input 'steps' is 'many': it should be a valid number, unable to parse string as a number."
    )
    assert message_of({}, {"INPUT_FAIL_ON": "maybe"}) == (
        "INPUT_FAIL_ON: the input 'fail-on' is 'maybe': it should be 'inconclusive', 'fail' or 'never'."
    )
    assert message_of({"interval": "soon"}, {}) == (
        "--interval: the input 'interval' is 'soon': write a duration such as 90s, 5m or 1h."
    )


def test_a_path_that_is_not_there_names_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("policy.yaml").touch()
    with pytest.raises(ValueError, match="there is no such file. Did you mean 'policy.yaml'\\?"):
        existing_path("polcy.yaml")
    assert existing_path("file:policy.yaml") == "file:policy.yaml"
    assert existing_path("*.yaml") == "*.yaml"


def test_a_path_that_no_file_can_have_is_a_wrong_input() -> None:
    with pytest.raises(ValueError, match="File name too long."):
        existing_path("a" * 300)
    told = "which is not UTF-8 text or holds a zero byte."
    assert message_of({"slices": "a\0b"}, {}) == f"--slices: the input 'slices' is 'a\\x00b', {told}"
    assert message_of({}, {"INPUT_MODEL": "caf\udce9"}) == f"INPUT_MODEL: the input 'model' is 'caf\\udce9', {told}"


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 0, -1])
def test_a_time_is_finite_and_above_zero(value: float) -> None:
    assert "--interval: the input 'interval' is " in message_of({"interval": value}, {})


def test_names_that_could_leave_their_folder_are_refused() -> None:
    assert message_of({"name": "../x"}, {}) == (
        "--name: the input 'name' is '../x': write up to 100 letters, digits, '.', '_' and '-', "
        "the first a letter or digit."
    )


def test_an_unknown_top_level_key_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mlops.yml"
    path.write_text("name: a\nregistri: file:x\n")
    with pytest.raises(InputError, match=r"mlops.yml:2: unknown key 'registri'. Did you mean 'registry'\?"):
        read_configuration(str(path), ["gate"], required=True)


def test_the_default_configuration_may_be_missing_but_not_one_that_was_named(tmp_path: Path) -> None:
    assert read_configuration(str(tmp_path / "mlops.yml"), [], required=False) is None
    with pytest.raises(InputError, match=r"the configuration '.*other.yml' does not exist"):
        read_configuration(str(tmp_path / "other.yml"), [], required=True)


def test_a_hosted_registry_and_its_log_are_one_location() -> None:
    both = {"registry": "mlflow+https://models.example", "log": "s3://bucket/log"}
    together = "mlflow+https://models.example#log=s3://bucket/log"
    inputs = read_inputs(Inputs, collect({"model": "m", **both}, {}, CONFIG, "gate"), "gate")
    assert inputs.registry == together
    again = {"model": "m", "registry": together, "log": "s3://bucket/log"}
    assert read_inputs(Inputs, collect(again, {}, CONFIG, "gate"), "gate").registry == together


@pytest.mark.parametrize(
    ("registry", "message"),
    [
        (None, "only a hosted registry needs the input 'log'; 'file:mlops-registry' keeps its own."),
        ("s3://bucket", "only a hosted registry needs the input 'log'; 's3://bucket' keeps its own."),
        ("mlflow+http://host#log=s3://other", "it names its log already; leave the input 'log' out."),
    ],
)
def test_a_log_belongs_to_a_hosted_registry_only(registry: str | None, message: str) -> None:
    found = message_of({"registry": registry, "log": "s3://bucket/log"}, {})
    assert found.endswith(f"the input 'registry' is '{registry or 'file:mlops-registry'}': {message}")
