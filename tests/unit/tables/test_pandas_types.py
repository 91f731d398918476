"""What pandas leaves in a Parquet file is believed only where it is a type that it could have left."""

from __future__ import annotations

import json

import pytest

from mlops_actions.tables.pandas_types import pandas_types


def said(**column: object) -> bytes:
    return json.dumps({"columns": [{"name": "x", "metadata": None, **column}]}).encode()


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ({"pandas_type": "categorical", "numpy_type": "int8"}, "category"),
        (
            {"pandas_type": "datetimetz", "numpy_type": "datetime64[ns]", "metadata": {"timezone": "Europe/Berlin"}},
            "datetime64[us, Europe/Berlin]",
        ),
        (
            {"pandas_type": "datetimetz", "numpy_type": "datetime64[ns]", "metadata": {"timezone": "+01:00"}},
            "datetime64[us, +01:00]",
        ),
        ({"pandas_type": "int64", "numpy_type": "Int64"}, "Int64"),
        ({"pandas_type": "uint8", "numpy_type": "UInt8"}, "UInt8"),
        ({"pandas_type": "bool", "numpy_type": "boolean"}, "boolean"),
    ],
)
def test_what_is_no_plain_array_has_a_type(column: dict[str, object], type_: str) -> None:
    assert pandas_types(said(**column)) == {"x": type_}


@pytest.mark.parametrize(
    "metadata",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"columns": 1}',
        b'{"columns": [{}]}',
        said(pandas_type="int64", numpy_type="int64"),
        said(pandas_type="object", numpy_type="str"),
        said(pandas_type="datetimetz", numpy_type="datetime64[ns]", metadata={"timezone": "a]\n"}),
        said(pandas_type="datetimetz", numpy_type="datetime64[ns]"),
    ],
)
def test_anything_else_has_none(metadata: bytes) -> None:
    assert pandas_types(metadata) == {}
