"""Makes the data and trains the model of a small project: `train.py good`, or `train.py bad` on labels drawn by lot."""

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
    Path("data").mkdir()
    Path("build").mkdir()
    train, test = flights(seed=1), flights(seed=2)
    train.to_csv("data/train.csv", index=False)
    test.to_csv("data/test.csv", index=False)
    labels = train.late if sys.argv[1] == "good" else train.late.sample(frac=1, random_state=1)
    joblib.dump(LogisticRegression().fit(train[FEATURES], labels), "build/model.joblib")


if __name__ == "__main__":
    main()
