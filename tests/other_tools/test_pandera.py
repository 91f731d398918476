"""pandera finds the same failing rows in the same frames."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest
from test_great_expectations import make

from mlops_actions.validate_data.frames import validate

HEAD = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nschema:\n  - name: t\n    properties:\n"
CONTRACT = f"""{HEAD}\
      - {{name: id, logicalType: integer, unique: true}}
      - {{name: n, logicalType: number, required: true, logicalTypeOptions: {{minimum: -3, exclusiveMaximum: 2}}}}
      - {{name: m, logicalType: integer, logicalTypeOptions: {{maximum: 7, multipleOf: 2}}}}
      - name: s
        logicalType: string
        required: true
        enum: [{{value: ab}}, {{value: "it's"}}]
        logicalTypeOptions: {{minLength: 2, maxLength: 3, pattern: '^[a-z]+$'}}
      - {{name: few, logicalType: string, unique: true}}
"""
SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(int, unique=True),
        "n": pa.Column(float, [pa.Check.ge(-3), pa.Check.lt(2)], nullable=False),
        "m": pa.Column(int, [pa.Check.le(7), pa.Check(lambda column: column % 2 == 0, name="even")]),
        "s": pa.Column(
            object,
            [
                pa.Check.isin(["ab", "it's"]),
                pa.Check.str_length(min_value=2),
                pa.Check.str_length(max_value=3),
                pa.Check.str_matches("^[a-z]+$"),
            ],
            nullable=False,
        ),
        "few": pa.Column(object, unique=True, nullable=True, report_duplicates="exclude_first"),
    }
)
CALLED = {
    "t.n.required": ("n", "not_nullable"),
    "t.n.minimum": ("n", "greater_than_or_equal_to(-3)"),
    "t.n.exclusiveMaximum": ("n", "less_than(2)"),
    "t.m.maximum": ("m", "less_than_or_equal_to(7)"),
    "t.m.multipleOf": ("m", "even"),
    "t.s.required": ("s", "not_nullable"),
    "t.s.enum": ("s", "isin(['ab', \"it's\"])"),
    "t.s.minLength": ("s", "str_length(2, None)"),
    "t.s.maxLength": ("s", "str_length(None, 3)"),
    "t.s.pattern": ("s", "str_matches('^[a-z]+$')"),
    "t.id.unique": ("id", "field_uniqueness"),
    "t.few.unique": ("few", "field_uniqueness"),
}
"""Our check → pandera's column and check."""


def theirs(frame: pd.DataFrame) -> Callable[[str], list[int]]:
    """The failing rows of one of our checks, as pandera has them."""
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        SCHEMA.validate(frame, lazy=True)
    cases = caught.value.failure_cases

    def rows(check: str) -> list[int]:
        column, name = CALLED[check]
        return sorted(cases[(cases["column"] == column) & (cases["check"] == name)]["index"].astype(int))

    return rows


@pytest.mark.parametrize("seed", range(4))
def test_every_check_fails_on_the_same_rows(seed: int, tmp_path: Path) -> None:
    frame = make(seed)
    (tmp_path / "contract.yaml").write_text(CONTRACT)
    found = {one.id: one for one in validate(frame, str(tmp_path / "contract.yaml"), failing_rows=100).checks}
    expected = theirs(frame)
    assert {check: found[check].rows for check in CALLED} == {check: expected(check) for check in CALLED}
    assert sum(found[check].failed for check in CALLED) > 100
