"""What came later: what a gate that takes flights as independent would have promoted, and how that went.

Run: python epilogue.py        after prepare.py and train.py
"""

from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import pandas as pd
from scipy.stats import rankdata, t
from train import TARGET, read

BUILD = Path(__file__).parent / "build"
CONFIDENCE = 0.95  # one-sided, as in policy.yaml
PERIODS = {"test": "September and October, which the gate saw", "later": "November and December, which nobody had seen"}


def main() -> None:
    models = {name: joblib.load(BUILD / f"{name}.joblib") for name in ("weather", "boosting")}
    for period, title in PERIODS.items():
        flights = read(period)
        late = flights[TARGET].to_numpy(dtype=bool)
        score = {name: model.predict_proba(flights[model.feature_names_in_])[:, 1] for name, model in models.items()}
        value = {name: auc(late, score[name]).value for name in models}
        print(f"\n{title}: AUC of weather {value['weather']:.4f}, of boosting {value['boosting']:.4f}")
        for unit, cluster in {"flights": flights["flight_id"], "days": flights["day"]}.items():
            gain = difference(late, score["boosting"], score["weather"], cluster)
            print(f"  boosting - weather, {unit:>7} independent: {gain.value:+.4f}, {gain.interval}: {gain.verdict}")
        found = {name: int(late[np.argsort(-score[name], kind="stable")[: len(late) // 10]].sum()) for name in models}
        print(f"  late among the tenth that looks worst: weather {found['weather']:,}, boosting {found['boosting']:,}")


class Gain(NamedTuple):
    value: float
    lower: float
    upper: float

    @property
    def interval(self) -> str:
        return f"{self.lower:+.4f} to {self.upper:+.4f}"

    @property
    def verdict(self) -> str:
        if self.lower > 0:
            return "shown to be better"
        return "shown to be worse" if self.upper < 0 else "not shown either way"


class Auc(NamedTuple):
    value: float
    influence: np.ndarray
    """What each row adds to the estimate's error; it sums to 0."""


def auc(positive: np.ndarray, score: np.ndarray) -> Auc:
    """Area under the ROC curve with each row's influence (DeLong 1988, by ranks as Sun & Xu 2014)."""
    rank = rankdata(score)
    positives, negatives = positive.sum(), (~positive).sum()
    above = (rank[positive] - rankdata(score[positive])) / negatives
    below = 1 - (rank[~positive] - rankdata(score[~positive])) / positives
    influence = np.empty(len(score))
    influence[positive] = (above - above.mean()) / positives
    influence[~positive] = (below - above.mean()) / negatives
    return Auc(float(above.mean()), influence)


def difference(positive: np.ndarray, candidate: np.ndarray, champion: np.ndarray, cluster: pd.Series) -> Gain:
    """Paired difference of two AUCs, whose rows are independent between clusters only (Obuchowski 1997)."""
    ours, theirs = auc(positive, candidate), auc(positive, champion)
    codes = pd.factorize(cluster)[0]
    share = np.bincount(codes) / len(codes)
    error = np.sqrt((np.bincount(codes, ours.influence - theirs.influence) ** 2 / (1 - share)).sum())
    value, width = ours.value - theirs.value, t.ppf(CONFIDENCE, 1 / (share**2).sum() - 1) * error
    return Gain(value, value - width, value + width)


if __name__ == "__main__":
    main()
