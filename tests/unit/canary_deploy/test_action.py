"""The inputs, and which model is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.canary_deploy.action import Inputs, run
from mlops_actions.canary_deploy.strategies import strategy_of
from mlops_actions.canary_deploy.subject import find_subject
from mlops_actions.ci.sources import collect, read_inputs
from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Result, Statement
from mlops_actions.evidence.verdict import Verdict

GIVEN = {"target": "envoy:127.0.0.1:8000", "stable": "127.0.0.1:1", "candidate": "127.0.0.1:2"}


def read(**given: str) -> Inputs:
    return read_inputs(Inputs, collect(GIVEN | given, {}), "canary-deploy")


def judged(folder: Path, sha256: str, result: Result) -> None:
    verdict = Verdict(result=result, rules=[], champion=None, policy="0" * 64, judged_on="intervals", decision="…")
    EvidenceStore(folder).write(Statement("model.bin", sha256, verdict))


def test_the_defaults_are_what_the_description_says() -> None:
    inputs = read()
    assert (inputs.strategy, inputs.steps, strategy_of("canary").usual_steps) == ("canary", None, (5, 20, 50, 100))
    assert (inputs.interval, inputs.deadline, inputs.error_margin, inputs.alpha) == (10, 3600, 0.01, 0.05)


@pytest.mark.parametrize("steps", ["", "5,5,100", "20,5", "0,50", "5,200"])
def test_steps_that_do_not_rise_to_a_hundred_are_refused(steps: str) -> None:
    with pytest.raises(InputError, match="write rising percentages, such as 5, 20, 50, 100"):
        read(steps=steps)


def test_steps_that_are_none_of_the_strategys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'steps' is 5, 100, and blue-green switches at once\. Write steps: 95, 100"):
        run(read(strategy="blue-green", steps="5, 100", state=str(tmp_path)))


def test_users_that_stay_are_counted_as_users(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"those of one user hang together\. Name as 'metrics-source' one that counts"):
        run(read(strategy="ab", sticky="cookie:uid", model=__file__, state=str(tmp_path)))


def test_a_target_that_cannot_keep_users_on_their_side_is_refused(tmp_path: Path) -> None:
    given = {"target": "exec:true", "sticky": "cookie:uid", "state": str(tmp_path)}
    with pytest.raises(InputError, match="exec:true cannot keep users on their side. Leave it out, so that each"):
        run(read(**given))


def test_a_question_of_a_strategy_that_asks_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the input 'question' is 'errors < stable', and a canary asks none"):
        run(read(question="errors < stable", model=__file__, state=str(tmp_path)))


def test_a_step_that_the_target_cannot_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'steps' has 0\.001 %; envoy:127\.0\.0\.1:8000 can set multiples of 0\.01 %"):
        run(read(steps="0.001, 50", state=str(tmp_path)))


@pytest.mark.parametrize(("key", "value"), [("mode", "go"),
                                            ("strategy", "yolo"), ("alpha", "0"), ("error-margin", "1"),
                                            ("interval", "0"), ("interval", "0.05"),
                                            ("on-inconclusive", "wait")])  # fmt: skip
def test_a_wrong_input_names_itself(key: str, value: str) -> None:
    with pytest.raises(InputError, match=f"--{key}: the input '{key}' is '{value}'"):
        read(**{key: value})


def test_a_server_is_not_compared_with_itself(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"'stable' and 'candidate' are both 127\.0\.0\.1:1; a server is as good as itself"
    ):
        run(read(candidate=GIVEN["stable"], state=str(tmp_path)))


def test_the_only_model_with_a_passing_verdict_is_the_default(tmp_path: Path) -> None:
    judged(tmp_path, "a" * 64, "pass")
    judged(tmp_path, "b" * 64, "fail")
    found = find_subject(None, "file:registry", None, EvidenceStore(tmp_path))
    assert found.sha256 == "a" * 64
    assert [material.name for material in found.materials] == ["verdict"]


def test_without_a_passing_verdict_the_model_has_to_be_said(tmp_path: Path) -> None:
    judged(tmp_path, "b" * 64, "inconclusive")
    with pytest.raises(InputError, match="no verdict in .* passes. Give the input 'model'"):
        find_subject(None, "file:registry", None, EvidenceStore(tmp_path))


def test_of_several_passing_models_one_has_to_be_said(tmp_path: Path) -> None:
    judged(tmp_path, "a" * 64, "pass")
    judged(tmp_path, "b" * 64, "pass")
    with pytest.raises(InputError, match=r"several models .*: .*aaaaaaaaaaaa.*bbbbbbbbbbbb.* Give the input 'model'"):
        find_subject(None, "file:registry", None, EvidenceStore(tmp_path))


def test_a_model_by_its_path_is_named_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"model")
    found = find_subject(str(tmp_path / "model.bin"), "file:registry", None, EvidenceStore(tmp_path))
    assert found.sha256 == "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4"
