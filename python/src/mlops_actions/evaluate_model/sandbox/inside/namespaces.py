"""The host's network, processes and files are left behind: a root of its own that shows only what is needed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
from pathlib import Path
from typing import Any

from kernel import (
    ATTR_NODEV,
    ATTR_NOSUID,
    ATTR_RDONLY,
    CLONE_NEWIPC,
    CLONE_NEWNET,
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUSER,
    CLONE_NEWUTS,
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_REC,
    PR_SET_DUMPABLE,
    PR_SET_PDEATHSIG,
    change_root,
    check,
    libc,
    mount,
    set_attributes,
)

DEVICES = ("null", "zero", "full", "random", "urandom")
SHARED_MEMORY = "/dev/shm"  # noqa: S108  its own, in the sandbox
MOST_FILES_OUT = 16

Settings = dict[str, Any]


class Output:
    """What leaves the sandbox: files of its `output`, copied to the host's once all of its processes have ended."""

    def __init__(self, folder: str) -> None:
        self.inside = f"{folder}/output"
        self.host = os.open(self.inside, os.O_RDONLY | os.O_DIRECTORY)
        self.report = os.open(f"{folder}/supervision", os.O_WRONLY)

    def hand_out(self) -> None:
        """Copy regular files; in the place of anything else a folder is left, which nobody takes for an answer."""
        for entry in sorted(os.scandir(self.inside), key=lambda one: one.name)[:MOST_FILES_OUT]:
            source = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK) if entry.is_file() else -1
            if source < 0 or not stat.S_ISREG(os.fstat(source).st_mode):
                os.mkdir(entry.name, dir_fd=self.host)
                continue
            target = os.open(entry.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=self.host)
            with os.fdopen(source, "rb") as original, os.fdopen(target, "wb") as copy:
                shutil.copyfileobj(original, copy, 1 << 20)


def enter(settings: Settings) -> Output:
    """Leave the host; returns in the first process of the new namespaces."""
    user, group = os.getuid(), os.getgid()
    if settings["user_namespace"]:
        check(libc.unshare(CLONE_NEWUSER), "a user namespace")
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS), "namespaces")
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
    # The first process of the namespace: when it ends, the kernel kills all others in it.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    output = Output(settings["folder"])
    build_root(settings)
    return output


def build_root(settings: Settings) -> None:
    """A root in memory with read-only views of the host's files, and one scratch folder of limited size."""
    folder = settings["folder"]
    root = f"{folder}/root"
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    shown = {path: os.open(path, os.O_PATH) for kind, path, _ in settings["view"] if kind == "show"}
    shown[folder] = os.open(folder, os.O_PATH)
    devices = {f"/dev/{name}": os.open(f"/dev/{name}", os.O_PATH) for name in DEVICES}
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=16m")
    for kind, path, target in settings["view"]:
        place(root, kind, path, target, shown)
    bind(shown[folder], root + folder, is_folder=True)
    for path, source in devices.items():
        bind(source, root + path, is_folder=False)
    arrange_scratch(root, folder, settings["disk"])
    describe_user(root, settings)
    Path(root, "proc").mkdir()
    # Before the old root goes: a user namespace may mount one only where one is in full view.
    mount("proc", f"{root}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    set_attributes(root, add=ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV, recursive=True)
    for path in devices:
        set_attributes(root + path, remove=ATTR_NODEV)
    for path in (f"{folder}/home", f"{folder}/output", SHARED_MEMORY):
        set_attributes(root + path, remove=ATTR_RDONLY)
    change_root(root)
    for descriptor in [*shown.values(), *devices.values()]:
        os.close(descriptor)


def place(root: str, kind: str, path: str, target: str, shown: dict[str, int]) -> None:
    """One entry of the view."""
    where = Path(root + path)
    if kind == "show":
        bind(shown[path], root + path, stat.S_ISDIR(os.fstat(shown[path]).st_mode))
    elif kind == "link":
        if not os.path.lexists(where):
            where.parent.mkdir(parents=True, exist_ok=True)
            where.symlink_to(target)
    elif where.is_dir():
        mount("tmpfs", str(where), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m")


def bind(source: int, target: str, is_folder: bool) -> None:
    path = Path(target)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_folder:
            path.mkdir()
        else:
            path.touch()
    mount(f"/proc/self/fd/{source}", target, None, MS_BIND | MS_REC)


def arrange_scratch(root: str, folder: str, size: int) -> None:
    """One file system of limited size for all that is written: home and temporary files, output, shared memory."""
    home = f"{root}{folder}/home"
    mount("tmpfs", home, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=1777,size={size},nr_inodes=100000")
    for name, target in ((".output", f"{root}{folder}/output"), (".shm", root + SHARED_MEMORY)):
        part = Path(home, name)
        part.mkdir()
        part.chmod(0o1777)
        Path(target).mkdir(exist_ok=True)
        mount(str(part), target, None, MS_BIND)
    for name in ("tmp", "var/tmp"):
        with contextlib.suppress(FileExistsError):
            Path(root, name).parent.mkdir(exist_ok=True)
            Path(root, name).symlink_to(f"{folder}/home")
    Path(root, "dev/fd").symlink_to("/proc/self/fd")


def describe_user(root: str, settings: Settings) -> None:
    """Just enough for a name and a home to be found, and none of the host's users."""
    user, group = (65534, 65534) if settings["nobody"] else (os.getuid(), os.getgid())
    Path(root, "etc").mkdir(exist_ok=True)
    Path(root, "etc/passwd").write_text(
        f"model:x:{user}:{group}::{settings['folder']}/home:/bin/false\n", encoding="ascii"
    )
    Path(root, "etc/group").write_text(f"model:x:{group}:\n", encoding="ascii")
