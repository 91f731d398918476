"""The rule language: what it means, what it refuses and how it says so, and that nothing else ever comes out."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlops_actions.errors import InputError
from mlops_actions.policy.language.parse import parse_rule
from mlops_actions.policy.language.rule import (
    Comparison,
    Demand,
    Gap,
    Guard,
    InSlice,
    Measured,
    Overall,
    Passed,
    PerSlice,
    Ratio,
    Shown,
    Worst,
)

EXAMPLE = "A rule compares a metric with a limit: `accuracy >= 0.8`, `roc_auc >= champion - 0.01`."
RECALL = PerSlice("recall", "carrier")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("accuracy > 0.80", Shown((Comparison(Overall("accuracy"), 0.0, ">", 0.8),))),
        ("0.80 < accuracy  # a comment", Shown((Comparison(Overall("accuracy"), 0.0, ">", 0.8),))),
        ("roc_auc >= champion - 0.01", Shown((Comparison(Overall("roc_auc"), 1.0, ">=", -0.01),))),
        ("roc_auc - champion >= -0.01", Shown((Comparison(Overall("roc_auc"), 1.0, ">=", -0.01),))),
        ("champion < roc_auc", Shown((Comparison(Overall("roc_auc"), 1.0, ">", 0.0),))),
        ("roc_auc >= 0.98 * champion", Shown((Comparison(Overall("roc_auc"), 0.98, ">=", 0.0),))),
        ("2 * mae <= champion", Shown((Comparison(Overall("mae"), 0.5, "<=", 0.0),))),
        ("forbid recall[carrier] < champion - 0.03", Guard((Comparison(RECALL, 1.0, "<", -0.03),))),
        (
            'recall[carrier == "AA"] >= .7',
            Shown((Comparison(InSlice("recall", "carrier", "AA"), 0.0, ">=", 0.7),)),
        ),
        ("recall[month == 9.0] >= .7", Shown((Comparison(InSlice("recall", "month", "9"), 0.0, ">=", 0.7),))),
        ("recall[night == True] >= .7", Shown((Comparison(InSlice("recall", "night", "true"), 0.0, ">=", 0.7),))),
        ('recall["home town"] >= .7', Shown((Comparison(PerSlice("recall", '"home town"'), 0.0, ">=", 0.7),))),
        (
            "forbid recall[distance[4]] < champion - 0.03",
            Guard((Comparison(PerSlice("recall", "distance[4]"), 1.0, "<", -0.03),)),
        ),
        (
            'recall[(carrier & origin) == "AA & JFK"] > .1',
            Shown((Comparison(InSlice("recall", "carrier & origin", "AA & JFK"), 0.0, ">", 0.1),)),
        ),
        (
            "recall[wind_gust.missing & distance[0, 5e2]] > .1",
            Shown((Comparison(PerSlice("recall", "wind_gust.missing & distance[0, 500]"), 0.0, ">", 0.1),)),
        ),
        (
            "recall[time_hour.month == 9] > .1",
            Shown((Comparison(InSlice("recall", "time_hour.month", "9"), 0.0, ">", 0.1),)),
        ),
        (
            "forbid abs(equalized_odds[sex]) > .05",
            Guard(
                (
                    Comparison(Gap(PerSlice("recall", "sex")), 0.0, ">", 0.05),
                    Comparison(Gap(PerSlice("false_positive_rate", "sex")), 0.0, ">", 0.05),
                )
            ),
        ),
        (
            "abs(predictive_parity[sex & race]) <= .05",
            Shown((Comparison(Gap(PerSlice("precision", "sex & race")), 0.0, "<=", 0.05),)),
        ),
        (
            "disparate_impact[sex] >= .8",
            Shown((Comparison(Ratio(PerSlice("selection_rate", "sex")), 0.0, ">=", 0.8),)),
        ),
        (
            "ratio(demographic_parity[sex]) >= .8",
            Shown((Comparison(Ratio(PerSlice("selection_rate", "sex")), 0.0, ">=", 0.8),)),
        ),
        ("worst(recall[carrier]) >= .6", Shown((Comparison(Worst(RECALL), 0.0, ">=", 0.6),))),
        ("abs(gap(recall[carrier])) <= .1", Shown((Comparison(Gap(RECALL), 0.0, "<=", 0.1),))),
        (
            "abs(demographic_parity[origin]) <= 0.05",
            Shown((Comparison(Gap(PerSlice("selection_rate", "origin")), 0.0, "<=", 0.05),)),
        ),
        ("ratio(recall[carrier]) >= 0.8", Shown((Comparison(Ratio(RECALL), 0.0, ">=", 0.8),))),
        ("recall@0.3 > 0.8", Shown((Comparison(Overall("recall@0.3"), 0.0, ">", 0.8),))),
        ("recall @ .30 >= champion - 0.01", Shown((Comparison(Overall("recall@0.3"), 1.0, ">=", -0.01),))),
        ("2 * (recall@0.3) > 1.6", Shown((Comparison(Overall("recall@0.3"), 0.0, ">", 0.8),))),
        ("forbid recall@0.3[carrier] < .1", Guard((Comparison(PerSlice("recall@0.3", "carrier"), 0.0, "<", 0.1),))),
        (
            'recall@0.3[carrier == "AA"] > .8',
            Shown((Comparison(InSlice("recall@0.3", "carrier", "AA"), 0.0, ">", 0.8),)),
        ),
        (
            "worst(fbeta(2)@0.3[carrier]) > .8",
            Shown((Comparison(Worst(PerSlice("fbeta(2)@0.3", "carrier")), 0.0, ">", 0.8),)),
        ),
        ("fbeta(0.50) > .8", Shown((Comparison(Overall("fbeta(0.5)"), 0.0, ">", 0.8),))),
        ("recall('home town') > .8", Shown((Comparison(Overall('recall("home town")'), 0.0, ">", 0.8),))),
        (
            "recall@false_positive_rate(.01)[carrier] > .8",
            Shown((Comparison(PerSlice("recall@false_positive_rate(0.01)", "carrier"), 0.0, ">", 0.8),)),
        ),
        ("passed(data)", Passed("data")),
        ("passed(model)", Passed("model")),
        ("size_mb <= 50", Shown((Comparison(Measured("size_mb"), 0.0, "<=", 50.0),))),
        ("age(model) < weeks(2)", Shown((Comparison(Measured("age"), 0.0, "<", 14.0),))),
        ("macro_avg.f1_score > .5", Shown((Comparison(Overall("macro_avg.f1_score"), 0.0, ">", 0.5),))),
        (
            "0.7 <= recall <= 0.9",
            Shown((Comparison(Overall("recall"), 0.0, ">=", 0.7), Comparison(Overall("recall"), 0.0, "<=", 0.9))),
        ),
        (
            "abs(recall - champion) <= .01",
            Shown((Comparison(Overall("recall"), 1.0, "<=", 0.01), Comparison(Overall("recall"), 1.0, ">=", -0.01))),
        ),
        (
            "forbid abs(recall - champion) > .01",
            Guard((Comparison(Overall("recall"), 1.0, ">", 0.01), Comparison(Overall("recall"), 1.0, "<", -0.01))),
        ),
    ],
)
def test_a_rule_means(text: str, meaning: Demand) -> None:
    assert parse_rule(text, "rules:1") == meaning


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"column 1: the rule is empty. {EXAMPLE}"),
        ("forbid ", f"column 8: the rule is empty. {EXAMPLE}"),
        ("accuracy", f"column 1: `accuracy` compares nothing. {EXAMPLE}"),
        ("accuracy > 80%", "column 14: `%` is not part of the rule language. Write 80 % as 0.80."),
        ("accuracy => .8", "column 10: `=>` is not part of the rule language. Write >= for 'at least'."),
        ("accuracy ≥ .8", "column 10: `≥` is not part of the rule language. Write >=."),
        (
            'recall[class] > .1 and "ü"',
            "column 7: `[class]` is not part of the rule language. "
            'A column whose name is a word of Python is quoted: recall["class"].',
        ),
        ("roc_auc > champoin", "column 1: one rule speaks of roc_auc and of champoin. Did you mean 'champion'?"),
        (
            "recall > precision",
            "column 1: one rule speaks of recall and of precision. Compare one metric with numbers or with champion.",
        ),
        ("1 < 2", f"column 1: the rule names no metric. {EXAMPLE}"),
        ("accuracy > 'a'", f"column 12: `'a'` is not a number. {EXAMPLE}"),
        ("accuracy > 1e999", f"column 12: the number is too large. {EXAMPLE}"),
        ("accuracy > 1 / 0", f"column 12: this divides by 0. {EXAMPLE}"),
        ("accuracy > 2 ** 3", f"column 12: rules know + - * / only. {EXAMPLE}"),
        (
            "accuracy / champion > 1",
            "column 1: only a number can divide. Write roc_auc >= 0.98 * champion instead of a ratio.",
        ),
        (
            "accuracy * accuracy > 1",
            "column 1: two quantities cannot be multiplied. Multiply by a number: 0.98 * champion.",
        ),
        (
            "accuracy + champion > 1",
            "column 1: the champion is added, not compared with. Write accuracy >= champion - 0.01.",
        ),
        ("accuracy == .8", "column 1: no sample can show equality. Say how near is enough: abs(recall - 0.5) <= 0.01."),
        ("accuracy in x", f"column 1: rules compare with >, >=, < and <=. {EXAMPLE}"),
        ("a > 1 and b > 2", "column 1: a rule is one comparison. Write two rules, one a line: all of them must hold."),
        ("a > 1 or b > 2", "column 1: a rule is one comparison. All rules must hold; there is no 'or'."),
        ("accuracy > 0,8", "column 1: a rule has no commas. Write 0.8 with a point, and one rule a line."),
        ("not a > 1", "column 1: 'not' is not part of the rule language. Turn the comparison round."),
        ("wurst(recall[c]) > 1", "column 1: there is no function `wurst`. Did you mean 'worst'?"),
        ("worst(recall) > .1", "column 7: worst(...) looks at the slices of a metric. Write worst(recall[column])."),
        (
            "worst(recall[c]) > champion",
            "column 1: worst(recall[c]) has no champion to compare with. Write recall[c] >= champion - 0.03.",
        ),
        (
            "size_mb < champion",
            "column 1: size_mb against the champion is not supported yet. Compare it with a number.",
        ),
        ("recall[carrier == AA] > .1", 'column 19: the value AA has no quotes. Write "AA".'),
        ("recall[a, b] > .1", "column 8: columns are crossed with `&`. Write `carrier & origin`."),
        ("recall[a & b & c] > .1", "column 8: only two columns can be crossed. Write `carrier & origin`."),
        ("recall[when.moth] > .1", "column 8: 'moth' is no part of a column. Did you mean 'month'?"),
        ("recall[miles[1]] > .1", "column 8: 1 bins: there are from 2 to 100. Write `distance[4]`."),
        (
            "disparate_impact > .8",
            "column 1: disparate_impact is a ratio between groups. Name the column: disparate_impact[column].",
        ),
        (
            "recall[miles[5, 1]] > .1",
            "column 8: the numbers that bins are cut at must rise. Write `distance[0, 500, 1000]`.",
        ),
        ("recall[a > 3] > .1", 'column 8: a slice is one value of a column. Write recall[column == "value"].'),
        (
            "roc_auc > anchor + baseline",
            "column 11: one rule compares with the anchor and with the baseline. Write two rules.",
        ),
        (
            "recall[carrier] > anchor",
            "column 1: recall[carrier] is compared with the champion only. Write anchor with a metric over all rows.",
        ),
        ("roc_auc > -anchor", "column 1: the anchor is added, not compared with. Write roc_auc >= anchor - 0.01."),
        (
            "0.9 * recall@0.3 > 1",
            "column 1: the threshold stands behind arithmetic. Put the metric in parentheses: 0.9 * (recall@0.3).",
        ),
        (
            "1 < recall@fallout(0.01)",
            "column 5: no threshold is chosen by fallout. "
            "Known: false_positive_rate, recall, selection_rate, specificity.",
        ),
        ("fbeta > 1", "column 1: fbeta needs its beta. Write fbeta(2)."),
        ("passed(champion)", "column 8: passed(champion) is stated by nobody. Write passed(data) or passed(model)."),
        ("forbid passed(data)", "column 8: passed(...) cannot be forbidden. Write passed(data) without forbid."),
        ("forbid .1 < a < .2", "column 8: a chain cannot be forbidden. Write one forbid rule for each harm."),
        (
            "age(model) < 30",
            "column 1: age(model) is compared with a time, or a time with it. Write age(model) < days(30).",
        ),
        ("abs(recall - .5) > .1", "column 1: this asks for a large difference. Write abs(...) <= 0.05."),
        (
            "demographic_parity < .1",
            "column 1: demographic_parity is a gap between groups. Name the column: demographic_parity[column].",
        ),
        (
            "ratio(recall[c]) <= .8",
            "column 1: ratio(recall[c]) is the least ratio, from 0 to 1, and to be large. Write "
            "ratio(recall[c]) >= 0.8.",
        ),
        (
            "[x for x in y] > 1",
            "column 1: `[x for x in y]` is not part of the rule language. Use metrics, numbers, champion, + - * /.",
        ),
        ("a" * 501 + "> 1", "the rule has 504 characters, at most 500 are read. Write one rule a line."),
    ],
)
def test_a_rule_is_refused_with_its_place_and_a_suggestion(text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_rule(text, "policy.yaml:7")
    assert str(refused.value) == f"policy.yaml:7: {message}"


WORDS = st.sampled_from(
    r"""forbid accuracy recall champion worst( abs( gap( ratio( passed( data age( model days( [ ] carrier == "AA" ) < <=
    > >= + - * / 0.8 1e400 9 and not lambda : , . ; \ ' " { } := await yield *a %""".split()  # noqa: SIM905
)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("forbid passed(data)", "passed(data)"),
        ("roc_auc >= champion ** 2", "champion **"),
        ("\troc_auc >= 0.8 and f1 > 0.5", "roc_auc"),
        ("température.x() > 0", "température.x"),
        ("accuracy => 0.8", "=> 0.8"),
        ("recall[carrier == AA] > 0.8", "AA]"),
    ],
)
def test_a_caret_stands_below_the_place(text: str, part: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_rule(text, "rules:1")
    line, caret = (refused.value.excerpt or "").split("\n")
    assert line == text
    assert text[len(caret) - 1 :].startswith(part)
    assert set(caret[:-1]) <= {" ", "\t"}
    assert caret.endswith("^")


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=14).map(" ".join)))
@example("(" * 300 + "a" + ")" * 300 + "> 1")
@example("-" * 490 + "a > 1")
@example("a" + "[b]" * 160 + " > 1")
@example("a > " + "9" * 490)
@example("\ud800 > 1")
@example("forbid forbid a > 1")
@example("a\0 > 1")
def test_whatever_is_written_is_a_rule_or_an_input_error(text: str) -> None:
    try:
        parse_rule(text, "rules:1")
    except InputError as refused:
        assert refused.where == "rules:1"
        assert refused.hint
