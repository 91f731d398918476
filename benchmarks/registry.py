"""The registry on a disk: promoting a 100 MB model, and finding the champion behind 100,000 entries.

    python benchmarks/registry.py [--entries 100000] [--runs 7] [--write]

A promotion is what the registry does of it: digest the file, store it, move the alias, each synced to the disk.
Beside it, in turn, `cp` and the same SHA-256 of the same file, which wait for no disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from results import write_section

from mlops_actions.registries import open_registry
from mlops_actions.registries.interface import Author
from mlops_actions.registries.log import Log
from mlops_actions.registries.objects import Objects, digest_blocks, file_blocks

SIZE = 100_000_000
COPY_TARGET = 1.3
READ_TARGET = 0.050


class Unsynced(Objects):
    """For making a long log in a minute; nothing that is measured uses it."""

    def _sync(self, key: str) -> None:
        """Leave it to the system."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = promotions(Path(folder), given.runs)
        first, last, reading = long_log(Path(folder), given.entries, given.runs)
    ratio = ours / theirs
    rows = [
        f"| promote 100 MB, against `cp` and its SHA-256 | {ours * 1000:.0f} ms against {theirs * 1000:.0f} ms: "
        f"{ratio:.2f} × | at most {COPY_TARGET} × | {kept(ratio <= COPY_TARGET)} |",
        f"| find the newest of {given.entries:,} entries | {reading * 1000:.1f} ms | at most "
        f"{READ_TARGET * 1000:.0f} ms | {kept(reading <= READ_TARGET)} |",
        f"| bytes of the second and of the last entry | {first} and {last} | equal | {kept(first == last)} |",
    ]
    head = (
        f"`python benchmarks/registry.py --write`: the fastest of {given.runs} promotions and copies in turn, "
        f"a log's reading in the median; load {os.getloadavg()[0]:.1f}."
    )
    table = "\n".join([head, "", "| what | measured | target | kept |", "|---|---|---|---|", *rows])
    print(table)
    if given.write:
        write_section("registry", table)
    return int(ratio > COPY_TARGET or reading > READ_TARGET or first != last)


def promotions(folder: Path, runs: int) -> tuple[float, float]:
    """The shortest seconds of: a promotion into a new registry, and a copy with its SHA-256, in turn."""
    model = folder / "model.bin"
    model.write_bytes(os.urandom(SIZE))
    times = []
    for _ in range(runs + 1):
        registry, copy = folder / "registry", folder / "copy.bin"
        times.append((seconds(promote, model, registry), seconds(copied, model, copy)))
        shutil.rmtree(registry)
        copy.unlink()
    ours, theirs = zip(*times[1:], strict=True)  # the first warms the page cache and the imports
    return min(ours), min(theirs)  # what else runs on the machine only adds


def promote(model: Path, location: Path) -> None:
    registry = open_registry(f"file:{location}")
    with registry.receive(model) as received:
        blob = received.keep()
    if not registry.point(registry.head("m"), "champion", blob, "promote", Author("benchmark")):
        raise SystemExit("the promotion lost against nobody")


def copied(model: Path, copy: Path) -> None:
    subprocess.run(["cp", model, copy], check=True)
    digest_blocks(file_blocks(model))


def long_log(folder: Path, entries: int, runs: int) -> tuple[int, int, float]:
    """Bytes of the second and of the last entry, and the median seconds to find the last by a new reader."""
    place = folder / "long"
    log, previous = Log(Unsynced(f"file:{place}"), "models/m"), None
    for number in range(1, entries + 1):
        entry = log.append(number, previous, {"alias": "champion"}, {"versions": 1}, "benchmark")
        previous = entry.sha256 if entry else None
    reading = [seconds(newest, place, entries) for _ in range(runs)]
    sizes = [len((place / f"models/m/log/{n:010d}.json").read_bytes()) - len(str(n)) for n in (2, entries)]
    return sizes[0], sizes[1], statistics.median(reading)


def newest(place: Path, number: int) -> None:
    head = Log(Objects(f"file:{place}"), "models/m").head()
    if head is None or head.number != number:
        raise SystemExit(f"the newest entry is {number}, but {head} was found")


def kept(holds: bool) -> str:
    return "yes" if holds else "no"


def seconds(work: Callable[..., None], *given: object) -> float:
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
