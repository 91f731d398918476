"""Measurements side by side: each a process, all of them once in a round, so that a busy machine slows all alike."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zlib import crc32

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mlops-actions-benchmarks"


@dataclass
class Measured:
    """What the rounds found of one measurement."""

    seconds: list[float] = field(default_factory=list)
    """What the process says of itself as JSON; else from its start to its end."""
    processor: list[float] = field(default_factory=list)
    """Seconds of the whole process, over all cores."""
    megabytes: list[float] = field(default_factory=list)
    """At the peak of the whole process."""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> str:
        return f"{shown(self.median)} ({shown(min(self.seconds))} to {shown(max(self.seconds))})"


@dataclass(frozen=True)
class Target:
    """What is promised of one measurement against another, or against a number."""

    what: str
    ours: str
    peer: str | None = None
    """The measurement that ours is compared with; None for a limit by itself."""
    limit: float | None = None
    """Largest ratio ours / peer, or largest number; None where nothing is promised."""
    scale: float = 1.0
    """What the peer's seconds are multiplied with, where it ran a part of its work only."""
    of: Literal["seconds", "megabytes", "ratio of megabytes"] = "seconds"


def environment(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of a peer's environment, made the first time. Raises CalledProcessError."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if uv is None:
        raise SystemExit("uv makes the peers' environments and is not there: run `make setup`")
    folder = CACHE / f"{name}-{crc32(' '.join(packages).encode()):x}"
    if not (folder / ".made").exists():
        print(f"making {folder}", file=sys.stderr)
        subprocess.run([uv, "venv", "--quiet", "--clear", str(folder)], check=True)
        python = str(folder / "bin/python")
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *packages]
        subprocess.run(install, check=True)
        (folder / ".made").touch()
    return folder / "bin/python"


def measure(works: Mapping[str, Sequence[str]], folder: Path, rounds: int) -> dict[str, Measured]:
    """Every command, that often, in turns."""
    found = {name: Measured() for name in works}
    for number in range(rounds):
        for name, command in works.items():
            _measure(found[name], command, folder)
        print(f"round {number + 1} of {rounds}: load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return found


def run(command: Sequence[str], folder: Path) -> tuple[str, float, float]:
    """What a process prints, its seconds of processors, and its peak of memory in MB."""
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        told = output.read()
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{told[-3000:]}{errors.read()[-3000:]}")
    return told, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _measure(into: Measured, command: Sequence[str], folder: Path) -> None:
    start = time.perf_counter()
    output, processor, megabytes = run(command, folder)
    taken = time.perf_counter() - start
    last = output.strip().splitlines()[-1] if output.strip() else ""
    try:
        told = json.loads(last)
    except ValueError:
        told = {}
    into.seconds.append(told.get("seconds", taken))
    into.processor.append(processor)
    into.megabytes.append(megabytes)
    into.note = told.get("note", "")


def rows(targets: Sequence[Target], found: Mapping[str, Measured]) -> list[tuple[str, str, str, str, str]]:
    """What, ours, the peer, the ratio with its target, and whether it is kept."""
    return [
        _row(target, found[target.ours], found[target.peer] if target.peer else None)
        for target in targets
        if target.ours in found and (target.peer or target.ours) in found
    ]


def _row(target: Target, ours: Measured, peer: Measured | None) -> tuple[str, str, str, str, str]:
    in_memory = target.of != "seconds"
    mine = max(ours.megabytes) if in_memory else ours.median
    cell = f"{mine:,.0f} MB" if in_memory else ours.spread
    if target.limit is None:
        return target.what, cell, "–", "–", "–"
    if peer is None:
        limit = f"at most {target.limit:,g} {'MB' if in_memory else 's'}"
        return target.what, cell, "–", limit, "yes" if mine <= target.limit else "no"
    theirs = max(peer.megabytes) if in_memory else peer.median * target.scale
    ratio = mine / theirs
    asked = f"1/{1 / ratio:,.0f}" if ratio < 0.5 else f"{ratio:.2f} ×"
    limit = f"1/{1 / target.limit:,.0f}" if target.limit < 1 else f"{target.limit:g} ×"
    note = f", {peer.note}" if peer.note else ""
    beside = f"{shown(theirs)} ({shown(min(peer.seconds) * target.scale)} to "
    beside += f"{shown(max(peer.seconds) * target.scale)}{note})"
    kept = "yes" if ratio <= target.limit else "no"
    return target.what, cell, f"{theirs:,.0f} MB" if in_memory else beside, f"{asked} (at most {limit})", kept


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))


def bar(value: float, most: float, width: int = 30) -> str:
    """A value as a bar of characters, the greatest of which has the full width."""
    return "█" * max(1, round(value / most * width))


def shown(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s" if seconds < 20 else f"{seconds:,.0f} s"
