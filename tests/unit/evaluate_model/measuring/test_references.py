"""Whether a model degraded is answered by yes, by no, or by nothing."""

from __future__ import annotations

from mlops_actions.evaluate_model.measuring.references import degraded
from mlops_actions.evidence.evaluation import EstimateRecord, Reference
from mlops_actions.statistics.contrasts import independent
from mlops_actions.statistics.estimate import Estimate


def estimate(value: float, df: float = 400.0, se: float = 0.01) -> Estimate:
    return Estimate(value, se=se, df=df, n=500, n_effective=500, clusters=500, scale="identity", method="mean")


def reference(**pairs: tuple[float, float]) -> Reference:
    """Metrics as they were and as they are."""
    then = {name: EstimateRecord.of(estimate(before), 0.95) for name, (before, _) in pairs.items()}
    change = {name: independent(estimate(now), estimate(before)) for name, (before, now) in pairs.items()}
    return Reference(
        name="own evaluation",
        estimates=then,
        differences={name: EstimateRecord.of(one, 0.95) for name, one in change.items()},
    )


def test_a_fall_that_is_shown_is_told_with_its_numbers() -> None:
    worse, reason = degraded(reference(accuracy=(0.9, 0.8), recall=(0.7, 0.7)), 0.95)
    assert worse is True
    assert reason is not None
    assert reason.message == "The model is worse than at its promotion: accuracy 0.9 → 0.8."
    assert (reason.code, reason.warning) == ("degraded", True)


def test_an_error_that_grew_is_a_fall() -> None:
    assert degraded(reference(log_loss=(0.3, 0.4)), 0.95)[0] is True
    assert degraded(reference(log_loss=(0.4, 0.3)), 0.95)[0] is False


def test_a_rise_and_a_fall_within_the_noise_are_none() -> None:
    assert degraded(reference(accuracy=(0.8, 0.9)), 0.95) == (False, None)
    assert degraded(reference(accuracy=(0.9, 0.89)), 0.95) == (False, None)


def test_one_of_many_metrics_at_the_edge_is_not_enough() -> None:
    """2 standard errors are shown alone, and not among ten."""
    edge = (0.9, 0.9 - 2 * 0.01 * 2**0.5)
    assert degraded(reference(accuracy=edge), 0.95)[0] is True
    others = dict.fromkeys(("recall", "precision", "f1", "mcc", "kappa", "roc_auc", "specificity"), (0.5, 0.5))
    assert degraded(reference(accuracy=edge, **others), 0.95)[0] is False


def test_what_has_no_better_direction_says_nothing() -> None:
    assert degraded(reference(selection_rate=(0.9, 0.1)), 0.95) == (None, None)


def test_few_clusters_are_no_good_news() -> None:
    few = independent(estimate(0.9, df=3.0), estimate(0.9))
    told = reference(accuracy=(0.9, 0.9))
    with_few = told.model_copy(update={"differences": {"accuracy": EstimateRecord.of(few, 0.95)}})
    assert degraded(with_few, 0.95) == (None, None)
    # What is shown elsewhere stays shown.
    both = {**with_few.differences, **reference(recall=(0.9, 0.5)).differences}
    estimates = {**told.estimates, **reference(recall=(0.9, 0.5)).estimates}
    assert degraded(told.model_copy(update={"differences": both, "estimates": estimates}), 0.95)[0] is True


def test_without_differences_nothing_is_known() -> None:
    assert degraded(Reference(name="own evaluation"), 0.95) == (None, None)
