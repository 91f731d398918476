"""Give up what a model must not have, then become the command: `python -E -s -S enter.py SETTINGS COMMAND…`.

Runs in the interpreter of mlops-actions, started with an empty environment. SETTINGS is JSON (see `Settings` in
../isolation.py). Only the standard library, all of it imported here: later there are no files to import from.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import landlock
import namespaces
import supervision
import system_calls
from kernel import PR_SET_CHILD_SUBREAPER, PR_SET_PDEATHSIG, forbid_new_privileges, give_up_privileges, libc

NOBODY = 65534

Settings = dict[str, Any]


def main(settings: Settings, command: list[str]) -> None:
    """Enter the level that the settings ask for; never returns."""
    if sys.platform != "linux":
        become(settings, command)
    os.umask(0o022)
    # Whoever started us may be killed: nothing may be left behind, through sudo either.
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    output = None
    if settings["namespaces"]:
        output = namespaces.enter(settings)
    else:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        if settings["landlock"] and settings["nobody"]:
            for name in ("home", "output"):
                os.chown(f"{settings['folder']}/{name}", NOBODY, NOBODY)
    report = os.open(f"{settings['folder']}/supervision", os.O_WRONLY) if output is None else output.report
    signal.pthread_sigmask(signal.SIG_BLOCK, supervision.SIGNALS)
    if child := os.fork():
        code = supervision.supervise(child, settings, report)
        if output is not None and code != supervision.EXCEEDED:
            supervision.end_all()
            output.hand_out()
        if code != supervision.EXCEEDED:
            os.write(report, str(supervision.peak_memory()).encode())
        os._exit(code)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, supervision.SIGNALS)
    become(settings, command)


def become(settings: Settings, command: list[str]) -> None:
    """Drop all privileges and run the command."""
    supervision.set_limits(settings)
    if sys.platform == "linux":
        give_up_privileges()
        if settings["nobody"]:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        forbid_new_privileges()
    os.chdir(settings["folder"])
    if settings["landlock"]:
        landlock.restrict(settings)
        system_calls.refuse()
    elif sys.platform == "linux":
        system_calls.refuse_keys()
    os.execve(command[0], command, settings["environment"])  # noqa: S606  there is no shell here


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), sys.argv[2:])
