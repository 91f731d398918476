"""Trains the champion and its four challengers on January to August.

Run: python train.py [NAME...]        writes build/NAME.joblib, all five when none is named
"""

import sys
from pathlib import Path

import duckdb
import joblib
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, SplineTransformer, StandardScaler
from threadpoolctl import threadpool_limits

HERE = Path(__file__).parent
TARGET = "late"
# The month is left out: one year of data cannot tell a season from a trend.
CATEGORIES = ["carrier", "origin", "dest", "weekday"]
SCHEDULE = ["hour", "distance"]
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
PLANE = ["age", "seats", "engines"]


def main(names: list[str]) -> None:
    if unknown := set(names) - set(MODELS):
        sys.exit(f"no model is called {', '.join(sorted(unknown))}; there are {', '.join(MODELS)}")
    (HERE / "build").mkdir(exist_ok=True)
    flights = read("train")
    for name in names or MODELS:
        model = MODELS[name]()
        columns = [column for _, _, columns in model[0].transformers for column in columns]
        # One thread adds up in one order on any machine, and does not wait for a busy core.
        with threadpool_limits(1):
            model.fit(flights[columns], flights[TARGET])
        joblib.dump(model, HERE / "build" / f"{name}.joblib", compress=3)
        print(f"build/{name}.joblib", flush=True)


def read(period: str) -> pd.DataFrame:
    """The flights of `train`, `test` or `later`."""
    return duckdb.read_parquet(str(HERE / "data" / f"{period}.parquet")).df()


def schedule() -> Pipeline:
    """The champion: nothing but the timetable."""
    return logistic((one_hot(), CATEGORIES), (number(), SCHEDULE))


def weather() -> Pipeline:
    """What the sky and the plane add."""
    return logistic((one_hot(), CATEGORIES), (number(), SCHEDULE + WEATHER + PLANE))


def boosting() -> Pipeline:
    """The columns of `weather` in boosted trees, which find interactions and take gaps as they are."""
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=float("nan"))
    columns = make_column_transformer((encoder, CATEGORIES), ("passthrough", SCHEDULE + WEATHER + PLANE))
    trees = HistGradientBoostingClassifier(max_iter=200, categorical_features=range(len(CATEGORIES)), random_state=0)
    return make_pipeline(columns, trees)


def leaky() -> Pipeline:
    """Knows how late the flight left, which nobody knows when the prediction is made."""
    return logistic((one_hot(), CATEGORIES), (number(), [*SCHEDULE, *WEATHER, *PLANE, "dep_delay"]))


def fragile() -> Pipeline:
    """How the airport is running today: better, and honestly so.

    Its spline takes no gaps, and offline there are none: the warehouse writes 0 where no flight had left yet.
    The live feed says null.
    """
    saturating = SplineTransformer(knots="quantile", extrapolation="constant")
    return logistic((one_hot(), CATEGORIES), (number(), SCHEDULE + WEATHER + PLANE), (saturating, ["recent_delay"]))


def logistic(*columns: tuple[object, list[str]]) -> Pipeline:
    return make_pipeline(make_column_transformer(*columns), LogisticRegression(max_iter=1000))


def one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore")


def number() -> Pipeline:
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler())


MODELS = {builder.__name__: builder for builder in (schedule, weather, boosting, leaky, fragile)}

if __name__ == "__main__":
    main(sys.argv[1:])
