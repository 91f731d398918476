"""Let go of models in a registry that no alias names any more, but for the newest versions."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from mlops_actions.ci import CI
from mlops_actions.ci.flags import add_inputs
from mlops_actions.ci.inputs import CommonInputs, to_seconds
from mlops_actions.runner import Outcome, common_inputs

if TYPE_CHECKING:
    from mlops_actions.registries.collection import Garbage

KEEP = 10
GRACE = "7d"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`mlops-actions gc --keep 10 --dry-run`."""
    parser.add_argument(
        "--keep", type=_count, default=KEEP, help=f"Newest versions of each model to keep. Default: {KEEP}."
    )
    parser.add_argument(
        "--grace",
        type=_seconds,
        default=_seconds(GRACE),
        metavar="TIME",
        help=f"For how long a model is kept after it was stored or named, and then in the trash. Default: {GRACE}.",
    )
    parser.add_argument("--dry-run", action="store_true", help="Only tell.")
    add_inputs(parser, CommonInputs, only={"config", "registry"})


def run(options: argparse.Namespace, ci: CI) -> Outcome:
    """Move to the trash what nothing reaches, and empty the trash of what lies there long enough."""
    from mlops_actions.registries import open_registry
    from mlops_actions.registries.collection import collect

    inputs = common_inputs(vars(options), os.environ)
    registry = open_registry(inputs.registry)
    found, back = collect(
        registry,
        keep=options.keep,
        grace=timedelta(seconds=options.grace),
        now=datetime.now(UTC),
        dry_run=options.dry_run,
    )
    for one in found:
        what = _told(one, dry_run=options.dry_run)
        ci.say(f"{one.sha256[:12]}  {one.size:>15,} bytes  {what}")
    for sha256 in back:
        ci.say(f"{sha256[:12]}  was promoted meanwhile: moved back")
    freed = sum(one.size for one in found if one.trashed or one.predictions)
    models = sum(not one.predictions for one in found)
    return Outcome(0, {"models": str(models), "bytes-freed": "0" if options.dry_run else str(freed)})


def _told(one: Garbage, *, dry_run: bool) -> str:
    if one.trashed or one.predictions:
        return ("of predictions " if one.predictions else "") + ("would be gone" if dry_run else "gone")
    return "would go to the trash" if dry_run else "in the trash"


def _count(given: str) -> int:
    if not given.isdigit():
        raise argparse.ArgumentTypeError(f"{given!r} is no whole number")
    return int(given)


def _seconds(given: str) -> float:
    try:
        return float(str(to_seconds(given)))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
