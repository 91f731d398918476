"""The commands as processes: a train on real data, and what people ask about its model afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlops_actions.evidence import EvidenceStore, digest_path
from mlops_actions.evidence.training import Training

CONSUMER = Path(__file__).resolve().parents[1] / "e2e/consumer"


@dataclass
class Project:
    folder: Path

    def environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_"))}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mlops_actions", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, check=False, timeout=120
        )

    def outputs(self, *words: str) -> dict[str, str]:
        done = self.run("--json", *words)
        assert done.returncode == 0, done.stderr
        given: dict[str, str] = json.loads(done.stdout)
        return given

    def trainings(self) -> list[Training]:
        return [one.statement.predicate for one in EvidenceStore(self.folder / "mlops-evidence").find(Training)]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty folder."""
    return Project(tmp_path)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A model that was trained on record and went through the train."""
    project = Project(tmp_path_factory.mktemp("released") / "project")
    shutil.copytree(CONSUMER, project.folder)
    settings = (project.folder / "mlops.yml").read_text()
    settings = settings.replace("isolation: process", f"isolation: process\n  python: {sys.executable}")
    (project.folder / "mlops.yml").write_text(settings)
    subprocess.run([sys.executable, "train.py", "good"], cwd=project.folder, check=True)
    copies = [sys.executable, "-c", "import shutil; shutil.copyfile('build/model.joblib', 'build/new.joblib')"]
    project.outputs("record", "--model", "build/new.joblib", "--data", "data/train.csv", "--seed", "1", "--", *copies)
    outputs = project.outputs("run", "--model", "build/new.joblib", "--report-path", "build/report.html")
    assert (outputs["result"], outputs["stage"]) == ("pass", "promote-champion")
    return project


def test_a_report_shows_the_whole_train(released: Project) -> None:
    page = (released.folder / "build/report.html").read_text()
    places = [page.index(f"<h2>{heading}") for heading in ("Data", "Evaluation", "Gate", "Promotion")]
    assert places == sorted(places)


def test_a_registered_model_is_pulled_byte_for_byte(released: Project, tmp_path: Path) -> None:
    copy = tmp_path / "copy.joblib"
    outputs = released.outputs("pull", "flights@champion", "--output", str(copy))
    assert outputs == {"path": str(copy), "sha256": digest_path(released.folder / "build/new.joblib")}
    assert digest_path(copy) == outputs["sha256"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("pull", "flights@contender", "--output", "x"), 2, "'flights' has no alias 'contender' in the registry"),
        (("pull", "flihgts@champion", "--output", "x"), 2, "Did you mean 'flights'?"),
        (("pull", "build", "--output", "x"), 2, "'build' names no model in a registry."),
        (("pull", "flights@champion", "--output", "build"), 4, "'build' cannot be written: "),
        (("pull", "flights@champion", "--output", "x", "--registry", "s4://x"), 2, "of an unknown kind 's4'"),
        (("trace", "policy.yaml"), 2, "no statement in 'mlops-evidence' is about 'policy.yaml'"),
        (("trace", "gone.joblib"), 2, "'gone.joblib' does not exist."),
        (("history", "flihgts"), 2, "has no model 'flihgts'. Did you mean 'flights'?"),
        (("history", "--alias", "champoin"), 2, "'flights' never had an alias 'champoin' in the registry"),
        (("history", "--limit", "0"), 2, "argument --limit: '0' is no number from 1 on."),
        (("diff", "@champion", ":7"), 2, "'flights' has no version 7 in the registry"),
        (("attest", "@champion", "--kind", "rollout", "--output", "x"), 2, "no rollout in 'mlops-evidence' is about"),
    ],
)
def test_what_cannot_be_had_is_said(released: Project, words: tuple[str, ...], code: int, message: str) -> None:
    before = sorted(released.folder.rglob("*"))
    done = released.run(*words)
    assert done.returncode == code
    assert message in done.stderr.splitlines()[0]
    assert sorted(released.folder.rglob("*")) == before


def test_a_model_is_traced_to_the_data_and_the_command_that_made_it(released: Project) -> None:
    done = released.run("trace", "flights@champion", "--format", "json")
    chain = json.loads(done.stdout)
    assert chain["sha256"] == digest_path(released.folder / "build/new.joblib")
    kinds = [one["what"] for one in chain["from"]]
    assert {"training", "evaluation", "verdict", "promotion"} == set(kinds)
    (training,) = [one for one in chain["from"] if one["what"] == "training"]
    assert training["from"][0]["sha256"] == digest_path(released.folder / "data/train.csv")
    assert json.loads(released.run("--json", "trace", "flights@champion").stdout) == chain
    drawn = released.run("trace", "flights@champion")
    assert drawn.stdout.startswith("model  ")
    assert "\n```mermaid\ngraph LR\n" in drawn.stdout


def test_a_model_is_traced_from_the_registry_alone(released: Project, tmp_path: Path) -> None:
    registry = released.folder / "registry"
    done = Project(tmp_path).run("trace", "flights@champion", "--registry", f"file:{registry}", "--format", "text")
    assert done.returncode == 0, done.stderr
    assert {"training", "verdict"} <= {word for line in done.stdout.splitlines() for word in line.split()}
    assert re.search(r"\n└─ promote \(log entry 1\)  @champion, v1, \S+ \S+, by mlops-actions", done.stdout)
    assert "MISSING" not in done.stdout


def test_the_history_of_a_model_tells_each_move_and_its_verdict(released: Project) -> None:
    sha256 = digest_path(released.folder / "build/new.joblib")
    lines = released.run("history").stdout.splitlines()
    assert lines[0] == "History: flights, the newest first."
    assert lines[3].split() == ["now", "when", "(UTC)", "alias", "change", "SHA-256", "verdict", "by"]
    (row,) = lines[4:]
    assert re.fullmatch(rf"  \*    \S+ \S+ +champion  – → v1  {sha256[:12]}  pass     mlops-actions \S+", row)
    document = json.loads(released.run("history", "flights", "--alias", "champion", "--format", "json").stdout)
    (change,) = document["changes"]
    assert (change["before"], change["after"]) == (None, {"version": 1, "sha256": sha256})
    assert (change["action"], change["stands"], change["verdict"]["result"]) == ("promote", True, "pass")
    markdown = released.run("history", "--format", "markdown").stdout
    assert markdown.startswith("## History:")
    assert f"| {sha256[:12]} |" in markdown


def test_a_difference_tells_what_two_models_have_and_have_not_in_common(released: Project) -> None:
    done = released.run("diff", "@champion", "build/model.joblib")
    assert done.stdout.splitlines()[0] == "Difference: @champion (v1) → build/model.joblib"
    assert "They are the same, byte for byte." in done.stdout
    other = released.folder / "build/other.joblib"
    other.write_bytes(b"another model")
    done = released.run("diff", "@champion", str(other))
    other.unlink()
    assert "No evaluation of" in done.stdout
    facts = {tuple(line.split()[:2]) for line in done.stdout.splitlines()}
    assert {("Metrics",), ("Rules",), ("Origin",)} <= {each[:1] for each in facts}
    document = json.loads(released.run("diff", "@champion", ":1", "--format", "json").stdout)
    assert all(one["same"] for one in document)
    assert {"Model", "Metrics", "Rules", "Test data", "Origin"} <= {one["section"] for one in document}


def test_what_is_attested_is_the_predicate_as_it_stands(released: Project, tmp_path: Path) -> None:
    outputs = released.outputs("attest", "build/new.joblib", "--output", str(tmp_path))
    sha256 = digest_path(released.folder / "build/new.joblib")
    assert outputs == {
        "subject-name": "build/new.joblib",
        "subject-digest": f"sha256:{sha256}",
        "predicate-type": "https://mlops-actions.github.io/statement/verdict/v1",
        "predicate-path": str(tmp_path / "predicate.json"),
    }
    (statement,) = released.folder.glob(f"mlops-evidence/verdict-{sha256[:12]}-*.json")
    stored = json.loads(statement.read_text())
    assert json.loads((tmp_path / "predicate.json").read_text()) == stored["predicate"]
    assert stored["subject"] == [{"name": "build/new.joblib", "digest": {"sha256": sha256}}]


def test_a_recorded_training_holds_what_makes_it_reproducible(project: Project) -> None:
    files = {"train.csv": "late\n1\n", "lock.txt": "numpy==2\n", "parameters.json": '{"depth": 3, "loss": "log"}'}
    for name, text in files.items():
        (project.folder / name).write_text(text)
    (project.folder / "train.py").write_text(
        "import json, sys; open('m.bin', 'w').write('model')\n"
        "json.dump({'auc': 0.9, 'good': True, 'note': 'x'}, open('metrics.json', 'w'))\n"
    )
    outputs = project.outputs(
        *("record", "--model", "m.bin", "--data", "train.csv", "--lock", "lock.txt", "--seed", "7"),
        *("--parameters", "parameters.json", "--metrics", "metrics.json", "--", sys.executable, "train.py", "--fast"),
    )
    (training,) = project.trainings()
    assert outputs["subject-sha256"] == digest_path(project.folder / "m.bin")
    assert training.command == [sys.executable, "train.py", "--fast"]
    assert [(one.uri, one.digest) for one in training.materials] == [
        ("train.csv", {"sha256": digest_path(project.folder / "train.csv")})
    ]
    assert training.lock == digest_path(project.folder / "lock.txt")
    assert (training.parameters, training.seed) == ({"depth": "3", "loss": "log"}, 7)
    assert training.metrics == {"auc": 0.9}
    assert training.python == ".".join(map(str, sys.version_info[:3]))
    assert training.provenance is not None


def test_a_model_that_was_there_before_is_not_what_the_command_made(project: Project) -> None:
    model = project.folder / "m.bin"
    model.touch()
    os.utime(model, (1, 1))
    done = project.run("record", "--model", "m.bin", "--", "true")
    assert done.returncode == 2
    message = "--model: the command did not write 'm.bin': the model is older than the command."
    assert done.stderr.startswith(f"error: {message} Name the file that it writes.")
    assert project.trainings() == []


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_a_training_that_fails_is_not_recorded_and_passes_its_code_on(project: Project, script: str, code: int) -> None:
    (project.folder / "m.bin").touch()
    done = project.run("record", "--model", "m.bin", "--", "sh", "-c", script)
    assert done.returncode == code
    assert f"The command ended with code {code}: nothing is recorded." in done.stderr
    assert project.trainings() == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "m.bin", "--", "no-such-program"), "'no-such-program' cannot be run: No such file or directory."),
        (
            ("--model", "m.bin", "--data", "gone.csv", "--", "touch", "ran"),
            "'gone.csv' does not exist. Check the path.",
        ),
        (("--model", "m.bin", "--", "true"), "'m.bin' does not exist. Check the path."),
        (("--model", "m", "--parameters", "p", "--", "touch", "ran"), "--parameters 'p' cannot be read: No such file"),
        (("--model", "m", "--parameters", "list.json", "--", "touch", "ran"), "list.json: --parameters must hold one"),
    ],
)
def test_a_record_of_nothing_is_refused(project: Project, words: tuple[str, ...], message: str) -> None:
    (project.folder / "list.json").write_text("[]")
    done = project.run("record", *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert [path.name for path in project.folder.iterdir()] == ["list.json"]


def test_a_cancelled_training_may_clean_up(project: Project) -> None:
    script = "trap 'echo cleaned >end; exit 1' TERM; touch started; while :; do sleep 0.05; done"
    command = [sys.executable, "-m", "mlops_actions", "record", "--model", "m.bin", "--", "sh", "-c", script]
    with subprocess.Popen(command, cwd=project.folder, env=project.environment(), stderr=subprocess.PIPE) as recorded:
        until = time.monotonic() + 20
        while not (project.folder / "started").exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        os.kill(recorded.pid, signal.SIGINT)
        assert recorded.wait(timeout=10) == 130
    assert (project.folder / "end").read_text() == "cleaned\n"
    assert project.trainings() == []


def test_the_training_command_has_the_callers_python_path(project: Project) -> None:
    tell = [sys.executable, "-c", "import os; open('m.bin', 'w').write(os.environ.get('PYTHONPATH', 'none'))"]
    command = [sys.executable, "-m", "mlops_actions", "record", "--model", "m.bin", "--", *tell]
    launched = {"PYTHONPATH": str(project.folder / "ours"), "MLOPS_ACTIONS_CALLERS_PYTHONPATH": "/theirs"}
    subprocess.run(command, cwd=project.folder, env=project.environment() | launched, check=True, capture_output=True)
    assert (project.folder / "m.bin").read_text() == "/theirs"


def test_what_would_have_to_be_true_is_told_of_a_model_that_was_judged(released: Project) -> None:
    done = released.run("explain", "@champion")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("What would have to be true: ✓ pass: @champion: Passed")
    document = json.loads(released.run("explain", "@champion", "--format", "json").stdout)
    assert (document["result"], document["conditions"]) == ("pass", [])


def test_a_verdict_becomes_a_comment(released: Project, tmp_path: Path) -> None:
    (verdict,) = released.folder.glob("mlops-evidence/verdict-*.json")
    evaluation = next(released.folder.glob("mlops-evidence/evaluation-*.json"))
    output = tmp_path / "comment.md"
    assert released.outputs("comment", str(verdict), str(evaluation), "--output", str(output)) == {"path": str(output)}
    assert output.read_text().startswith("## Gate: ✓ pass")


def test_a_train_leaves_junit_xml(released: Project, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    done = released.run("run", "--model", "build/new.joblib", "--junit-path", str(path))
    assert done.returncode == 0, done.stderr
    assert path.read_text().count("<testsuite name=") == 4
