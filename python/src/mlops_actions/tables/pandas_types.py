"""Types that only pandas has a word for, as it leaves them in the Parquet files that it writes."""

from __future__ import annotations

import json
import re
from typing import Any

_EXTENSION = re.compile(r"U?Int(8|16|32|64)|Float(32|64)|boolean|category|datetime64\[us, [\w/+:-]+\]")


def pandas_types(metadata: bytes) -> dict[str, str]:
    """Column → its type, of those that are no plain arrays; empty for what pandas did not write.

    >>> said = {"columns": [{"name": "n", "pandas_type": "Int64", "numpy_type": "Int64", "metadata": None}]}
    >>> pandas_types(json.dumps(said).encode())
    {'n': 'Int64'}
    """
    try:
        columns = json.loads(metadata)["columns"]
        told = {str(one["name"]): _type(one) for one in columns if one["name"] is not None}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: type_ for name, type_ in told.items() if _EXTENSION.fullmatch(type_)}


def _type(column: dict[str, Any]) -> str:
    match column["pandas_type"]:
        case "categorical":
            return "category"
        case "datetimetz":
            return f"datetime64[us, {column['metadata']['timezone']}]"
        case _:
            return str(column["numpy_type"])
