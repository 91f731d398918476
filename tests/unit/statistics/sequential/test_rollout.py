from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import (
    BY_CLUSTER,
    Action,
    Block,
    Counts,
    Dispersion,
    Evidence,
    Metric,
    begin,
    decide,
    next_step,
    update,
)

ERRORS = Metric("errors", BY_CLUSTER, Counts(100, 10_000))
SLOW = Metric("slower than 200 ms", BY_CLUSTER, Counts(500, 10_000))
HEALTHY = Block(Counts(2, 200), Counts(18, 1_800))
BROKEN = Block(Counts(30, 200), Counts(18, 1_800))
SILENT = Block(Counts(0, 0), Counts(18, 1_800))


def after(evidence: Evidence, *looks: Mapping[str, Block | None]) -> Evidence:
    for look in looks:
        evidence = update(evidence, look)
    return evidence


def test_a_broken_canary_is_rolled_back_with_its_numbers_and_reason() -> None:
    decision = decide(after(begin([ERRORS], planned_looks=50), {"errors": BROKEN}))
    assert decision.action is Action.ROLL_BACK
    assert decision.worse >= decision.threshold == 20
    [judgement] = decision.judgements
    assert (judgement.canary, judgement.baseline) == (Counts(30, 200), Counts(18, 1_800))
    [reason] = decision.reasons
    assert reason.code == "worse"
    assert reason.message.startswith(
        "canary 30 of 200 (15 %), baseline 18 of 1,800 (1 %): worse by more than the margin of 1 point, evidence "
    )


def test_a_healthy_canary_advances_on_its_evidence() -> None:
    evidence = after(begin([ERRORS], planned_looks=50), *[{"errors": HEALTHY}] * 8)
    decision = decide(evidence)
    assert decision.action is Action.ADVANCE
    assert [reason.code for reason in decision.reasons] == ["non-inferior"]
    assert decision.judgements[0].non_inferior is not None
    assert decision.judgements[0].non_inferior >= 20


def test_a_new_step_starts_afresh_but_remembers_what_speaks_against_the_canary() -> None:
    evidence = after(begin([ERRORS], planned_looks=50), *[{"errors": HEALTHY}] * 8)
    fresh = next_step(evidence)
    assert decide(fresh).action is Action.CONTINUE
    assert decide(fresh).judgements[0].non_inferior == pytest.approx(1)
    assert decide(fresh).worse == decide(evidence).worse


def test_before_the_first_look_nothing_is_decided() -> None:
    decision = decide(begin([ERRORS], planned_looks=50))
    assert decision.action is Action.CONTINUE
    assert decision.worse == pytest.approx(1)
    assert decision.reasons[0].code == "no-requests"


@pytest.mark.parametrize("look", [{}, {"errors": None}, {"errors": SILENT}], ids=["missing", "discarded", "silent"])
def test_looks_without_canary_requests_never_pass(look: dict[str, Block | None]) -> None:
    decision = decide(after(begin([ERRORS], planned_looks=50), *[look] * 500))
    assert decision.action is Action.CONTINUE
    assert decision.worse == pytest.approx(1)
    assert decision.judgements[0].non_inferior == pytest.approx(1)
    assert decision.reasons[0].code == "no-requests"
    assert "the canary gets no request" in decision.reasons[0].message


def test_a_baseline_without_requests_is_named() -> None:
    look = {"errors": Block(Counts(0, 200), Counts(0, 0))}
    decision = decide(after(begin([ERRORS], planned_looks=50), *[look] * 50))
    assert decision.action is Action.CONTINUE
    assert decision.reasons[0].message.endswith("nothing is learnt while the baseline gets no request")


def test_the_mean_over_the_metrics_rolls_back() -> None:
    evidence = after(
        begin([ERRORS, SLOW], planned_looks=50),
        {"errors": BROKEN, SLOW.name: Block(Counts(10, 200), Counts(90, 1_800))},
    )
    decision = decide(evidence)
    assert decision.action is Action.ROLL_BACK
    assert decision.worse == pytest.approx(sum(judgement.worse for judgement in decision.judgements) / 2)
    assert [reason.metric for reason in decision.reasons] == ["errors"]


def test_a_metrics_weight_is_its_part_of_the_mean() -> None:
    evidence = after(begin([replace(ERRORS, weight=3), SLOW], planned_looks=50), {"errors": BROKEN})
    decision = decide(evidence)
    assert decision.worse == pytest.approx(0.75 * decision.judgements[0].worse + 0.25)


def test_every_metric_has_to_be_shown_before_a_step_advances() -> None:
    evidence = after(begin([ERRORS, SLOW], planned_looks=50), *[{"errors": HEALTHY}] * 8)
    decision = decide(evidence)
    assert decision.action is Action.CONTINUE
    assert [reason.code for reason in decision.reasons] == ["non-inferior", "no-requests"]


def test_a_cut_that_does_not_promote_holds_no_step_up_but_still_rolls_back() -> None:
    metrics = [ERRORS, replace(SLOW, promotes=False)]
    healthy = after(begin(metrics, planned_looks=50), *[{"errors": HEALTHY}] * 8)
    assert decide(healthy).action is Action.ADVANCE
    assert decide(healthy).judgements[1].non_inferior is None
    assert decide(update(healthy, {SLOW.name: Block(Counts(10, 200), Counts(90, 1_800))})).action is Action.ADVANCE
    assert decide(update(healthy, {SLOW.name: BROKEN})).action is Action.ROLL_BACK


def test_roll_back_wins_over_advance() -> None:
    metrics = [replace(ERRORS, weight=1), replace(SLOW, promotes=False)]
    both = after(begin(metrics, planned_looks=50), *[{"errors": HEALTHY, SLOW.name: BROKEN}] * 8)
    assert decide(both).action is Action.ROLL_BACK


def test_an_assumed_dispersion_is_said() -> None:
    metric = replace(ERRORS, dispersion=Dispersion(3.0, "assumed", 12))
    decision = decide(after(begin([metric], planned_looks=50), {"errors": HEALTHY}))
    assert decision.reasons[-1].code == "dispersion-assumed"
    assert "12 usable looks at the baseline, 30 are needed" in decision.reasons[-1].message


@pytest.mark.parametrize("history", [Counts(0, 0), Counts(0, 10_000), Counts(1, 10_000), Counts(100, 10_000)], ids=str)
@pytest.mark.parametrize("margin", [0.0, 0.01])
def test_a_canary_that_always_fails_is_seen_at_the_first_look(history: Counts, margin: float) -> None:
    requests = 4 if history.total == 0 else 3
    metric = replace(ERRORS, history=history, margin=margin)
    look = {"errors": Block(Counts(requests, requests), Counts(0, 9 * requests))}
    assert decide(after(begin([metric], planned_looks=50), look)).action is Action.ROLL_BACK


def test_more_looks_than_planned_stay_valid_and_can_still_decide() -> None:
    evidence = after(begin([ERRORS], planned_looks=3), *[{"errors": HEALTHY}] * 6)
    assert evidence.processes.started == pytest.approx(1)
    assert decide(after(evidence, *[{"errors": BROKEN}] * 2)).action is Action.ROLL_BACK


def test_evidence_beyond_floating_point_is_shown_as_a_finite_number() -> None:
    decision = decide(after(begin([ERRORS], planned_looks=50), {"errors": Block(Counts(5_000, 5_000), Counts(9, 900))}))
    assert 1e200 < decision.worse < float("inf")


def test_update_leaves_the_evidence_it_was_given_alone() -> None:
    evidence = begin([ERRORS], planned_looks=50)
    update(evidence, {"errors": BROKEN})
    assert decide(evidence).worse == pytest.approx(1)
    assert evidence.looks == 0


def test_a_metric_that_is_not_judged_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"does not judge 'error'\. Did you mean 'errors'\?"):
        update(begin([ERRORS], planned_looks=50), {"error": HEALTHY})


def test_a_rollout_that_could_only_promote_is_refused() -> None:
    with pytest.raises(InputError, match="every canary would be promoted"):
        begin([replace(ERRORS, promotes=False)], planned_looks=50)
    with pytest.raises(InputError, match="every canary would be promoted"):
        begin([], planned_looks=50)


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match=r"alpha: alpha is between 0 and 1, not 5\. Write 0\.05\."):
        begin([ERRORS], alpha=5, planned_looks=50)
    with pytest.raises(InputError, match="deadline: the deadline leaves room for 0 looks"):
        begin([ERRORS], planned_looks=0)
    with pytest.raises(InputError, match="named twice: errors, errors"):
        begin([ERRORS, ERRORS], planned_looks=50)
    with pytest.raises(InputError, match="metric errors: the weight of a metric is above 0, not 0"):
        replace(ERRORS, weight=0)


def test_metrics_are_judged_together_as_each_is_alone() -> None:
    metrics = [
        replace(
            ERRORS, name=f"{margin} {ratio} {phi}", margin=margin, ratio=ratio, dispersion=Dispersion(phi, "measured")
        )
        for margin, ratio, phi in ((0.0, 1.0, 1.0), (0.01, 1.0, 2.5), (0.0, 1.5, 1.0), (0.2, 0.8, 4.0))
    ]
    looks = [{metric.name: block for metric in metrics} for block in (HEALTHY, BROKEN, SILENT, HEALTHY)]
    together = decide(after(begin(metrics, planned_looks=9), *looks)).judgements
    for metric, judgement in zip(metrics, together, strict=True):
        alone = [{metric.name: look[metric.name]} for look in looks]
        (expected,) = decide(after(begin([metric], planned_looks=9), *alone)).judgements
        assert judgement.worse == pytest.approx(expected.worse, rel=1e-9)
        assert judgement.non_inferior == pytest.approx(expected.non_inferior, rel=1e-9)
