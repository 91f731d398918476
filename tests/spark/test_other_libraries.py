"""What other libraries write and hold, where they are: Delta Lake's own tables, frames of polars."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable, QueryBuilder, write_deltalake
from test_oracle import CONTRACT, ORACLE, make_frame, write

from mlops_actions.tables import open_table
from mlops_actions.validate_data.frames import validate


def test_a_delta_table_is_what_its_own_library_reads(tmp_path: Path) -> None:
    folder = str(tmp_path / "table")
    for part in range(12):
        frame = pl.DataFrame(
            {"i": range(part * 100, part * 100 + 100), "day": [f"2024-01-{part % 3 + 1:02} x/%"] * 100}
        )
        write_deltalake(folder, frame, mode="append", partition_by=["day"])
    written = DeltaTable(folder)
    written.delete("i % 7 = 0")
    written.create_checkpoint()
    write_deltalake(folder, pl.DataFrame({"i": [5000], "day": ["é 🎉"]}), mode="append")
    theirs = QueryBuilder().register("t", DeltaTable(folder)).execute("SELECT i, day FROM t ORDER BY i")
    expected = duckdb.from_arrow(theirs).fetchall()
    table = open_table(folder)
    found = table.arrays(["i", "day"])
    names = found["day"].categories or []
    assert (
        sorted(zip(found["i"].values.tolist(), (names[code] for code in found["day"].values), strict=True)) == expected
    )
    assert table.material("data").digest["delta-version"] == str(DeltaTable(folder).version())
    assert len(expected) > 1000


@pytest.mark.parametrize("form", ["eager", "lazy"])
def test_every_check_of_a_frame_of_polars_agrees_with_pandas(form: str, tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    frame = make_frame(2)
    path = write(frame, tmp_path, "parquet")
    data = pl.read_parquet(path) if form == "eager" else pl.scan_parquet(path)
    found = {check.id: check for check in validate(data, str(tmp_path / "contract.yaml"), failing_rows=4).checks}
    for id_, oracle in ORACLE.items():
        broken = oracle(frame).fillna(False).to_numpy().nonzero()[0]
        assert (found[id_].failed, found[id_].rows) == (len(broken), broken[:4].tolist()), id_
