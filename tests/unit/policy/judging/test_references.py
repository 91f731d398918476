"""Rules that compare with a pinned older model, with no model at all, or with the model's own past."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate_facts import COMPARED, facts, judged, mean, scope, sentence
from mlops_actions.policy.facts import Champion, Reference
from mlops_actions.policy.language.rule import Against

WHOLE = replace(
    scope(mean(0.85, 0.01), mean(-0.005, 0.01)),
    others={
        "anchor": Reference({"score": mean(0.80, 0.02)}, {"score": mean(0.05, 0.01)}),
        "baseline": Reference({"score": mean(0.60, 0.01)}, {"score": mean(0.25, 0.01)}),
        "recorded": Reference({"score": mean(0.90, 0.01)}, {"score": mean(-0.05, 0.01)}),
    },
)
KNOWN = facts(WHOLE)


@pytest.mark.parametrize(
    ("rule", "result", "message"),
    [
        (
            "score >= anchor - 0.02",
            "pass",
            "score is 0.05 above the anchor's (0.03351 to 0.06649 at 95 % confidence); "
            "it is shown to be no more than 0.02 below the anchor's.",
        ),
        (
            "score > baseline + 0.2",
            "pass",
            "score is 0.25 above the baseline's (0.2335 to 0.2665 at 95 % confidence); "
            "it is shown to be more than 0.2 above the baseline's.",
        ),
        (
            "score >= recorded - 0.01",
            "fail",
            "score is 0.05 below what was recorded (-0.06649 to -0.03351 at 95 % confidence); "
            "it must be no more than 0.01 below what was recorded.",
        ),
        (
            "forbid score < 0.9 * anchor",
            "pass",
            "score is 0.13 above 0.9 × the anchor's (0.1168 to 0.1432 at 95 % confidence); "
            "it is not shown to be below 0.9 × the anchor's. "
            "Harm would have been seen at a difference to the anchor of -0.01992.",
        ),
    ],
)
def test_each_reference_is_judged_on_the_difference_to_it(rule: str, result: str, message: str) -> None:
    assert sentence(rule, KNOWN)[::2] == (result, message)


@pytest.mark.parametrize(
    ("against", "message"),
    [
        ("anchor", "nothing is known of the anchor: give evaluate-model the input `anchor`."),
        ("baseline", "nothing is known of the baseline: run evaluate-model of this release."),
        (
            "recorded",
            "nothing is known of the recorded: the model has not been promoted under this name yet, "
            "or its evaluation then is not kept.",
        ),
    ],
)
def test_a_reference_that_is_not_there_is_never_a_pass(against: Against, message: str) -> None:
    others = {name: one for name, one in WHOLE.others.items() if name != against}
    assert sentence(f"score > {against}", facts(replace(WHOLE, others=others))) == (
        "inconclusive",
        f"no-{against}",
        message,
    )
    assert sentence(f"forbid score < {against}", facts(replace(WHOLE, others=others)))[0] == "inconclusive"


def test_a_difference_that_cannot_be_told_is_never_a_pass() -> None:
    """The evaluation at promotion was on the same data: it has estimates and no differences."""
    others = {**WHOLE.others, "recorded": Reference({"score": mean(0.90, 0.01)})}
    for rule in ("score >= recorded - 0.9", "forbid score < recorded"):
        assert sentence(rule, facts(replace(WHOLE, others=others)))[0] == "inconclusive"


def test_they_do_not_need_a_champion() -> None:
    never = replace(KNOWN, champion=Champion("never", None, "there was none."))
    (finding,) = judged("score > baseline", never)
    assert (finding.result, finding.absolute) == ("pass", True)
    assert COMPARED.state == "compared"


def test_the_champion_itself_may_differ_from_its_own_past() -> None:
    own = replace(KNOWN, is_champion=True)
    assert sentence("score >= recorded - 0.01", own)[0] == "fail"
