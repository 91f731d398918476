"""Drift: bins come from the reference alone, shares are exact, noise is taken off, and personal values stay hidden."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from mlops_actions.errors import InputError
from mlops_actions.evidence.data_report import Drift
from mlops_actions.tables import open_table
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.drift import describe, judge_drift, read_baseline
from mlops_actions.validate_data.plan import make_plan
from mlops_actions.yaml_source import parse_yaml

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: t
    quality:
      - {type: custom, engine: mlops-actions, implementation: {check: drift, columns: [%s], method: psi, max: 0.1}}
    properties: [{name: id}%s]
"""


def measure(reference: str, data: str, column: str, properties: str = "") -> Drift:
    """The drift of one column between two files."""
    text = CONTRACT % (column, properties)
    contract = parse_contract(parse_yaml(text.encode(), "c.yaml", "contract"))
    table = open_table(data)
    baseline = read_baseline(contract, open_table(reference))
    plan = make_plan(contract, table.stored, 0, baseline.question(table))
    (found,) = judge_drift(contract, table, baseline, table.scan(plan.scan))
    return found


def write(folder: Path, name: str, cell: str, rows: int = 20_000, seed: float = 0.1) -> str:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute(f"SELECT setseed({seed})")
    path = folder / name
    connection.execute(f"COPY (SELECT i AS id, {cell} AS x FROM range({rows}) AS numbers(i)) TO '{path}'")
    return str(path)


KINDS = {
    "number": ("random() * 10", "random() * 7"),
    "integer": ("(random() * 5)::INTEGER", "(random() * 3)::INTEGER"),
    "string": ("chr(65 + (random() * 5)::INTEGER)", "chr(65 + (random() * 3)::INTEGER)"),
    "boolean": ("random() < 0.5", "random() < 0.8"),
    "date": ("DATE '2024-01-01' + (random() * 90)::INTEGER", "DATE '2024-01-01' + (random() * 60)::INTEGER"),
    "timestamp": (
        "TIMESTAMP '2024-01-01' + to_seconds((random() * 9e6)::BIGINT)",
        "TIMESTAMP '2024-01-01' + to_seconds((random() * 6e6)::BIGINT)",
    ),
    "missing": ("CASE WHEN random() < 0.1 THEN NULL ELSE 1 END", "CASE WHEN random() < 0.4 THEN NULL ELSE 1 END"),
}


@pytest.mark.parametrize("ending", ["parquet", "csv"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_moved_column_is_seen_and_an_unmoved_one_is_not(kind: str, ending: str, tmp_path: Path) -> None:
    before, after = KINDS[kind]
    reference = write(tmp_path, f"reference.{ending}", before)
    same = measure(reference, write(tmp_path, f"same.{ending}", before, rows=2_000, seed=0.7), "x")
    moved = measure(reference, write(tmp_path, f"moved.{ending}", after, rows=2_000), "x")
    assert (same.result, moved.result) == ("pass", "fail")
    assert same.value is not None
    assert same.value < 0.02
    assert sum(moved.shares) == pytest.approx(1)
    assert sum(moved.reference_shares) == pytest.approx(1)
    assert len(moved.bins) == len(moved.shares) == len(moved.reference_shares)


def test_the_index_is_what_numpy_gives_over_the_same_bins(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    old, new = random.normal(0, 1, 5_000), random.normal(0.3, 1, 3_000)
    for name, values in (("old", old), ("new", new)):
        (tmp_path / f"{name}.csv").write_text(
            "id,x\n" + "".join(f"{i},{value!r}\n" for i, value in enumerate(values.tolist()))
        )
    found = measure(f"{tmp_path}/old.csv", f"{tmp_path}/new.csv", "x")
    cuts = np.quantile(old, np.arange(1, 10) / 10, method="inverted_cdf")
    p, q = (np.bincount(np.searchsorted(cuts, values), minlength=10) + 0.5 for values in (old, new))
    p, q = p / p.sum(), q / q.sum()
    noise = 9 * (1 / 5_000 + 1 / 3_000)
    assert found.noise == pytest.approx(noise)
    assert found.value == pytest.approx(((p - q) * np.log(p / q)).sum() - noise)


def test_rows_beyond_all_that_the_reference_had_have_a_bin(tmp_path: Path) -> None:
    reference = write(tmp_path, "a.parquet", "i % 3")
    above = measure(reference, write(tmp_path, "b.parquet", "i % 4"), "x")
    assert above.bins == ["up to 0", "0 to 1", "1 to 2", "above 2", "(missing)"]
    assert above.shares == [0.25, 0.25, 0.25, 0.25, 0.0]
    new = measure(write(tmp_path, "c.parquet", "'k' || i % 2"), write(tmp_path, "d.parquet", "'k' || i % 4"), "x")
    assert new.bins == ["k0", "k1", "(other)", "(missing)"]
    assert new.shares == [0.25, 0.25, 0.5, 0.0]


def test_of_many_values_the_most_frequent_have_bins(tmp_path: Path) -> None:
    reference = write(tmp_path, "a.parquet", "CASE WHEN i % 2 = 0 THEN 'often' ELSE 'rare ' || i END")
    found = measure(reference, reference, "x")
    assert (found.bins[0], len(found.bins)) == ("often", 22)
    assert found.value == 0


def test_values_of_a_personal_column_are_not_shown(tmp_path: Path) -> None:
    reference = write(tmp_path, "a.parquet", "'name ' || i % 3")
    other = write(tmp_path, "b.parquet", "'name 0'")
    found = measure(reference, other, "x", ", {name: x, classification: personal}")
    assert found.bins == ["bin 1", "bin 2", "bin 3", "bin 4", "missing"]
    assert "name" not in describe(found)


def test_a_column_that_cannot_be_compared_fails(tmp_path: Path) -> None:
    reference = write(tmp_path, "a.parquet", "i")
    found = measure(reference, write(tmp_path, "b.parquet", "'v' || i"), "x")
    assert (found.result, found.value) == ("fail", None)
    assert describe(found) == ("'x' cannot be compared with the reference: the data lacks it or stores another type.")


def test_a_reference_without_the_column_or_rows_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", "i")
    with pytest.raises(InputError, match="the reference has no column 'y'. Known: id, x."):
        measure(data, data, "y")
    with pytest.raises(InputError, match="the reference holds no rows"):
        measure(write(tmp_path, "b.parquet", "i", rows=0), data, "x")


def test_drift_says_how_far_and_where(tmp_path: Path) -> None:
    found = measure(write(tmp_path, "a.parquet", "i % 2"), write(tmp_path, "b.parquet", "(i % 4 = 0)::INTEGER"), "x")
    assert describe(found) == (
        "'x' moved by PSI 0.275 above noise (0.000), limit 0.1; most at 'up to 0': 50.0% became 75.0%."
    )
