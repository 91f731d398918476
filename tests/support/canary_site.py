"""A canary's world in one folder: two real servers, a bounded load on loopback and an embedded Envoy."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mlops_actions.canary_deploy.action import Inputs
from mlops_actions.canary_deploy.memory import Memory, local_folder, open_memory
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.canary_deploy.targets.envoy import EnvoyTarget, open_target

MODEL = b"the bytes of a model"
RATE = 120
INTERVAL = 0.4


class Server(ThreadingHTTPServer):
    """One that a burst of connections does not make refuse some."""

    request_queue_size = 128


class Backend:
    """A server whose health, digest and failures can be changed while it runs."""

    def __init__(self, sha256: str | None = None, port: int = 0, says: str = "ok", host: str = "127.0.0.1") -> None:
        self.sha256 = sha256
        self.says = says.encode()
        self.failing = 0.0
        self.healthy = True
        self.seconds = 0.0
        self.answered: list[float] = []
        self.failed: list[float] = []
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                backend.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = Server((host, port), Handler)
        self.server.daemon_threads = False
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return "{}:{}".format(*self.server.server_address[:2])

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        is_health = request.path == "/healthz"
        bad = not self.healthy if is_health else random.random() < self.failing
        if not is_health:
            time.sleep(self.seconds)
            (self.failed if bad else self.answered).append(time.time())
        request.send_response(500 if bad else 200)
        if self.sha256:
            request.send_header("X-Model-SHA256", self.sha256)
        request.send_header("Content-Length", str(len(self.says)))
        request.end_headers()
        request.wfile.write(self.says)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Load:
    """Requests at a steady rate from two threads until it is stopped."""

    port: int
    rate: int = RATE
    statuses: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(part,)) for part in range(2)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            if thread.ident:
                thread.join()

    def _send(self, part: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        while not self._stop.wait(2 / self.rate):
            try:
                connection.request("GET", "/predict")
                answer = connection.getresponse()
                answer.read()
                status = str(answer.status)
            except (OSError, http.client.HTTPException):
                connection.close()
                status = "none"
            self.statuses[status] += 1
        connection.close()


@dataclass
class Site:
    """A folder, two servers, a load and an Envoy."""

    folder: Path
    port: int
    stable: Backend
    candidate: Backend
    load: Load
    commands: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def location(self) -> str:
        return f"envoy:127.0.0.1:{self.port}"

    def inputs(self, **given: Any) -> Inputs:
        settings: dict[str, Any] = {
            "model": str(self.folder / "model.bin"),
            "target": self.location,
            "stable": self.stable.address,
            "candidate": self.candidate.address,
            "steps": [20, 50, 100],
            "interval": INTERVAL,
            "baseline": 2 * INTERVAL,
            "deadline": 60,
            "error_margin": 0.2,
            "health_timeout": 5,
            "evidence": str(self.folder / "evidence"),
            "state": str(self.state),
        }
        return Inputs.model_validate(settings | given)

    def target(self) -> EnvoyTarget:
        services = Services(self.stable.address, self.candidate.address, "/healthz", 0.3, self.local_folder)
        target = open_target(self.location, services)
        assert isinstance(target, EnvoyTarget)
        return target

    def memory(self) -> Memory:
        return open_memory(str(self.state), "", self.location)

    @property
    def local_folder(self) -> Path:
        return local_folder(str(self.state), self.location)

    @property
    def proxy_folder(self) -> Path:
        return self.local_folder / "envoy"

    def start_proxy(self) -> None:
        self.target().prepare()

    def weight(self) -> float:
        """What the proxy does now."""
        return self.target().weight()

    def admin_address(self) -> str:
        return (self.proxy_folder / "admin-address").read_text()

    def process(self, role: str) -> int:
        """The number of our `envoy`, or of its `supervisor`."""
        known = json.loads((self.proxy_folder / "process.json").read_text())
        return int(known[role].partition(":")[0])

    def start_command(self, **given: Any) -> Command:
        """The action as its own process, as a CI system runs it."""
        flags = self.inputs(**given).model_dump(by_alias=True, exclude_unset=True, mode="json")
        words = [f"--{key}={_flag(value)}" for key, value in flags.items()]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        log = self.folder / "command.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "mlops_actions", "canary-deploy", *words],
                stdout=stream, stderr=subprocess.STDOUT, cwd=self.folder, env=environment,
            )  # fmt: skip
        self.commands.append(process)
        return Command(process, log)

    def close(self) -> None:
        """End all that was started, by its handle or its number."""
        self.load.stop()
        for process in self.commands:
            process.kill()
            process.wait()
        self.target().stop()
        self.stable.close()
        self.candidate.close()


@dataclass
class Command:
    """A running action."""

    process: subprocess.Popen[bytes]
    log: Path

    def until(self, true: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for something that it does, unless it ends before."""
        until(lambda: self.process.poll() is not None or true(), seconds)
        assert self.process.poll() is None, self.log.read_text()

    def end(self, exit_code: int) -> None:
        """Wait for its end."""
        assert self.process.wait(20) == exit_code, self.log.read_text()


def _flag(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
