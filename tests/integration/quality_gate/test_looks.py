"""A test set that judges many candidates wears out, and looks at it are counted in the registry."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence import EvidenceStore, Stored
from mlops_actions.evidence.verdict import TestSetLook
from mlops_actions.policy.again import differences, judge_again
from mlops_actions.policy.looks import find_look
from mlops_actions.registries import open_registry

from .conftest import evaluation, gate, sha256, write

BUDGET = "rules: [roc_auc > 0.7]\ntest-set-budget: {}\n"


def judged(model: str, budget: int | None = 2, data: str = "test.csv", **changes: Any) -> Any:
    """The verdict on a model that was evaluated on this data."""
    write(f"{model}.joblib", evaluation(data=data, **changes))
    if budget is None:
        return gate("roc_auc > 0.7", model=f"{model}.joblib", count_looks=True, data=data).predicate
    Path("policy.yaml").write_text(BUDGET.format(budget))
    return gate(None, policy="policy.yaml", model=f"{model}.joblib", data=data).predicate


def test_each_candidate_is_judged_at_its_share_of_the_error() -> None:
    verdict = judged("model")
    assert verdict.look == TestSetLook(data=sha_of("test.csv"), candidates=1, look=1, budget=2, counted=True)
    assert verdict.rules[0].confidence == pytest.approx(0.975)
    assert judged("other").look.candidates == 2


def test_after_its_budget_a_test_set_decides_nothing() -> None:
    judged("model")
    judged("other")
    worn = judged("champion")
    assert (worn.result, worn.reasons[0].code) == ("inconclusive", "test-set-worn-out")
    assert worn.decision == (
        "Not decided: test set worn out: it has judged 3 candidates, and test-set-budget is 2. Evaluate on fresh data."
    )


def test_a_candidate_that_was_judged_stays_what_it_was() -> None:
    for model in ("model", "other", "champion"):
        judged(model)
    again = judged("model")
    assert (again.result, again.look.candidates) == ("pass", 1)
    assert len(open_registry("file:registry").attachments("flights", "looks")) == 3


def test_the_same_candidate_on_data_that_grew_is_judged_at_half_the_error() -> None:
    judged("model", budget=1)
    Path("grown.csv").write_text("late\n1\n0\n")
    further = judged("model", budget=1, data="grown.csv")
    assert (further.look.candidates, further.look.look) == (1, 2)
    assert further.rules[0].confidence == pytest.approx(0.975)


def test_looks_may_be_counted_without_a_budget(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    verdict = judged("model", budget=None)
    assert (verdict.look.candidates, verdict.look.budget, verdict.rules[0].confidence) == (1, None, 0.95)
    assert "This test set has judged 1 candidate(s), this one included." in caplog.messages
    assert list(Path("registry/models/flights/looks").glob(f"{sha_of('test.csv')}/{sha256('model')}-*"))


def test_without_the_right_to_write_the_look_is_not_counted_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Path("registry").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="is a file, not a folder"):
        judged("model")
    Path("registry").unlink()
    Path("registry/models/flights").mkdir(parents=True)
    Path("registry/models/flights/looks").write_text("")
    verdict = judged("model")
    assert (verdict.result, verdict.look.counted) == ("pass", False)
    (warned,) = [one.getMessage() for one in caplog.records if one.levelname == "WARNING"]
    assert warned.startswith("Look not counted: the registry 'file:registry' cannot be written")


def test_looks_need_a_name_and_data() -> None:
    write("model.joblib", evaluation())
    with pytest.raises(InputError, match="count-looks needs the input 'name'"):
        gate_without_name("roc_auc > 0.7")
    Path("metrics.json").write_text('{"accuracy": 0.9}')
    for data in (None, sha_of("test.csv")[:12]):
        with pytest.raises(InputError) as refused:
            gate("accuracy > 0.8", metrics_file=["metrics.json"], model="model.joblib", count_looks=True, data=data)
        assert str(refused.value) == (
            "count-looks needs to know the test set, which a metrics-file does not say. "
            "Give 'data': its path or SHA-256, or leave it out."
        )


def test_numbers_of_other_tools_wear_the_test_set_that_is_named_and_are_judged_again_so() -> None:
    Path("metrics.json").write_text('{"accuracy": {"value": 0.9, "n": 2000}}')
    Path("policy.yaml").write_text("rules: [accuracy > 0.8]\ntest-set-budget: 2\n")
    about = {"metrics_file": ["metrics.json"], "policy": "policy.yaml", "data": "test.csv"}
    verdicts = [gate(None, model=f"{model}.joblib", **about) for model in ("model", "other", "champion")]
    looks = [one.predicate.look for one in verdicts]
    assert [one.candidates for one in looks if one] == [1, 2, 3]
    assert [one.predicate.result for one in verdicts] == ["pass", "pass", "inconclusive"]
    assert verdicts[0].predicate.rules[0].confidence == pytest.approx(0.975)

    def find(data: str, policy: str, budget: int | None) -> TestSetLook:
        found = find_look(open_registry("file:registry"), "flights", data, sha256("model"), policy, budget)
        assert found is not None
        return found

    stored = Stored(Path("verdict.json"), "0" * 64, verdicts[0])
    again = judge_again(stored, EvidenceStore("mlops-evidence"), None, date(2030, 1, 1), find)
    assert differences(verdicts[0].predicate, again) == []
    assert again.rules[0].confidence == pytest.approx(0.975)


def gate_without_name(rules: str) -> None:
    from mlops_actions.quality_gate.action import Inputs, run

    run(Inputs(rules=rules, count_looks=True))


def sha_of(path: str) -> str:
    from mlops_actions.evidence import digest_path

    return digest_path(path)
