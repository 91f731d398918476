from __future__ import annotations

from dataclasses import replace

import pytest

from mlops_actions.canary_deploy.baseline import summarize
from mlops_actions.canary_deploy.comparison import Asked, Question
from mlops_actions.canary_deploy.comparison.opening import ask, foresee
from mlops_actions.canary_deploy.comparison.wording import sentence
from mlops_actions.canary_deploy.looks import Seen
from mlops_actions.errors import InputError
from mlops_actions.statistics.sequential import Block, Counts, Moments

FEWER = Question("errors", "<")
BETTER = Block(Counts(4, 400), Counts(16, 400))
EQUAL = Block(Counts(4, 400), Counts(4, 400))
BASELINE = summarize([{"errors": Counts(1, 100), "sales": Counts(10, 90)}] * 40, 400)


def seen(blocks: dict[str, Block]) -> Seen:
    return Seen(0.0, 50, blocks)


def after(asked: Asked, block: Block, looks: int) -> Asked:
    for _ in range(looks):
        asked = asked.after(seen({"errors": block, "other": EQUAL}))
    return asked


@pytest.mark.parametrize(
    ("block", "answer"), [(BETTER, "yes"), (Block(BETTER.baseline, BETTER.canary), "no"), (EQUAL, "open")]
)
def test_a_proportion_is_answered_as_its_interval_says(block: Block, answer: str) -> None:
    asked = after(Asked(FEWER, 0.05), block, 10)
    (found,) = asked.compare()
    assert asked.answer() == found.answer == answer
    assert found.lower is not None
    assert found.upper is not None
    assert (found.upper < 0, found.lower > 0) == (answer == "yes", answer == "no")
    assert (found.units, found.confidence, found.method) == ((4000, 4000), 0.95, "e-processes")


def test_a_mean_is_answered_by_its_sums() -> None:
    asked = Asked(Question("revenue", ">"), 0.05, is_mean=True)
    both = {"revenue": (Moments(500, 600.0, 1200.0), Moments(500, 500.0, 1000.0))}
    for _ in range(4):
        asked = asked.after(replace(seen({}), sums=both))
    (found,) = asked.compare()
    assert asked.answer() == found.answer == "yes"
    assert (found.units, found.candidate, found.stable, found.method) == ((2000, 2000), 1.2, 1.0, "asymptotic")


def test_a_look_that_was_thrown_away_adds_nothing() -> None:
    assert Asked(FEWER, 0.05).after(seen({})) == Asked(FEWER, 0.05)


def test_without_data_nothing_is_answered() -> None:
    (found,) = Asked(FEWER, 0.05).compare()
    assert (found.answer, found.value, found.lower, found.units) == ("open", None, None, (0, 0))


def test_the_answer_reads_as_a_sentence() -> None:
    (found,) = after(Asked(FEWER, 0.05), BETTER, 10).compare()
    assert sentence(found) == (
        "errors < stable is shown: candidate 1 % of 4,000, stable 4 % of 4,000; the difference of -3 % lies between "
        "-4.04 % and -2.03 %, at 95 % and at every look."
    )
    (nothing,) = Asked(FEWER, 0.05).compare()
    assert sentence(nothing) == (
        "errors < stable is neither shown nor refuted: candidate nothing, stable nothing; too few for an interval."
    )


def test_the_stable_side_says_where_to_look_and_how_much_comes_in_bunches() -> None:
    asked = ask(FEWER, BASELINE, 0.05)
    assert asked.history == Counts(40, 4000)
    assert asked.dispersion == BASELINE.dispersion.value


def test_what_nothing_counts_cannot_be_asked() -> None:
    with pytest.raises(
        InputError, match=r"question: nothing counted 'sale' while .* was watched\. Did you mean 'sales'"
    ):
        ask(Question("sale", ">"), BASELINE, 0.05)
    with pytest.raises(InputError, match="the question is errors < stable \\+ 2, and two shares never differ by 2"):
        ask(Question("errors", "<", 2.0), BASELINE, 0.05)


def test_a_mean_is_asked_where_the_source_sums_up() -> None:
    asked = ask(Question("revenue", ">"), BASELINE, 0.05, means=["revenue"])
    assert asked.is_mean
    assert foresee(asked, BASELINE, weight=50, deadline=60) == (
        "plan: revenue > stable: a mean is told from 500 units of each side on"
    )


def test_a_plan_says_which_difference_will_be_seen() -> None:
    found = foresee(ask(FEWER, BASELINE, 0.05), BASELINE, weight=50, deadline=3600)
    assert found == (
        "plan: errors < stable: the deadline leaves about 18,000 of the candidate and 18,000 of the stable side, which "
        "can see differences of 0.55 points and more"
    )
