"""One measurement of a peer, as JSON, in the peer's environment and the folder that inputs.py filled.

python peers.py sklearn-report|scipy-bootstrap RESAMPLES|confidenceinterval|fairlearn|mlflow DATA
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np


def sklearn_report() -> Callable[[], object]:
    """The same twelve metrics as points."""
    from sklearn import metrics

    truth, scores, _place = arrays()

    def work() -> object:
        labels = scores >= 0.5
        return (
            metrics.classification_report(truth, labels),
            metrics.balanced_accuracy_score(truth, labels),
            metrics.matthews_corrcoef(truth, labels),
            metrics.cohen_kappa_score(truth, labels),
            metrics.roc_auc_score(truth, scores),
            metrics.average_precision_score(truth, scores),
            metrics.log_loss(truth, scores),
        )

    return work


def scipy_bootstrap() -> Callable[[], object]:
    """A percentile interval of the AUC."""
    from scipy.stats import bootstrap
    from sklearn.metrics import roc_auc_score

    truth, scores, _place = arrays()
    resamples = int(sys.argv[2])
    return lambda: bootstrap(
        (truth, scores), roc_auc_score, n_resamples=resamples, paired=True, vectorized=False, method="percentile"
    )


def confidenceinterval() -> Callable[[], object]:
    """DeLong's interval of the AUC, its default."""
    from confidenceinterval import roc_auc_score

    truth, scores, _place = arrays()
    return lambda: roc_auc_score(truth, scores, confidence_level=0.9)


def fairlearn() -> Callable[[], object]:
    """Ten metrics of labels in 200 slices, as points."""
    from fairlearn import metrics as fair
    from sklearn import metrics

    truth, scores, place = arrays()
    chosen = {
        "accuracy": metrics.accuracy_score,
        "balanced_accuracy": metrics.balanced_accuracy_score,
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "specificity": fair.true_negative_rate,
        "false_positive_rate": fair.false_positive_rate,
        "selection_rate": fair.selection_rate,
        "f1": metrics.f1_score,
        "mcc": metrics.matthews_corrcoef,
        "kappa": metrics.cohen_kappa_score,
    }
    names = np.array([f"place {i:03d}" for i in range(int(place.max()) + 1)])[place]
    labels = (scores >= 0.5).astype(int)
    return lambda: fair.MetricFrame(metrics=chosen, y_true=truth, y_pred=labels, sensitive_features=names).by_group


def arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, the model's scores, and the place of each row."""
    with np.load("scored.npz") as found:
        return found["truth"].astype(int), found["model"], found["place"]


def mlflow() -> None:
    """Load the model, evaluate it on the table and keep what was found: a process, timed from outside."""
    import mlflow as peer
    import pandas as pd

    peer.set_tracking_uri(f"sqlite:///{Path.cwd() / 'mlflow.db'}")
    rows = pd.read_parquet(sys.argv[2])
    with peer.start_run():
        found = peer.models.evaluate(str(Path.cwd() / "logged"), rows, targets="y", model_type="classifier")
    if "roc_auc" not in found.metrics:
        raise SystemExit(f"no AUC among {sorted(found.metrics)}")


def main(name: str) -> None:
    warnings.simplefilter("ignore")
    if name == "mlflow":
        mlflow()
        return
    works = {
        "sklearn-report": sklearn_report,
        "scipy-bootstrap": scipy_bootstrap,
        "confidenceinterval": confidenceinterval,
        "fairlearn": fairlearn,
    }
    work = works[name]()
    begin = time.perf_counter()
    work()
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = f"from {sys.argv[2]} resamples" if name == "scipy-bootstrap" else ""
    print(json.dumps({"seconds": seconds, "megabytes": peak, "note": note}))


if __name__ == "__main__":
    main(sys.argv[1])
