"""What evaluate-model does after scoring: 1M binary predictions, 12 metrics, paired with a champion, 200 slices.

Run: python benchmarks/evaluation.py [ROWS]      prints seconds and the peak memory
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from mlops_actions.evaluate_model.measurement import cut_by, measure, measure_slices, records, slice_document
from mlops_actions.statistics.sample import Predictions, Sample
from mlops_actions.tables import Column

METRICS = [
    "accuracy", "balanced_accuracy", "precision", "recall", "specificity", "selection_rate",
    "f1", "mcc", "kappa", "roc_auc", "average_precision", "log_loss",
]  # fmt: skip
SLICES, CONFIDENCE, MINIMUM = 200, 0.95, 30
LIMIT_SECONDS, LIMIT_MEGABYTES = 1.5, 600


def main(rows: int) -> None:
    generator = np.random.default_rng(0)
    signal = generator.normal(size=rows)
    truth = (signal + generator.normal(size=rows) > 0.8).astype(np.intp)
    candidate, champion = (predictions(signal + noise * generator.normal(size=rows)) for noise in (0.3, 0.5))
    places = Column(generator.integers(0, SLICES, rows), categories=[f"place {i:03d}" for i in range(SLICES)])

    begin = time.perf_counter()
    sample = Sample("binary", truth, candidate, champion)
    table = measure(sample, METRICS)
    whole = time.perf_counter()
    slices = measure_slices(sample, METRICS, cut_by("place", places), table, MINIMUM)
    cut = time.perf_counter()
    stored = [records(one, CONFIDENCE) for one in (table.estimates, table.champion, table.differences)]
    documents = [slice_document("place", value, n, found, CONFIDENCE) for value, n, found in slices]
    end = time.perf_counter()

    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{rows:,} rows, {len(METRICS)} metrics, a champion, {len(documents)} slices, {len(stored[0])} estimates")
    print(f"  whole table  {whole - begin:6.2f} s")
    print(f"  slices       {cut - whole:6.2f} s")
    print(f"  documents    {end - cut:6.2f} s")
    print(f"  together     {end - begin:6.2f} s   (target {LIMIT_SECONDS} s)")
    print(f"  peak memory  {megabytes:6.0f} MB  (target {LIMIT_MEGABYTES} MB)")


def predictions(scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Predictions:
    probabilities = 1 / (1 + np.exp(-(scores - 0.8)))
    return Predictions(labels=(probabilities >= 0.5).astype(np.intp), scores=probabilities)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
