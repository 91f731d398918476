"""Promoters that live over many rounds, so that those of a round start together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[1] / "integration/promote_champion/racing_promoter.py"


class Promoters:
    """Processes, each of which promotes what it is told."""

    def __init__(self, started: Sequence[subprocess.Popen[str]]) -> None:
        self._started = started

    def race(self, orders: Sequence[tuple[str, str, str, str]]) -> list[dict[str, Any]]:
        """Let each promote at once; an order is a registry, a name, a model and an alias. Returns the promotions."""
        for promoter, order in zip(self._started, orders, strict=True):
            assert promoter.stdin is not None
            promoter.stdin.write(" ".join((str(Path.cwd()), *order)) + "\n")
            promoter.stdin.flush()
        return [json.loads(promoter.stdout.readline()) for promoter in self._started if promoter.stdout is not None]


@contextmanager
def racing_promoters(count: int, variables: Mapping[str, str] | None = None) -> Iterator[Promoters]:
    """Start that many with these further variables, and end them."""
    command, environ = [sys.executable, str(SCRIPT)], {**os.environ, **(variables or {})}
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
        for _ in range(count)
    ]
    for promoter in started:
        assert promoter.stdout is not None
        assert promoter.stdout.readline() == "ready\n"
    yield Promoters(started)
    for promoter in started:
        promoter.communicate(timeout=30)
        assert promoter.returncode == 0
