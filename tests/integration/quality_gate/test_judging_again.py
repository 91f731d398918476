"""What the gate stated can be judged again from the verdict and its evidence alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mlops_actions.evidence import EvidenceStore, Statement, Stored, digest_bytes
from mlops_actions.evidence.training import Training
from mlops_actions.evidence.verdict import TestSetLook, Verdict
from mlops_actions.policy.again import UnfoundedError, differences, judge_again

from .conftest import evaluation, gate, promote, sha256, write

TODAY = date(2030, 1, 1)
STORE = EvidenceStore("mlops-evidence")


def stored(statement: Statement[Verdict], **changes: object) -> Stored[Verdict]:
    predicate = statement.predicate.model_copy(update=changes)
    return Stored(Path("verdict.json"), "0" * 64, Statement(statement.name, statement.sha256, predicate))


def no_look(*asked: object) -> TestSetLook:
    raise AssertionError(asked)


def again(statement: Statement[Verdict]) -> list[str]:
    return differences(statement.predicate, judge_again(stored(statement), STORE, None, TODAY, no_look))


def test_rules_against_the_champion_come_to_the_same_though_the_registry_is_not_there() -> None:
    promote("champion")
    write("model.joblib", evaluation(champion=sha256("champion")))
    verdict = gate("roc_auc > 0.6\nroc_auc >= champion - 0.01\nsize_mb < 5")
    Path("registry").rename("gone")
    assert again(verdict) == []


def test_a_policy_and_its_floor_come_with_the_verdict() -> None:
    write("model.joblib", evaluation())
    Path("floor.yaml").write_text("confidence: 0.99\nrules:\n- {rule: roc_auc > 0.6, locked: true}\n")
    Path("policy.yaml").write_text("extends: ./floor.yaml\nrules: [size_mb < 5]")
    verdict = gate(None, policy="policy.yaml")
    assert [one.uri for one in verdict.predicate.policy_chain] == ["floor.yaml"]
    assert {one.uri for one in verdict.predicate.materials if one.name == "policy"} == {"policy.yaml", "floor.yaml"}
    for name in ("floor.yaml", "policy.yaml"):
        Path(name).unlink()
    assert again(verdict) == []
    with pytest.raises(UnfoundedError, match=r"It does not hold the policy 'floor.yaml', which its own extends."):
        judge_again(stored(verdict, policy_chain=[]), STORE, None, TODAY, no_look)


def test_what_was_stated_of_the_model_meanwhile_counts() -> None:
    write("model.joblib", evaluation())
    write("model.joblib", Training(result="pass", command=["x"], exit_code=0, seconds=1))
    verdict = gate("passed(model)\nroc_auc > 0.6")
    assert (verdict.predicate.result, again(verdict)) == ("pass", [])
    Path("later.csv").write_text("late\n0\n")
    write("model.joblib", evaluation(data="later.csv", result="fail"))
    assert again(verdict) == ["the whole: pass, judged again fail", "`passed(model)`: pass, judged again fail"]


def test_numbers_of_another_tool_are_read_again_where_they_are_as_they_were() -> None:
    Path("metrics.json").write_text('{"accuracy": 0.9}')
    verdict = gate("accuracy > 0.8", metrics_file=["metrics.json"], model="model.joblib")
    assert again(verdict) == []
    Path("metrics.json").write_text('{"accuracy": 0.95}')
    with pytest.raises(UnfoundedError, match=r"The metrics-file 'metrics.json' .* is not here as it was."):
        again(verdict)


def test_the_champions_numbers_are_read_again_too() -> None:
    promote("champion")
    for name, right in (("new", 0.9), ("old", 0.8)):
        Path(f"{name}.json").write_text(f'{{"accuracy": {{"value": {right}, "n": 2000}}}}')
    files = {"metrics_file": ["new.json"], "champion_metrics_file": ["old.json"]}
    verdict = gate("accuracy > champion", model="model.joblib", **files)
    assert again(verdict) == []
    Path("old.json").write_text('{"accuracy": {"value": 0.95, "n": 2000}}')
    with pytest.raises(UnfoundedError, match=r"The metrics-file 'old.json' .* is not here as it was."):
        again(verdict)
    Path("new.json").unlink()
    with pytest.raises(UnfoundedError, match=r"the metrics-file 'new.json' does not exist."):
        again(verdict)


def test_a_policy_of_another_digest_is_none() -> None:
    write("model.joblib", evaluation())
    verdict = gate("roc_auc > 0.6")
    loose = "roc_auc > 0.1"
    with pytest.raises(UnfoundedError, match="is not the one of its digest"):
        judge_again(stored(verdict, policy_text=loose), STORE, None, TODAY, no_look)
    with_its_digest = stored(verdict, policy_text=loose, policy=digest_bytes(loose.encode()))
    loosened = judge_again(with_its_digest, STORE, None, TODAY, no_look)
    assert len(differences(with_its_digest.statement.predicate, loosened)) == 2
