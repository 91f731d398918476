"""Sizes of numbers, digits, forms of text, offsets, ages, counts and SQL against pandas and Python's own parsers.

With test_oracle, test_nested and test_across every kind of rule has an oracle.
"""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from mlops_actions.validate_data.action import Inputs, run
from mlops_actions.validate_data.contract import parse_contract
from mlops_actions.validate_data.rules import NotChecked, Rule
from mlops_actions.yaml_source import parse_yaml

from . import test_nested, test_oracle

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: t
    quality:
      - {metric: rowCount, mustBeLessThan: 100}
      - {type: sql, query: 'SELECT count(*) FROM {object} WHERE small > wide', mustBe: 0}
    properties:
      - {name: small, logicalType: integer, logicalTypeOptions: {format: i8}}
      - {name: wide, logicalType: integer, logicalTypeOptions: {format: u16}}
      - {name: money, logicalType: number, physicalType: 'decimal(4, 2)'}
      - {name: host, logicalType: string, logicalTypeOptions: {format: ipv4}}
      - {name: far, logicalType: string, logicalTypeOptions: {format: ipv6}}
      - {name: key, logicalType: string, logicalTypeOptions: {format: uuid}}
      - {name: at, logicalType: timestamp, logicalTypeOptions: {timezone: true}}
      - {name: owner, logicalType: string, relationships: [{to: owners.name}]}
      - {name: seen, logicalType: date}
  - name: owners
    properties: [{name: name, logicalType: string}]
slaProperties: [{property: retention, value: 10, unit: d, element: t.seen}]
"""
ROWS = 300
OWNERS = ["ann", "bob"]
TODAY = datetime.now(UTC).date()


def reads(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def well(cell: str) -> bool:
        try:
            parse(cell)
        except ValueError:
            return False
        return True

    return well


def digits(cell: str) -> bool:
    """At most two digits before the point and two after it."""
    value = Decimal(cell)
    return abs(value) < 100 and value == value.quantize(Decimal("0.01"))


def offset(cell: str) -> bool:
    return datetime.fromisoformat(cell).tzinfo is not None


ORACLE: dict[str, tuple[str, Callable[[str], bool]]] = {
    "t.small.format": ("small", lambda cell: -128 <= int(cell) <= 127),
    "t.wide.format": ("wide", lambda cell: 0 <= int(cell) <= 65535),
    "t.money.physicalType": ("money", digits),
    "t.host.format": ("host", reads(ipaddress.IPv4Address)),
    "t.far.format": ("far", reads(ipaddress.IPv6Address)),
    "t.key.format": ("key", lambda cell: len(cell) == 36 and reads(uuid.UUID)(cell)),
    "t.at.timezone": ("at", offset),
    "t.owner.relationships[0]": ("owner", lambda cell: cell in OWNERS),
    "t.seen.slaProperties[0].retention": ("seen", lambda cell: cell >= str(TODAY - timedelta(days=10))),
}


def make(seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)

    def some(values: list[str]) -> list[str]:
        return [str(random.choice([*values, ""])) for _ in range(ROWS)]

    days = [str(TODAY - timedelta(days=int(age))) for age in (0, 9, 12, 400)]
    keys = [str(uuid.UUID(int=int(number))) for number in random.integers(0, 2**60, 5)]
    return pd.DataFrame(
        {
            "small": some(["-128", "-129", "127", "128", "0", "70000"]),
            "wide": some(["0", "-1", "65535", "65536", "12"]),
            "money": some(["99.99", "100", "-99.9", "0.005", "7", "-100.01", "12.345"]),
            "host": some(["10.0.0.1", "256.1.1.1", "1.2.3", "255.255.255.255", "1.2.3.4.5", "a.b.c.d"]),
            "far": some(["::1", "2001:db8::ff", "1:2:3:4:5:6:7:8", ":::", "1:2", "g::1", "1::2::3"]),
            "key": some([*keys, keys[0][:-1], "x" * 36, keys[0].replace("-", "")]),
            "at": some(["2024-01-01T10:00:00Z", "2024-01-01T10:00:00", "2024-01-01T10:00:00+02:00"]),
            "owner": some([*OWNERS, "eve", "Ann"]),
            "seen": some(days),
        }
    )


@pytest.mark.parametrize("seed", range(3))
def test_every_check_fails_on_the_rows_that_plain_python_finds(seed: int, tmp_path: Path) -> None:
    frame = make(seed)
    frame.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "owners.csv").write_text("name,n\n" + "".join(f"{name},1\n" for name in OWNERS))
    (tmp_path / "c.yaml").write_text(CONTRACT)
    inputs = Inputs(
        data=str(tmp_path / "a.csv"),
        contract=str(tmp_path / "c.yaml"),
        table="t",
        tables={"owners": str(tmp_path / "owners.csv")},
        failing_rows=1000,
    )
    found = {one.id: one for one in run(inputs).predicate.checks}
    expected = {
        id_: [row for row, cell in enumerate(frame[column]) if cell and not keeps(cell)]
        for id_, (column, keeps) in ORACLE.items()
    }
    assert {id_: found[id_].rows for id_ in ORACLE} == expected
    assert all(expected.values())
    assert found["t.quality[0].rowCount"].message == f"the table has {ROWS} rows; the count must be less than 100."
    numbers = frame[["small", "wide"]].apply(pd.to_numeric)
    larger = int((numbers.small > numbers.wide).sum())
    assert found["t.quality[1].sql"].message == f"the query gives {larger}; it must be 0."


def test_every_kind_of_rule_has_an_oracle() -> None:
    tried = {
        type(check.rule)
        for text, table in ((CONTRACT, "t"), (test_oracle.CONTRACT, "t"), (test_nested.CONTRACT, "t"))
        for check in parse_contract(parse_yaml(text.encode(), "c.yaml", "contract"), table).checks
    }
    partitions_lie_in_folders = {"Partitioned"}
    assert {kind.__name__ for kind in set(get_args(Rule)) - tried - {NotChecked}} == partitions_lie_in_folders
