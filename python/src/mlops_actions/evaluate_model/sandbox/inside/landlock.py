"""Files, networks, signals and other processes' memory out of reach without any privilege: Linux's Landlock.

What it leaves open (changing modes and times, sockets, shared memory, …) `system_calls.py` refuses. See the kernel's
Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Iterator
from typing import Any

from kernel import check, libc

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
GET_VERSION, PATH_BENEATH = 1, 1
LEAST_VERSION = 6
"""The first that keeps signals and abstract sockets inside (Linux 6.12)."""
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE = 1, 1 << 1, 1 << 2, 1 << 3, 1 << 14
ALL_OF_FILES = (1 << 16) - 1
DEVICE_FILES = 1 << 6 | 1 << 11
BIND_AND_CONNECT_TCP = 3
ABSTRACT_SOCKETS_AND_SIGNALS = 3
LOOK = EXECUTE | READ_FILE | READ_DIR
OF_ONE_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
FACTS = (
    "/proc/cpuinfo", "/proc/loadavg", "/proc/meminfo", "/proc/stat",
    "/proc/self/maps", "/proc/self/stat", "/proc/self/statm", "/proc/self/status",
)  # fmt: skip
"""What numerical libraries ask about the machine and themselves."""

Settings = dict[str, Any]


def restrict(settings: Settings) -> None:
    """Leave this process and all that it starts only what the settings' view shows, and its scratch folders."""
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), GET_VERSION)
    if version < LEAST_VERSION:
        found = f"version {version}" if version > 0 else "none"
        raise SystemExit(f"Landlock of version {LEAST_VERSION} is needed (Linux 6.12); found {found}")
    asked = struct.pack("=QQQ", ALL_OF_FILES, BIND_AND_CONNECT_TCP, ABSTRACT_SOCKETS_AND_SIGNALS)
    rules = check(libc.syscall(CREATE_RULESET, asked, ctypes.c_size_t(len(asked)), 0), "a Landlock ruleset")
    folder = settings["folder"]
    kinds = {kind: [path for one, path, _ in settings["view"] if one == kind] for kind in ("show", "cover")}
    for path in kinds["show"]:
        for part in uncovered(path, kinds["cover"]):
            allow(rules, part, LOOK)
    for path in FACTS:
        allow(rules, path, LOOK)
    for path in DEVICES:
        allow(rules, path, READ_FILE | WRITE_FILE)
    for path in (f"{folder}/input", f"{folder}/scorer"):
        allow(rules, path, LOOK)
    for path in (f"{folder}/home", f"{folder}/output"):
        allow(rules, path, ALL_OF_FILES & ~DEVICE_FILES)
    check(libc.syscall(RESTRICT_SELF, rules, 0), "Landlock")
    os.close(rules)


def allow(rules: int, path: str, access: int) -> None:
    """Allow access to a file, or to a folder and all below it; what cannot be reached anyway needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        access &= OF_ONE_FILE
    rule = struct.pack("=Qi", access, place)
    check(libc.syscall(ADD_RULE, rules, PATH_BENEATH, rule, 0), f"Landlock of {path}")
    os.close(place)


def uncovered(path: str, covers: list[str]) -> Iterator[str]:
    """A path, or, where something below it is to be covered, everything in it but the way there.

    A rule holds for all below it, so that nothing can be taken out again.
    """
    inside = [one for one in covers if one.startswith(f"{path.rstrip('/')}/")]
    if not inside:
        yield path
        return
    for entry in os.scandir(path):
        if entry.path not in covers and not entry.is_symlink():
            yield from uncovered(entry.path, inside)
