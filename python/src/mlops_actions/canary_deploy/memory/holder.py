"""Which run conducts a rollout, and whether its process has ended as far as this machine can tell."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlops_actions.canary_deploy.targets.supervisor import identity
from mlops_actions.errors import InputError

_KERNEL = "/proc/sys/kernel/random/boot_id"
_PROCESSES = "/proc/self/ns/pid"


class Holder(BaseModel):
    """One process that holds a lock, as others read it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """Random: a process that locks twice is two holders."""
    run: str
    """The CI system's run, or the process, for messages."""
    machine: str | None = None
    """Which kernel and which of its process tables; None where the system does not tell."""
    process: str | None = Field(None, pattern="^[0-9]+:")
    """Its number there, its start and the boot."""

    def has_ended(self) -> bool | None:
        """Whether its process is gone; None where only its silence can tell."""
        if self.machine is None or self.process is None or self.machine != _machine():
            return None
        return identity(int(self.process.partition(":")[0])) != self.process


def myself(run_url: str | None) -> Holder:
    """The process that runs now."""
    run = run_url or f"process {os.getpid()} on {socket.gethostname()}"
    return Holder(id=secrets.token_hex(8), run=run, machine=_machine(), process=identity(os.getpid()))


def read_holder(found: Any, where: str) -> Holder:
    """A holder as an entry tells it. InputError, which names the field, for what no run wrote."""
    try:
        return Holder.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "it"
        raise InputError(
            f"who conducts the rollout cannot be read: {field}: {first['msg']}.",
            where=where,
            hint="Set the proxy's weight by hand, then delete this log.",
        ) from None


def _machine() -> str | None:
    try:
        return f"{Path(_KERNEL).read_text().strip()} {Path(_PROCESSES).readlink()}"
    except OSError:
        return None
