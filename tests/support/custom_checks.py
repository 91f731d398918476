"""Runs the custom checks of a small contract on files, without the rest of the action."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from mlops_actions.evidence.data_report import CheckResult
from mlops_actions.tables import open_table
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.custom.asking import ask, measures
from mlops_actions.validate_data.custom.interface import Found
from mlops_actions.validate_data.custom.reference import open_reference, read_reference
from mlops_actions.validate_data.plan import make_plan
from mlops_actions.yaml_source import parse_yaml

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    quality:\n"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def found(
    checks: str | list[str],
    data: str,
    *,
    reference: str | None = None,
    holdout: str | None = None,
    properties: str = "{name: id}",
    earlier: tuple[int, ...] = (),
    first: int = 5,
    more: str = "",
) -> Found:
    """What the checks, each an implementation block without its braces, find; a day at noon is now."""
    listed = [checks] if isinstance(checks, str) else checks
    blocks = "".join(
        f"      - {{type: custom, engine: mlops-actions, implementation: {{check: {one}}}{more}}}\n" for one in listed
    )
    text = f"{HEAD}{blocks}    properties: [{properties}]\n"
    contract = parse_contract(parse_yaml(text.encode(), "c.yaml", "contract"))
    table = open_table(data)
    known = read_reference(open_reference(reference), measures(contract, table), contract) if reference else None
    other = open_table(holdout) if holdout else None
    asked = ask(contract, table, reference=known, holdout=other, earlier=lambda: earlier, first=first, now=NOW)
    return asked.judge(table.scan(make_plan(contract, table.stored, first, asked.scan).scan))


def one(check: str, data: str, **more: object) -> CheckResult:
    """The only result of a check."""
    (result,) = found(check, data, **more).checks  # type: ignore[arg-type]
    return result


def store(frame: pd.DataFrame, path: Path, types: str = "{}") -> str:
    """Write a frame as Parquet (through CSV, with DuckDB's types) or CSV."""
    text = path.with_suffix(".csv")
    frame.to_csv(text, index=False)
    if path.suffix == ".parquet":
        duckdb.connect().execute(f"COPY (FROM read_csv('{text}', types = {types})) TO '{path}'")
        text.unlink()
    return str(path)


def write(folder: Path, name: str, select: str) -> str:
    """Write what DuckDB selects."""
    duckdb.connect().execute(f"COPY ({select}) TO '{folder / name}'")
    return str(folder / name)
