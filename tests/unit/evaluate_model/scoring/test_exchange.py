"""Columns as they are handed over: one array each, without objects."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.evaluate_model.scoring.exchange import SCORER, ModelFile, encode_column, hand_over
from mlops_actions.evidence import digest_bytes
from mlops_actions.tables import Column

VALID = np.array([True, False])


def test_missing_values_are_marked_in_every_kind() -> None:
    days = np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[us]")
    text = encode_column(Column(np.array([1, 0], dtype=np.uint8), VALID, ["a", "b"]))
    boolean = encode_column(Column(np.array([True, True]), VALID))
    number = encode_column(Column(np.array([5.0, 6.0]), VALID))
    date = encode_column(Column(days, VALID))
    assert (text[0], text[1].tolist()) == ({"kind": "text", "categories": ["a", "b"], "type": None}, [1, -1])
    assert (boolean[0], boolean[1].tolist()) == ({"kind": "boolean", "type": None}, [1, -1])
    assert (number[0], number[1][0], np.isnan(number[1][1])) == ({"kind": "number", "type": None}, 5.0, True)
    assert (date[0], np.isnat(date[1]).tolist()) == ({"kind": "datetime", "type": None}, [False, True])


def test_numbers_without_gaps_keep_their_type() -> None:
    assert encode_column(Column(np.array([1, 2], dtype=np.int16)))[1].dtype == np.int16


def test_no_column_needs_pickle(tmp_path: Path) -> None:
    columns = {"a": Column(np.array([0, 1]), None, ["x", "y"]), "b": Column(np.array([1.5, 2.5]))}
    (tmp_path / "input").mkdir()
    model = tmp_path / "model.pkl"
    model.write_bytes(b"bytes")
    hand_over(tmp_path, ModelFile(model, digest_bytes(b"bytes"), "model"), columns, 2, "classes", 12)
    request = json.loads((tmp_path / "input" / "request.json").read_bytes())
    assert [column["name"] for column in request["columns"]] == ["a", "b"]
    for column in request["columns"]:
        assert len(np.load(tmp_path / "input" / column["file"], allow_pickle=False)) == 2
    assert (tmp_path / "input" / "model.pkl").read_bytes() == b"bytes"


def test_a_model_that_changed_since_its_digest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "input").mkdir()
    model = tmp_path / "model.pkl"
    model.write_bytes(b"other")
    with pytest.raises(OutsideError, match="changed while it was read"):
        hand_over(tmp_path, ModelFile(model, digest_bytes(b"bytes"), "model"), {}, 0, "classes", 12)


@pytest.mark.parametrize("path", sorted(SCORER.rglob("*.py")), ids=lambda path: path.name)
def test_the_scorer_runs_on_python_3_9_with_the_standard_library(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    own = {file.stem for file in SCORER.iterdir()}
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names) | own


def test_integers_with_gaps_are_exact() -> None:
    description, array = encode_column(Column(np.array([2**53 + 1, 6]), VALID, type="Int64"))
    assert description == {"kind": "integer", "type": "Int64"}
    assert array.tolist() == [(2**53 + 1, True), (0, False)]
