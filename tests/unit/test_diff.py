"""What differs between two models, as far as their statements tell."""

from __future__ import annotations

from pathlib import Path

from mlops_actions.diff import Side, comparable, compare
from mlops_actions.evidence import Material
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation
from mlops_actions.evidence.training import Training
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.registries import Model
from mlops_actions.statistics.estimate import Estimate

OLD, NEW, TEST = "aa" * 32, "bb" * 32, "cc" * 32


def record(value: float) -> EstimateRecord:
    return EstimateRecord.of(Estimate(value, 0.01, 99, 100, 100, 100, "identity", "mean"), 0.95)


def side(sha256: str, accuracy: float, *, champion: str | None = None, data: str = TEST, depth: str = "3") -> Side:
    differences = {"accuracy": record(0.02)} if champion else {}
    return Side(
        Model(sha256[:2], Path("m"), sha256, "m", 1),
        Training(
            result="pass",
            command=["python", "train.py"],
            exit_code=0,
            seconds=1,
            commit="f",
            parameters={"depth": depth},
        ),
        Evaluation(
            result="pass",
            materials=[Material(name="data", uri="test.csv", digest={"sha256": data})],
            task="binary",
            n=100,
            target="y",
            features=["x"],
            champion_sha256=champion,
            estimates={"accuracy": record(accuracy)},
            differences=differences,
            isolation="strict",
            size_bytes=9,
        ),
        Verdict(
            result="pass",
            rules=[RuleOutcome(rule="accuracy > 0.5", result="pass", message="")],
            champion=None,
            policy="p",
            judged_on="intervals",
            decision="Passed.",
        ),
    )


def differing(before: Side, after: Side) -> dict[str, tuple[str | None, str | None]]:
    return {one.what: (one.before, one.after) for one in compare(before, after) if not one.same}


def test_only_what_differs_is_a_difference() -> None:
    found = differing(side(OLD, 0.8), side(NEW, 0.8, depth="5"))
    assert found == {"SHA-256": (OLD, NEW), "parameter depth": ("3", "5")}


def test_metrics_come_with_their_intervals() -> None:
    assert differing(side(OLD, 0.8), side(NEW, 0.9))["accuracy"] == ("0.8 (0.7834 … 0.8166)", "0.9 (0.8834 … 0.9166)")


def test_a_paired_difference_is_told_where_one_was_the_others_champion() -> None:
    before, after = side(OLD, 0.8), side(NEW, 0.82, champion=OLD)
    (paired,) = [one for one in compare(before, after) if one.section == "Paired differences"]
    assert (paired.what, paired.after) == ("accuracy", "0.02 (0.003396 … 0.0366)")
    assert "on the same rows: the differences are paired." in comparable(before, after)


def test_it_is_said_whether_the_metrics_can_be_compared() -> None:
    same, other = side(NEW, 0.8), side(NEW, 0.8, data="dd" * 32)
    assert comparable(side(OLD, 0.8), same).startswith("Both were evaluated on the same data, but apart")
    assert comparable(side(OLD, 0.8), other) == (
        "They were evaluated on different data: their metrics cannot be compared."
    )
    unknown = Side(same.model, None, None, None)
    assert comparable(side(OLD, 0.8), unknown) == "No evaluation of bb (v1) is known."
    assert comparable(same, same) == "They are the same, byte for byte."


def test_what_is_not_known_of_one_side_differs_from_what_is_known_of_the_other() -> None:
    unknown = Side(side(NEW, 0.8).model, None, None, None)
    assert differing(side(OLD, 0.8), unknown)["accuracy > 0.5"] == ("pass", None)
