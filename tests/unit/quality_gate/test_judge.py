"""Every kind of outcome with the exact sentence that a person reads, and what can never pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.errors import InputError
from mlops_actions.evidence import Reason
from mlops_actions.quality_gate.decision import choices, decide
from mlops_actions.quality_gate.facts import Champion, DataFacts, Facts, Scope
from mlops_actions.quality_gate.finding import Finding
from mlops_actions.quality_gate.judge import Terms, judge
from mlops_actions.quality_gate.members import check_names
from mlops_actions.quality_gate.policy import inline_policy
from mlops_actions.statistics import Estimate

TERMS = Terms(confidence=0.95, points=False, without_champion="skip", today=date(2030, 1, 1))
COMPARED = Champion("compared", "c" * 64)


def mean(value: float, se: float, n: int = 400, *, clusters: int | None = None) -> Estimate:
    """An estimate of a mean."""
    groups = n if clusters is None else clusters
    return Estimate(value, se, groups - 1, n, n, groups, "identity", "mean")


def scope(candidate: Estimate, difference: Estimate | None = None, rows: int = 1000) -> Scope:
    """One metric, `score`, alone or against a champion at 0.9."""
    if difference is None:
        return Scope(rows, {"score": candidate})
    return Scope(rows, {"score": candidate}, {"score": mean(0.9, 0.02)}, {"score": difference})


def facts(whole: Scope, slices: Mapping[str, Scope] | None = None, clusters: tuple[str, ...] = ()) -> Facts:
    by = {"carrier": dict(slices)} if slices else {}
    return Facts(whole, by, minimum_count=30, clusters=clusters, champion=COMPARED)


def judged(rules: str, about: Facts, terms: Terms = TERMS) -> list[Finding]:
    policy = inline_policy(rules)
    check_names(policy.rules, about, "the evaluation")
    return judge(policy.rules, about, terms)


def sentence(rules: str, about: Facts, terms: Terms = TERMS) -> tuple[str, str, str]:
    (finding,) = judged(rules, about, terms)
    return finding.result, finding.code, finding.message


SCORE = facts(scope(mean(0.85, 0.01), mean(-0.005, 0.01)))
DAYS = facts(scope(mean(0.85, 0.01), mean(0.004, 0.004, clusters=61)), clusters=("day",))
SLICES = facts(
    scope(mean(0.85, 0.01)),
    {
        "AA": scope(mean(0.90, 0.01), mean(-0.10, 0.01)),
        "UA": scope(mean(0.84, 0.02), mean(0.00, 0.02)),
        "DL": scope(mean(0.70, 0.01), mean(0.02, 0.02)),
        "tiny": scope(mean(0.10, 0.01, n=12), mean(-0.80, 0.01, n=12)),
    },
)


@pytest.mark.parametrize(
    ("rule", "about", "expected"),
    [
        (
            "score > 0.8",
            SCORE,
            ("pass", "shown", "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); it is shown to be above 0.8."),
        ),
        (
            "score > 0.9",
            SCORE,
            ("fail", "limit-broken", "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); it must be above 0.9."),
        ),
        (
            "score >= 0.84",
            SCORE,
            (
                "inconclusive",
                "not-shown",
                "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); that does not show it to be at least 0.84. "
                "About 5,203 more rows would show it, if what is seen is the truth.",
            ),
        ),
        (
            "score >= 0.86",
            SCORE,
            (
                "inconclusive",
                "not-shown",
                "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); that does not show it to be at least 0.86. "
                "More rows would rather confirm the failure.",
            ),
        ),
        (
            "score > champion",
            DAYS,
            (
                "inconclusive",
                "not-shown",
                "score is 0.004 above the champion's (-0.002683 to 0.01068 at 95 % confidence); that does not show it "
                "to be above the champion's. About 325 more days would show it, if what is seen is the truth.",
            ),
        ),
        (
            "score >= champion - 0.01",
            SCORE,
            (
                "inconclusive",
                "not-shown",
                "score is 0.005 below the champion's (-0.02149 to 0.01149 at 95 % confidence); that does not show it "
                "to be no more than 0.01 below the champion's. "
                "About 5,203 more rows would show it, if the candidate is as good as the champion.",
            ),
        ),
        (
            "score >= champion - 0.03",
            SCORE,
            (
                "pass",
                "shown",
                "score is 0.005 below the champion's (-0.02149 to 0.01149 at 95 % confidence); "
                "it is shown to be no more than 0.03 below the champion's.",
            ),
        ),
        (
            "forbid score < champion - 0.03",
            SCORE,
            (
                "pass",
                "no-harm-shown",
                "score is 0.005 below the champion's (-0.02149 to 0.01149 at 95 % confidence); it is not shown to be "
                "more than 0.03 below the champion's. Harm would have been seen at a difference to the champion of "
                "-0.0549.",
            ),
        ),
        (
            "forbid score < 0.9",
            SCORE,
            ("fail", "harm-shown", "score is 0.85 (0.8335 to 0.8665 at 95 % confidence); it must not be below 0.9."),
        ),
        (
            "score[carrier] >= 0.6",
            SLICES,
            (
                "pass",
                "shown",
                'score is shown to be at least 0.6 in all 3 slices by carrier: score for carrier == "DL" is 0.7 '
                '(0.6835 to 0.7165 at 95 % confidence); score for carrier == "UA" is 0.84 (0.807 to 0.873 at 95 % '
                'confidence); score for carrier == "AA" is 0.9 (0.8835 to 0.9165 at 95 % confidence).',
            ),
        ),
        (
            "score[carrier] >= 0.8",
            SLICES,
            (
                "fail",
                "limit-broken",
                "score must be at least 0.8, and is shown not to be, in 1 of 3 slices by carrier: "
                'score for carrier == "DL" is 0.7 (0.6835 to 0.7165 at 95 % confidence).',
            ),
        ),
        (
            "forbid score[carrier] < champion - 0.03",
            SLICES,
            (
                "fail",
                "harm-shown",
                "score must not be more than 0.03 below the champion's, and is shown to be, in 1 of 3 slices by "
                'carrier: score for carrier == "AA" is 0.1 below the champion\'s (-0.1165 to -0.08351 at 95 % '
                "confidence).",
            ),
        ),
        (
            'score[carrier == "tiny"] >= 0.01',
            SLICES,
            (
                "inconclusive",
                "few-rows",
                'score for carrier == "tiny" rests on 12 rows, at least 30 are needed; that does not show it to be at '
                "least 0.01. More rows alone may not settle it.",
            ),
        ),
        (
            'forbid score[carrier == "AAA"] < 0.5',
            SLICES,
            (
                "inconclusive",
                "no-data",
                'score for carrier == "AAA" has no rows; whether it is below 0.5 cannot be judged.',
            ),
        ),
        (
            "score > 0.1",
            facts(scope(mean(0.85, 0.01, clusters=4)), clusters=("day",)),
            (
                "inconclusive",
                "few-clusters",
                "score rests on 4 clusters, worth 4.0 equal ones; 6 are needed; that does not show it to be above 0.1."
                " More rows alone may not settle it.",
            ),
        ),
        (
            "score > 0.1",
            facts(scope(mean(0.85, 0.0))),
            (
                "inconclusive",
                "zero-variance",
                "score shows no variation from which its error could be told; that does not show it to be above 0.1. "
                "More rows alone may not settle it.",
            ),
        ),
        (
            "abs(gap(score[carrier])) <= 0.4",
            SLICES,
            (
                "pass",
                "shown",
                "the gap of score is shown to be at most 0.4 in all 6 pairs of groups by carrier: score for carrier "
                '== "AA" against "DL" differs by 0.2 (0.1767 to 0.2233 at 95 % confidence); score for carrier == "UA" '
                'against "DL" differs by 0.14 (0.1031 to 0.1769 at 95 % confidence); score for carrier == "AA" against '
                '"UA" differs by 0.06 (0.02313 to 0.09687 at 95 % confidence); and 3 more.',
            ),
        ),
        (
            "ratio(score[carrier]) >= 0.9",
            SLICES,
            (
                "fail",
                "limit-broken",
                "the ratio of score must be at least 0.9, and is shown not to be, in 2 of 6 pairs of groups by "
                'carrier: score for carrier == "DL" against "AA" gives -0.11 as first - 0.9 × second (-0.1322 to '
                '-0.08782 at 95 % confidence); score for carrier == "DL" against "UA" gives -0.056 as first - 0.9 × '
                "second (-0.08995 to -0.02205 at 95 % confidence).",
            ),
        ),
    ],
)
def test_an_outcome_reads(rule: str, about: Facts, expected: tuple[str, str, str]) -> None:
    if "gap" in rule or "ratio" in rule:
        groups = {name: part for name, part in SLICES.slices["carrier"].items() if name != "tiny"}
        about = replace(about, slices={"carrier": groups})
    assert sentence(rule, about) == expected


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


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, ("inconclusive", "data-report-missing")),
        (DataFacts("pass"), ("pass", "data-passed")),
        (DataFacts("fail", (Reason(code="x", message="late has 3 nulls."),)), ("fail", "data-failed")),
        (DataFacts("inconclusive"), ("inconclusive", "data-not-decided")),
    ],
)
def test_the_data_must_have_passed(data: DataFacts | None, expected: tuple[str, str]) -> None:
    assert sentence("passed(data)", replace(SCORE, data=data))[:2] == expected


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
    about = replace(SCORE, champion=Champion("never", note="There was none."), data=DataFacts("pass"))
    assert decide(judged("score > champion\npassed(data)\nforbid score < 0.5", about)).result == "inconclusive"
    decision = decide(judged("score > champion\nscore > 0.5", about))
    assert decision.sentence == ("Passed: the rule holds. 1 rule about the champion did not apply: there is none yet.")


def test_a_model_is_as_good_as_itself_and_not_better() -> None:
    itself = replace(facts(scope(mean(0.85, 0.01), mean(0.0, 0.0))), is_champion=True)
    assert sentence("score >= champion - 0.01", itself)[0] == "pass"
    assert sentence("score > champion", itself)[2] == ("score equals the champion's; it must be above the champion's.")
    undefined = replace(facts(scope(mean(nan, nan, n=0), mean(nan, nan, n=0))), is_champion=True)
    assert sentence("score >= champion - 0.01", undefined)[0] == "inconclusive"


def test_worst_shows_the_bounds_of_the_minimum() -> None:
    (finding,) = judged("worst(accuracy[carrier]) >= 0.6", _named("accuracy", SLICES))
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
        judged("worst(accuracy[carrier]) <= 0.9", _named("accuracy", SLICES))


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


def _named(metric: str, about: Facts) -> Facts:
    """The same facts with the candidate's metric under another name."""

    def renamed(part: Scope) -> Scope:
        return Scope(part.rows, {metric: part.estimates["score"]})

    slices = {column: {value: renamed(part) for value, part in by.items()} for column, by in about.slices.items()}
    return replace(about, whole=renamed(about.whole), slices=slices)
