from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mlops_actions.canary_deploy.comparison import Question, Shadowed
from mlops_actions.canary_deploy.comparison.pairs import Pairs
from mlops_actions.canary_deploy.comparison.wording import sentence
from mlops_actions.canary_deploy.looks import Seen

NO_WORSE = Shadowed(Question("wrong", "<", 0.02), 0.05)


def after(pairs: Pairs, shadowed: Shadowed = NO_WORSE) -> Shadowed:
    return shadowed.after(replace(Seen(0.0, 0, {}), pairs=pairs))


def labelled(wrong_candidate: float, wrong_stable: float, number: int = 4000) -> Pairs:
    rng = np.random.default_rng(5)
    stable, candidate = (rng.random(number) < rate for rate in (wrong_stable, wrong_candidate))
    rows = [(int(one), int(other), 0) for one, other in zip(stable, candidate, strict=True)]
    return Pairs(tuple(row[:2] for row in rows), tuple(rows))


@pytest.mark.parametrize(
    ("candidate", "stable", "answer"), [(0.05, 0.05, "yes"), (0.12, 0.05, "no"), (0.07, 0.05, "open")]
)
def test_labels_answer_which_is_wrong_more_often(candidate: float, stable: float, answer: str) -> None:
    found = after(labelled(candidate, stable))
    agreement, wrong = found.compare()
    assert found.answer() == wrong.answer == answer
    assert (agreement.metric, wrong.metric, wrong.claim) == ("agreement", "wrong", "wrong < stable + 0.02")
    assert wrong.candidate == pytest.approx(candidate, abs=0.015)
    assert agreement.answer == "open"


def test_without_labels_nothing_is_answered_however_much_they_agree() -> None:
    found = after(Pairs(predictions=(("late", "late"),) * 5000))
    (agreement,) = found.compare()
    assert (found.answer(), agreement.value, agreement.upper, agreement.claim) == ("open", 1, 1, None)
    assert sentence(agreement) == (
        "Agreement of 5,000 pairs: 100 % lies between 99.8 % and 100 %, at 95 % and at every look."
    )


def test_numbers_are_compared_by_their_mean_difference() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(10, 3, 2000)
    rows = tuple(
        (float(one), float(other), float(label))
        for one, other, label in zip(
            truth + rng.normal(0, 1, 2000), truth + rng.normal(0.5, 1, 2000), truth, strict=True
        )
    )
    prediction, error = after(Pairs(tuple(row[:2] for row in rows), rows)).compare()
    assert (prediction.metric, error.metric, prediction.method) == ("prediction", "absolute error", "asymptotic")
    assert prediction.lower is not None
    assert prediction.upper is not None
    assert prediction.lower < 0.5 < prediction.upper
    assert error.lower is not None
    assert error.lower > 0


def test_a_look_without_a_source_changes_nothing() -> None:
    assert NO_WORSE.after(Seen(0.0, 0, {})) is NO_WORSE
    assert NO_WORSE.answer() == "open"
