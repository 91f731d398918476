"""Delta Lake tables, their logs written here by hand; tests/spark reads those of Delta's own library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mlops_actions.errors import InputError
from mlops_actions.tables import open_table

SCHEMA = json.dumps({"type": "struct", "fields": [{"name": name} for name in ("i", "word", "day")]})
METADATA = {"id": "7", "schemaString": SCHEMA, "partitionColumns": ["day"], "configuration": {}}
PROTOCOL = {"minReaderVersion": 1, "minWriterVersion": 2}


def data(folder: Path, name: str, select: str, day: str | None) -> dict[str, Any]:
    """Write a file, and the action that adds it."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"COPY ({select}) TO '{folder / name}' (FORMAT parquet)")
    return {"add": {"path": name.replace("%", "%25").replace(" ", "%20"), "partitionValues": {"day": day}, "size": 1}}


def commit(folder: Path, version: int, *actions: dict[str, Any]) -> None:
    (folder / "_delta_log").mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(action) + "\n" for action in actions)
    (folder / "_delta_log" / f"{version:020}.json").write_text(text)


def table(folder: Path, **metadata: Any) -> None:
    """Three versions: a file, a second one with a further column, and a third in the place of the first."""
    old = data(folder, "a%/p 1.parquet", "SELECT 1 AS i", "2024-01-31")
    commit(folder, 0, {"protocol": PROTOCOL}, {"metaData": METADATA | metadata}, old)
    commit(folder, 1, data(folder, "p2.parquet", "SELECT 2 AS i, 'b' AS word", None))
    new = data(folder, "a%/p 3.parquet", "SELECT 3 AS i", "2024-02-01")
    commit(folder, 2, {"commitInfo": {}}, {"remove": {"path": old["add"]["path"]}}, new)
    data(folder, "stray.parquet", "SELECT 99 AS i", None)


def test_the_newest_version_is_read_with_what_its_files_lack(tmp_path: Path) -> None:
    table(tmp_path)
    opened = open_table(str(tmp_path))
    assert opened.columns == {"i": "integer", "word": "string", "day": "date"}
    found = opened.arrays(["i", "word", "day"])
    assert found["i"].values.tolist() == [3, 2]
    assert [None if column.valid is None else column.valid.tolist() for column in found.values()] == [
        None, [False, True], [True, False],
    ]  # fmt: skip


def test_its_version_stands_for_its_bytes(tmp_path: Path) -> None:
    table(tmp_path)
    material = open_table(str(tmp_path)).material("data")
    assert (material.kind, material.digest["delta-table"], material.digest["delta-version"]) == (
        "delta-version",
        "7",
        "2",
    )
    commit(tmp_path, 3, {"commitInfo": {}})
    assert open_table(str(tmp_path)).material("data").digest["sha256"] != material.digest["sha256"]


def test_a_checkpoint_stands_for_the_commits_before_it(tmp_path: Path) -> None:
    table(tmp_path)
    rows = [json.loads(line) for version in (0, 1) for line in _lines(tmp_path, version)]
    source = tmp_path / "rows.json"
    source.write_text("\n".join(map(json.dumps, rows)))
    duckdb.connect().execute(
        f"""
        COPY (
            SELECT protocol, CASE WHEN metaData IS NOT NULL THEN
                    struct_update(metaData, configuration := MAP {{}}::MAP(VARCHAR, VARCHAR)) END AS metaData,
                CASE WHEN add IS NOT NULL THEN
                    {{'path': add.path, 'partitionValues': MAP {{'day': add.partitionValues.day}}}} END AS add
            FROM read_json('{source}', map_inference_threshold = -1)
        ) TO '{tmp_path}/_delta_log/{1:020}.checkpoint.parquet' (FORMAT parquet)
        """
    )
    source.unlink()
    for version in (0, 1):
        (tmp_path / "_delta_log" / f"{version:020}.json").unlink()
    assert open_table(str(tmp_path)).arrays(["i"])["i"].values.tolist() == [3, 2]


def _lines(folder: Path, version: int) -> list[str]:
    return (folder / "_delta_log" / f"{version:020}.json").read_text().splitlines()


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([{"protocol": {"minReaderVersion": 3, "readerFeatures": ["deletionVectors", "timestampNtz"]}}],
         ": the Delta table uses deletionVectors, which this engine does not read. Set `engine: spark`."),
        ([{"protocol": {"minReaderVersion": 4}}],
         ": the Delta table uses reader version 4, which this engine does not read. Set `engine: spark`."),
        ([{"metaData": METADATA | {"configuration": {"delta.columnMapping.mode": "name"}}}],
         ": the Delta table uses columnMapping, which this engine does not read. Set `engine: spark`."),
        ([{"remove": {"path": "p2.parquet"}}, {"remove": {"path": "a%25/p%203.parquet"}}],
         ": version 3 of the Delta table holds no file. It has no rows."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(tmp_path: Path, actions: list[dict[str, Any]], message: str) -> None:
    table(tmp_path)
    commit(tmp_path, 3, *actions)
    with pytest.raises(InputError) as caught:
        open_table(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}{message}"


def test_a_log_with_a_hole_is_refused(tmp_path: Path) -> None:
    table(tmp_path)
    (tmp_path / "_delta_log" / f"{1:020}.json").unlink()
    with pytest.raises(InputError) as caught:
        open_table(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: the Delta log lacks version 1. Copy the table again."


def test_a_truncated_commit_is_refused(tmp_path: Path) -> None:
    table(tmp_path)
    path = tmp_path / "_delta_log" / f"{2:020}.json"
    path.write_text(path.read_text()[:30])
    with pytest.raises(InputError, match="00002.json: not a commit of a Delta table: "):
        open_table(str(tmp_path))
