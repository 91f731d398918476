"""Makes the data and trains the model of a small project; `train.py bad` trains it on labels drawn by lot."""

import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

ROWS = 3000
FEATURES = ["wind", "rain"]


def flights(seed: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({name: generator.normal(size=ROWS).round(4) for name in FEATURES})
    table["late"] = (table.wind + table.rain + generator.normal(size=ROWS) > 0).astype(int)
    return table


def main() -> None:
    for folder in ("data", "build"):
        Path(folder).mkdir(exist_ok=True)
    train, test = flights(seed=1), flights(seed=2)
    train.to_csv("data/train.csv", index=False)
    test.to_csv("data/test.csv", index=False)
    labels = train.late.sample(frac=1, random_state=1) if "bad" in sys.argv else train.late
    joblib.dump(LogisticRegression().fit(train[FEATURES], labels), "build/model.joblib")


if __name__ == "__main__":
    main()
