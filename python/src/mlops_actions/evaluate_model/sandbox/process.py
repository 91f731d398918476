"""Run one command to its end, or to its time limit, and leave none of its processes behind."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

_KEPT_BYTES = 64 * 1024
_KEPT_LINES = 20
_SECONDS_TO_END = 5.0


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    exit_code: int
    """Negative for the signal that ended it."""
    timed_out: bool
    """Whether the time limit ended it."""
    seconds: float
    """How long it ran."""
    output: tuple[str, ...]
    """The last lines of what it wrote to stdout and stderr: untrusted text."""
    exceeded: str = ""
    """`memory`, `disk` or `processes` where it was ended for using too much."""
    peak_bytes: int | None = None
    """The most memory that its largest process had, where a supervisor saw it."""


def unheard(_block: bytes) -> None:
    """Let a piece of output pass."""


def run_process(
    command: Sequence[str],
    folder: str,
    environment: Mapping[str, str] | None,
    seconds: float,
    stop: Sequence[str] = (),
    heard: Callable[[bytes], None] = unheard,
) -> Ending:
    """Run a command in a session of its own; on time-out, cancel or end its whole process group is killed.

    `stop` is a command that kills a process of another user by its number, for one started through sudo; `heard` is
    told what the command prints, piece by piece.
    """
    began = time.monotonic()
    with started(command, folder, environment, stop, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        tail, timed_out = _follow(process, process.stdout, began + seconds, heard)
    lines = tail.decode("utf-8", "replace").splitlines()[-_KEPT_LINES:]
    return Ending(process.returncode, timed_out, time.monotonic() - began, tuple(line[:300] for line in lines))


@contextlib.contextmanager
def started(
    command: Sequence[str],
    folder: str,
    environment: Mapping[str, str] | None,
    stop: Sequence[str] = (),
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs in a session of its own; at the end its whole process group is killed.

    `stop` is as in `run_process`; `stdin` and `stdout` are as in `Popen`, and stderr goes where stdout goes.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _kill(process, stop)
        if process.stdout is not None:
            process.stdout.close()


def _follow(
    process: subprocess.Popen[bytes], stream: IO[bytes], deadline: float, heard: Callable[[bytes], None]
) -> tuple[bytes, bool]:
    """Read the output, so that the command never blocks on it, and keep its end."""
    descriptor = stream.fileno()
    os.set_blocking(descriptor, False)
    tail = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None
            if selector.select(0 if ended else min(0.1, max(deadline - time.monotonic(), 0))):
                block = os.read(descriptor, _KEPT_BYTES)
                tail = (tail + block)[-_KEPT_BYTES:]
                heard(block)
                if block and not ended:
                    continue
                if not block:
                    selector.unregister(descriptor)
                    return tail, _wait(process, deadline)
            # A process that was left behind may hold the stream open: what came until the end is enough.
            if ended:
                return tail, False
            if time.monotonic() >= deadline:
                return tail, True


def _wait(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return True
    return False


def _kill(process: subprocess.Popen[bytes], stop: Sequence[str]) -> None:
    if stop and process.poll() is None:
        subprocess.run([*stop, str(process.pid)], check=False, capture_output=True, timeout=10)
    if process.poll() is None:
        # It ends those that left its session, and then itself.
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_TO_END)
    # Its members may outlive the leader, so the group is killed even when that has ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
