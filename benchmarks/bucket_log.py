"""Finding the champion in a bucket, behind a long log: requests and time, whatever the hint at the newest entry says.

    python benchmarks/bucket_log.py [--entries 10000] [--write]

The bucket is a local S3 server in Python; a request costs milliseconds there, so the requests are what to look at.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from results import write_section

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))
from mlflow_site import BUCKET, s3_environment
from mlops_actions.registries.log import Log
from mlops_actions.registries.objects import Objects
from s3_site import Proxy, faulty_proxy, missing, s3_site

RUNS = 5
HINTED_TARGET = 3


def main() -> int:
    """Print the table; 1 where a right hint costs more requests than it should."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    given = parser.parse_args()
    if lacks := missing():
        raise SystemExit(f"this machine lacks {lacks}")
    last = given.entries
    with (
        tempfile.TemporaryDirectory() as folder,
        s3_site(Path(folder)) as address,
        faulty_proxy(address) as proxy,
    ):
        os.environ |= s3_environment(proxy.address)
        objects = Objects(f"s3://{BUCKET}/registry")
        fill(Path(folder), objects, last)
        hints = {"right": last, "3 entries behind": last - 3, f"{last // 2:,} entries behind": last // 2, "missing": 0}
        costs = {what: cost(proxy, objects, hint, last) for what, hint in hints.items()}
    rows = [f"| {what} | {requests} | {seconds * 1000:.0f} ms |" for what, (requests, seconds) in costs.items()]
    head = f"`python benchmarks/bucket_log.py --write`: {last:,} entries, medians of {RUNS} readings."
    table = "\n".join([head, "", "| the hint is | requests | time |", "|---|---|---|", *rows])
    print(table)
    if given.write:
        write_section("bucket log", table)
    return int(costs["right"][0] > HINTED_TARGET)


def fill(folder: Path, bucket: Objects, entries: int) -> None:
    """Make a log on the disk, each entry continuing the one before, and copy it."""
    local = Objects(f"file:{folder}/local")
    local._sync = lambda _key: None  # type: ignore[method-assign]
    log, previous = Log(local, "models/m"), None
    for number in range(1, entries + 1):
        entry = log.append(number, previous, {"alias": "champion"}, {"versions": 1}, "benchmark")
        previous = entry.sha256 if entry else None
    with ThreadPoolExecutor(8) as copiers:
        for _ in copiers.map(lambda key: bucket.replace(key, local.read(key) or b""), local.keys("models/m/log")):
            pass


def cost(proxy: Proxy, objects: Objects, hint: int, last: int) -> tuple[int, float]:
    """Requests and seconds of a new reader."""
    objects.replace("models/m/head", b"%d\n" % hint if hint else b"")
    times = []
    for _ in range(RUNS):
        proxy.order(0, "reset")
        start = time.perf_counter()
        head = Log(Objects(objects.location), "models/m").head()
        times.append(time.perf_counter() - start)
        if head is None or head.number != last:
            raise SystemExit(f"the newest entry is {last}, but {head} was found")
    return len(proxy.requests), statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
