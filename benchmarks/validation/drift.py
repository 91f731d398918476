"""Drift of two tables: validate-data in turns with Evidently, which has an environment of its own.

Data: rows × 8 columns of Parquet on either side (six numbers, two texts, some cells missing, one column that moves),
made here into a temporary folder. Engine time is from files to distances; both start from Parquet. `--evidently PYTHON`
is an interpreter with evidently, pandas < 3 and pyarrow, and is run once; without it only ours is measured. Targets: at
most 0.7 s, at most 1/10 of Evidently.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
schema:
  - name: t
    quality:
      - type: custom
        engine: mlops-actions
        implementation: {{check: drift, columns: [a, b, c, d, e, f, g, h], max: 0.1, method: {method}}}
    properties: [{{name: a}}]
"""
ROWS = """
    SELECT random() * 10 AS a, random() + random() AS b, -ln(1 - random()) AS c,
        CASE WHEN random() < 0.05 THEN NULL ELSE random() END AS d, (random() * 90)::INTEGER AS e,
        random() + {shift} AS f, chr(65 + (random() * 12)::INTEGER) AS g, 'w' || (random() * 300)::INTEGER AS h
    FROM range({rows})
"""
EVIDENTLY = """
import json, sys, time
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
begun = time.perf_counter()
sides = [pd.read_parquet(path) for path in sys.argv[1:3]]
result = Report([DataDriftPreset(method="psi")]).run(sides[1], sides[0])
json.loads(result.json())
print(time.perf_counter() - begun)
"""


def ours(reference: str, data: str, contract_path: Path) -> list[float | None]:
    """The distances."""
    from mlops_actions.tables import open_table
    from mlops_actions.validate_data.contract import read_contract
    from mlops_actions.validate_data.custom.asking import ask, measures
    from mlops_actions.validate_data.custom.reference import open_reference, read_reference
    from mlops_actions.validate_data.plan import make_plan

    contract = read_contract(str(contract_path))
    table = open_table(data)
    known = read_reference(open_reference(reference), measures(contract, table), contract)
    asked = ask(contract, table, reference=known)
    found = asked.judge(table.scan(make_plan(contract, table.stored, 5, asked.scan).scan)).drift
    if [one.column for one in found if one.result != "pass"] != ["f"]:
        raise SystemExit(f"only f was made to move: {[(one.column, one.value) for one in found]}")
    return [one.value for one in found]


def measured(sides: list[str], contract: Path) -> tuple[float, float]:
    """Wall and processor time of one run."""
    wall, cpu = time.perf_counter(), time.process_time()
    ours(sides[0], sides[1], contract)
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--evidently", help="an interpreter with evidently, pandas and pyarrow")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlops-bench-") as folder:
        connection = duckdb.connect()
        connection.execute("SELECT setseed(0.1)")
        sides = [f"{folder}/{name}.parquet" for name in ("reference", "data")]
        for path, shift in zip(sides, (0, 0.2), strict=True):
            connection.execute(f"COPY ({ROWS.format(rows=options.rows, shift=shift)}) TO '{path}'")
        connection.close()
        print(f"{options.rows:,} rows × 8 columns on either side", flush=True)
        medians: dict[str, float] = {}
        for method in ("psi", "jensen-shannon", "chi-square", "wasserstein"):
            contract = Path(folder) / f"{method}.yaml"
            text = CONTRACT.format(method=method)
            contract.write_text(text.replace(", g, h]", "]") if method == "wasserstein" else text)
            times = [measured(sides, contract) for _ in range(options.repeat)]
            medians[method] = statistics.median(wall for wall, _ in times)
            processor = statistics.median(cpu for _, cpu in times)
            least = min(wall for wall, _ in times)
            print(f"{method:15} {medians[method]:.3f} s (least {least:.3f}), processor {processor:.3f} s", flush=True)
        print(f"peak memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        if options.evidently:
            done = subprocess.run(
                [options.evidently, "-W", "ignore", "-c", EVIDENTLY, *sides],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                sys.exit(done.stderr)
            seconds = json.loads(done.stdout.splitlines()[-1])
            print(f"Evidently (PSI) {seconds:.3f} s, {seconds / medians['psi']:.0f} × ours")


if __name__ == "__main__":
    main()
