"""Give up what a model must not have, then become the command: `python -I -S enter.py SETTINGS COMMAND…`.

Runs in the interpreter of mlops-actions, started with an empty environment. SETTINGS is JSON (see `Settings` in
isolation.py). Linux's namespaces, mounts and capabilities are reached through libc, since hosted runners, containers
and laptops differ in what tools they have. Only the standard library.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

NOBODY = 65534
DEVICES = ("null", "zero", "full", "random", "urandom")

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 1, 4, 24, 38, 47
CAPABILITY_VERSION_3 = 0x20080522

Settings = dict[str, Any]
libc = ctypes.CDLL(None, use_errno=True)


def main(settings: Settings, command: list[str]) -> None:
    """Enter the level that the settings ask for; never returns."""
    if sys.platform == "linux":
        # Whoever started us may be killed: nothing may be left behind, through sudo either.
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if settings["level"] == "strict":
        enter_namespaces(settings)
    drop(settings.get("nobody", False))
    os.chdir(settings["folder"])
    os.execve(command[0], command, settings["environment"])  # noqa: S606  there is no shell here


def enter_namespaces(settings: Settings) -> None:
    """Leave the host's network, processes and mounts; returns in the process that is to become the command."""
    user, group = os.getuid(), os.getgid()
    if settings["user_namespace"]:
        check(libc.unshare(CLONE_NEWUSER), "a user namespace")
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"{user} {user} 1")
        write("/proc/self/gid_map", f"{group} {group} 1")
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS), "namespaces")
    if child := os.fork():
        become_status_of(child)
    # The first process of the namespace: when it ends, the kernel kills all others in it.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    arrange_files(settings)
    if child := os.fork():
        become_status_of(child)


def become_status_of(child: int) -> None:
    """Wait for a child, reaping orphans meanwhile, and end as it ended."""
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


def arrange_files(settings: Settings) -> None:
    """Everything read-only but the scratch folders; no host devices, no sockets of services, only own processes."""
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    kept = {path: os.open(path, os.O_PATH) for path in [settings["folder"], *settings["keep"]]}
    devices = {f"/dev/{name}": os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    # Sockets of services (docker, ssh-agent) live there; a read-only mount would not stop connecting to them.
    for hidden in settings["hide"]:
        if Path(hidden).is_dir() and str(Path(hidden).resolve()) == hidden:
            mount("tmpfs", hidden, "tmpfs", 0)
            for path, source in kept.items():
                if path.startswith(hidden + "/"):
                    Path(path).mkdir(parents=True, exist_ok=True)
                    mount(f"/proc/self/fd/{source}", path, None, MS_BIND | MS_REC)
    # In a sticky folder `> /dev/null` would be refused: it opens another user's file with O_CREAT.
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=755")
    for path, source in devices.items():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o666))
        mount(f"/proc/self/fd/{source}", path, None, MS_BIND)
    Path(settings["shared_memory"]).mkdir()
    scratch = [settings["home"], settings["shared_memory"]]
    for path in scratch:
        mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for path in settings["writable"]:
        mount(path, path, None, MS_BIND)
    set_attributes("/", add=ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, recursive=True)
    for path in devices:
        set_attributes(path, remove=ATTR_NODEV)
    for path in [*scratch, *settings["writable"]]:
        set_attributes(path, remove=ATTR_RDONLY)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for descriptor in [*kept.values(), *devices.values()]:
        os.close(descriptor)


def drop(nobody: bool) -> None:
    """Give up all capabilities for good, and sudo with them; become `nobody` where that is possible."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":
        return
    libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    # EPERM without privilege, EINVAL after the last capability; without privilege there is nothing to drop.
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if nobody:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    result = libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, options.encode())
    check(result, f"mount {target}")


def set_attributes(path: str, add: int = 0, remove: int = 0, recursive: bool = False) -> None:
    attributes = (ctypes.c_uint64 * 4)(add, remove, 0, 0)
    flags = AT_RECURSIVE if recursive else 0
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    result = libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), flags, ctypes.byref(attributes), size)
    check(result, f"mount_setattr {path}")


def write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="ascii")


def check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise SystemExit(f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
