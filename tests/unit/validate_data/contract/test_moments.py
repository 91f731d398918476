"""How dates and times are written, and what is read of it: patterns against Python's strptime."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from mlops_actions.tables import LogicalType
from mlops_actions.validate_data.contract.moments import read_pattern, with_zone


def in_iso(pattern: str, type_: LogicalType, text: str) -> str | None:
    written = read_pattern(pattern, type_)
    assert written is not None
    match = re.search(written.pattern, text)
    return match.expand(written.iso) if match else None


@pytest.mark.parametrize(
    ("pattern", "strptime", "texts"),
    [
        ("dd/MM/yyyy HH:mm", "%d/%m/%Y %H:%M", ["05/11/2024 23:59"]),
        ("yyyyMMdd'T'HHmmss.SSS", "%Y%m%dT%H%M%S.%f", ["20240229T010203.045"]),
        ("M.d.yyyy", "%m.%d.%Y", ["1.5.2024", "11.15.2024"]),
        ("yyyy-MM-ddTHH:mm:ssZ", "%Y-%m-%dT%H:%M:%S%z", ["2024-03-10T14:22:35Z", "2024-03-10T14:22:35+10:00"]),
        ("YYYY-MM-DDTHH:mm:ss.SSSZ", "%Y-%m-%dT%H:%M:%S.%f%z", ["2024-03-10T14:22:35.123+0100"]),
    ],
)
def test_text_reads_as_strptime_reads_it(pattern: str, strptime: str, texts: list[str]) -> None:
    for text in texts:
        iso = in_iso(pattern, "timestamp", text)
        assert iso is not None
        assert datetime.fromisoformat(padded(iso)) == datetime.strptime(text, strptime)  # noqa: DTZ007


@pytest.mark.parametrize(
    ("pattern", "text"), [("dd/MM/yyyy", "5/11/2024"), ("dd/MM/yyyy", "05/11/24"), ("M.d.yyyy", "1-5-2024")]
)
def test_other_text_is_not_read(pattern: str, text: str) -> None:
    assert in_iso(pattern, "date", text) is None


def padded(iso: str) -> str:
    """Python needs two digits where DuckDB and a pattern with one letter take one."""
    return re.sub(r"(?<=-)(\d)(?!\d)", r"0\1", iso)


@pytest.mark.parametrize(
    ("pattern", "type_"),
    [
        ("EEE, d MMM yyyy", "date"),
        ("yyyy-MM", "date"),
        ("hh:mm a", "time"),
        ("yyyy-MM-dd", "time"),
        ("yy-MM-dd", "date"),
    ],
)
def test_a_pattern_with_unknown_or_too_few_parts_is_not_read(pattern: str, type_: LogicalType) -> None:
    assert read_pattern(pattern, type_) is None


def test_a_zone_is_asked_for_or_refused() -> None:
    zoned, plain = with_zone("timestamp", zoned=True), with_zone("timestamp", zoned=False)
    texts = ["2024-01-01T00:00:00Z", "2024-01-01 00:00+10:00", "2024-01-01T00:00:00"]
    assert [bool(re.search(zoned.pattern, text)) for text in texts] == [True, True, False]
    assert [bool(re.search(plain.pattern, text)) for text in texts] == [False, False, True]
