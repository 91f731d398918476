"""Run whole canary rollouts against a made-up or a recorded service, and tell how they end."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mlops_actions.canary_deploy.action import Inputs
from mlops_actions.canary_deploy.simulation import (
    Course,
    Schedule,
    Service,
    Summary,
    Synthetic,
    recorded,
    simulate,
    summarize,
)
from mlops_actions.canary_deploy.terms import settings_of
from mlops_actions.canary_deploy.wording import duration
from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import to_seconds
from mlops_actions.ci.sources import Given, collect, read_inputs
from mlops_actions.errors import InputError
from mlops_actions.evidence.rollout import Rollout
from mlops_actions.evidence.store import read_statement
from mlops_actions.reports import markdown, text
from mlops_actions.reports.page import Page, Table
from mlops_actions.runner import Outcome, configuration
from mlops_actions.statistics.sequential import Dispersion, Metric

_ASKED = frozenset({
    "config", "steps", "interval", "deadline", "error_margin", "alpha", "on_inconclusive", "strategy",
    "minimum_requests", "window", "unattended_weight", "baseline",
})  # fmt: skip
_NOWHERE = {"target": "exec:simulated", "stable": "stable", "candidate": "candidate"}
_HEADINGS = (
    "candidate", "promoted", "rolled back", "inconclusive", "median time", "90th percentile", "median harmed",
    "most harmed",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Rollouts of one candidate."""

    candidate: str
    summary: Summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions simulate --requests-per-second 0.05 --every 15m --deadline 7d`."""
    parser.add_argument("--requests-per-second", type=_above(0), default=50.0, help="Of both sides. Default: 50.")
    parser.add_argument("--stable-rate", type=_rate, default=0.01, help="Its error rate. Default: 0.01.")
    parser.add_argument(
        "--candidate-rate",
        type=_rate,
        action="append",
        help="An error rate of the candidate, several times. By default as good as the stable side, at the margin, "
        "five times the rate there, and always.",
    )
    parser.add_argument("--dispersion", type=_above(1), default=1.0, help="How many errors come at once. Default: 1.")
    parser.add_argument("--every", help="Simulate `mode: advance` in a workflow that runs so often, such as 15m.")
    parser.add_argument(
        "--recorded", help="A rollout's statement whose looks are replayed, instead of a made-up service."
    )
    parser.add_argument("--repetitions", type=_above(1), default=100, help="Of each candidate. Default: 100.")
    parser.add_argument("--seed", type=int, default=1, help="The same seed gives the same table. Default: 1.")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="Default: text.")
    add_inputs(parser, Inputs, only=_ASKED)


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Print a row for each candidate."""
    flags = {name.replace("_", "-"): value for name, value in vars(options).items()}
    given = collect(flags, os.environ, configuration(flags, os.environ), "canary-deploy")
    given.maps.append({name: Given(value, "simulate") for name, value in _NOWHERE.items()})
    inputs = read_inputs(Inputs, given, "canary-deploy")
    rows = []
    for row in _rows(options, inputs):
        rows.append(row)
        ci.say(f"{row.candidate}: {row.summary.promoted:.0%} promoted")
    shown = {"text": text.render, "markdown": markdown.render}.get(options.format)
    made = json.dumps([asdict(row) for row in rows], indent=1)
    sys.stdout.write((shown(page(rows, options)) if shown else made).rstrip() + "\n")
    return Outcome(0, {})


def page(rows: list[Row], options: argparse.Namespace) -> Page:
    """The table, and what it is of."""
    of = f"the looks of {options.recorded}" if options.recorded else (
        f"a stable side with {options.stable_rate:.3g} errors a request, {options.requests_per_second:g} requests a "
        f"second, errors that come by {options.dispersion:g}"
    )  # fmt: skip
    times = f"{int(options.repetitions):,} rollouts of each candidate"
    return Page("Simulated rollouts", "", f"{times} against {of}; harmed are users whom the candidate failed.", (
        Table("How they end", _HEADINGS, tuple(map(_cells, rows))),
    ))  # fmt: skip


def _rows(options: argparse.Namespace, inputs: Inputs) -> Iterator[Row]:
    settings = settings_of(inputs)
    schedule = None
    if options.every is not None:
        try:
            every = to_seconds(options.every)
        except ValueError as error:
            raise InputError(f"the flag --every is {options.every!r}: {error}.") from None
        assert isinstance(every, float)
        schedule = Schedule(every, inputs.window, inputs.unattended_weight)
    times = int(options.repetitions)

    def courses(service: Service, metric: Callable[[np.random.Generator], Metric]) -> list[Course]:
        chances = np.random.default_rng(options.seed).spawn(times)
        return [simulate(settings, metric(one), inputs.alpha, service, one, schedule) for one in chances]

    if options.recorded:
        recording, judged = recorded(_read(options.recorded))
        metric = Metric(judged.name, judged.dispersion, judged.history, margin=inputs.error_margin)
        yield Row("as recorded", summarize(courses(recording, lambda _: metric)))
        return
    dispersion = Dispersion(options.dispersion, "measured", looks=30)
    watched = inputs.baseline or 30 * inputs.interval
    for rate in options.candidate_rate or _usual(options.stable_rate, inputs.error_margin):
        service = Synthetic(options.stable_rate, rate, options.requests_per_second, options.dispersion)

        def metric_of(chance: np.random.Generator, service: Synthetic = service) -> Metric:
            return Metric("errors", dispersion, service.history(watched, chance), margin=inputs.error_margin)

        yield Row(f"{100 * rate:.3g} % errors", summarize(courses(service, metric_of)))


def _usual(stable: float, margin: float) -> list[float]:
    return list(dict.fromkeys([stable, stable + margin, min(1.0, 5 * (stable + margin)), 1.0]))


def _read(path: str) -> Rollout:
    statement = read_statement(Path(path)).statement
    if not isinstance(statement.predicate, Rollout):
        raise InputError(f"it is a statement of the kind {statement.kind!r}, not a rollout.", where=path)
    return statement.predicate


def _cells(row: Row) -> tuple[str, ...]:
    of = row.summary
    shares = (f"{100 * share:.3g} %" for share in (of.promoted, of.rolled_back, of.inconclusive))
    return (row.candidate, *shares, *map(duration, of.seconds), f"{of.harmed[0]:,.0f}", f"{of.harmed[1]:,}")


def _rate(written: str) -> float:
    value = _number(written)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{written!r} is no rate; write a number from 0 to 1, such as 0.01")
    return value


def _above(least: float) -> Callable[[str], float]:
    def read(written: str) -> float:
        value = _number(written)
        if not least <= value < math.inf or value == 0:
            raise argparse.ArgumentTypeError(f"{written!r} is too small or too large; write a number above {least:g}")
        return value

    return read


def _number(written: str) -> float:
    try:
        return float(written)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{written!r} is no number") from None
