"""The champion's numbers from a file of their own: what is compared, with whom, and how honestly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlops_actions.cli import main
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evidence.verdict import Verdict
from mlops_actions.quality_gate.action import Inputs, run

from .conftest import gate, promote, sha256

UNPAIRED = (
    "the champion's numbers are judged as those of other rows, since a file does not pair them: "
    "evaluate-model, on the same rows, shows smaller differences."
)


def write(**files: object) -> None:
    for name, document in files.items():
        Path(f"{name}.json").write_text(json.dumps(document))


def judged(rules: str, **inputs: Any) -> Verdict:
    given = {"metrics_file": ["new.json"], "champion_metrics_file": ["old.json"], "model": "model.joblib", **inputs}
    return gate(rules, **given).predicate


def counted(right: int, n: int = 2000) -> dict[str, object]:
    return {"accuracy": {"value": right / n, "n": n}}


def test_two_counted_files_are_two_samples_and_the_verdict_says_so() -> None:
    promote("champion")
    write(new=counted(1820), old=counted(1700))
    verdict = judged("accuracy > champion\naccuracy >= 0.98 * champion")
    assert (verdict.result, verdict.judged_on, verdict.champion) == ("pass", "intervals", sha256("champion"))
    assert [(one.code, one.message, one.warning) for one in verdict.reasons] == [("unpaired", UNPAIRED, True)]
    first = verdict.rules[0]
    # Agresti & Caffo (2000) of 1820 and 1700 of 2000, at one-sided 95 %.
    assert first.value == pytest.approx(0.06)
    assert first.champion == 0.85
    assert first.lower == pytest.approx(0.06 - 1.6452 * 0.01023, abs=2e-4)
    assert {one.name: one.uri for one in verdict.materials} == {
        "metrics": "new.json",
        "champion-metrics": "old.json",
        "champion": "@champion",
        "policy": "rules",
    }


def test_a_difference_that_two_samples_do_not_show_is_not_decided() -> None:
    write(new=counted(182, 200), old=counted(180, 200))
    verdict = judged("accuracy >= champion - 0.01")
    assert verdict.result == "inconclusive"
    assert verdict.rules[0].rows_needed is not None


def test_stated_intervals_are_compared_without_knowing_their_rows() -> None:
    def stated(value: float, reach: float) -> dict[str, object]:
        return {"auc": {"value": value, "lower": value - reach, "upper": value + reach, "confidence": 0.95}}

    write(new=stated(0.9, 0.0196), old=stated(0.85, 0.0196))
    first = judged("auc > champion").rules[0]
    assert (first.result, first.n, first.rows_needed) == ("pass", None, None)
    assert first.lower == pytest.approx(0.05 - 1.6449 * 2**0.5 * 0.01, abs=1e-5)
    verdict = judged("auc > champion + 0.04\nauc > 0.89")
    assert verdict.result == "inconclusive"
    assert [one.message.partition("; ")[2] for one in verdict.rules] == [
        "that does not show it to be more than 0.04 above the champion's. "
        "How many rows would show it cannot be told: how many there were is not.",
        "that does not show it to be above 0.89. "
        "How many rows would show it cannot be told: how many there were is not.",
    ]


def test_without_a_registry_that_knows_one_the_file_is_the_champion() -> None:
    write(new={"auc": 0.9}, old={"auc": 0.8})
    verdict = judged("auc > champion")
    assert (verdict.result, verdict.judged_on, verdict.champion) == ("pass", "points", None)
    assert judged("auc > champion + 0.2").result == "fail"
    nameless = run(
        Inputs(
            rules="auc > champion", metrics_file=["new.json"], champion_metrics_file=["old.json"], model="model.joblib"
        )
    )
    assert nameless.predicate.result == "pass"


def test_a_champion_whose_alias_is_gone_or_unreadable_is_none() -> None:
    promote("champion")
    write(new={"auc": 0.9}, old={"auc": 0.8})
    for entry in Path("registry").rglob("*"):
        if entry.is_file() and "blob" not in str(entry):
            entry.write_bytes(b"damaged")
    with pytest.raises(OutsideError):
        judged("auc > champion")


def test_an_error_that_one_side_does_not_tell_makes_points_and_that_is_said() -> None:
    write(new={**counted(1820), "auc": 0.9}, old={"accuracy": 0.9, "auc": 0.8})
    verdict = judged("accuracy > champion\nauc > 0.5\naccuracy > 0.85\naccuracy >= 0.98 * champion")
    assert verdict.result == "pass"
    assert [one.lower is None for one in verdict.rules] == [True, True, False, True]
    assert [(one.code, one.message) for one in verdict.reasons] == [
        ("judged-as-points", "judged as points, since nothing tells their uncertainty: auc, accuracy.")
    ]


@pytest.mark.parametrize("old", [{"auc": None}, {"auc": float("nan")}])
def test_a_champion_without_a_number_is_never_beaten(old: dict[str, object]) -> None:
    write(new={"auc": 0.9}, old={**old, "f1": 0.9})
    for rule in ("auc > champion", "forbid auc < champion - 0.01"):
        assert judged(rule).result == "inconclusive"


def test_what_the_champions_file_lacks_is_named() -> None:
    write(new={"auc": 0.9, "recall": 0.8}, old={"auc": 0.8, "recalls": 0.7})
    with pytest.raises(InputError) as refused:
        judged("recall > champion")
    assert str(refused.value) == (
        "rules:1: `recall > champion`: the champion's metrics-file has no metric 'recall'. Did you mean 'recalls'?"
    )


def test_a_percentage_is_not_better_than_a_share() -> None:
    write(new={"accuracy": 85}, old={"accuracy": 0.9})
    with pytest.raises(InputError, match=r"accuracy is 85, but lies between 0 and 1, as the champion's does\."):
        judged("accuracy > champion")


def test_a_latency_in_a_file_was_not_repeated() -> None:
    write(new={"latency_p95_ms": 5}, old={"latency_p95_ms": 9})
    assert judged("latency_p95_ms < 8").result == "pass"
    with pytest.raises(InputError, match=r"a file of numbers does not tell how latencies vary between repeats\."):
        judged("latency_p95_ms < champion")


def test_a_dvc_diff_needs_no_second_file() -> None:
    entry = {"accuracy.value": {"old": 0.85, "new": 0.91}, "accuracy.n": {"old": 2000, "new": 2000}}
    write(new={"metrics.json": entry})
    verdict = judged("accuracy > champion", champion_metrics_file=[])
    assert (verdict.result, verdict.judged_on) == ("pass", "intervals")
    with pytest.raises(InputError, match=r"DVC leaves out what did not change: write `dvc metrics diff --all --json`"):
        judged("loss < 1", champion_metrics_file=[])


def test_several_files_are_given_by_commas(capsys: pytest.CaptureFixture[str]) -> None:
    write(one={"auc": 0.9}, two={"f1": 0.8})
    arguments = ["quality-gate", "--rules", "auc > 0.5\nf1 > 0.5", "--model", "model.joblib", "--metrics-file"]
    assert main([*arguments, "one.json, two.json"]) == 0
    assert main([*arguments, "one.json, too.json"]) == 2
    assert "metrics-file" in capsys.readouterr().err
    assert main([*arguments, "one.json, two.json", "--champion-metrics-file", "none.json"]) == 2


def test_a_model_that_is_as_much_worse_as_the_margin_passes_at_most_one_time_in_twenty() -> None:
    random = np.random.default_rng(7)
    passed = 0
    for right, old in zip(random.binomial(300, 0.87, 600), random.binomial(300, 0.9, 600), strict=True):
        write(new=counted(int(right), 300), old=counted(int(old), 300))
        passed += judged("accuracy >= champion - 0.03").result == "pass"
    # 600 repetitions: 5 % and two standard errors.
    assert passed / 600 <= 0.05 + 2 * 0.0089
