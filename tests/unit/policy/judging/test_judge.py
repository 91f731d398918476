"""What the outcomes of rules add up to, and what can never pass."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate_facts import DAYS, SCORE, SLICES, TERMS, facts, judged, mean, named, scope, sentence
from mlops_actions.errors import InputError
from mlops_actions.evidence import Reason
from mlops_actions.policy.document import inline_policy
from mlops_actions.policy.facts import Champion, Facts, Scope, Stated
from mlops_actions.policy.judging.decision import choices, decide
from mlops_actions.policy.judging.judge import judge
from mlops_actions.policy.language.rule import Topic
from mlops_actions.statistics.contrasts import combine
from mlops_actions.statistics.estimate import Estimate


def test_points_are_compared_as_they_are_and_so_it_reads() -> None:
    points = replace(TERMS, points=True)
    assert sentence("score >= 0.85", SCORE, points) == ("pass", "shown", "score is 0.85; it is at least 0.85.")
    assert sentence("score > 0.85", SCORE, points) == ("fail", "limit-broken", "score is 0.85; it must be above 0.85.")
    assert sentence("forbid score < champion", SCORE, points) == (
        "fail",
        "harm-shown",
        "score is 0.05 below the champion's; it must not be below the champion's.",
    )


def test_numbers_that_nothing_measured_never_pass() -> None:
    about = replace(SCORE, measured={"size_mb": 2.5, "latency_p95_ms": None, "age": None})
    assert sentence("size_mb <= 2.5", about)[0] == "pass"
    assert sentence("size_mb < 2.5", about) == ("fail", "limit-broken", "size_mb is 2.5; it must be below 2.5.")
    assert sentence("latency_p95_ms <= 20", about)[:2] == ("inconclusive", "not-measured")
    assert sentence("age(model) < days(30)", about)[:2] == ("fail", "training-missing")
    assert sentence("forbid age(model) > days(30)", about)[:2] == ("fail", "training-missing")
    old = replace(SCORE, measured={"age": 31.5})
    assert sentence("age(model) < days(30)", old)[2] == "age(model) is 31.5 days; it must be below 30 days."


NULLS = (Reason(code="x", message="late has 3 nulls."),)
ROLLED_BACK = (Reason(code="worse", message="Errors rose from 1 to 5 %."),)
UNDECIDED = "what is stated of the model came to no decision."


@pytest.mark.parametrize(
    ("topic", "stated", "expected"),
    [
        ("data", Stated("pass"), ("pass", "data-passed", "the data passed its checks.")),
        ("data", Stated("fail", NULLS), ("fail", "data-failed", "the data failed its checks: late has 3 nulls.")),
        (
            "data",
            Stated("inconclusive"),
            ("inconclusive", "data-not-decided", "the checks on the data came to no decision."),
        ),
        ("model", Stated("pass"), ("pass", "model-passed", "all that is stated of the model passed.")),
        (
            "model",
            Stated("fail", ROLLED_BACK),
            ("fail", "model-failed", "the model failed before: Errors rose from 1 to 5 %."),
        ),
        ("model", Stated("inconclusive"), ("inconclusive", "model-not-decided", UNDECIDED)),
    ],
)
def test_the_data_and_the_model_must_have_passed(topic: Topic, stated: Stated, expected: tuple[str, str, str]) -> None:
    assert sentence(f"passed({topic})", replace(SCORE, stated={topic: stated})) == expected


def test_what_nobody_has_stated_is_never_a_pass() -> None:
    passed = Stated("pass")
    assert sentence("passed(data)", replace(SCORE, stated={"model": passed}))[:2] == (
        "inconclusive",
        "data-report-missing",
    )
    assert sentence("passed(model)", replace(SCORE, stated={"data": passed})) == (
        "inconclusive",
        "statement-missing",
        "nothing else is stated of the model in the evidence folder; run `mlops-actions record` where it is trained.",
    )


@pytest.mark.parametrize(
    ("champion", "without", "expected"),
    [
        (Champion("never", note="There was none."), "skip", ("not-applicable", "no-champion")),
        (Champion("never", note="There was none."), "fail", ("fail", "no-champion")),
        (Champion("gone", note="It is gone."), "skip", ("fail", "champion-gone")),
        (Champion("moved", note="It moved."), "skip", ("inconclusive", "champion-moved")),
        (Champion("unknown", note="Nobody asked."), "skip", ("inconclusive", "champion-unknown")),
    ],
)
def test_a_champion_that_is_not_the_compared_one(champion: Champion, without: str, expected: tuple[str, str]) -> None:
    terms = replace(TERMS, without_champion="fail" if without == "fail" else "skip")
    assert sentence("score > champion", replace(SCORE, champion=champion), terms)[:2] == expected


def test_without_a_champion_one_rule_about_a_metric_must_pass() -> None:
    about = replace(SCORE, champion=Champion("never", note="There was none."), stated={"data": Stated("pass")})
    assert decide(judged("score > champion\npassed(data)\nforbid score < 0.5", about)).result == "inconclusive"
    advice = " Add one, such as `accuracy > 0.8`."
    assert [
        one.message.endswith(advice)
        for rules in ("score > champion\npassed(data)", "score > champion\nscore > 0.9")
        for one in decide(judged(rules, about)).reasons
        if one.code == "no-absolute-rule"
    ] == [True, False]
    decision = decide(judged("score > champion\nscore > 0.5", about))
    assert decision.sentence == ("Passed: the rule holds. 1 rule about the champion did not apply: there is none yet.")


def test_a_warning_of_the_evaluation_is_carried_and_decides_nothing() -> None:
    warning = Reason(code="rows-dependent", message="Rows of one day err alike.", where="cluster", warning=True)
    missing = Reason(code="metric-missing", message="There is no recall.", where="metrics")
    passed = decide(judged("score > 0.5", SCORE), "pass", [warning])
    assert (passed.result, passed.reasons) == ("pass", (warning,))
    open_one = decide(judged("score > 0.5", SCORE), "inconclusive", [warning, missing])
    assert open_one.sentence == "Not decided: There is no recall."


def test_a_model_is_as_good_as_itself_and_not_better() -> None:
    itself = replace(facts(scope(mean(0.85, 0.01), mean(0.0, 0.0))), is_champion=True)
    assert sentence("score >= champion - 0.01", itself)[0] == "pass"
    assert sentence("score > champion", itself)[2] == ("score equals the champion's; it must be above the champion's.")
    undefined = replace(facts(scope(mean(nan, nan, n=0), mean(nan, nan, n=0))), is_champion=True)
    assert sentence("score >= champion - 0.01", undefined)[0] == "inconclusive"


def test_worst_shows_the_bounds_of_the_minimum() -> None:
    (finding,) = judged("worst(accuracy[carrier]) >= 0.6", named("accuracy", SLICES))
    whole, *each = finding.outcomes
    assert (finding.result, whole.slice, whole.value, len(each)) == ("pass", None, 0.7, 3)
    # The least lower bound is uncorrected, the least upper one is at 1 - alpha / 3.
    assert whole.lower == pytest.approx(0.6835, abs=1e-4)
    assert whole.upper == pytest.approx(0.7214, abs=1e-4)


def test_the_pool_of_small_slices_is_judged_in_their_place() -> None:
    pooled = {**SLICES.slices["carrier"], "(other)": scope(mean(0.2, 0.01))}
    (finding,) = judged("score[carrier] >= 0.6", facts(SLICES.whole, pooled))
    assert (finding.result, finding.outcomes[1].slice) == ("fail", 'carrier == "AA"')
    assert [one.slice for one in finding.outcomes if one.result == "fail"] == [None, 'carrier == "(other)"']


def test_values_from_data_stay_inside_their_line() -> None:
    hostile = "x\n::error::owned\u2028\x85"
    (finding,) = judged("score[carrier] >= 0.9", facts(SLICES.whole, {hostile: scope(mean(0.5, 0.01))}))
    assert len(finding.message.splitlines()) == 1


def test_rules_that_block_share_the_error_of_refusing() -> None:
    about = facts(scope(mean(0.85, 0.01)))
    alone, shared = "score > 0.8675", "score > 0.8675\nscore > 0.5\nscore > 0.4"
    assert [judged(alone, about)[0].result, judged(shared, about)[0].result] == ["fail", "inconclusive"]


def test_an_inconclusive_verdict_lists_the_choices() -> None:
    findings = judged("score > champion", DAYS)
    assert choices(findings, DAYS.clusters, "pass") == [
        "Evaluate on about 325 more days: 386 days in all would show it with a chance of 80 %, "
        "if the truth is what it seems.",
        "Ask for less: `score >= champion - 0.0027` would pass instead of `score > champion`.",
        "Compare plain values with `judge: points`, blind to noise: it would pass.",
        "Go on without a decision: `fail-on: fail` ends this step green, the result stays inconclusive.",
    ]
    decision = decide(findings, clusters=DAYS.clusters)
    assert decision.sentence == (
        "Not decided: needs about 325 more days of data. score is 0.004 above the champion's "
        "(-0.002683 to 0.01068 at 95 % confidence); that does not show it to be above the champion's."
    )
    assert judged("score >= champion - 0.0027", DAYS)[0].result == "pass"


def test_the_first_reason_is_told_and_the_others_are_counted() -> None:
    decision = decide(judged("score > 0.9\nscore > 0.95\nscore > 0.5", SCORE))
    assert decision.sentence == (
        "Refused: score is 0.85 (0.8335 to 0.8665 at 95 % confidence); it must be above 0.9. (1 more reason below.)"
    )
    assert [(reason.code, reason.where) for reason in decision.reasons] == [
        ("limit-broken", "rules:1"),
        ("limit-broken", "rules:2"),
    ]


def test_a_verdict_is_never_better_than_the_evaluation() -> None:
    findings = judged("score > 0.5", SCORE)
    note = Reason(code="model-raised", message="The model raised ValueError.")
    assert decide(findings, "fail", [note]).sentence == "Refused: The model raised ValueError."
    assert decide(findings, "inconclusive", [note]).result == "inconclusive"
    assert decide([]).result == "inconclusive"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("scores > 0.5", "rules:1: `scores > 0.5`: the evaluation has no metric 'scores'. Did you mean 'score'?"),
        ("zzz > 0.5", "rules:1: `zzz > 0.5`: the evaluation has no metric 'zzz'. Known: score."),
        ("log_loss < 1", "rules:1: `log_loss < 1`: the evaluation has no metric 'log_loss'. It holds score."),
        (
            "score[carriers] > 0.5",
            "rules:1: `score[carriers] > 0.5`: the evaluation has no slices by 'carriers'. Did you mean 'carrier'?",
        ),
        (
            "worst(score[carrier]) > 0.5",
            "rules:1: `worst(score[carrier]) > 0.5`: neither side of score is known to be worse. "
            "Write score[carrier] with a limit.",
        ),
    ],
)
def test_a_name_that_the_evaluation_does_not_hold_is_refused(rule: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        judged(rule, SLICES)
    assert str(refused.value) == message


def test_the_worst_must_be_limited_on_its_bad_side() -> None:
    with pytest.raises(InputError, match="the worst accuracy is a low one. Turn the comparison round."):
        judged("worst(accuracy[carrier]) <= 0.9", named("accuracy", SLICES))


RULES = st.sampled_from(
    [
        "score {op} {limit}",
        "score {op} champion + {limit}",
        "score {op} {limit} * champion",
        "score[carrier] {op} {limit}",
        'score[carrier == "AA"] {op} champion',
        "abs(score) <= {limit}",
        "abs(gap(score[carrier])) <= {limit}",
        "ratio(score[carrier]) >= {limit}",
        "forbid score {op} {limit}",
        "forbid score[carrier] {op} champion",
    ]
)
ABSENT = st.sampled_from(
    [mean(nan, 0.01), mean(nan, nan, n=0), mean(0.5, nan), mean(inf, 0.01), mean(0.5, 0.0), mean(0.5, 0.1, clusters=3)]
)


@given(rule=RULES, op=st.sampled_from([">", ">=", "<", "<="]), limit=st.floats(0.01, 0.99), absent=ABSENT)
def test_no_rule_passes_on_what_is_not_there(rule: str, op: str, limit: float, absent: Estimate) -> None:
    empty = scope(absent, absent)
    about = facts(empty, {"AA": empty, "UA": empty})
    (finding,) = judged(rule.format(op=op, limit=limit), about)
    assert finding.result == "inconclusive"
    if absent.value != absent.value:
        (by_points,) = judged(rule.format(op=op, limit=limit), about, replace(TERMS, points=True))
        assert by_points.result == "inconclusive"


@given(op=st.sampled_from([">", ">=", "<", "<="]), limit=st.floats(0.01, 0.99), guard=st.booleans())
def test_no_rule_passes_on_a_number_that_another_tool_wrote_as_nan(op: str, limit: float, guard: bool) -> None:
    about = Facts(Scope(0, {"score": Estimate.point(nan)}))
    rule = f"{'forbid ' if guard else ''}score {op} {limit}"
    assert sentence(rule, about, replace(TERMS, points=True))[:2] == ("inconclusive", "not-a-number")


def test_the_constant_beside_a_share_of_the_champion_is_the_limit_of_the_contrast() -> None:
    candidate, champion = (Estimate(0.9, 0.003, 999, 1000, 1000, 1000, "wilson", "wilson") for _ in range(2))
    difference = Estimate(0.0, 0.0014, 999, 1000, 1000, 1000, "tango", "tango", gained=0.001, lost=0.001)
    about = facts(Scope(1000, {"score": candidate}, {"score": champion}, {"score": difference}))
    (finding,) = judged("score >= 0.99 * champion - 0.05", about)
    there, elsewhere = (combine(candidate, champion, difference, b=0.99, limit=limit) for limit in (-0.05, 0.0))
    assert finding.outcomes[0].lower == there.lower(0.95) < elsewhere.lower(0.95)


@pytest.mark.parametrize(
    ("group", "code"),
    [
        (mean(0.84, 0.02, clusters=3), "few-clusters"),
        (mean(0.84, 0.0), "zero-variance"),
        (mean(nan, nan), "undefined"),
        (mean(0.84, 0.02, n=0), "no-data"),
    ],
)
def test_a_gap_says_which_group_leaves_it_open(group: Estimate, code: str) -> None:
    about = facts(scope(mean(0.85, 0.01)), {"AA": scope(mean(0.9, 0.01)), "UA": scope(group)})
    assert sentence("abs(gap(score[carrier])) <= 0.5", about)[:2] == ("inconclusive", code)


def test_the_pool_is_no_group_of_a_gap() -> None:
    groups = {"AA": scope(mean(0.9, 0.01)), "UA": scope(mean(0.9, 0.01)), "(other)": scope(mean(0.1, 0.01))}
    assert sentence("abs(gap(score[carrier])) <= 0.1", facts(scope(mean(0.85, 0.01)), groups))[:2] == ("pass", "shown")


def test_a_rule_that_only_warns_gives_a_warning_and_names_its_owner() -> None:
    rule = replace(inline_policy("score > 0.9").rules[0], severity="warn", owner="@risk", reason="It was promised.")
    (finding,) = judge([rule], SCORE, TERMS)
    (reason,) = decide([finding, *judged("score > 0.8", SCORE)]).reasons
    assert (reason.warning, reason.where) == (True, "rules:1")
    assert reason.message.startswith("warning only, `score > 0.9`: score is 0.85")
    assert reason.message.endswith("Why it is asked: It was promised. Ask @risk.")
    assert finding.outcomes[0].owner == "@risk"


def test_a_comparison_tells_both_values() -> None:
    (finding,) = judged("score > champion", SCORE)
    assert (finding.outcomes[0].candidate, finding.outcomes[0].champion) == (0.85, 0.9)
    (alone,) = judged("score > 0.8", SCORE)
    assert (alone.outcomes[0].candidate, alone.outcomes[0].champion) == (None, None)
