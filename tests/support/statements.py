"""One statement of every kind, with hostile text in it: what reports are tried on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlops_actions.evidence import Predicate, Reason
from mlops_actions.evidence.data_report import CheckResult, Column, DataReport, Drift, FailingRow
from mlops_actions.evidence.evaluation import EstimateRecord, Evaluation, Slice
from mlops_actions.evidence.promotion import Promotion
from mlops_actions.evidence.rollout import Look, Rollout
from mlops_actions.evidence.training import Training
from mlops_actions.evidence.verdict import RuleOutcome, Verdict
from mlops_actions.statistics.estimate import Estimate

HOSTILE = '<script>alert(1)</script> | `@org/team` "q"'
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def record(value: float) -> EstimateRecord:
    estimate = Estimate(value, 0.01, 60, 1000, 500.0, 61, "identity", "delta")
    return EstimateRecord.of(estimate, 0.95)


def data_report() -> DataReport:
    check = CheckResult(
        id="1", column=HOSTILE, check="minimum", result="fail", failed=3, total=9, rows=[1, 4], message="too low"
    )
    drift = Drift(
        column="carrier",
        method="psi",
        value=0.3,
        limit=0.1,
        result="fail",
        bins=["AA", HOSTILE],
        shares=[0.4, 0.6],
        reference_shares=[0.7, 0.3],
    )
    of_numbers = drift.model_copy(
        update={
            "column": "distance",
            "bins": [f"{low:,} to {low + 250:,}" for low in range(0, 2500, 250)],
            "shares": [0.02, 0.03, 0.05, 0.05, 0.1, 0.1, 0.1, 0.15, 0.2, 0.2],
            "reference_shares": [0.1] * 10,
        }
    )
    cells = {HOSTILE: "-1", "carrier": None, "note": f"{HOSTILE} and a long text that somebody typed …"}
    failing = [FailingRow(row=row, checks=["1"], cells=cells) for row in (1, 1_000_004)]
    columns = [Column(name="carrier", type="string", nulls=0)]
    return DataReport(
        result="fail",
        rows=9,
        columns=columns,
        checks=[check],
        drift=[drift, of_numbers],
        failing_rows=failing,
        withheld=[HOSTILE],
    )


def evaluation() -> Evaluation:
    one = Slice(column="carrier", value=HOSTILE, n=7, estimates={"roc_auc": record(0.6)})
    return Evaluation(
        result="pass",
        task="binary",
        n=1000,
        target="late",
        features=["carrier"],
        unavailable=["dep_delay"],
        cluster=["day"],
        champion_sha256="ab" * 32,
        estimates={"roc_auc": record(0.68)},
        champion={"roc_auc": record(0.65)},
        differences={"roc_auc": record(0.03)},
        slices=[one],
        isolation="process",
        size_bytes=10,
    )


def verdict() -> Verdict:
    rule = RuleOutcome(
        rule="roc_auc > champion",
        slice=HOSTILE,
        result="inconclusive",
        value=0.0143,
        lower=-0.001,
        upper=None,
        limit=0.0,
        candidate=0.7443,
        champion=0.73,
        message="61 more days would settle it.",
    )
    return Verdict(
        result="inconclusive", rules=[rule], champion=None, policy="p", judged_on="intervals", decision="Not decided."
    )


def rollout() -> Rollout:
    counts = {"candidate_requests": 50, "candidate_errors": 2, "stable_requests": 950, "stable_errors": 9}
    looks = [
        Look(time=NOON + timedelta(seconds=second), weight=5, counts=counts, worse=-0.2, non_inferior=second / 5)
        for second in range(10)
    ]
    return Rollout(
        result="pass",
        target=HOSTILE,
        strategy="canary",
        outcome="promoted",
        identity="verified",
        steps=[5, 100],
        looks=looks,
        weights=[5, 100],
        alpha=0.05,
        error_margin=0.01,
        dispersion=1.0,
    )


def promotion() -> Promotion:
    return Promotion(
        result="fail",
        reasons=[Reason(code="no-verdict", message=HOSTILE)],
        registry="file:r",
        name="flights",
        version=None,
        alias="champion",
        before="ab" * 32,
        after="ab" * 32,
        entry=None,
        changed=False,
    )


TRAINING = Training(result="pass", command=["python", HOSTILE], exit_code=0, seconds=1.0, metrics={"auc": 0.7})
ALL: list[Predicate] = [data_report(), evaluation(), verdict(), rollout(), promotion(), TRAINING]
