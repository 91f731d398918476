"""Prove that a sandbox holds: bait is laid out here, and a probe inside that reaches any of it refutes the sandbox."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.evaluate_model.sandbox.exchange_folder import exchange_folder
from mlops_actions.evaluate_model.sandbox.view import private_folders

if TYPE_CHECKING:
    from mlops_actions.evaluate_model.sandbox.isolation import Sandbox

_PROBE = Path(__file__).with_name("probe.py")
_PROBE_SECONDS = 60.0
_VICTIM = """
import ctypes, sys
secret = ctypes.create_string_buffer(b"secret")
print(ctypes.addressof(secret), flush=True)
sys.stdin.read()
"""
_SECRET_PLACES = (
    ".git/config", ".git-credentials", ".netrc", ".ssh/id_ed25519", ".ssh/id_rsa", ".aws/credentials",
    ".azure/msal_token_cache.json", ".config/gcloud/credentials.db", ".docker/config.json", ".kube/config",
)  # fmt: skip
_MOST_FILES = 50
_KEY_CALLS = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(platform.machine(), (-1, -1))
"""Numbers of the calls that add a key and do anything else with it."""
_SESSION_KEYRING, _UNLINK_KEY = -3, 9
_PRIVATE, _CREATE, _REMOVE = 0, 0o1000, 0
_PUBLIC = "/tmp"  # noqa: S108  anybody shall reach it


@dataclass(frozen=True)
class Bait:
    """What is there outside to be reached, by a probe without a sandbox all of it."""

    tcp: int
    """A port of this machine that is listened on."""
    udp: int
    """A port of this machine that takes datagrams."""
    socket: str
    """A Unix socket that anybody may connect to."""
    datagrams: str
    """A Unix socket that takes datagrams of anybody."""
    abstract: str
    """The name of an abstract one."""
    process: int
    """A process of this user, with a secret in its environment."""
    address: int
    """Where in the memory of that process a secret lies."""
    shared_memory: int
    """A segment of shared memory (System V) that anybody may attach."""
    key: int
    """A key in the session's keyring, which children inherit."""
    keyctl: int
    """The number of the call that reads it."""
    files: list[str]
    """Files that must not be read; the first is this user's, and anybody may."""
    folders: list[str]
    """Folders that must not be written to; at least one that anybody may."""
    namespaces: bool
    """Whether all mounts that the probe sees are its own."""


def refutation(sandbox: Sandbox) -> str | None:
    """What a probe inside reached that it must not, or why it did not run; None when all is well."""
    try:
        found = breaches(sandbox)
    except ProbeFailedError as error:
        return str(error)
    return f"the probe {'; '.join(found)}" if found else None


class ProbeFailedError(Exception):
    """The probe did not run to its end; the message is the last line that it wrote."""


def breaches(sandbox: Sandbox) -> list[str]:
    """Everything that a probe inside the sandbox reached and must not."""
    with exchange_folder(sandbox.nobody) as folder, _laid_out(sandbox) as bait:
        shutil.copy(_PROBE, folder / "input" / "probe.py")
        (folder / "input" / "probe.py").chmod(0o644)
        ending = sandbox.run(["-I", "input/probe.py", json.dumps(asdict(bait))], folder, _PROBE_SECONDS)
        if ending.exit_code != 0:
            raise ProbeFailedError(ending.output[-1] if ending.output else f"exit code {ending.exit_code}")
        found: list[str] = json.loads((folder / "output" / "found.json").read_text(encoding="utf-8"))
    return found


@contextmanager
def _laid_out(sandbox: Sandbox) -> Iterator[Bait]:
    with ExitStack() as stack:
        # Not in a folder of the job's: its path may be too long for a socket, and closed to others anyway.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlops-actions-", dir=_PUBLIC)))
        folder.chmod(0o777)
        (folder / "secret").write_text("secret", encoding="ascii")
        (folder / "secret").chmod(0o644)
        abstract = f"mlops-actions-{os.urandom(8).hex()}"
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        for place in (str(folder / "socket"), f"\0{abstract}"):
            service = stack.enter_context(socket.socket(socket.AF_UNIX))
            service.bind(place)
            service.listen()
        (folder / "socket").chmod(0o777)
        datagrams = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        datagrams.bind(str(folder / "datagrams"))
        (folder / "datagrams").chmod(0o777)
        process, address = stack.enter_context(_another_process())
        shared_memory = stack.enter_context(_shared_memory())
        key = stack.enter_context(_key())
        yield Bait(
            tcp=tcp.getsockname()[1],
            udp=udp.getsockname()[1],
            socket=str(folder / "socket"),
            datagrams=str(folder / "datagrams"),
            abstract=abstract,
            process=process,
            address=address,
            shared_memory=shared_memory,
            key=key,
            keyctl=_KEY_CALLS[1],
            files=[str(folder / "secret"), *_secret_files()],
            folders=[str(folder), *map(str, private_folders()), tempfile.gettempdir(), "/var/tmp"],  # noqa: S108
            namespaces=sandbox.namespaces,
        )


@contextmanager
def _another_process() -> Iterator[tuple[int, int]]:
    """A process of this user, and the address of a secret in its memory."""
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"SECRET": "x"}
    ) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())


@contextmanager
def _shared_memory() -> Iterator[int]:
    """The number of a segment; -1 where the machine has none to give."""
    libc = ctypes.CDLL(None)
    number = libc.shmget(_PRIVATE, ctypes.c_size_t(4096), _CREATE | 0o666)
    try:
        yield number
    finally:
        libc.shmctl(number, _REMOVE, None)


@contextmanager
def _key() -> Iterator[int]:
    """The number of a key; -1 where the machine keeps none."""
    add, keyctl = _KEY_CALLS
    libc = ctypes.CDLL(None)
    number = libc.syscall(add, b"user", b"mlops-actions", b"secret", ctypes.c_size_t(6), _SESSION_KEYRING)
    try:
        yield number
    finally:
        libc.syscall(keyctl, _UNLINK_KEY, number, _SESSION_KEYRING)


def _secret_files() -> list[str]:
    """Real files with what a model should not learn: those of the workspace, credentials, sockets of services."""
    here = [path for path in Path.cwd().iterdir() if path.is_file()][:_MOST_FILES]
    known = [folder / place for folder in private_folders() for place in _SECRET_PLACES]
    return [str(path) for path in [*here, *known, Path("/etc/shadow")] if path.is_file()]
