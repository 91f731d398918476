"""What `previous` means after any number of promotions and roll-backs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mlops_actions.promote_champion.rollback import trail_of
from mlops_actions.registries import Author, Blob, Change, Version


def changes(moves: str) -> list[Change]:
    """`1 2 <1 3`: promote 1 and 2, roll back to 1, promote 3."""
    found = []
    for entry, move in enumerate(moves.split(), start=1):
        version = Version("delay", int(move.lstrip("<")), Blob(move.lstrip("<") * 64, ".joblib", 1))
        action = "roll-back" if move.startswith("<") else "promote"
        found.append(Change(entry, datetime(2026, 1, 1, tzinfo=UTC), Author("test"), action, "champion", None, version))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize(
    ("moves", "trail"),
    [
        ("1", [1]),
        ("1 2", [1, 2]),
        ("1 2 <1", [1]),
        ("1 2 3 <2 <1", [1]),
        ("1 2 3 <1 4", [1, 4]),
        ("1 2 <1 2", [1, 2]),
        ("1 2 1", [1, 2, 1]),
        ("1 2 3 <2 <3", [1, 2, 3]),
    ],
)
def test_a_roll_back_takes_off_what_came_after(moves: str, trail: list[int]) -> None:
    assert [version.number for version in trail_of(changes(moves))] == trail
