"""Keeps one Envoy running after the action that started it has ended.

Run by its path with `python -I`, standard library only: it must live on when our environment is removed. In FOLDER it
reads `command.json`, and writes `process.json` with the two processes' identities. SIGTERM ends both.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

COMMAND_FILE = "command.json"
PROCESS_FILE = "process.json"

_SHORTEST_LIFE = 2.0
"""Seconds: an Envoy that ends sooner has a reason that a restart would not cure."""
_GRACE = 3
"""Seconds until an Envoy that does not obey SIGTERM is killed."""


def identity(pid: int) -> str | None:
    """A process's number, start and boot in one word, so that a number used again is not mistaken; None if it ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The name in parentheses may hold spaces; after it come state (field 3) and, as field 22, the start.
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{pid}:{fields[19]}:{boot}"


class Supervisor:
    """One Envoy, started again when it dies, with its weight at rest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._envoy: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self) -> int:
        """Until SIGTERM, or until Envoy does not even start."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGALRM, self._kill)
        command = json.loads((self._folder / COMMAND_FILE).read_text())
        while True:
            began = time.monotonic()
            self._envoy = subprocess.Popen(command)
            self._record(self._envoy.pid)
            if self._stopping:
                self._envoy.terminate()
            code = self._envoy.wait()
            if self._stopping or time.monotonic() - began < _SHORTEST_LIFE:
                break
        (self._folder / PROCESS_FILE).unlink(missing_ok=True)
        return 0 if self._stopping else code

    def _record(self, envoy: int) -> None:
        file = self._folder / PROCESS_FILE
        temporary = file.with_name(f".{PROCESS_FILE}")
        temporary.write_text(json.dumps({"supervisor": identity(os.getpid()), "envoy": identity(envoy)}))
        temporary.replace(file)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._envoy:
            self._envoy.terminate()
            signal.alarm(_GRACE)

    def _kill(self, _number: int, _frame: FrameType | None) -> None:
        if self._envoy:
            self._envoy.kill()


if __name__ == "__main__":
    sys.exit(Supervisor(Path(sys.argv[1])).run())
