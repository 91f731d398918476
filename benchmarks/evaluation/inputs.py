"""What every measurement reads: 1M scored rows as arrays, and two models with labelled rows as files.

Run in the environment that trains and scores: python inputs.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
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
    rows = pd.DataFrame(generator.normal(size=(120_000, FEATURES)), columns=names)
    weights = generator.normal(size=FEATURES) / 3
    rows["y"] = (rows[names].to_numpy() @ weights + generator.logistic(size=len(rows)) > 0).astype(int)
    train, test = rows[:20_000], rows[20_000:]
    joblib.dump(LogisticRegression(max_iter=200).fit(train[names], train["y"]), folder / "model.joblib")
    joblib.dump(
        LogisticRegression(max_iter=200).fit(train[names][:2000], train["y"][:2000]), folder / "champion.joblib"
    )
    test.to_parquet(folder / "rows.parquet")
    test[:500].to_parquet(folder / "few.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
