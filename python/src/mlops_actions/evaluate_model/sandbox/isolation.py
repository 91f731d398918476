"""How much is kept from a model, and by which of the machine's means.

`process`: a process of its own without our environment, capabilities, sudo or open files. It is of the same user, so
that it can still use the network, read and change that user's files, and read the memory of processes other than this
one.
`strict`: also no network, no other processes in sight, and of all files only the interpreter, its packages and the
system's libraries, read-only; the user nobody where root or sudo is there and nobody can run the interpreter. By
namespaces, or, where there is no privilege for them, by Landlock and a filter of system calls: then files that cannot
be read can be known to be there, and there is no shared memory.
In both, memory, disk and the number of processes are limited, and no process is left behind.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from subprocess import Popen
from typing import Literal

from mlops_actions.errors import InputError
from mlops_actions.evaluate_model.sandbox.interpreter import Interpreter
from mlops_actions.evaluate_model.sandbox.limits import Limits
from mlops_actions.evaluate_model.sandbox.process import Ending, run_process, started, unheard
from mlops_actions.evaluate_model.sandbox.proof import refutation
from mlops_actions.evaluate_model.sandbox.view import Entry, private_folders, view_of

Isolation = Literal["strict", "process", "none"]

_ENTER = Path(__file__).parent / "inside" / "enter.py"
_SUDO = ("sudo", "-n", "--")
_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4


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
    landlock: bool = False
    """Whether Landlock and a filter of system calls stand in for namespaces, which need privilege."""
    limits: Limits = field(default_factory=Limits)

    @property
    def namespaces(self) -> bool:
        """Whether it has a root, a network and process numbers of its own."""
        return self.level == "strict" and not self.landlock

    @property
    def means(self) -> str:
        """What the level is made of, for people."""
        if self.level != "strict":
            return {"process": "a process without environment and capabilities", "none": "nothing"}[self.level]
        if self.landlock:
            return f"Landlock and a filter of system calls, user {'nobody' if self.nobody else 'unchanged'}"
        source = "sudo" if self.sudo else "a user namespace" if self.user_namespace else "root"
        return f"namespaces by {source}, user {'nobody' if self.nobody else 'unchanged'}"

    def run(
        self, arguments: Sequence[str], folder: Path, seconds: float, heard: Callable[[bytes], None] = unheard
    ) -> Ending:
        """Run the interpreter with `arguments` in an exchange folder made by `exchange_folder` for it.

        `heard` is told what it prints, untrusted bytes, piece by piece.
        """
        command, environment, stop = self._command(arguments, folder)
        with _memory_closed(self.level):
            ending = run_process(command, str(folder), environment, seconds, stop, heard)
        return supervised(ending, folder)

    @contextmanager
    def started(self, arguments: Sequence[str], folder: Path, stdin: int) -> Iterator[Popen[bytes]]:
        """The same, beside this process and at most until the end of the block; what it prints is not kept."""
        command, environment, stop = self._command(arguments, folder)
        with _memory_closed(self.level), started(command, str(folder), environment, stop, stdin=stdin) as process:
            yield process

    def _command(self, arguments: Sequence[str], folder: Path) -> tuple[list[str], dict[str, str] | None, list[str]]:
        """What to run, in which environment, and what stops it where a signal cannot."""
        command = [self.interpreter.executable, *arguments]
        if self.level == "none":
            return command, None, []
        home = folder / "home"
        environment = {
            "PATH": f"{Path(self.interpreter.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(home),
            "TMPDIR": str(home),
            "LANG": "C.UTF-8",
        }
        settings = {
            "level": self.level,
            "namespaces": self.namespaces,
            "nobody": self.nobody,
            "user_namespace": self.user_namespace,
            "landlock": self.landlock,
            "folder": str(folder),
            "view": [[one.kind, one.path, one.target] for one in self._view],
            "memory": self.limits.memory,
            "disk": self.limits.disk,
            "processes": self.limits.processes,
            # Where there are namespaces, a file system has that size instead.
            "watched": [] if self.namespaces else [str(home), str(folder / "output")],
            "environment": environment,
        }
        enter = [sys.executable, "-E", "-s", "-S", str(_ENTER), json.dumps(settings), *command]
        return ([*_SUDO, *enter], {}, [*_SUDO, "kill", "-KILL"]) if self.sudo else (enter, {}, [])

    @cached_property
    def _view(self) -> list[Entry]:
        return view_of(self.interpreter, private_folders()) if self.level == "strict" else []


def choose(level: Isolation, interpreter: Interpreter, limits: Limits | None = None) -> Sandbox:
    """The strongest sandbox of a level that works here, proved by a probe for `strict`.

    Raises InputError when the level cannot be reached: nothing was loaded then.
    """
    limits = limits or Limits()
    if level != "strict":
        return Sandbox(level, interpreter, limits=limits)
    found = []
    for way in _strict_ways(interpreter):
        sandbox = replace(way, limits=limits)
        failure = refutation(sandbox)
        if failure is None:
            return sandbox
        found.append(f"{sandbox.means}: {failure}")
    raise InputError(
        f"isolation 'strict' cannot be reached on this machine: {'; '.join(found) or 'it needs Linux'}.",
        where="isolation",
        hint="Run on a machine with root, passwordless sudo, user namespaces or Linux 6.12, or allow less with "
        "`isolation: process` (the model then sees the network and this user's files).",
    )


def _strict_ways(interpreter: Interpreter) -> Iterator[Sandbox]:
    if sys.platform != "linux":
        return
    if os.geteuid() == 0:
        yield Sandbox("strict", interpreter, nobody=True)
        yield Sandbox("strict", interpreter)
        yield Sandbox("strict", interpreter, nobody=True, landlock=True)
        yield Sandbox("strict", interpreter, landlock=True)
        return
    if shutil.which("sudo"):
        yield Sandbox("strict", interpreter, nobody=True, sudo=True)
    yield Sandbox("strict", interpreter, user_namespace=True)
    yield Sandbox("strict", interpreter, landlock=True)


def supervised(ending: Ending, folder: Path) -> Ending:
    """The same with what the supervisor left word of in the exchange folder; only once it has ended."""
    told = (folder / "supervision").read_text(encoding="ascii")
    return replace(ending, peak_bytes=int(told)) if told.isdigit() else replace(ending, exceeded=told)


@contextmanager
def _memory_closed(level: Isolation) -> Iterator[None]:
    """Close our own memory and environment to processes of the same user for the time being."""
    if sys.platform != "linux" or level == "none":
        yield
        return
    prctl = ctypes.CDLL(None).prctl
    before = prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0)
    prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_DUMPABLE, before, 0, 0, 0)
