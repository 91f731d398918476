"""A real S3 server on loopback, and a proxy before it that loses what it is told to lose."""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Literal

from mlflow_site import BUCKET, MOTO, answers, environment, free_ports, running, s3_environment

Headers = dict[str, Any]
Fault = Literal["reset", "late", "lost", "half", "500", "503", "killed"]
"""reset: the request never arrives. late: it is done, and answered after the client's patience. lost: its answer never
comes. half: of which half comes. killed: the client is, once it is done."""

FAULTS: tuple[Fault, ...] = ("reset", "late", "lost", "half", "500", "503")
PATIENCE = 1.0
"""Seconds that a client should be told to wait for an answer, where one is late."""
WRITING = frozenset({"PUT", "POST", "DELETE"})


def missing() -> str | None:
    """What this machine lacks to start an S3 server; None for nothing."""
    return None if environment() else "the environment of moto; .ci/mlflow --install makes it"


@contextmanager
def s3_site(folder: Path) -> Iterator[str]:
    """An S3 server with one bucket; yields its address."""
    (port,) = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    command: list[str | Path] = [(environment() or Path()) / "bin/python", MOTO, str(port)]
    with running(command, folder / "s3.log", {**os.environ, **s3_environment(address)}):
        answers(f"{address}/")
        urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT")).close()
        yield address


@dataclass
class Proxy:
    """Passes requests on to an S3 server, counts them, and hurts the chosen write."""

    upstream: tuple[str, int]
    translated: Callable[[Headers], Headers] = dict
    """The headers of a request as the server wants them."""
    address: str = ""
    requests: list[str] = field(default_factory=list)
    """Method and path of every request, in order."""
    writes: int = 0
    hurt: int = 0
    """Number of the write to hurt, from 1; 0 for none."""
    fault: Fault = "reset"
    kill: Callable[[], None] = lambda: None
    """Ends the client."""
    lock: Lock = field(default_factory=Lock)

    def order(self, hurt: int, fault: Fault, kill: Callable[[], None] = lambda: None) -> None:
        """From now on, count anew and hurt this write."""
        with self.lock:
            self.requests, self.writes, self.hurt, self.fault, self.kill = [], 0, hurt, fault, kill

    def met(self, method: str, path: str) -> Fault | None:
        """Note a request; the fault that it meets."""
        with self.lock:
            self.requests.append(f"{method} {path}")
            self.writes += method in WRITING
            return self.fault if method in WRITING and self.writes == self.hurt else None


@contextmanager
def faulty_proxy(address: str, translated: Callable[[Headers], Headers] = dict) -> Iterator[Proxy]:
    """A proxy before the S3 server at this address."""
    host, port = address.removeprefix("http://").split(":")
    proxy = Proxy((host, int(port)), translated)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy)) as server:
        proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield proxy
        server.shutdown()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fault = proxy.met(self.command, self.path)
            if fault in ("500", "503"):
                self._answer(int(fault), [("Retry-After", "0")], b"<Error><Code>SlowDown</Code></Error>")
            elif fault == "reset":
                self._cut()
            else:
                status, headers, content = self._asked(body)
                if fault == "killed":
                    proxy.kill()
                if fault == "late":
                    time.sleep(2 * PATIENCE)
                if fault in ("late", "lost", "killed"):
                    self._cut()
                elif fault == "half":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
                    self._cut()
                else:
                    self._answer(status, headers, content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815  the names that http.server calls

        def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = HTTPConnection(*proxy.upstream, timeout=30)
            # The signature covers the host that the client knows.
            connection.request(self.command, self.path, body, proxy.translated(dict(self.headers.items())))
            answer = connection.getresponse()
            content = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
            connection.close()
            return answer.status, kept, content

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if self.command == "HEAD" or name.lower() != "content-length":
                    self.send_header(name, value)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def _cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
            pass

    return Handler


_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "server", "date"})
