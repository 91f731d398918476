"""One measurement of ours, as JSON: python ours.py table|metrics|auc|slices, in the folder that inputs.py filled."""

from __future__ import annotations

import json
import resource
import sys
import time

import numpy as np

from mlops_actions.evaluate_model.measuring.cuts import cut_by
from mlops_actions.evaluate_model.measuring.measurement import measure, measure_slices, records, slice_document
from mlops_actions.evidence.slicing import Feature, Slicing
from mlops_actions.statistics.evaluation import Evaluation, by_slice, evaluate
from mlops_actions.statistics.sample import Predictions, Sample
from mlops_actions.tables import Column

METRICS = [
    "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "selection_rate",
    "f1", "mcc", "kappa", "roc_auc", "average_precision", "log_loss",
]  # fmt: skip
OF_LABELS = [*METRICS[:9], "false_positive_rate"]
CONFIDENCE, MINIMUM = 0.95, 30
BY_PLACE = Slicing((Feature("place"),))


def main(name: str) -> None:
    with np.load("scored.npz") as arrays:
        truth, place = arrays["truth"].astype(np.intp), arrays["place"]
        model, champion = (arrays[one] for one in ("model", "champion"))
    slices = int(place.max()) + 1
    places = Column(place, categories=[f"place {i:03d}" for i in range(slices)])

    begin = time.perf_counter()
    candidate = predictions(model)
    if name == "table":
        sample = Sample("binary", truth, candidate, predictions(champion))
        table = measure(sample, METRICS)
        found = measure_slices(sample, METRICS, cut_by(BY_PLACE, {"place": places}), table, MINIMUM)
        documents = [slice_document("place", value, n, one, CONFIDENCE) for value, n, one in found]
        documents_of_all = [records(one, CONFIDENCE) for one in (table.estimates, table.champion, table.differences)]
        check(len(documents) == slices and len(documents_of_all[2]) == len(METRICS))
    elif name == "metrics":
        sample = Sample("binary", truth, candidate)
        check(len(records(measure(sample, METRICS).estimates, CONFIDENCE)) == len(METRICS))
    elif name == "auc":
        area = evaluate(Sample("binary", truth, Predictions(scores=model)), ["roc_auc"]).estimates["roc_auc"]
        check(area.lower(CONFIDENCE) < area.value < area.upper(CONFIDENCE))
    else:
        cut = cut_by(BY_PLACE, {"place": places})
        parts = by_slice(Sample("binary", truth, candidate), OF_LABELS, cut.codes, slices, Evaluation())
        check(all(one.lower(CONFIDENCE) < one.upper(CONFIDENCE) for part in parts for one in part.estimates.values()))
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak}))


def predictions(probabilities: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Predictions:
    return Predictions(labels=(probabilities >= 0.5).astype(np.intp), scores=probabilities)


def check(holds: bool) -> None:
    if not holds:
        raise SystemExit("the result is not what was to be measured")


if __name__ == "__main__":
    main(sys.argv[1])
