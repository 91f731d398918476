"""A champion of an older scikit-learn beside a candidate of a newer one: upgrading does not stop a gate."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evaluate_model.sandbox import Interpreter
from mlops_actions.evaluate_model.scoring import own_environment
from mlops_actions.evaluate_model.scoring.environments import make_environment
from mlops_actions.evaluate_model.scoring.own_environment import differing
from mlops_actions.evidence import EvidenceStore, Statement, digest_path
from mlops_actions.evidence.evaluation import Environment, Evaluation
from mlops_actions.registries import open_registry

from .conftest import promote

OLD, NEW = "1.6.1", "1.7.2"
TRAIN = """
import sys, joblib, numpy
from sklearn.linear_model import LogisticRegression
random = numpy.random.default_rng(0)
rows = random.normal(size=(500, 2))
joblib.dump(LogisticRegression(C=float(sys.argv[2])).fit(rows, rows.sum(axis=1) > 0), sys.argv[1])
"""


def interpreter(version: str, tmp_path: Path) -> str:
    """An environment with this scikit-learn, made as a user's would be and kept for the next run."""
    requirements = tmp_path / f"requirements-{version}.txt"
    requirements.write_text(f"scikit-learn=={version}\nnumpy==2.2.6\njoblib==1.5.2\nscipy==1.15.3\n")
    return make_environment(requirements, f"{sys.version_info.major}.{sys.version_info.minor}").executable


@pytest.fixture
def old_champion(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A champion that was trained, evaluated and promoted with the older version; the newer one's interpreter."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # uv lies there
    old, new = interpreter(OLD, folder), interpreter(NEW, folder)
    subprocess.run([old, "-c", TRAIN, "old.joblib", "1"], check=True)
    subprocess.run([new, "-c", TRAIN, "new.joblib", "2"], check=True)
    evaluated = evaluate("old.joblib", old, name=None)
    store = EvidenceStore("kept")
    store.write(evaluated)
    open_registry("file:registry").keep("flights", digest_path("old.joblib"), store.find(Evaluation))
    promote("old.joblib")
    return new


def evaluate(model: str, python: str, **inputs: object) -> Statement[Evaluation]:
    given = {
        "model": model,
        "data": "test.parquet",
        "target": "late",
        "features": ["wind", "rain"],
        "isolation": "process",
        "python": python,
        "name": "flights",
        "registry": "file:registry",
    }
    return run(Inputs.model_validate({**given, **inputs}))


def test_a_champion_of_an_older_version_is_scored_with_it(old_champion: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    evaluation = evaluate("new.joblib", old_champion).predicate
    assert evaluation.result == "pass"
    assert evaluation.differences["accuracy"].value is not None
    assert evaluation.environment is not None
    assert evaluation.environment.packages["scikit-learn"] == NEW
    assert f"The champion was evaluated with scikit-learn {OLD}: it is scored in an environment of its own." in (
        caplog.messages
    )


def test_an_interpreter_that_is_named_is_used_and_a_skew_is_told(old_champion: str) -> None:
    with pytest.raises(InputError, match=f"the champion was trained with scikit-learn {OLD}, and .* has {NEW}"):
        evaluate("new.joblib", old_champion, champion_python=old_champion)


def test_where_none_can_be_made_that_is_said(
    old_champion: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def offline(*_: object) -> Interpreter:
        raise OutsideError("no environment could be made from 'champion.txt': the index does not answer.")

    monkeypatch.setattr(own_environment, "make_environment", offline)
    with pytest.raises(InputError, match=f"the champion was trained with scikit-learn {OLD}, and .* has {NEW}"):
        evaluate("new.joblib", old_champion)
    assert "No environment of its own could be made for the champion: no environment could be made from" in caplog.text


@pytest.mark.parametrize(
    ("python", "packages", "told"),
    [
        ("3.11.4", {"numpy": "2.0.0"}, {}),
        ("3.11.4", {"numpy": "1.26.4"}, {"numpy": "1.26.4"}),
        ("3.11.4", {"numpy": "2.0.0", "scikit-learn": "1.6.1"}, {"scikit-learn": "1.6.1"}),
        ("3.12.1", {"numpy": "2.0.0"}, {"Python": "3.12"}),
    ],
)
def test_what_the_model_did_not_have_makes_no_difference(
    python: str, packages: dict[str, str], told: dict[str, str]
) -> None:
    present = Interpreter("python3", "python", "/python", (), "3.11.9", packages={"numpy": "2.0.0", "torch": "2.6.0"})
    assert differing(Environment(python=python, platform="linux", packages=packages), present) == told
