"""HAProxy's runtime interface, over a Unix socket or TCP: one command, one answer."""

from __future__ import annotations

import csv
import io
import socket
import time
from dataclasses import dataclass

from mlops_actions.canary_deploy.targets.addresses import Address, split_address
from mlops_actions.errors import InputError, OutsideError

_TIME_LIMIT = 2.0
_MAINTENANCE_OR_DRAIN = 0x3F
"""Bits of `srv_admin_state`: every way in which a person, the configuration or the name service takes a server out."""


@dataclass(frozen=True)
class Server:
    """One server of a backend, as HAProxy has it now."""

    address: str
    port: int
    weight: int
    """What it is given of new requests, beside the other servers' weights; 0 where somebody took it out."""


@dataclass(frozen=True)
class HaproxyRuntime:
    """One HAProxy. Every method raises OutsideError when it does not answer, and InputError when it refuses."""

    place: str
    """The path of a Unix socket, or host:port."""

    def servers(self, backend: str) -> dict[str, Server]:
        """The servers of a backend by name."""
        rows = self._table(f"show servers state {backend}", skipped=1)
        return {
            row["srv_name"]: Server(
                row["srv_addr"],
                int(row["srv_port"]),
                0 if int(row["srv_admin_state"]) & _MAINTENANCE_OR_DRAIN else int(row["srv_uweight"]),
            )
            for row in rows
        }

    def set_weights(self, backend: str, stable: int, candidate: int) -> None:
        """Set both weights; at no moment are both 0."""
        commands = [f"set weight {backend}/stable {stable}", f"set weight {backend}/candidate {candidate}"]
        self._tell("; ".join(reversed(commands) if candidate else commands))

    def set_address(self, backend: str, server: str, address: Address) -> None:
        """Let a server be another one; requests under way end where they are."""
        host, port = address
        try:
            resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
        except OSError as error:
            raise OutsideError(f"the server {host!r} cannot be found: {error.strerror}.") from None
        self._ask(f"set server {backend}/{server} addr {resolved} port {port}")
        found = self.servers(backend)[server]
        if (found.address, found.port) != (resolved, port):
            raise OutsideError(f"HAProxy's server {backend}/{server} stays at {found.address}:{found.port}.")

    def counters(self, backend: str) -> dict[str, dict[str, int]]:
        """The counters of each server of a backend."""
        rows = self._table(f"show stat {backend} 4 -1", skipped=0)
        return {row["svname"]: {name: int(text) for name, text in row.items() if _is_whole(text)} for row in rows}

    def born(self) -> float:
        """When this process of HAProxy started, on the clock of `time.monotonic`, to a second."""
        for line in self._ask("show info").splitlines():
            name, _, value = line.partition(":")
            if name == "Uptime_sec":
                return time.monotonic() - int(value)
        raise self._stranger()

    def _table(self, command: str, skipped: int) -> list[dict[str, str]]:
        """Lines after `skipped` ones, the first of them the columns' names."""
        text = self._ask(command)
        lines = text.splitlines()[skipped:]
        if text.startswith("Can't find backend") or not text.strip():
            raise InputError(f"HAProxy has no such backend ({command}).", where="target")
        if not lines or not lines[0].startswith("# "):
            raise self._stranger()
        separator = "," if "," in lines[0] else " "
        return list(csv.DictReader(io.StringIO("\n".join(lines).removeprefix("# ")), delimiter=separator))

    def _tell(self, command: str) -> None:
        """A command that says nothing where it succeeds."""
        if said := " ".join(self._ask(command).split()):
            raise InputError(f"HAProxy refuses `{command}`: {said}", where="target")

    def _ask(self, command: str) -> str:
        try:
            with self._connect() as stream:
                stream.sendall(f"{command}\n".encode())
                answer = b"".join(iter(lambda: stream.recv(65536), b"")).decode(errors="replace")
        except OSError as error:
            problem = error.strerror or f"no answer within {_TIME_LIMIT:g} s"
            raise OutsideError(f"HAProxy's runtime socket {self.place} does not answer: {problem}.") from None
        if answer.startswith("Permission denied"):
            raise InputError(
                f"HAProxy's runtime socket {self.place} may not do `{command}`.",
                where="target",
                hint="Write `level admin` on its line `stats socket`.",
            )
        return answer

    def _connect(self) -> socket.socket:
        if not self.place.startswith("/"):
            return socket.create_connection(split_address(self.place), _TIME_LIMIT)
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(_TIME_LIMIT)
        try:
            stream.connect(self.place)
        except OSError:
            stream.close()
            raise
        return stream

    def _stranger(self) -> OutsideError:
        return OutsideError(f"what listens at {self.place} does not answer as HAProxy's runtime interface.")


def _is_whole(text: str | None) -> bool:
    return text is not None and text.isdigit()
