"""The project as if another team trained it: the data, a model file, and the model's predictions, without any library.

`train_elsewhere.py bad` predicts by lot. Where a test is not about scoring, this saves the seconds of it.
"""

import csv
import random
import sys
from pathlib import Path

ROWS = 3000


def flights(seed: int) -> list[dict[str, float]]:
    draw = random.Random(seed)
    rows = [{"wind": round(draw.gauss(0, 1), 4), "rain": round(draw.gauss(0, 1), 4)} for _ in range(ROWS)]
    return [{**row, "late": int(row["wind"] + row["rain"] + draw.gauss(0, 1) > 0)} for row in rows]


def probability(row: dict[str, float]) -> float:
    return min(max(0.5 + (row["wind"] + row["rain"]) / 8, 0.0), 1.0)


def write(path: str, rows: list[dict[str, float]]) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    with Path(path).open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    write("data/train.csv", flights(seed=1))
    test = flights(seed=2)
    write("data/test.csv", test)
    by_lot = random.Random(3).random if "bad" in sys.argv else None
    write("data/predictions.csv", [{"probability": by_lot() if by_lot else probability(row)} for row in test])
    Path("build").mkdir(exist_ok=True)
    Path("build/model.joblib").write_bytes(b"bad" if by_lot else b"good")
