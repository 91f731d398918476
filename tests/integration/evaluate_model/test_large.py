"""A table that is too large to be read gives the statement that reading it would give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.action import Inputs, run
from mlops_actions.evaluate_model.measuring import large
from mlops_actions.evidence import Statement, digest_path
from mlops_actions.evidence.evaluation import Evaluation

from .conftest import frame, write_table

ROWS = 5000


@pytest.fixture(autouse=True)
def _scored(folder: object) -> None:
    """rows.parquet: 5,000 labelled rows with a probability, departures on 40 days of 12 weeks, and an airport."""
    table = frame(ROWS)
    table["probability"] = 1 / (1 + np.exp(-table.wind))
    table["departure"] = pd.Timestamp("2013-09-02 06:00") + pd.to_timedelta(table.day * 48 + table.index % 9, unit="h")
    write_table(table.assign(origin=np.where(table.rain > 0.3, "JFK", "EWR")), "rows.parquet")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 1,000 rows be many."""
    monkeypatch.setattr(large, "MOST_ROWS", 1000)


def statement(**inputs: object) -> Statement[Evaluation]:
    given = {"data": "rows.parquet", "predictions": "rows.parquet", "target": "late", "slices": "origin"}
    return run(Inputs.model_validate({**given, **inputs}))


@pytest.mark.parametrize("cluster", ["departure.date", "departure.week", "day"])
def test_it_says_what_reading_it_would_say(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = statement(cluster=cluster)
    monkeypatch.setattr(large, "MOST_ROWS", 1000)
    counted = statement(cluster=cluster)
    assert (counted.name, counted.sha256) == (read.name, read.sha256) == ("rows.parquet", digest_path("rows.parquet"))
    one, other = counted.predicate, read.predicate
    assert other.reduction is None
    assert one.reduction is not None
    assert set(one.reduction.errors) == {"roc_auc", "average_precision"}
    for field in ("result", "task", "n", "target", "positive_label", "features", "cluster", "source", "size_bytes"):
        assert getattr(one, field) == getattr(other, field), field
    pairs = [(one.estimates, other.estimates)]
    for slice_, same in zip(one.slices, other.slices, strict=True):
        assert (slice_.column, slice_.value, slice_.n) == (same.column, same.value, same.n)
        pairs.append((slice_.estimates, same.estimates))
    for ours, theirs in pairs:
        assert set(ours) == set(theirs) - {"ece"}
        for name, record in ours.items():
            value, lower = theirs[name].value, theirs[name].lower
            off = one.reduction.errors.get(name, 0.0)
            assert record.value == pytest.approx(value, rel=1e-9, abs=max(2 * off, 1e-12)), name
            assert record.lower == pytest.approx(lower, rel=1e-6, abs=max(2 * off, 1e-6)), name


@pytest.mark.usefixtures("few")
def test_a_probability_that_is_none_speaks_against_the_model() -> None:
    table = frame(ROWS)
    write_table(table.assign(probability=table.wind, origin="EWR"), "rows.parquet")
    (reason,) = statement().predicate.reasons
    outside = int(((table.wind < 0) | (table.wind > 1)).sum())
    assert reason.message == f"The model gives {outside:,} of 5,000 rows a 'probability' outside 0 to 1."


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"target": "lat"}, "target: 'rows.parquet' has no column 'lat'. Did you mean 'late'?"),
        ({"slices": "origins"}, "slices: 'rows.parquet' has no column 'origins'. Did you mean 'origin'?"),
        ({"slices": "wind[4]"}, "slices: `wind[4]` needs the rows themselves, and there are too many to be read."),
        ({"protected": "origin"}, "protected: `origin` needs the rows themselves, and there are too many to be read."),
        (
            {"metrics": "my_metrics:profit"},
            "metrics: `my_metrics:profit` needs the rows themselves, and there are too many to be read. "
            "Evaluate a sample of the rows.",
        ),
        ({"cluster": "departure.year"}, "cluster: 'departure.year' is not known"),
    ],
)
def test_a_column_that_is_not_there_is_refused(inputs: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        statement(**inputs)
    assert str(caught.value).startswith(message)


@pytest.mark.usefixtures("few")
def test_bins_that_are_coarse_for_the_rows_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    assert statement().predicate.reasons == []
    table = frame(ROWS)
    write_table(table.assign(probability=5e-3 / (1 + np.exp(-table.wind)), origin="EWR"), "rows.parquet")
    found = statement(metrics="roc_auc").predicate
    assert [(one.code, one.warning) for one in found.reasons] == [("bins-coarse", True)]
    assert found.reasons[0].message.startswith(
        "The bins of the scores are coarse for so many rows: they may move roc_auc"
    )


def test_a_metric_that_counts_do_not_give_is_refused(few: None) -> None:
    for asked in ({"metrics": "recall@0.3"}, {"thresholds": "0.3", "metrics": "recall"}):
        with pytest.raises(InputError) as refusal:
            statement(**asked)
        assert str(refusal.value) == (
            "metrics: recall@0.3 needs the rows themselves, and there are too many to be read. "
            "Leave it out, or evaluate a sample of the rows."
        )
    assert set(statement(metrics="fbeta(2), recall").predicate.estimates) == {"fbeta(2)", "recall"}
