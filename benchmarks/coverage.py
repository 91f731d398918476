"""How often a one-sided 95 % bound of each kind holds the truth, over a grid of difficulties.

    python benchmarks/coverage.py [--repetitions 10000] [--write]

prints a Markdown table; `--write` puts it into RESULTS.md. A sample has 300 rows, independent or in 30 clusters whose
rows share a tenth of their error's variance. Every repetition is a slice of one large sample, so that thousands are
estimated at once; seeds are fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from mlops_actions.statistics.clusters import Design
from mlops_actions.statistics.evaluation import by_slice, evaluate
from mlops_actions.statistics.metrics import Task
from mlops_actions.statistics.sample import Predictions, Sample

CONFIDENCE = 0.95
ROWS, CLUSTER, SHARED = 300, 10, 0.1
GRID = (0.1, 0.3, 0.5, 0.7, 0.9)
TRUTH_ROWS = 2_000_000

Floats = npt.NDArray[np.float64]
Errors = Callable[[], Floats]
"""Standard normal errors of all rows, fresh at each call."""
Draw = Callable[[np.random.Generator, Errors, int, float], tuple[Floats, list[Predictions]]]
"""Truth, and the predictions of two models just as good, at a point of the grid."""


@dataclass(frozen=True)
class Kind:
    """A kind of interval: a metric, and whether it is a difference."""

    metric: str
    task: Task
    draw: Draw
    paired: bool = False


@dataclass(frozen=True)
class Covered:
    """Shares of repetitions whose bound holds the truth."""

    lower: float
    upper: float


def classified(
    generator: np.random.Generator, errors: Errors, rows: int, point: float
) -> tuple[Floats, list[Predictions]]:
    """Three in ten positive; recall and specificity at the threshold one half are `point`."""
    truth = (generator.random(rows) < 0.3).astype(np.intp)
    latent = [(2 * truth - 1) * ndtri(point) + errors() for _ in range(2)]
    return truth, [Predictions((one >= 0).astype(np.intp), ndtr(one)) for one in latent]


def calibrated(
    generator: np.random.Generator, errors: Errors, rows: int, point: float
) -> tuple[Floats, list[Predictions]]:
    """Probabilities of all sizes that are wrong by a wave: not at all at .1, by up to 16 points at .9."""
    claimed = generator.random(rows)
    true = np.clip(claimed + 0.2 * (point - 0.1) * np.sin(9 * claimed), 0, 1)
    return (ndtr(errors()) < true).astype(np.intp), [Predictions((claimed >= 0.5).astype(np.intp), claimed)]


def measured(_: np.random.Generator, errors: Errors, rows: int, point: float) -> tuple[Floats, list[Predictions]]:
    """Errors of which the share `point` is within 1, the more skewed the larger it is."""
    scale = ndtri((1 + point) / 2) ** -(1 + point)
    drawn = [errors(), errors()]
    return np.zeros(rows), [Predictions(values=scale * np.sign(one) * np.abs(one) ** (1 + point)) for one in drawn]


KINDS = (
    *(Kind(name, "binary", classified) for name in ("recall", "f1", "mcc", "roc_auc", "average_precision", "log_loss")),
    *(Kind(name, "binary", classified) for name in ("recall@0.7", "recall@false_positive_rate(0.1)")),
    *(Kind(name, "binary", classified) for name in ("precision@selection_rate(0.2)", "specificity@recall(0.8)")),
    Kind("ece", "binary", calibrated),
    *(Kind(name, "regression", measured) for name in ("mae", "quantile_loss(0.9)", "within_tolerance(1)")),
    Kind("median_absolute_error", "regression", measured),
    *(Kind(name, "binary", classified, paired=True) for name in ("recall", "f1", "roc_auc")),
    Kind("recall@false_positive_rate(0.1)", "binary", classified, paired=True),
    Kind("median_absolute_error", "regression", measured, paired=True),
)


def simulate(kind: Kind, point: float, repetitions: int, *, clustered: bool) -> Covered:
    """Coverage of both bounds at one point; the truth is the value of two million rows drawn alike."""
    truth = 0.0
    if not kind.paired:
        whole = _sample(kind, point, TRUTH_ROWS, clustered=False, seed=1)
        truth = evaluate(whole, [kind.metric]).estimates[kind.metric].value
    sample = _sample(kind, point, ROWS * repetitions, clustered=clustered, seed=2 + GRID.index(point))
    codes = np.repeat(np.arange(repetitions), ROWS)
    parts = by_slice(sample, [kind.metric], codes, repetitions, evaluate(sample, [kind.metric]))
    found = [(one.differences if kind.paired else one.estimates)[kind.metric] for one in parts]
    lower = np.mean([one.lower(CONFIDENCE) <= truth for one in found])
    upper = np.mean([one.upper(CONFIDENCE) >= truth for one in found])
    return Covered(float(lower), float(upper))


def _sample(kind: Kind, point: float, rows: int, *, clustered: bool, seed: int) -> Sample:
    generator = np.random.default_rng(seed)
    clusters = np.arange(rows) // CLUSTER

    def errors() -> Floats:
        own = generator.normal(size=rows)
        if not clustered:
            return own
        return np.sqrt(1 - SHARED) * own + np.sqrt(SHARED) * generator.normal(size=rows // CLUSTER)[clusters]

    truth, models = kind.draw(generator, errors, rows, point)
    design = Design(rows, None, (clusters,) if clustered else ())
    return Sample(kind.task, truth, models[0], models[1] if kind.paired else None, design)


def main(repetitions: int, *, write: bool) -> None:
    lines = [
        f"`python benchmarks/coverage.py --write`: {repetitions:,} repetitions a point; {CONFIDENCE:g} is right.\n",
        "| bound | rows | lower: mean (worst at) | upper: mean (worst at) |",
        "|---|---|---|---|",
    ]
    for kind in KINDS:
        for clustered in (False, True):
            found = [simulate(kind, point, repetitions, clustered=clustered) for point in GRID]
            sides = [_summary([one.lower for one in found]), _summary([one.upper for one in found])]
            what = f"`{kind.metric}`{', difference' if kind.paired else ''}"
            lines.append(f"| {what} | {'30 clusters' if clustered else 'independent'} | {' | '.join(sides)} |")
    print("\n".join(lines))
    if write:
        from results import write_section

        write_section("coverage", "\n".join(lines))


def _summary(shares: list[float]) -> str:
    worst = int(np.argmin(shares))
    return f"{np.mean(shares):.3f} ({shares[worst]:.3f} at {GRID[worst]})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=10_000)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    options = parser.parse_args()
    main(options.repetitions, write=options.write)
