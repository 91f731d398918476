"""A first contract as a file that people read on and change: one line a column."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import yaml

from mlops_actions.validate_data.inference.observing import Seen
from mlops_actions.validate_data.inference.proposing import propose

_HEAD = """\
# A first contract, written from {rows:,} rows. Ranges are wider than what was seen, and round.
# Read each line: what must hold of the next rows is known to you, not to these. See bitol.io for the standard.
apiVersion: v3.1.0
kind: DataContract
id: {id}
version: 0.1.0
status: draft
schema:
  - name: {id}
    quality:
      - metric: rowCount
        mustBeGreaterThan: {least}
        description: A tenth of what was seen, so that a broken export is noticed.
    properties:
"""


def write_contract(name: str, columns: Sequence[Seen]) -> str:
    """The contract's text in the Open Data Contract Standard; its table is called after `name`."""
    rows = columns[0].rows
    head = _HEAD.format(rows=rows, id=identifier(name), least=_tenth(rows))
    return head + "".join(f"      - {one_line(propose(column))}\n" for column in columns)


def identifier(name: str) -> str:
    """A name in lower case, with hyphens.

    >>> identifier("Late flights (2013)")
    'late-flights-2013'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "data"


def _tenth(rows: int) -> int:
    """Rounded down to one digit."""
    tenth = rows // 10
    return tenth if tenth < 10 else tenth // (power := 10 ** int(math.log10(tenth))) * power


def one_line(block: dict[str, Any]) -> str:
    """A block of YAML in one line, its keys in their order."""
    shown = yaml.safe_dump(block, default_flow_style=True, sort_keys=False, width=math.inf, allow_unicode=True)
    return shown.strip()
