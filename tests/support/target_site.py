"""A target's world: a real proxy between a client that counts and two servers that say which of them they are."""

from __future__ import annotations

import http.client
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import Any, Self

from canary_site import MODEL, Backend, free_port, until
from mlops_actions.canary_deploy.action import Inputs
from mlops_actions.canary_deploy.memory import local_folder
from mlops_actions.canary_deploy.metrics import MetricSource, open_metrics
from mlops_actions.canary_deploy.targets import MirroringTarget, Services, Target, open_target
from mlops_actions.evidence import digest_bytes

TIME_LIMIT = 0.5


class TargetSite(ABC):
    """What the contract needs of each program."""

    keeps_alive = True
    """Whether a client's connections stay open over a change of weight."""
    lag = 0.0
    """Seconds between a weight that is confirmed and traffic that follows."""
    counters_survive = False
    """Whether a restarted program goes on counting."""
    exporter = ("", "")
    """What Prometheus scrapes of it, as `address/path`, and the preset that knows it; nothing where it has none."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        (folder / "model.bin").write_bytes(MODEL)
        self.port = free_port()
        self.stable = Backend("a" * 64, says="stable", host=host)
        self.candidate = Backend(digest_bytes(MODEL), says="candidate", host=host)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where users reach the proxy."""
        return f"127.0.0.1:{self.port}"

    @property
    def names(self) -> tuple[str, str]:
        """The inputs `stable` and `candidate`."""
        return self.stable.address, self.candidate.address

    @property
    @abstractmethod
    def location(self) -> str:
        """As a user writes it."""

    @abstractmethod
    def start(self) -> None:
        """Start the program, as its administrator does; returns when it takes requests."""

    @abstractmethod
    def set_by_hand(self, percent: float) -> None:
        """Change the weight as a person does, past us."""

    def stop(self) -> None:
        """End the program, as a crash does."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self) -> None:
        """End all that was started."""
        self.stop()
        self.stable.close()
        self.candidate.close()

    def services(self) -> Services:
        """As the inputs name them."""
        folder = local_folder(str(self.folder / "state"), self.location)
        return Services(*self.names, "/healthz", TIME_LIMIT, folder)

    def target(self) -> Target:
        """As a new process of ours opens it."""
        return open_target(self.location, self.services())

    def mirroring(self) -> MirroringTarget:
        """The same, of a program that can copy requests."""
        target = self.target()
        assert isinstance(target, MirroringTarget)
        return target

    def source(self) -> MetricSource:
        """Its own counters."""
        return open_metrics(self.target(), None, self.services())

    def inputs(self, **given: Any) -> Inputs:
        """Of a whole rollout."""
        settings: dict[str, Any] = {
            "model": str(self.folder / "model.bin"),
            "target": self.location,
            "stable": self.names[0],
            "candidate": self.names[1],
            "steps": [20, 50, 100],
            "interval": 0.4,
            "baseline": 0.8,
            "deadline": 60,
            "error_margin": 0.2,
            "health_timeout": 5,
            "evidence": str(self.folder / "evidence"),
            "state": str(self.folder / "state"),
        }
        return Inputs.model_validate(settings | given)

    def run_program(self, *command: str | Path) -> None:
        """Start the proxy and wait for its port."""
        with (self.folder / "program.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
        until(self.is_listening, 15)

    def is_listening(self) -> bool:
        """Whether users are answered by anything."""
        process = self.process
        assert process is None or process.poll() is None, (self.folder / "program.log").read_text()
        return set(ask(self.address, 1)) != {"none"}


def ask(address: str, requests: int, *, keeps_alive: bool = True) -> Counter[str]:
    """Who answered that many requests in a row: a server's word, a status, or `none`."""
    with Client(address, keeps_alive=keeps_alive) as client:
        return Counter(client.ask() for _ in range(requests))


class Client:
    """One user with one connection."""

    def __init__(self, address: str, *, keeps_alive: bool = True) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=5)
        self._headers = {} if keeps_alive else {"Connection": "close"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self) -> str:
        """Who answered."""
        try:
            self._connection.request("GET", "/predict", headers=self._headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return "none"
        return text if answer.status == 200 else str(answer.status)


class Users:
    """Requests at a steady rate from several threads until it is stopped; `answers` counts who answered."""

    def __init__(self, address: str, rate: float, threads: int = 4, *, keeps_alive: bool = True) -> None:
        self.answers: Counter[str] = Counter()
        self.first_failure: float | None = None
        """Unix time of the first answer that was a 5xx or none."""
        self._clients = [Client(address, keeps_alive=keeps_alive) for _ in range(threads)]
        self._pause = threads / rate
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(client,)) for client in self._clients]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, client: Client) -> None:
        with client:
            while not self._stop.wait(self._pause):
                answer = client.ask()
                self.answers[answer] += 1
                if self.first_failure is None and answer not in ("stable", "candidate"):
                    self.first_failure = time.time()
