"""Promotions at once: rounds of eight long-lived promoters, on a disk and in a bucket of a local S3 server.

    python benchmarks/races.py [--rounds 1000] [--write]

In each round eight new models, all judged against the same champion, want to be the next one. Every count must be
whole: the script fails where it is not, so that few rounds are a check and many a measurement.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

from results import write_section

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))
from mlflow_site import BUCKET, s3_environment
from promotion_project import Project
from racing import PROMOTERS, Raced, race_for_the_champion, racing_promoters
from s3_site import missing, s3_site


def main() -> int:
    """Print the table; 1 where a count is not whole."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    given = parser.parse_args()
    if lacks := missing():
        raise SystemExit(f"this machine lacks {lacks}")
    places = {"on a disk": "file:registry", "in a bucket": f"s3://{BUCKET}/registry"}
    with tempfile.TemporaryDirectory() as folder, s3_site(Path(folder)) as address:
        os.environ |= s3_environment(address)
        raced = {where: race(location, given.rounds) for where, location in places.items()}
    table = table_of(raced, given.rounds)
    print(table)
    if given.write:
        write_section("races", table)
    return int(not all(whole(one) for one in raced.values()))


def race(location: str, rounds: int) -> Raced:
    """What came of the rounds in a new registry."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder), racing_promoters({"HOME": folder}) as promoters:
        return race_for_the_champion(Project(registry_location=location), promoters, rounds)


def table_of(raced: Mapping[str, Raced], rounds: int) -> str:
    """A row a count, beside what it must be."""
    rows = {
        ("rounds with exactly one winner", f"{rounds:,}"): [f"{one.won_by_one:,}" for one in raced.values()],
        ("losers, each told who won", f"{rounds * (PROMOTERS - 1):,}"): [f"{one.told:,}" for one in raced.values()],
        ("every winner's entry in the log, and no other", "yes"): [
            "yes" if one.kept else "no" for one in raced.values()
        ],
    }
    return "\n".join(
        [
            f"`python benchmarks/races.py --rounds {rounds} --write`: {PROMOTERS} promoters at once in each round.",
            "",
            f"| what | {' | '.join(raced)} | must be |",
            "|---|" + "---|" * (len(raced) + 1),
            *(f"| {what} | {' | '.join(cells)} | {must} |" for (what, must), cells in rows.items()),
        ]
    )


def whole(raced: Raced) -> bool:
    return raced.won_by_one == raced.rounds and raced.told == raced.losers and raced.kept


if __name__ == "__main__":
    sys.exit(main())
