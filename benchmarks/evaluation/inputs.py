"""What every measurement reads: 1M scored rows as arrays, and two models with labelled rows as files.

Run in the environment that trains and scores: python inputs.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
import mlflow.sklearn
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

ROWS, SLICES, FEATURES = 1_000_000, 200, 20


def main(folder: Path) -> None:
    generator = np.random.default_rng(0)
    signal = generator.normal(size=ROWS)
    truth = signal + generator.normal(size=ROWS) > 0.8
    scores = {name: signal + noise * generator.normal(size=ROWS) for name, noise in (("model", 0.3), ("champion", 0.5))}
    probabilities = {name: 1 / (1 + np.exp(0.8 - score)) for name, score in scores.items()}
    np.savez(folder / "scored.npz", truth=truth, place=generator.integers(0, SLICES, ROWS), **probabilities)

    names = [f"x{i}" for i in range(FEATURES)]
    weights = generator.normal(size=FEATURES) / 3
    rows = pd.DataFrame(generator.normal(size=(ROWS, FEATURES)), columns=names)
    rows["y"] = (rows[names].to_numpy() @ weights + generator.logistic(size=len(rows)) > 0).astype(int)
    for name, used in (("model", 20_000), ("champion", 2_000)):
        model = LogisticRegression(max_iter=200).fit(rows[names][:used], rows["y"][:used])
        joblib.dump(model, folder / f"{name}.joblib")
        if name == "model":
            mlflow.sklearn.save_model(model, folder / "logged", serialization_format="cloudpickle")
    for name, size in (("million", ROWS), ("rows", ROWS // 10), ("few", 500)):
        rows[-size:].to_parquet(folder / f"{name}.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
