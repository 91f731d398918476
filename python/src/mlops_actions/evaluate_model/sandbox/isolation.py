"""How much is kept from a model, and by which of the machine's means.

`process`: a process of its own without our environment, capabilities, sudo or open files. It is of the same user, so
that it can still use the network, read and change that user's files, read the memory of processes other than this
one, and leave a process behind that left its session.
`strict`: also no network, no other processes in sight and none left behind, all files read-only, no sockets of
services; the user nobody where root or sudo is there and nobody can run the interpreter.
In both, what the user (or nobody) may read can still be read.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.sandbox.interpreter import Interpreter
from mlops_actions.evaluate_model.sandbox.process import Ending, run_process

Isolation = Literal["strict", "process", "none"]

_ENTER = Path(__file__).with_name("enter.py")
_PROBE = Path(__file__).with_name("probe.py")
_PROBE_SECONDS = 60.0
_HIDDEN = ("/run", "/tmp", "/var/tmp")  # noqa: S108  hidden, not used
_SHARED_MEMORY = "/dev/shm"  # noqa: S108  its own, in the sandbox
_SUDO = ("sudo", "-n", "--")
_PR_SET_DUMPABLE = 4


@dataclass(frozen=True)
class Sandbox:
    """A way to run the user's interpreter that was proved to work."""

    level: Isolation
    interpreter: Interpreter
    nobody: bool = False
    """Whether it runs as the user nobody."""
    sudo: bool = False
    """Whether privilege comes from sudo."""
    user_namespace: bool = False
    """Whether privilege comes from a user namespace."""

    @property
    def means(self) -> str:
        """What the level is made of, for people."""
        if self.level != "strict":
            return {"process": "a process without environment and capabilities", "none": "nothing"}[self.level]
        source = "sudo" if self.sudo else "a user namespace" if self.user_namespace else "root"
        return f"namespaces by {source}, user {'nobody' if self.nobody else 'unchanged'}"

    def run(self, arguments: Sequence[str], folder: Path, seconds: float) -> Ending:
        """Run the interpreter with `arguments` in an exchange folder made by `exchange_folder` for it."""
        command = [self.interpreter.executable, *arguments]
        if self.level == "none":
            return run_process(command, str(folder), None, seconds)
        home = folder / "home"
        environment = {
            "PATH": f"{Path(self.interpreter.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
        }
        settings = {
            "level": self.level,
            "nobody": self.nobody,
            "user_namespace": self.user_namespace,
            "folder": str(folder),
            "keep": [path for path in self.interpreter.prefixes if path.startswith(_HIDDEN)],
            "hide": _HIDDEN,
            "home": str(home),
            "shared_memory": _SHARED_MEMORY,
            "writable": [str(folder / "output")],
            "environment": environment,
        }
        enter = [sys.executable, "-I", "-S", str(_ENTER), json.dumps(settings), *command]
        with _memory_closed():
            if not self.sudo:
                return run_process(enter, str(folder), {}, seconds)
            return run_process([*_SUDO, *enter], str(folder), {}, seconds, stop=[*_SUDO, "kill", "-KILL"])


def choose(level: Isolation, interpreter: Interpreter) -> Sandbox:
    """The strongest sandbox of a level that works here, proved by a probe for `strict`.

    Raises InputError when the level cannot be reached: nothing was loaded then.
    """
    if level != "strict":
        return Sandbox(level, interpreter)
    found = []
    for sandbox in _strict_ways(interpreter):
        failure = _probe(sandbox)
        if failure is None:
            return sandbox
        found.append(f"{sandbox.means}: {failure}")
    raise InputError(
        f"isolation 'strict' cannot be reached on this machine: {'; '.join(found) or 'it needs Linux'}.",
        where="isolation",
        hint="Run on a machine with root, passwordless sudo or user namespaces, or allow less with "
        "`isolation: process` (the model then sees the network and this user's files).",
    )


@contextmanager
def exchange_folder(sandbox: Sandbox) -> Iterator[Path]:
    """A private folder with `input`, `output` and `home`; gone at the end.

    Where the user nobody must get in, it lies below a name that cannot be guessed and that others cannot list.
    """
    with tempfile.TemporaryDirectory(prefix="mlops-actions-", ignore_cleanup_errors=True) as outer:
        folder = Path(os.path.realpath(tempfile.mkdtemp(dir=outer)))
        for path in (folder / "input", folder / "home", folder / "output"):
            path.mkdir(mode=0o700)
        if sandbox.nobody:
            for path, mode in ((Path(outer), 0o711), (folder, 0o711), (folder / "input", 0o755)):
                path.chmod(mode)
            (folder / "output").chmod(0o777)
        yield folder


def _strict_ways(interpreter: Interpreter) -> Iterator[Sandbox]:
    if sys.platform != "linux":
        return
    if os.geteuid() == 0:
        yield Sandbox("strict", interpreter, nobody=True)
        yield Sandbox("strict", interpreter)
        return
    if shutil.which("sudo"):
        yield Sandbox("strict", interpreter, nobody=True, sudo=True)
    yield Sandbox("strict", interpreter, user_namespace=True)


def _probe(sandbox: Sandbox) -> str | None:
    """Try inside what must not work; returns what did work, or why nothing ran, or None when all is well."""
    with exchange_folder(sandbox) as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        shutil.copy(_PROBE, folder / "input" / "probe.py")
        ending = sandbox.run(["-I", "input/probe.py", str(listener.getsockname()[1])], folder, _PROBE_SECONDS)
        last = ending.output[-1] if ending.output else f"exit code {ending.exit_code}"
        if ending.exit_code != 0:
            return last
        return None if last == "contained" else f"the probe {last}"


@contextmanager
def _memory_closed() -> Iterator[None]:
    """Close our own memory and environment to processes of the same user for the time being."""
    if sys.platform != "linux":
        yield
        return
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
