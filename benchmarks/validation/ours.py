"""One measurement of the engine alone, as JSON, in the folder that inputs.py filled.

python ours.py scan DATA CONTRACT|by-hand DATA|read-csv|drift
"""

from __future__ import annotations

import json
import sys
import time

import duckdb

from mlops_actions.tables import open_table
from mlops_actions.validate_data.contract import read_contract
from mlops_actions.validate_data.custom.asking import ask, measures
from mlops_actions.validate_data.custom.reference import open_reference, read_reference
from mlops_actions.validate_data.plan import judge, make_plan

REQUIRED = ("id", "age", "amount", "status", "email", "country", "created", "day", "shop")
BROKEN = (
    "age < 0", "age > 120", "amount <= 0", "status NOT IN ('new', 'paid', 'sent')",
    "NOT regexp_matches(email, '^[^@ ]+@[^@ ]+$')", "length(country) < 2", "length(country) > 2", "score < -6",
    "score > 6", "created < TIMESTAMP '2024-01-01'", "day > DATE '2024-12-31'", "length(note) > 40",
)  # fmt: skip


def scan(data: str, contract_path: str) -> None:
    """Open, plan, scan and judge: no digest, no report."""
    contract = read_contract(contract_path)
    table = open_table(data)
    plan = make_plan(contract, table.stored, failing_rows=5)
    if wrong := [one.message for one in judge(plan, table.scan(plan.scan)) if one.result != "pass"]:
        raise SystemExit(f"the data was made to pass: {wrong}")


def by_hand(data: str) -> None:
    """One SELECT that gives the same: counts, first rows and exact uniqueness."""
    conditions = [f"{column} IS NULL" for column in REQUIRED] + list(BROKEN)
    asked = ["count(*)", "count(id) - count(DISTINCT id)", "count(score)", "count(note)", "count(active)"]
    asked += [f"sum(CAST({condition} AS INTEGER))" for condition in conditions]
    asked += [f"min(CASE WHEN {condition} THEN file_row_number END, 5)" for condition in conditions]
    _rows, repeated, *_ = duckdb.sql(f"SELECT {', '.join(asked)} FROM '{data}'").fetchall()[0]
    if repeated:
        raise SystemExit("the ids were made to be unique")


def read_csv() -> None:
    """Every cell, as the types that DuckDB finds."""
    duckdb.sql("SELECT max(COLUMNS(*)) FROM 'orders.csv'").fetchall()


def drift() -> None:
    """From files to distances."""
    contract = read_contract("drift.yaml")
    table = open_table("moved.parquet")
    known = read_reference(open_reference("reference.parquet"), measures(contract, table), contract)
    asked = ask(contract, table, reference=known)
    found = asked.judge(table.scan(make_plan(contract, table.stored, 5, asked.scan).scan)).drift
    if [one.column for one in found if one.result != "pass"] != ["f"]:
        raise SystemExit(f"only f was made to move: {[(one.column, one.value) for one in found]}")


def main(name: str, *arguments: str) -> None:
    work = {"scan": scan, "by-hand": by_hand, "read-csv": read_csv, "drift": drift}[name]
    begin = time.perf_counter()
    work(*arguments)
    print(json.dumps({"seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main(*sys.argv[1:])
