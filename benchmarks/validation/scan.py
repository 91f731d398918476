"""How close is validate-data to a SELECT written by hand? Both run in turns, in one process, on the same file.

Data: rows × 12 columns of Parquet, made here into a temporary folder. Checks: 23, with exact uniqueness, counts and
the first five failing rows of each. Prints medians; `--rows 10_000_000` is the size of the target (ratio ≤ 1.2).
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from mlops_actions.tables import open_table
from mlops_actions.validate_data.contract import read_contract
from mlops_actions.validate_data.plan import judge, make_plan

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    quality: [{metric: rowCount, mustBeGreaterThan: 100}]
    properties:
      - {name: id, required: true, unique: true}
      - {name: age, logicalType: integer, required: true, logicalTypeOptions: {minimum: 0, maximum: 120}}
      - {name: amount, logicalType: number, required: true, logicalTypeOptions: {exclusiveMinimum: 0}}
      - {name: status, logicalType: string, required: true, enum: [{value: new}, {value: paid}, {value: sent}]}
      - {name: email, logicalType: string, required: true, logicalTypeOptions: {pattern: '^[^@ ]+@[^@ ]+$'}}
      - {name: country, logicalType: string, required: true, logicalTypeOptions: {minLength: 2, maxLength: 2}}
      - {name: score, logicalType: number, logicalTypeOptions: {minimum: -6, maximum: 6}}
      - {name: created, logicalType: timestamp, required: true, logicalTypeOptions: {minimum: '2024-01-01T00:00:00'}}
      - {name: day, logicalType: date, required: true, logicalTypeOptions: {maximum: '2024-12-31'}}
      - {name: active, logicalType: boolean}
      - {name: note, logicalType: string, logicalTypeOptions: {maxLength: 40}}
      - {name: shop, logicalType: integer, required: true}
"""
ROWS = """
    SELECT i AS id, CAST(i * 7919 % 90 AS INTEGER) AS age, round(random() * 500 + 0.01, 2) AS amount,
        ['new', 'paid', 'sent'][i % 3 + 1] AS status, 'user' || (i * 31 % 1000003) || '@example.org' AS email,
        ['DE', 'FR', 'US', 'JP', 'BR'][i % 5 + 1] AS country, random() * 8 - 4 AS score,
        TIMESTAMP '2024-01-01' + INTERVAL (i % 31000000) SECOND AS created,
        DATE '2024-01-01' + CAST(i % 360 AS INTEGER) AS day, i % 2 = 0 AS active,
        CASE WHEN i % 4 = 0 THEN NULL ELSE 'note ' || (i % 5000) END AS note, CAST(i % 400 AS SMALLINT) AS shop
    FROM range({rows}) AS numbers(i)
"""
REQUIRED = ("id", "age", "amount", "status", "email", "country", "created", "day", "shop")
BROKEN = {
    "age minimum": "age < 0",
    "age maximum": "age > 120",
    "amount": "amount <= 0",
    "status": "status NOT IN ('new', 'paid', 'sent')",
    "email": "NOT regexp_matches(email, '^[^@ ]+@[^@ ]+$')",
    "country shorter": "length(country) < 2",
    "country longer": "length(country) > 2",
    "score minimum": "score < -6",
    "score maximum": "score > 6",
    "created": "created < TIMESTAMP '2024-01-01'",
    "day": "day > DATE '2024-12-31'",
    "note": "length(note) > 40",
}


def by_hand(path: Path) -> str:
    """One SELECT that gives the same: counts, first rows and exact uniqueness, in the form that was fastest."""
    conditions = [f"{column} IS NULL" for column in REQUIRED] + list(BROKEN.values())
    asked = ["count(*)", "count(id) - count(DISTINCT id)", "count(score)", "count(note)", "count(active)"]
    asked += [f"sum(CAST({condition} AS INTEGER))" for condition in conditions]
    asked += [f"min(CASE WHEN {condition} THEN file_row_number END, 5)" for condition in conditions]
    return f"SELECT {', '.join(asked)} FROM read_parquet('{path}')"


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlops-bench-") as folder:
        path, contract_path = Path(folder) / "orders.parquet", Path(folder) / "contract.yaml"
        contract_path.write_text(CONTRACT)
        connection = duckdb.connect()
        connection.execute(f"COPY ({ROWS.format(rows=options.rows)}) TO '{path}'")
        contract = read_contract(str(contract_path))
        made = sum(check.kind not in ("type", "present") for check in contract.checks)
        print(f"{options.rows:,} rows × 12 columns, {path.stat().st_size / 1e6:.0f} MB, {made} checks", flush=True)

        def ours() -> None:
            table = open_table(str(path))
            plan = make_plan(contract, table.stored, failing_rows=5)
            results = judge(plan, table.scan(plan.scan))
            if wrong := [one.message for one in results if one.result != "pass"]:
                raise SystemExit(f"the data was made to pass: {wrong}")

        works: dict[str, Callable[[], object]] = {
            "by hand": lambda: duckdb.connect().execute(by_hand(path)).fetchall(),
            "validate-data": ours,
            "digest alone": lambda: open_table(str(path)).material("data"),
        }
        times: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(options.repeat):
            for name, work in works.items():
                times[name].append(seconds(work))
    medians = {name: statistics.median(found) for name, found in times.items()}
    for name, median in medians.items():
        print(f"{name:15} {median:.3f} s")
    print(f"ratio           {medians['validate-data'] / medians['by hand']:.2f} (target ≤ 1.20)")
    print(f"peak memory     {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
