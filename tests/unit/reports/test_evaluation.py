"""The evaluation's page: what it says first, what it draws, and that it stays small."""

from __future__ import annotations

import re

import numpy as np
import pytest

from evaluations import binary_evaluation, multiclass_evaluation, regression_evaluation
from mlops_actions.evidence import Reason, Statement
from mlops_actions.evidence.evaluation import Disparity, Evaluation, Extreme, Reference
from mlops_actions.reports import to_html, to_markdown
from mlops_actions.reports.page import Interval, Intervals
from mlops_actions.reports.scales import Axis, common_axis, own_axis, steps

BINARY = binary_evaluation(200)


def stated(evaluation: Evaluation) -> Statement[Evaluation]:
    return Statement("build/model.joblib", "ab" * 32, evaluation)


def headline(evaluation: Evaluation) -> str:
    return to_markdown(stated(evaluation)).splitlines()[2]


def test_the_first_sentence_compares_with_the_champion() -> None:
    assert headline(BINARY) == (
        "build/model.joblib is better than flights\\@champion on 13 of 14 metrics (1 not shown to differ), on 6,000 "
        "rows, in clusters of day."
    )


def test_the_first_sentence_says_where_a_model_is_worse() -> None:
    swapped = {
        name: one.model_copy(update={"lower": -(one.upper or 0), "upper": -(one.lower or 0)})
        for name, one in BINARY.differences.items()
        if name in ("roc_auc", "brier")
    }
    worse = BINARY.model_copy(update={"differences": swapped})
    assert "is worse than flights\\@champion on 2 of 2 metrics, on" in headline(worse)
    mixed = BINARY.model_copy(update={"differences": {**swapped, "accuracy": BINARY.differences["accuracy"]}})
    assert "is better than flights\\@champion on 1 and worse on 2 of 3 metrics, on" in headline(mixed)
    none = BINARY.model_copy(update={"differences": {"recall": BINARY.differences["recall"]}})
    assert "is neither shown better nor worse than flights\\@champion on any of 1 metric, on" in headline(none)


def test_the_first_sentence_of_a_first_model_gives_its_number() -> None:
    assert re.fullmatch(
        r"build/model.joblib has roc_auc_ovr 0\.\d+ \(0\.\d+ … 0\.\d+\); there is no champion to compare with, "
        r"on 6,000 rows\.",
        headline(multiclass_evaluation()),
    )


def test_the_slices_that_may_be_worst_come_first() -> None:
    section = to_markdown(stated(BINARY))
    forest = section.partition("### roc_auc: the worst 12 of ")[2].partition("<details>")[0]
    rows = [line.split("|") for line in forest.splitlines() if re.match(r"\| (destination|origin)", line)]
    assert len(rows) == 12
    best = [float(row[4].partition("…")[2].partition(")")[0]) for row in rows]
    assert best == sorted(best)
    known = [one.differences["roc_auc"].upper for one in BINARY.slices if "roc_auc" in one.differences]
    assert best[0] == pytest.approx(min(one for one in known if one is not None), rel=0.01)


def test_of_errors_the_worst_slice_is_the_one_that_grows_most() -> None:
    section = to_markdown(stated(regression_evaluation()))
    forest = section.partition("### rmse: 3 slices")[2].partition("<details>")[0]
    lower = [float(found) for found in re.findall(r"\(([-\d.]+) … [-\d.]+\) *\|$", forest, re.MULTILINE)]
    assert len(lower) == 3
    assert lower == sorted(lower, reverse=True)


def test_a_report_of_200_slices_stays_below_half_a_megabyte_and_its_summary_below_githubs_limit() -> None:
    assert 200 <= len(BINARY.slices) <= 203
    assert len(to_html([stated(BINARY)]).encode()) < 500_000
    assert len(to_markdown(stated(BINARY)).encode()) < 2**20


@pytest.mark.parametrize(
    ("evaluation", "captions"),
    [
        (BINARY, ["ROC", "Precision and recall", "Reliability", "Scores by class"]),
        (multiclass_evaluation(), ["Reliability"]),
        (regression_evaluation(), ["Residuals", "Residuals by prediction"]),
    ],
    ids=["binary", "multiclass", "regression"],
)
def test_each_task_has_its_charts_and_each_chart_its_numbers(evaluation: Evaluation, captions: list[str]) -> None:
    page = to_html([stated(evaluation)])
    assert re.findall(r"<figcaption>(.*)</figcaption>", page) == captions
    assert page.count("As numbers") == len(captions)
    assert page.count('<svg class="chart"') == page.count("<desc>") == len(captions)
    assert ("Confusion of the candidate" in page) == (evaluation.task != "regression")
    assert "numbered from 0" in page


def test_how_a_model_was_scored_is_told() -> None:
    section = to_markdown(stated(BINARY))
    for fact in ("| isolation", "strict (namespaces)", "| scikit-learn", "1.5.2", "123,456 bytes"):
        assert fact in section


def test_a_statement_without_curves_or_champion_is_drawn_too() -> None:
    bare = binary_evaluation(8, champion=False).model_copy(update={"curves": None, "environment": None, "timing": None})
    page = to_html([stated(bare)])
    assert "<figcaption>" not in page
    assert "champion</th>" not in page


def test_an_inconclusive_evaluation_says_why_and_shows_its_numbers() -> None:
    unbounded = {name: one.model_copy(update={"lower": None, "upper": None}) for name, one in BINARY.estimates.items()}
    reason = Reason(code="nothing-estimated", message="The rows are fewer than 6 effective clusters.")
    few = BINARY.model_copy(
        update={"result": "inconclusive", "reasons": [reason], "estimates": unbounded, "differences": unbounded}
    )
    section = to_markdown(stated(few))
    assert section.splitlines()[2] == "build/model.joblib: The rows are fewer than 6 effective clusters."
    assert re.search(r"^\| roc_auc +\| 0\.\d+ +\| 0\.\d+ +\| \+0\.\d+ +\| – +\|$", section, re.MULTILINE)
    assert "better" not in section.partition("</details>")[0]
    assert 'class="bar' in to_html([stated(few)])


def test_what_a_model_is_measured_against_besides_the_champion_is_folded_below() -> None:
    past = Reference(name="flights:3", estimates=BINARY.champion, differences=BINARY.differences)
    section = to_markdown(stated(BINARY.model_copy(update={"references": {"recorded": past}})))
    folded = section.partition("<details><summary>Against its own evaluation at promotion: flights:3</summary>")[2]
    assert [one.strip() for one in folded.splitlines()[2].split("|")[1:4]] == ["metric", "candidate", "recorded"]
    assert "| better" in folded.partition("</details>")[0]


def test_an_axis_of_one_row_has_its_limit_in_the_middle() -> None:
    axis = own_axis(Interval(("rmse",), 60.0, 58.0, 63.0, 70.0))
    assert axis.at(70.0) == 50.0
    assert 0.0 < axis.at(58.0) < axis.at(63.0) < 50.0


def test_a_common_axis_holds_what_is_drawn_and_nothing_else() -> None:
    rows = (Interval(("r2",), 0.8, 0.7, 0.9, None), Interval(("rmse",), None, 58.0, 63.0, None))
    axis = common_axis(Intervals("x", ("", ""), rows))
    assert (round(axis.low, 6), round(axis.high, 6)) == (0.69, 0.91)


def test_ticks_are_round_and_inside() -> None:
    assert Axis(0.0, 1.0, 300.0).ticks() == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    generator = np.random.default_rng(0)
    for low, width in zip(generator.normal(0, 100, 50), generator.exponential(100, 50), strict=True):
        ticks = Axis(low, low + width, 300.0).ticks()
        assert 2 <= len(ticks) <= 7
        assert low - 1e-6 * width <= ticks[0] <= ticks[-1] <= low + width * (1 + 1e-6)


def test_a_histogram_starts_and_ends_on_the_ground() -> None:
    assert steps([0.0, 1.0, 2.0], [0.25, 0.75]) == [(0, 0), (0, 0.25), (1, 0.25), (1, 0.75), (2, 0.75), (2, 0)]


def test_fairness_names_the_pair_that_is_furthest_apart_and_groups_that_are_too_small() -> None:
    gap = Extreme(first="B", second="A", value=0.1, lower=0.02, upper=0.2, confidence=0.95)
    ratio = Extreme(first="A", second="B", value=0.8, lower=0.6, upper=0.95, confidence=0.95)
    fairness = [
        Disparity(
            column="sex", metric="selection_rate", groups=["A", "B", "C"], too_few=["C"], gap=gap, ratio=ratio
        ),
        Disparity(column="sex", metric="recall", groups=["A", "B", "C"], too_few=["A", "B", "C"]),
    ]  # fmt: skip
    section = to_markdown(stated(BINARY.model_copy(update={"protected": ["sex"], "fairness": fairness})))
    table = [
        re.sub(r" +", " ", line) for line in section.splitlines() if line.startswith(("| selection_rate", "| recall"))
    ]
    assert table[-2:] == [
        "| selection_rate | 0.1 (0.02 … 0.2) | B − A | 0.8 (0.6 … 0.95) | A / B | C |",
        "| recall | – | – | – | – | A, B, C |",
    ]
