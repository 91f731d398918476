"""Promotions at once: rounds of eight long-lived promoters, on a disk or in a bucket of a local S3 server.

    python benchmarks/races.py disk|bucket [--rounds 1000] [--write]

In each round eight new models, all judged against the same champion, want to be the next one. Every count must be
whole: the script fails where it is not, so that few rounds are a check and many a measurement.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

from results import write_section

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))
from mlflow_site import BUCKET, s3_environment
from promotion_project import Project
from racing import PROMOTERS, Raced, race_for_the_champion, racing_promoters
from s3_site import missing, s3_site

PLACES = {"disk": "file:registry", "bucket": f"s3://{BUCKET}/registry"}


def main() -> int:
    """Print what came of it; 1 where a count is not whole."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("where", choices=PLACES)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="put it into RESULTS.md")
    given = parser.parse_args()
    if given.where == "disk":
        raced = race(PLACES["disk"], given.rounds)
    elif lacks := missing():
        raise SystemExit(f"this machine lacks {lacks}")
    else:
        with tempfile.TemporaryDirectory() as folder, s3_site(Path(folder)) as address:
            os.environ |= s3_environment(address)
            raced = race(PLACES["bucket"], given.rounds)
    told = sentence(raced, given.where)
    print(told)
    if given.write:
        write_section(f"races {given.where}", told)
    return int(not whole(raced))


def race(location: str, rounds: int) -> Raced:
    """What came of the rounds in a new registry."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder), racing_promoters({"HOME": folder}) as promoters:
        return race_for_the_champion(Project(registry_location=location), promoters, rounds)


def sentence(raced: Raced, where: str) -> str:
    """Every count beside what it must be."""
    counts = (
        f"{raced.won_by_one:,} of {raced.rounds:,} rounds had exactly one winner",
        f"{raced.told:,} of {raced.rounds * (PROMOTERS - 1):,} losers were told who won",
        f"the log holds {'every entry of a winner and no other' if raced.kept else 'something else'}",
    )
    place = {"disk": "On a disk", "bucket": "In a bucket"}[where]
    command = f"`python benchmarks/races.py {where} --rounds {raced.rounds} --write`"
    return f"- {place}, {command}:\n  {', '.join(counts)}."


def whole(raced: Raced) -> bool:
    return raced.won_by_one == raced.rounds and raced.told == raced.losers and raced.kept


if __name__ == "__main__":
    sys.exit(main())
