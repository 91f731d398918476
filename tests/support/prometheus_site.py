"""A real Prometheus on loopback, and a process whose counters it scrapes."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from canary_site import free_port, until

SCRAPE = 0.25
"""Seconds between two scrapes; one that takes longer, on a busy machine, makes all counters vanish for a moment."""


class Exporter:
    """A process of one version, or something in front of several: its text is what Prometheus scrapes."""

    def __init__(self) -> None:
        self.text = ""
        exporter = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exporter.text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return "{}:{}".format(*self.server.server_address[:2])

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class PrometheusSite:
    """One server, and what it scrapes: `address/path` by the name of the job."""

    folder: Path
    scraped: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)

    def __post_init__(self) -> None:
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("Prometheus is not installed; .ci/run installs it")
        self.program = program
        self.port = free_port()
        jobs = [
            {
                "job_name": job,
                "honor_labels": True,
                "metrics_path": f"/{path}",
                "static_configs": [{"targets": [address]}],
                "scrape_interval": f"{1000 * SCRAPE:.0f}ms",
                "scrape_timeout": f"{1000 * SCRAPE:.0f}ms",
            }
            for job, (address, _, path) in ((job, place.partition("/")) for job, place in self.scraped.items())
        ]
        # JSON is YAML.
        (self.folder / "prometheus.yml").write_text(json.dumps({"scrape_configs": jobs}))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when every job was scraped."""
        with (self.folder / "prometheus.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    self.program,
                    f"--config.file={self.folder}/prometheus.yml",
                    f"--storage.tsdb.path={self.folder}/tsdb",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log,
                stderr=log,
            )
        until(lambda: self.ask("up == 1") == len(self.scraped))

    def ask(self, query: str) -> int:
        """How many series a query gives; -1 while it does not answer."""
        try:
            answer = requests.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=5)
        except requests.ConnectionError:
            return -1
        return len(answer.json()["data"]["result"]) if answer.ok else -1

    def until(self, query: str) -> None:
        """Wait until Prometheus knows it."""
        until(lambda: self.ask(query) > 0)

    def close(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
