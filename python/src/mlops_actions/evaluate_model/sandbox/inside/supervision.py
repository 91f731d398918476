"""Watch over the command: what it may use in total, and that no process of it is left at the end."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SIGNALS = (signal.SIGCHLD, signal.SIGTERM)
SECONDS_BETWEEN_LOOKS = 0.1
PAGE = resource.getpagesize()
EXCEEDED, STOPPED = 125, 143

Settings = dict[str, Any]


def set_limits(settings: Settings) -> None:
    """What the kernel holds each process to; the total of all is watched."""
    limit(resource.RLIMIT_CORE, 0)
    # Unlike RLIMIT_AS it leaves out what is only reserved, and files that are mapped for reading.
    limit(resource.RLIMIT_DATA, settings["memory"])
    limit(resource.RLIMIT_FSIZE, settings["disk"])
    if settings["nobody"] or settings.get("user_namespace"):
        # It counts the threads of a user, which are only ours where nobody else is that user.
        limit(resource.RLIMIT_NPROC, settings["processes"] + 64 * (os.cpu_count() or 1))


def limit(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # macOS knows some of them and refuses others.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (value, value))


def supervise(child: int, settings: Settings, report: int) -> int:
    """Wait for the command, reaping orphans meanwhile, and end all its processes; returns its exit code.

    What it exceeded is written to the descriptor `report` as one word.
    """
    # Among thousands of busy processes it must still have its turn. It needs privilege, and is not handed down.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    while True:
        code = reaped(child)
        if code is not None:
            break
        if word := exceeded(settings):
            os.write(report, word.encode())
            code = EXCEEDED
            break
        received = signal.sigtimedwait(SIGNALS, SECONDS_BETWEEN_LOOKS)
        if received and received.si_signo == signal.SIGTERM:
            code = STOPPED
            break
    if not settings["namespaces"]:
        end_all()
    return code


def reaped(child: int) -> int | None:
    """The exit code of `child` once it has ended; other processes that have ended are forgotten."""
    code = None
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if not ended:
                break
            if ended == child:
                found = os.waitstatus_to_exitcode(status)
                code = found if found >= 0 else 128 - found
    return code


def exceeded(settings: Settings) -> str | None:
    """`processes`, `memory` or `disk` when all processes together use more than they may."""
    members = list(descendants())
    if len(members) > settings["processes"]:
        return "processes"
    if sum(map(own_memory, members)) > settings["memory"] < sum(map(shared_out_memory, members)):
        return "memory"
    if sum(map(size_of, settings["watched"])) > settings["disk"]:
        return "disk"
    return None


def descendants() -> Iterator[int]:
    """Every process below this one."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (parent := state_and_parent(int(entry.name))[1]):
            children.setdefault(parent, []).append(int(entry.name))
    left = [os.getpid()]
    while left:
        below = children.get(left.pop(), [])
        yield from below
        left += below


def own_memory(process: int) -> int:
    """Bytes in memory that are no file's; those shared after a fork are counted with each process."""
    with contextlib.suppress(OSError):
        resident, shared = map(int, Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1:3])
        return (resident - shared) * PAGE
    return 0


def shared_out_memory(process: int) -> int:
    """Bytes in memory, those shared divided by who shares them: right, and slow."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) * 1024
    return own_memory(process)


def peak_memory() -> int:
    """The most bytes that the largest process had in memory, of those that have ended: files it mapped count too."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit


def size_of(folder: str) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512  # noqa: PTH118  quick
    return total


def end_all() -> None:
    """Kill every process below this one: all are stopped first, so that none can start another."""
    while members := list(descendants()):
        for what in (signal.SIGSTOP, signal.SIGKILL):
            for member in members:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(member, what)
        if all(state_and_parent(member)[0] in "XZ" for member in members):
            break
        signal.sigtimedwait([signal.SIGCHLD], 0.01)
        reaped(0)


def state_and_parent(process: int) -> tuple[str, int]:
    """The letter of its state and the number of its parent; of one that is gone, that it is dead."""
    with contextlib.suppress(OSError):
        content = Path(f"/proc/{process}/stat").read_bytes()
        state, parent = content.rpartition(b")")[2].split()[:2]
        return state.decode(), int(parent)
    return "X", 0
