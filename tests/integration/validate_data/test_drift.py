"""Drift: bins come from the reference alone, shares are exact, noise is taken off, and personal values stay hidden."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, wasserstein_distance

from mlops_actions.errors import InputError
from mlops_actions.evidence.data_report import Drift
from mlops_actions.tables import open_table
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.custom.asking import ask, measures
from mlops_actions.validate_data.custom.interface import Found
from mlops_actions.validate_data.custom.reference import open_reference, read_reference
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
      - {type: custom, engine: mlops-actions, implementation: {check: drift, max: 0.1, %s}}
    properties: [{name: id}%s]
"""


def validate(reference: str, data: str, rule: str, properties: str = "") -> Found:
    """What a rule of drift finds."""
    contract = parse_contract(parse_yaml((CONTRACT % (rule, properties)).encode(), "c.yaml", "contract"))
    table = open_table(data)
    known = read_reference(open_reference(reference), measures(contract, table), contract)
    asked = ask(contract, table, reference=known)
    return asked.judge(table.scan(make_plan(contract, table.stored, 0, asked.scan).scan))


def measure(reference: str, data: str, column: str, properties: str = "", rule: str = "method: psi") -> Drift:
    """The drift of one column between two files."""
    (found,) = validate(reference, data, f"columns: [{column}], {rule}", properties).drift
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
    assert "name" not in found.message


def test_a_column_that_cannot_be_compared_fails(tmp_path: Path) -> None:
    reference = write(tmp_path, "a.parquet", "i")
    found = measure(reference, write(tmp_path, "b.parquet", "'v' || i"), "x")
    assert (found.result, found.value) == ("fail", None)
    assert found.message == (
        "'x' cannot be compared with the reference: it is of the type string, and in the reference of the type integer."
    )


def test_a_reference_without_the_column_or_rows_is_refused(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", "i")
    with pytest.raises(InputError, match="the reference has no column 'y'. Known: id, x."):
        measure(data, data, "y")
    with pytest.raises(InputError, match="the reference holds no rows"):
        measure(write(tmp_path, "b.parquet", "i", rows=0), data, "x")


def test_drift_says_how_far_and_where(tmp_path: Path) -> None:
    found = measure(write(tmp_path, "a.parquet", "i % 2"), write(tmp_path, "b.parquet", "(i % 4 = 0)::INTEGER"), "x")
    assert found.message == (
        "'x' moved by PSI 0.275 above noise (0.000), limit 0.1; most at 'up to 0': 50.0% became 75.0%."
    )


def numbers(folder: Path, name: str, values: np.ndarray) -> str:
    text = "".join(f"{place},{value!r}\n" for place, value in enumerate(values.tolist()))
    (folder / name).write_text(f"id,x\n{text}")
    return str(folder / name)


def test_each_method_measures_what_scipy_does_above_its_noise(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    old, new = random.gamma(2, 1, 5_000), random.gamma(2.5, 1, 5_000)
    files = numbers(tmp_path, "old.csv", old), numbers(tmp_path, "new.csv", new)
    cuts = np.quantile(old, np.arange(1, 10) / 10, method="inverted_cdf")
    p, q = (np.bincount(np.searchsorted(cuts, values), minlength=10) for values in (old, new))
    expected = {
        "jensen-shannon": jensenshannon(p, q, base=2),
        "chi-square": np.sqrt(chi2_contingency([p, q]).statistic * 2 / 5_000),
        "wasserstein": wasserstein_distance(old, new) / old.std(),
    }
    for method, value in expected.items():
        found = measure(*files, "x", rule=f"method: {method}")
        assert found.value is not None
        assert found.noise is not None
        power = 1 if method == "wasserstein" else 2  # the squares of the others add up
        assert (found.value**power + found.noise**power) ** (1 / power) == pytest.approx(value, rel=0.002)
        assert found.result == ("fail" if found.value > 0.1 else "pass")


def test_numbers_that_are_infinite_or_missing_are_no_pass_of_a_wasserstein_distance(tmp_path: Path) -> None:
    reference = write(tmp_path, "a.parquet", "random()")
    for cell in ("'inf'::DOUBLE", "NULL::DOUBLE"):
        found = measure(reference, write(tmp_path, "b.parquet", cell), "x", rule="method: wasserstein")
        assert (found.result, found.value) == ("fail", None)
        assert found.message == "'x' has no distance to the reference: it holds no finite numbers."


def test_the_length_of_text_and_what_is_missing_are_compared_where_asked_for(tmp_path: Path) -> None:
    before = write(tmp_path, "a.parquet", "CASE WHEN i % 10 > 0 THEN repeat('é', (i % 4)::INTEGER) || i % 1000 END")
    longer = write(tmp_path, "b.parquet", "CASE WHEN i % 10 > 0 THEN repeat('é', (i % 9)::INTEGER) || i % 1000 END")
    fewer = write(tmp_path, "c.parquet", "CASE WHEN i % 10 > 5 THEN repeat('é', (i % 4)::INTEGER) || i % 1000 END")
    assert measure(before, longer, "x", rule="of: length").result == "fail"
    assert measure(before, longer, "x", rule="of: missing").value == 0
    missing = measure(before, fewer, "x", rule="of: missing")
    assert missing.message.startswith("what is missing of 'x' moved by PSI")
    assert missing.bins == ["present", "(missing)"]
    assert (missing.reference_shares, missing.shares) == ([0.9, 0.1], [0.4, 0.6])
    assert measure(before, before, "x", rule="of: length, method: wasserstein").value == 0


def seasonal(folder: Path, name: str, months: str, warmer: float = 0) -> str:
    """A temperature of each month: 10 above another's, and 3 of its own."""
    return write(
        folder,
        name,
        f"{{'m': {months}, 't': 10 * ({months}) + 3 * random() + {warmer}}}",
        rows=12_000,
    )


def unpack(path: str) -> str:
    dated = f"SELECT id, make_date(2024, x.m::INT, 1) AS day, x.t AS x FROM '{path}'"
    duckdb.connect().execute(f"COPY ({dated}) TO '{path}.parquet'")
    return f"{path}.parquet"


def test_summer_is_compared_with_the_references_summers(tmp_path: Path) -> None:
    year = unpack(seasonal(tmp_path, "year.parquet", "1 + i % 12"))
    summer = unpack(seasonal(tmp_path, "summer.parquet", "6 + (i % 4 > 0)::INT"))
    warm = unpack(seasonal(tmp_path, "warm.parquet", "6 + (i % 4 > 0)::INT", warmer=8))
    plain, season = "method: psi", "season: day.month"
    assert measure(year, summer, "x", rule=plain).result == "fail"
    same = measure(year, summer, "x", rule=season)
    assert (same.result, same.season) == ("pass", "day.month")
    assert measure(year, warm, "x", rule="method: wasserstein, " + season).result == "fail"
    assert measure(year, summer, "x", rule="method: wasserstein, " + season).result == "pass"


def test_seasons_that_the_reference_lacks_are_left_out_and_said(tmp_path: Path) -> None:
    winter = unpack(seasonal(tmp_path, "winter.parquet", "1 + i % 2"))
    spring = unpack(seasonal(tmp_path, "spring.parquet", "2 + i % 3"))
    later = unpack(seasonal(tmp_path, "later.parquet", "5"))
    found = measure(winter, spring, "x", rule="season: day.month")
    assert found.result == "pass"
    assert found.message.endswith(" 8,000 rows of seasons that the reference lacks were left out.")
    other = measure(winter, later, "x", rule="season: day.month")
    assert (other.result, other.message) == (
        "not-checked",
        "drift of 'x' by day.month was not checked: none of its seasons is in the reference.",
    )


def test_a_share_of_the_columns_may_move(tmp_path: Path) -> None:
    def three(name: str, cells: str) -> str:
        path = write(tmp_path, f"all-{name}", "i")
        duckdb.connect().execute(f"COPY (SELECT {cells} FROM '{path}') TO '{tmp_path}/{name}'")
        return f"{tmp_path}/{name}"

    before = three("a.parquet", "x % 2 AS a, x % 3 AS b, x % 5 AS c")
    after = three("b.parquet", "x % 2 AS a, x % 3 AS b, 7 AS c")
    for share, result in (("0.4", "pass"), ("0.3", "fail")):
        found = validate(before, after, f"columns: [a, b, c], share: {share}")
        assert [one.result for one in found.drift] == ["pass", "pass", "fail"]
        (check,) = found.checks
        assert (check.result, check.failed, check.total, check.id) == (result, 1, 3, "t.quality[0].drift")
    assert check.message == "1 of 3 columns (33%) moved by more than PSI 0.1; at most 30% may: c."


def test_without_columns_all_of_the_contract_but_dates_and_unique_ones_are_watched(tmp_path: Path) -> None:
    data = write(tmp_path, "a.parquet", "i % 3")
    found = validate(data, data, "method: psi", ", {name: x, logicalType: integer}, {name: day, logicalType: date}")
    assert [one.column for one in found.drift] == ["id", "x"]
    unique = validate(data, data, "of: missing", ", {name: x, unique: true}")
    assert [one.column for one in unique.drift] == ["id"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("of: length", "c.yaml:8: only text has a length, but 'x' is of the type integer."),
        ("season: id.month", "c.yaml:8: the season 'id.month' needs a date, but 'id' is of the type integer."),
        (
            "method: wasserstein, columns: [w]",
            "c.yaml:8: a Wasserstein distance needs numbers, but 'w' is of the type string. "
            "Use psi, jensen-shannon or chi-square.",
        ),
        ("columns: [l]", "c.yaml:8: 'l' holds array values, which have no drift."),
    ],
)
def test_what_has_no_such_drift_is_refused_with_the_contracts_line(rule: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", "i")
    data = f"{tmp_path}/b.parquet"
    duckdb.connect().execute(f"COPY (SELECT *, 'w' AS w, [1] AS l FROM '{tmp_path}/a.parquet') TO '{data}'")
    rule = rule if "columns" in rule else f"columns: [x], {rule}"
    with pytest.raises(InputError) as caught:
        validate(data, data, rule)
    assert str(caught.value) == message
