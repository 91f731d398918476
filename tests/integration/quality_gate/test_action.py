"""quality-gate on real statements, a real registry and as a process: what it reads, refuses and writes down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence import Material, Reason, digest_path
from mlops_actions.evidence.data_report import DataReport
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.training import Training
from mlops_actions.quality_gate.action import Inputs, run

from .conftest import evaluation, gate, promote, record, sha256, write


def test_a_verdict_is_about_the_evaluated_model_and_names_what_it_read() -> None:
    promote("champion")
    path = write("model.joblib", evaluation(champion=sha256("champion")))
    statement = gate("roc_auc > champion\nroc_auc > 0.6\nsize_mb <= 3")
    verdict = statement.predicate
    assert (statement.name, statement.sha256) == ("model.joblib", sha256("model"))
    assert (verdict.result, verdict.decision) == ("pass", "Passed: all 3 rules hold.")
    assert verdict.champion == sha256("champion")
    assert [(one.name, one.uri, one.digest["sha256"]) for one in verdict.materials] == [
        ("evaluation", str(path), digest_path(path)),
        ("champion", "@champion", sha256("champion")),
        ("policy", "rules", verdict.policy),
    ]
    first = verdict.rules[0]
    assert (first.value, first.limit, first.champion, first.where) == (0.02, 0.0, 0.73, "rules:1")


def test_a_champion_that_moved_since_the_evaluation_leaves_its_rules_open() -> None:
    promote("champion", "other")
    write("model.joblib", evaluation(champion=sha256("champion")))
    verdict = gate("roc_auc > champion\nroc_auc > 0.6").predicate
    assert verdict.decision == (
        f"Not decided: the champion moved: the evaluation compared with {sha256('champion')[:12]}, "
        f"now flights@champion names {sha256('other')[:12]}. Run evaluate-model again."
    )
    assert verdict.reasons[0].code == "champion-moved"


def test_a_champion_that_was_promoted_after_the_evaluation_is_a_champion_that_moved() -> None:
    promote("champion")
    write("model.joblib", evaluation())
    assert gate("roc_auc > champion\nroc_auc > 0.6").predicate.reasons[0].code == "champion-moved"


def test_without_a_champion_its_rules_do_not_apply_or_fail() -> None:
    write("model.joblib", evaluation())
    rules = "roc_auc > champion\nroc_auc > 0.6"
    assert gate(rules).predicate.decision == (
        "Passed: the rule holds. 1 rule about the champion did not apply: there is none yet."
    )
    assert gate(rules, without_champion="fail").predicate.result == "fail"
    assert gate("roc_auc > champion").predicate.result == "inconclusive"


def test_a_registry_that_cannot_be_read_is_not_a_registry_without_a_champion() -> None:
    promote("champion")
    write("model.joblib", evaluation())
    for entry in Path("registry").rglob("*"):
        if entry.is_file() and "blob" not in str(entry):
            entry.write_bytes(b"damaged")
    with pytest.raises(OutsideError):
        gate("roc_auc > champion\nroc_auc > 0.6")


def test_a_rule_about_the_champion_needs_to_know_whose() -> None:
    write("model.joblib", evaluation())
    with pytest.raises(InputError, match="a rule names the champion, and nothing says which model's"):
        run(Inputs(rules="roc_auc > champion"))


def test_an_evaluation_that_failed_fails_the_verdict_with_its_reasons() -> None:
    reason = Reason(code="model-raised", message="The model raised KeyError: 'dep_delay'.", where="model.joblib")
    write("model.joblib", evaluation(result="fail", reasons=[reason], estimates={}))
    verdict = gate("roc_auc > 0.6").predicate
    assert (verdict.result, verdict.reasons, verdict.rules) == ("fail", [reason], [])
    assert verdict.decision == "Refused: The model raised KeyError: 'dep_delay'."


def test_an_inconclusive_evaluation_never_passes() -> None:
    reason = Reason(code="champion-not-scored", message="The champion raised.")
    write("model.joblib", evaluation(result="inconclusive", reasons=[reason]))
    assert gate("roc_auc > 0.6").predicate.result == "inconclusive"


def test_evaluations_of_several_models_need_a_choice() -> None:
    for model in ("model", "other"):
        write(f"{model}.joblib", evaluation())
    with pytest.raises(InputError, match=r"holds evaluations of several models:\n(.|\n)*Name one with `model`"):
        gate("roc_auc > 0.6")
    assert gate("roc_auc > 0.6", model="other.joblib").sha256 == sha256("other")


def test_evaluations_on_several_data_sets_need_a_choice() -> None:
    Path("later.csv").write_text("late\n0\n")
    for data in ("test.csv", "later.csv"):
        write("model.joblib", evaluation(data=data, n=len(data)))
    with pytest.raises(InputError, match=r"was evaluated on several data sets:\n(.|\n)*Choose one with `data`"):
        gate("roc_auc > 0.6")
    for choice in ("later.csv", digest_path("later.csv")[:12], f"sha256:{digest_path('later.csv')}"):
        assert gate("roc_auc > 0.6", data=choice).predicate.result == "pass"
    Path("later.csv").write_text("late\n1\n1\n")
    with pytest.raises(InputError, match="It has changed since"):
        gate("roc_auc > 0.6", data="later.csv")


def test_of_evaluations_on_the_same_data_the_newest_counts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    write("model.joblib", evaluation(), days_ago=2)
    newest = write("model.joblib", evaluation(estimates={"roc_auc": record(0.5, 0.01, "logit")}), days_ago=1)
    assert gate("roc_auc > 0.6").predicate.result == "fail"
    assert f"2 evaluations on the same data: the newest counts, {newest.name}." in caplog.text


def test_no_evaluation_is_an_input_error() -> None:
    with pytest.raises(InputError, match="holds no evaluation of a model. Run evaluate-model first"):
        gate("roc_auc > 0.6")


def test_the_data_passed_where_every_report_on_it_passed() -> None:
    write("model.joblib", evaluation())
    assert gate("passed(data)\nroc_auc > 0.6").predicate.reasons[0].code == "data-report-missing"
    report = DataReport(result="pass", rows=1, columns=[], checks=[])
    first = write("test.csv", report, days_ago=2)
    verdict = gate("passed(data)\nroc_auc > 0.6").predicate
    assert verdict.result == "pass"
    assert digest_path(first) in {one.digest["sha256"] for one in verdict.materials}
    failed = Reason(code="required", message="late has 3 nulls.")
    other_contract = [Material(name="contract", uri="strict.yaml", digest={"sha256": "0" * 64})]
    changes = {"result": "fail", "reasons": [failed], "materials": other_contract}
    write("test.csv", report.model_copy(update=changes), days_ago=3)
    assert gate("passed(data)").predicate.decision == "Refused: the data failed its checks: late has 3 nulls."


def test_a_mended_contract_takes_the_place_of_the_one_it_was() -> None:
    write("model.joblib", evaluation())
    report = DataReport(result="pass", rows=1, columns=[], checks=[])
    for days_ago, result, text in ((2, "fail", "0" * 64), (1, "pass", "1" * 64)):
        contract = [Material(name="contract", uri="contract.yaml", digest={"sha256": text})]
        write("test.csv", report.model_copy(update={"result": result, "materials": contract}), days_ago=days_ago)
    assert gate("passed(data)\nroc_auc > 0.6").predicate.result == "pass"


def test_a_failed_report_on_the_training_data_counts_too() -> None:
    Path("train.csv").write_text("late\n0\n0\n")
    write("model.joblib", evaluation())
    write("test.csv", DataReport(result="pass", rows=1, columns=[], checks=[]))
    write("train.csv", DataReport(result="fail", rows=2, columns=[], checks=[]))
    assert gate("passed(data)").predicate.result == "pass"
    data = [Material(name="data", uri="train.csv", digest={"sha256": digest_path("train.csv")})]
    write("model.joblib", Training(result="pass", command=["x"], exit_code=0, seconds=1, materials=data))
    assert gate("passed(data)").predicate.result == "fail"


def rollout(result: str, outcome: str) -> Rollout:
    reason = Reason(code="errors", message="Errors rose from 1 to 5 %.")
    known = {"target": "envoy", "strategy": "canary", "identity": "verified", "steps": [5], "looks": [], "weights": []}
    terms = {"alpha": 0.05, "error_margin": 0.01, "dispersion": 1}
    return Rollout.model_validate({**known, **terms, "result": result, "outcome": outcome, "reasons": [reason]})


def test_the_model_passed_where_its_training_its_other_evaluations_and_its_rollout_did() -> None:
    write("model.joblib", evaluation())
    assert gate("passed(model)\nroc_auc > 0.6").predicate.reasons[0].code == "statement-missing"
    training = write("model.joblib", Training(result="pass", command=["x"], exit_code=0, seconds=1))
    verdict = gate("passed(model)\nage(model) < days(1)\nroc_auc > 0.6").predicate
    assert verdict.result == "pass"
    assert [one.uri for one in verdict.materials].count(str(training)) == 1
    Path("later.csv").write_text("late\n0\n")
    leak = Reason(code="overlap", message="3 rows of it are in the training data.")
    write("model.joblib", evaluation(data="later.csv", result="fail", reasons=[leak]))
    assert gate("passed(model)", data="test.csv").predicate.decision == (
        "Refused: the model failed before: 3 rows of it are in the training data."
    )


def test_of_a_models_rollouts_the_newest_that_moved_traffic_counts() -> None:
    write("model.joblib", evaluation())
    write("model.joblib", rollout("pass", "promoted"), days_ago=3)
    write("model.joblib", rollout("fail", "rolled-back"), days_ago=2)
    write("model.joblib", rollout("pass", "planned"), days_ago=1)
    assert gate("passed(model)").predicate.decision == "Refused: the model failed before: Errors rose from 1 to 5 %."
    write("model.joblib", rollout("pass", "promoted"))
    assert gate("passed(model)\nroc_auc > 0.6").predicate.result == "pass"


def test_a_gates_own_refusal_is_no_reason_for_the_next() -> None:
    write("model.joblib", evaluation())
    write("model.joblib", Training(result="pass", command=["x"], exit_code=0, seconds=1))
    refused = gate("passed(model)\nroc_auc > 0.9")
    assert refused.predicate.result == "fail"
    write("model.joblib", refused.predicate)
    assert gate("passed(model)\nroc_auc > 0.6").predicate.result == "pass"


def test_the_age_counts_from_the_training_statement() -> None:
    write("model.joblib", evaluation())
    assert gate("age(model) < days(30)").predicate.result == "fail"
    write("model.joblib", Training(result="pass", command=["x"], exit_code=0, seconds=1), days_ago=10)
    assert gate("age(model) < days(30)").predicate.result == "pass"
    assert gate("age(model) < days(9)").predicate.result == "fail"


def test_a_champion_chosen_by_a_path_with_an_at_stands_for_itself() -> None:
    promote("other")
    chosen = evaluation(champion=sha256("champion"), champion_name="models@2024/champion.joblib")
    write("model.joblib", chosen)
    assert gate("roc_auc > champion").predicate.result == "pass"


def test_bytes_that_are_no_text_in_a_comment_are_no_bug() -> None:
    write("model.joblib", evaluation())
    assert gate("# caf\udce9\nroc_auc > 0.6").predicate.result == "pass"


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            {"rules": None},
            "no rules are given. Give either 'rules', one a line, or 'policy', a YAML file, here or in mlops.yml.",
        ),
        (
            {"rules": "a > 1", "policy": "p.yaml"},
            "both 'rules' and 'policy' are given. Give either 'rules', one a line, or 'policy', a YAML file, here",
        ),
        ({"rules": None, "policy": "none.yaml"}, "the policy 'none.yaml' does not exist."),
        ({"rules": "a > 1", "model": "none.joblib"}, "'none.joblib' does not exist."),
        ({"rules": "a > 1", "metrics_file": ["m.json"]}, "a 'metrics-file' does not say whose metrics they are."),
        (
            {"rules": "a > champion", "metrics_file": ["m.json"], "model": "model.joblib"},
            "rules:1: `a > champion`: the metrics-file has no metric 'a'. Known: accuracy,",
        ),
        (
            {"rules": "recall > champion", "metrics_file": ["m.json"], "model": "model.joblib"},
            "rules:1: `recall > champion`: the metrics-file does not hold the champion's numbers. "
            "Give them in champion-metrics-file, or run evaluate-model, which compares on the same rows.",
        ),
        (
            {"rules": "a > 1", "champion_metrics_file": ["m.json"]},
            "the input 'champion-metrics-file' needs a 'metrics-file'. Give both, or neither.",
        ),
        (
            {"rules": "acuracy > 0.5", "metrics_file": ["m.json"], "model": "model.joblib"},
            "rules:1: `acuracy > 0.5`: the metrics-file has no metric 'acuracy'. Did you mean 'accuracy'?",
        ),
        (
            {"rules": "recall[origin] > 0.5", "metrics_file": ["m.json"], "model": "model.joblib"},
            "rules:1: `recall[origin] > 0.5`: the metrics-file has no slices by 'origin'.",
        ),
    ],
)
def test_wrong_inputs_are_refused(inputs: dict[str, Any], message: str) -> None:
    Path("m.json").write_text('{"accuracy": 0.9, "recall": 0.8}')
    with pytest.raises(InputError) as refused:
        gate(inputs.pop("rules"), **inputs)
    assert str(refused.value).startswith(message)


def test_two_sources_for_the_confidence_must_agree() -> None:
    write("model.joblib", evaluation())
    Path("policy.yaml").write_text("confidence: 0.99\nrules: [roc_auc > 0.6]\n")
    assert gate(None, policy="policy.yaml").predicate.rules[0].confidence == 0.99
    with pytest.raises(InputError, match="the input 'confidence' is 0.9, the policy 'policy.yaml' says 0.99"):
        gate(None, policy="policy.yaml", confidence=0.9)


def test_rules_may_be_a_list_in_mlops_yml_and_keep_their_commas() -> None:
    inputs = Inputs.model_validate({"rules": ["roc_auc > 0.6", 'roc_auc[city == "a, b"] > 0.6']})
    assert inputs.rules == 'roc_auc > 0.6\nroc_auc[city == "a, b"] > 0.6'


def test_as_a_process_it_ends_with_the_code_of_its_result() -> None:
    write("model.joblib", evaluation())
    codes = {}
    for rule in ("roc_auc > 0.6", "roc_auc > 0.9", "roc_auc > 0.745", "roc_auc >> 1"):
        done = subprocess.run(
            [sys.executable, "-m", "mlops_actions", "quality-gate", "--rules", rule],
            capture_output=True,
            text=True,
            check=False,
        )
        codes[rule] = done.returncode
        assert "Traceback" not in done.stderr
    assert codes == {"roc_auc > 0.6": 0, "roc_auc > 0.9": 1, "roc_auc > 0.745": 3, "roc_auc >> 1": 2}
    written = [json.loads(path.read_text()) for path in Path("mlops-evidence").glob("verdict-*.json")]
    assert sorted(one["predicate"]["result"] for one in written) == ["fail", "inconclusive", "pass"]


def test_the_gate_imports_nothing_that_a_gate_does_not_need() -> None:
    write("model.joblib", evaluation())
    code = (
        "import sys; from mlops_actions.quality_gate.action import Inputs, run; run(Inputs(rules='roc_auc > 0.6')); "
        "print([name for name in ('duckdb', 'narwhals', 'numpy', 'jinja2', 'requests', 'obstore', 'pandas') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
