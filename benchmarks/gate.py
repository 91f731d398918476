"""Gates simulated on models whose truth is known: how often each kind of rule errs, and what that costs.

    python benchmarks/gate.py --repetitions 10000

prints Markdown tables. `mlops-actions` is the very code that evaluates and judges; beside it stand rules people use:

- points: the values compared as they are. TFMA's change thresholds do this for each slice, whatever its intervals say;
  MLflow's MetricThreshold does it for all rows, with a change that must be an improvement.
- test a slice: a paired test in every slice at 5 %, uncorrected.

alpha is .05, accuracy is .8, one row in ten is discordant unless said. Seeds are fixed.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))
from mlops_actions.statistics.budget import Look, level
from simulated_gates import World, changes_seen, ignoring_days, improved, results

ALPHA = 0.05
EQUAL = World(rows=128, changes=(0.0,) * 200)
ONE_AT_THE_MARGIN = World(rows=2500, changes=(-0.03, *(0.0,) * 19))
DAYS = World(rows=6100, discordant=0.2, days=61, day_sd=0.05)
CANDIDATES, CANDIDATE_ROWS = 100, 500
NON_INFERIOR = "accuracy >= champion - 0.01"


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repetitions", type=int, default=10_000)
    repetitions = parser.parse_args().repetitions
    noise = 3 * math.sqrt(ALPHA * (1 - ALPHA) / repetitions)
    print(f"## Judging a model: {repetitions:,} simulated gates a row, alpha = {ALPHA}")
    print(
        f"\nA rule that keeps alpha shows at most {ALPHA + noise:.3f} (three standard errors) in the first four tables."
    )
    refused_though_equal(repetitions)
    passed_at_the_margin(repetitions)
    passed_though_worse(repetitions)
    improved_though_equal(min(repetitions, 2000))
    what_it_costs(repetitions)


def refused_though_equal(repetitions: int) -> None:
    """Over many slices something always looks worse."""
    values, p_values = changes_seen(EQUAL, repetitions, seed=1)
    guard = results("forbid accuracy[group] < champion", EQUAL, repetitions, seed=1)
    wide = results("forbid accuracy[group] < champion - 0.03", EQUAL, repetitions, seed=1)
    rows = [
        ("points: no slice drops by more than 2 points (TFMA)", np.mean((values < -0.02).any(axis=1))),
        ("test a slice", np.mean((p_values <= ALPHA).any(axis=1))),
        ("mlops-actions: `forbid accuracy[group] < champion`", guard["fail"]),
        ("mlops-actions: `forbid accuracy[group] < champion - 0.03`", wide["fail"]),
    ]
    show("An equal model, refused: 200 slices of 128 rows", ("rule", "refused"), rows)


def passed_at_the_margin(repetitions: int) -> None:
    """A rule that every slice must satisfy lets one through that does not."""
    values, _ = changes_seen(ONE_AT_THE_MARGIN, repetitions, seed=2)
    shown = results("accuracy[group] >= champion - 0.03", ONE_AT_THE_MARGIN, repetitions, seed=2)
    rows = [
        ("points: no slice drops by more than 3 points (TFMA)", np.mean((values >= -0.03).all(axis=1))),
        ("mlops-actions: `accuracy[group] >= champion - 0.03`", shown["pass"]),
    ]
    title = "A model with one slice at the margin, passed: 20 slices of 2,500 rows"
    show(title, ("rule", "passed"), rows)


def passed_though_worse(repetitions: int) -> None:
    """One point worse, and one point is the margin."""
    rows = []
    for world, what in (
        *((World(rows=n, changes=(-0.01,)), f"{n:,} rows") for n in (50, 200, 2000)),
        (World(rows=50, changes=(-0.01,), discordant=0.02), "50 rows, 2 % discordant"),
        (replace(DAYS, changes=(-0.01,)), "6,100 rows of 61 days"),
    ):
        values, _ = changes_seen(world, repetitions, seed=3)
        ours = results(NON_INFERIOR, world, repetitions, seed=3)["pass"]
        blind = results(NON_INFERIOR, ignoring_days(world), repetitions, seed=3)["pass"] if world.days else None
        rows.append((what, np.mean(values >= -0.01), "–" if blind is None else blind, ours))
    title = f"A model 1 point worse, passed by `{NON_INFERIOR}`"
    show(title, ("test set", "points", "mlops-actions without `cluster`", "mlops-actions"), rows)


def improved_though_equal(repetitions: int) -> None:
    """The best of many equal candidates looks better than the champion."""
    spent = level(ALPHA, Look(CANDIDATES, 1, CANDIDATES))
    counts = np.zeros(3)
    for differences in improved(CANDIDATES, CANDIDATE_ROWS, repetitions, seed=4):
        p_values = np.array([one.p_greater(0.0) for one in differences])
        best = max(one.value for one in differences)
        counts += (best > 0, p_values.min() <= ALPHA, p_values.min() <= spent)
    rows = zip(
        (
            "points: better than the champion (MLflow)",
            "a test at 5 % each",
            f"mlops-actions: `test-set-budget: {CANDIDATES}`",
        ),
        counts / repetitions,
        strict=True,
    )
    title = f"{CANDIDATES} equal candidates on one test set of {CANDIDATE_ROWS} rows, one called better"
    show(title, ("rule", "called better"), list(rows))


def what_it_costs(repetitions: int) -> None:
    """Being sure needs rows: the share of good models that pass."""
    repetitions = min(repetitions, 2000)
    rows = [
        (
            f"{100 * change:+g} points",
            *(results(NON_INFERIOR, World(n, (change,)), repetitions, seed=5)["pass"] for n in (200, 2000, 10_000)),
        )
        for change in (0.0, 0.01, 0.02)
    ]
    title = f"What it costs: good models that `{NON_INFERIOR}` passes at once; the others are inconclusive"
    show(title, ("candidate − champion", "200 rows", "2,000 rows", "10,000 rows"), rows)


def show(title: str, headings: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """One Markdown table."""
    print(f"\n### {title}\n\n| {' | '.join(headings)} |\n|{'---|' * len(headings)}")
    for row in rows:
        print(f"| {' | '.join(f'{one:.4f}' if isinstance(one, float) else str(one) for one in row)} |", flush=True)


if __name__ == "__main__":
    main()
