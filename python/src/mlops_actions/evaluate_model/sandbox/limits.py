"""What one model may use; how much memory where the user does not say."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_SHARE = 0.9
"""Of what is free: the rest is for this process, and for the machine to stay alive."""
_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def affordable_memory() -> int:
    """Bytes that are free, of the machine or of the container around us, less a reserve."""
    free = [_of_the_machine()]
    for limit, usage in _GROUPS:
        # "max" where there is no limit.
        with suppress(OSError, ValueError):
            free.append(int(Path(limit).read_text(encoding="ascii")) - int(Path(usage).read_text(encoding="ascii")))
    return int(_SHARE * max(min(free), 0))


@dataclass(frozen=True)
class Limits:
    """What all processes of one model together may use."""

    memory: int = field(default_factory=affordable_memory)
    """Bytes."""
    disk: int = 10**9
    """Bytes of everything that it writes."""
    processes: int = 256

    @classmethod
    def of(cls, memory: int | None, disk: int) -> Limits:
        """What the user allows, by default of memory what this machine can afford."""
        return cls(affordable_memory() if memory is None else memory, disk)

    def met_by(self, message: str) -> str:
        """The limit behind an exception's message, for a model that met one in a system call; empty for any other."""
        if "MemoryError" in message:
            return f" `memory-limit` allows {size_text(self.memory)}."
        if "No space left on device" in message or "File too large" in message:
            return f" `disk-limit` allows {size_text(self.disk)}."
        if "Resource temporarily unavailable" in message:
            return f" It may have {self.processes} processes at a time."
        return ""


def size_text(size: float) -> str:
    """Bytes as a person would say them.

    >>> size_text(1_500_000_000)
    '1.5 GB'
    """
    unit = "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.3g} {unit}"


def _of_the_machine() -> int:
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
