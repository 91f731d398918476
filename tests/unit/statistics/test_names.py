"""How metrics are written: one text for a metric, whoever writes it, and advice for what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.statistics.metrics import METRICS, known_metric, metric_of, read_name
from mlops_actions.statistics.metrics.names import CONSTRAINTS, Name, OperatingPoint


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("recall", Name("recall")),
        ("fbeta( 2.0 )", Name("fbeta", 2.0)),
        ('recall("New York @ night")', Name("recall", "New York @ night")),
        ("recall @ .3", Name("recall", None, 0.3)),
        ("fbeta(.5)@0.30", Name("fbeta", 0.5, 0.3)),
        ("recall@specificity(0.99)", Name("recall", None, OperatingPoint("specificity", 0.99))),
    ],
)
def test_a_name_is_read_and_written_in_one_way(text: str, name: Name) -> None:
    assert read_name(text) == name
    assert read_name(str(name)) == name


numbers = st.floats(1e-6, 1, exclude_max=True)
points = st.builds(OperatingPoint, st.sampled_from(CONSTRAINTS), numbers)
arguments = st.none() | numbers | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.builds(Name, st.sampled_from(sorted(METRICS)), arguments, st.none() | numbers | points))
def test_what_is_written_is_read_again(name: Name) -> None:
    assert read_name(str(name)) == name


@given(st.text(max_size=30))
def test_any_text_is_a_metric_or_refused(text: str) -> None:
    found = known_metric(text)
    assert found is None or found.name == str(read_name(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("roc-auc", "there is no metric 'roc-auc'. Did you mean 'roc_auc'?"),
        ("f0.5", "there is no metric 'f0.5'. Write fbeta(0.5)."),
        ("recalls(2)", "there is no metric 'recalls'. Did you mean 'recall'?"),
        ("fbeta", "fbeta needs its beta. Write fbeta(2)."),
        ("quantile_loss(90)", "the quantile of quantile_loss is between 0 and 1, not 90. Write quantile_loss(0.9)."),
        ("within_tolerance(-1)", "the tolerance of within_tolerance is 0 or more, not -1. Write within_tolerance(10)."),
        ("mcc(2)", "mcc takes nothing in parentheses. Write mcc."),
        ("recall(3)", 'a class is written in quotes. Write recall("3").'),
        ("recall@30", "a threshold is between 0 and 1, not 30."),
        ("recall@0.3@0.4", "recall@0.3 has a threshold already. Write one `@`."),
        ("roc_auc@0.3", "roc_auc has no threshold: only binary metrics of labels have one."),
        ('recall("AA")@0.3', 'recall("AA") has no threshold: only binary metrics of labels have one.'),
        (
            "recall@fallout(0.01)",
            "no threshold is chosen by fallout. Known: false_positive_rate, recall, selection_rate, specificity.",
        ),
        ("recall@recall(1)", "the limit of recall is between 0 and 1, not 1."),
        ("recall@true", "`true` is not a number. Write recall@0.3 or fbeta(2)."),
        ("recall(0.1", "'recall(0.1' is no name of a metric. Write recall, fbeta(2), recall@0.3."),
        ("max(recall, 2)", "`max(recall, 2)` is no metric. Write recall, fbeta(2), recall@0.3."),
    ],
)
def test_what_is_no_metric_is_refused_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=".") as refusal:
        metric_of(read_name(text))
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "higher", "bounds"),
    [
        ("recall@0.3", True, (0.0, 1.0)),
        ("recall@false_positive_rate(0.01)", True, (0.0, 1.0)),
        ("false_positive_rate@recall(0.9)", False, (0.0, 1.0)),
        ("quantile_loss(0.9)", False, (0.0, float("inf"))),
        ("within_tolerance(10)", True, (0.0, 1.0)),
        ("cost", False, (float("-inf"), float("inf"))),
        ("r2", True, (float("-inf"), 1.0)),
        ('roc_auc("AA")', True, (0.0, 1.0)),
    ],
)
def test_direction_and_bounds_are_those_of_the_metric(text: str, higher: bool, bounds: tuple[float, float]) -> None:
    metric = metric_of(read_name(text))
    assert (metric.higher_is_better, metric.bounds) == (higher, bounds)
