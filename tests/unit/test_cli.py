"""What a person types, and what is answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions import __version__, cli
from mlops_actions.runner import ACTIONS, load_action

Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Exit code, stdout and stderr of a command line, typed in an empty folder."""
    for name in os.environ:
        if name.startswith(("GITHUB_", "INPUT_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(list(words))
        return (code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_without_a_command_everything_there_is_is_listed_with_what_it_does(types: Type, words: tuple[str, ...]) -> None:
    code, out, err = types(*words)
    assert (code, err) == (0, "")
    for name in (*ACTIONS, *cli.COMMANDS):
        (line,) = [line for line in out.splitlines() if line.startswith(f"  {name} ")]
        assert line.endswith(".")


WITHOUT_DATA = """
import sys
from mlops_actions.cli import main
sys.modules.update(dict.fromkeys(["duckdb", "narwhals"]))  # as if they were not installed
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--help",), 0, "import-expectations  Write a contract from a suite of Great Expectations"),
        (("validate-data", "--help"), 0, "usage: mlops-actions validate-data"),
        (("infer", "data.csv"), 2, "reading data needs mlops-actions[data], which is not installed here"),
        (("import-expectations", "suite.json"), 2, "(narwhals is missing). Install it: pip install"),
    ],
)
def test_where_only_the_light_packages_are_installed_help_works_and_the_rest_says_what_to_install(
    words: tuple[str, ...], code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DATA, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_told(types: Type, word: str) -> None:
    assert types(word) == (0, f"mlops-actions {__version__}\n", "")


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("quality-gaet", "Did you mean 'quality-gate'?"),
        ("publish", "Known: attest, canary-deploy, "),
        ("", "Known:"),
    ],
)
def test_an_unknown_command_is_answered_with_the_nearest(types: Type, word: str, advice: str) -> None:
    code, _, err = types(word)
    assert code == 2
    assert err.startswith(f"error: there is no command {word!r}. {advice}")


@pytest.mark.parametrize("name", ACTIONS)
def test_an_actions_help_names_every_input_with_its_description(
    types: Type, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit) as ended:
        types(name, "--help")
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for key, field in load_action(name).Inputs.model_fields.items():
        assert f"--{key.replace('_', '-')} " in shown
        assert " ".join(str(field.description).split()) in shown


def test_help_tells_defaults_as_the_readme_does(
    types: Type, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        types("evaluate-model", "--help")
    shown = capsys.readouterr().out
    assert "Folder that all paths are relative to. Default: `.`.\n" in shown
    assert "Default: `600s`.\n" in shown


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_other_command_has_help_too(types: Type, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        types(name, "--help")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: mlops-actions {name} ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("trace", "m", "--nmae", "n"), "unrecognized arguments: --nmae n. See `mlops-actions trace --help`."),
        (("quality-gate", "--pol", "p"), "unrecognized arguments: --pol p. See `mlops-actions quality-gate --help`."),
        (("run", "--stages"), "argument --stages: expected one argument. See `mlops-actions run --help`."),
        (("trace",), "the following arguments are required: model. See `mlops-actions trace --help`."),
        (("record", "--model", "m"), "there is no command to record. Write it after `--`: `record … -- "
         "python train.py`."),
        (("record", "--", "true"), "the following arguments are required: --model. See `mlops-actions record --help`."),
        (("quality-gate", "--config", "no.yml"), "the configuration 'no.yml' does not exist. Check the path."),
    ],
)  # fmt: skip
def test_wrong_words_leave_by_the_one_way_out(types: Type, words: tuple[str, ...], message: str) -> None:
    code, _, err = types(*words)
    assert code == 2
    assert err.splitlines()[0] == f"error: {message}"
    assert not list(Path().iterdir())


def test_json_is_all_that_stands_on_stdout(types: Type) -> None:
    for words in (("quality-gate",), ("run", "--stages", "none"), ("pull", "none.joblib", "--output", "x")):
        code, out, err = types("--json", *words)
        assert code == 2
        assert json.loads(out)["result"] == "error"
        assert json.loads(json.loads(out)["reasons"])[0]["message"] in err


def test_a_switch_needs_no_value(types: Type) -> None:
    code, _, err = types("promote-champion", "--name", "flights", "--dry-run", "--fail-on", "x")
    assert code == 2
    assert "dry-run" not in err


def test_a_run_imports_only_the_action_that_it_runs(tmp_path: Path) -> None:
    watch = (
        "import sys; from mlops_actions.cli import main; main(['quality-gate', '--rules', 'accuracy > 1'])\n"
        "heavy = {'duckdb', 'narwhals', 'jinja2', 'requests', 'obstore', 'pandas', 'yaml'} & set(sys.modules)\n"
        "ours = [name for name in sys.modules if name.startswith('mlops_actions.') and name.endswith('.action')]\n"
        "print(sorted(heavy), ours)"
    )
    done = subprocess.run([sys.executable, "-c", watch], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[] ['mlops_actions.quality_gate.action']", done.stderr


def test_the_module_and_the_program_are_the_same(tmp_path: Path) -> None:
    for command in ([sys.executable, "-m", "mlops_actions"], [str(Path(sys.executable).with_name("mlops-actions"))]):
        done = subprocess.run([*command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout == f"mlops-actions {__version__}\n"


def test_ctrl_c_while_it_is_still_being_imported_leaves_no_traceback(tmp_path: Path) -> None:
    interrupted = (
        "import os, runpy, signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'mlops_actions.cli': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "runpy.run_module('mlops_actions', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", interrupted], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_the_command_line_imports_no_registry_target_or_source_of_metrics() -> None:
    code = "import sys, mlops_actions.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    rooms = ("registries", "canary_deploy.targets", "canary_deploy.metrics")
    assert not [name for name in loaded if name.startswith(tuple(f"mlops_actions.{room}" for room in rooms))]
