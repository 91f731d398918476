"""Run inside the sandbox: tries what must not work, and leaves in output/found.json what worked.

Argument: JSON of what is there to be reached outside (see `Bait` in proof.py). Python 3.9, since the user's
interpreter runs it, and only the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECRET_BYTES = 6
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
PR_GET_NO_NEW_PRIVS = 39
RLIMIT_NOFILE, SHM_RDONLY, KEYCTL_READ = 7, 0o10000, 11
CAPABILITY_VERSION_3 = 0x20080522

Bait = dict[str, Any]
libc = ctypes.CDLL(None, use_errno=True)


def main(bait: Bait) -> None:
    """Leave word of all that is not contained."""
    found = [
        *network(bait),
        *processes(bait),
        *controls(bait),
        *shared_memory(bait),
        *keys(bait),
        *reading(bait),
        *writing(bait),
        *changing(bait),
        *privileges(),
    ]
    Path("output", "found.json").write_text(json.dumps(found), encoding="utf-8")


def network(bait: Bait) -> Iterator[str]:
    inet, unix = socket.AF_INET, socket.AF_UNIX
    tries = [
        ("the network by TCP", inet, socket.SOCK_STREAM, ("127.0.0.1", bait["tcp"])),
        ("the network by UDP, which DNS needs", inet, socket.SOCK_DGRAM, ("127.0.0.1", bait["udp"])),
        ("a socket of a service", unix, socket.SOCK_STREAM, bait["socket"]),
        ("an abstract socket", unix, socket.SOCK_STREAM, "\0" + bait["abstract"]),
    ]
    for what, family, kind, address in tries:
        with contextlib.suppress(OSError), socket.socket(family, kind) as tried:
            tried.settimeout(2)
            # Of UDP this only chooses a route; where there is one, packets leave.
            tried.connect(address)
            yield f"reached {what}"
    with contextlib.suppress(OSError):
        one, other = socket.socketpair(unix, socket.SOCK_DGRAM)
        with one, other:
            one.sendto(b"found", bait["datagrams"])
            yield "reached a socket of a service by datagrams"


def processes(bait: Bait) -> Iterator[str]:
    with contextlib.suppress(OSError):
        seen = {path.name for path in Path("/proc").iterdir() if path.name.isdigit()}
        if seen - {"1", str(os.getpid())}:
            yield "saw other processes"
    for process in (bait["process"], 1):
        for name in ("environ", "mem", "maps"):
            with contextlib.suppress(OSError), Path(f"/proc/{process}/{name}").open("rb"):
                yield f"could read {name} of process {process}"
        with contextlib.suppress(AttributeError):
            if libc.ptrace(PTRACE_SEIZE, process, None, None) == 0:
                libc.ptrace(PTRACE_DETACH, process, None, None)
                yield f"could trace process {process}"
    if copied(bait["process"], bait["address"]):
        yield "could copy memory of another process"
    with contextlib.suppress(OSError):
        os.kill(bait["process"], 0)
        yield "could signal another process"


def copied(process: int, address: int) -> bool:
    """Whether process_vm_readv gives bytes of another process."""
    into = ctypes.create_string_buffer(SECRET_BYTES)
    here = (ctypes.c_size_t * 2)(ctypes.addressof(into), SECRET_BYTES)
    there = (ctypes.c_size_t * 2)(address, SECRET_BYTES)
    with contextlib.suppress(AttributeError):
        return bool(libc.process_vm_readv(process, here, ctypes.c_ulong(1), there, ctypes.c_ulong(1), 0) > 0)
    return False


def controls(bait: Bait) -> Iterator[str]:
    """What one process may set of another of the same user."""
    process, limits = bait["process"], (ctypes.c_ulong * 2)()
    with contextlib.suppress(AttributeError):
        if libc.prlimit(process, RLIMIT_NOFILE, None, limits) == 0:
            yield "could read limits of another process"
        if libc.prlimit(process, RLIMIT_NOFILE, limits, None) == 0:
            yield "could set limits of another process"
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process, os.getpriority(os.PRIO_PROCESS, process))
        yield "could set the priority of another process"
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setaffinity(process, os.sched_getaffinity(process))
        yield "could set the processors of another process"


def shared_memory(bait: Bait) -> Iterator[str]:
    libc.shmat.restype = ctypes.c_void_p
    if libc.shmat(bait["shared_memory"], None, SHM_RDONLY) != ctypes.c_void_p(-1).value:
        yield "could attach shared memory"


def keys(bait: Bait) -> Iterator[str]:
    into = ctypes.create_string_buffer(SECRET_BYTES)
    if libc.syscall(bait["keyctl"], KEYCTL_READ, bait["key"], into, ctypes.c_size_t(SECRET_BYTES)) > 0:
        yield "could read a key of the session"


def reading(bait: Bait) -> Iterator[str]:
    for path in bait["files"]:
        with contextlib.suppress(OSError), Path(path).open("rb"):
            yield f"could read {path}"


def writing(bait: Bait) -> Iterator[str]:
    places = [*bait["folders"], *sys.path, str(Path(sys.executable).parent), "/", "/dev", ".", "input", "scorer"]
    scratch = {os.path.realpath(name) for name in ("home", "output")}
    for place in dict.fromkeys(filter(os.path.isdir, places)):
        if os.path.realpath(place) in scratch:
            continue
        path = Path(place, ".mlops-actions-probe")
        with contextlib.suppress(OSError):
            path.touch()
            path.unlink()
            yield f"could write to {place}"
    with contextlib.suppress(OSError):
        expected = {"/dev/shm", os.path.realpath("output"), os.path.realpath("home")}  # noqa: S108
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
        # The home's own path ends each of its mounts; elsewhere the host's mounts are seen, which says nothing.
        if bait["namespaces"] and (other := {one[4] for one in mounts if "rw" in one[5].split(",")} - expected):
            yield f"could write to {', '.join(sorted(other))}"


def changing(bait: Bait) -> Iterator[str]:
    """Mode, times and attributes of a file that is this user's, where it is to be seen; by their effect."""
    path = Path(bait["files"][0])
    with contextlib.suppress(OSError):
        before = path.stat()
        with contextlib.suppress(OSError):
            path.chmod(0o600)
        with contextlib.suppress(OSError):
            os.utime(path, (1, 1))
        after = path.stat()
        if after.st_mode != before.st_mode:
            yield f"could change the mode of {path}"
        if after.st_mtime != before.st_mtime:
            yield f"could change the times of {path}"
    with contextlib.suppress(OSError, AttributeError):
        os.setxattr(path, "user.probe", b"found")
        yield f"could change the attributes of {path}"


def privileges() -> Iterator[str]:
    header, sets = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) != 0 or any(sets):
        yield "kept capabilities"
    if libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1:
        yield "could gain privileges"
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        yield "could use sudo"


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
