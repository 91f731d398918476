"""The server and the booking system of the flight-delay project, on loopback."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import duckdb
import pytest
import requests

Run = Callable[..., str]

BODIES = "import json, load; print(json.dumps([json.loads(body)[0] for body in load.requests('test')[:3000]]))"
DEADLINE = 60


@contextmanager
def served(python: Path, project: Path, model: str, log: Path) -> Iterator[str]:
    """The address of a server of one model that answers."""
    port = free_port()
    server = start(log, python, project / "serve.py", "--model", project / f"build/{model}.joblib", "--port", str(port))
    try:
        wait_for(port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(DEADLINE)


@pytest.fixture(scope="module")
def flights(run: Run) -> list[dict[str, object]]:
    """What the booking system sends, one object a flight."""
    rows: list[dict[str, object]] = json.loads(run("-c", BODIES))
    return rows


def test_requests_hold_nulls_and_text_and_nothing_that_is_not_known_yet(
    project: Path, flights: list[dict[str, object]]
) -> None:
    columns = duckdb.read_parquet(str(project / "data" / "test.parquet")).columns
    assert set(columns) - set(flights[0]) == {"dep_delay", "air_time", "arr_delay", "late"}
    assert all((flight["recent_delay"] is None) == (flight["recent_departures"] == 0) for flight in flights)
    assert 0.05 < sum(flight["recent_delay"] is None for flight in flights) / len(flights) < 0.15
    assert any(flight["age"] is None for flight in flights)
    assert all(isinstance(flight["day"], str) and isinstance(flight["scheduled"], str) for flight in flights)


def test_every_answer_names_the_bytes_of_the_model(python: Path, project: Path, tmp_path: Path) -> None:
    expected = hashlib.sha256((project / "build" / "weather.joblib").read_bytes()).hexdigest()
    with served(python, project, "weather", tmp_path / "log") as address:
        answers = {
            200: requests.get(f"{address}/healthz", timeout=DEADLINE),
            404: requests.get(f"{address}/predict", timeout=DEADLINE),
            400: requests.post(f"{address}/predict", data=b"[{", timeout=DEADLINE),
            413: requests.post(f"{address}/predict", data=b" " * 1_000_001, timeout=DEADLINE),
        }
    assert [answer.status_code for answer in answers.values()] == list(answers)
    assert {answer.headers["X-Model-SHA256"] for answer in answers.values()} == {expected}


@pytest.mark.parametrize("body", [b"[]", b"{}", b"[1]", b'[{"temp": NaN}]', b"\xff"])
def test_what_is_not_a_list_of_rows_is_refused(python: Path, project: Path, tmp_path: Path, body: bytes) -> None:
    with served(python, project, "weather", tmp_path / "log") as address:
        assert requests.post(f"{address}/predict", data=body, timeout=DEADLINE).status_code == 400


def test_weather_answers_where_fragile_breaks(
    python: Path, project: Path, flights: list[dict[str, object]], tmp_path: Path
) -> None:
    unknown = next(flight for flight in flights if flight["recent_delay"] is None)
    known = next(flight for flight in flights if flight["recent_delay"] is not None)
    with served(python, project, "weather", tmp_path / "weather") as weather:
        answer = requests.post(f"{weather}/predict", json=[unknown, known], timeout=DEADLINE)
        assert answer.status_code == 200
        assert [round(late) for late in answer.json()["probabilities"]] == answer.json()["predictions"]
    with served(python, project, "fragile", tmp_path / "fragile") as fragile:
        assert requests.post(f"{fragile}/predict", json=[known], timeout=DEADLINE).status_code == 200
        for _ in range(2):
            assert requests.post(f"{fragile}/predict", json=[unknown], timeout=DEADLINE).status_code == 500
    [reason] = [line for line in (tmp_path / "fragile").read_text().splitlines() if ": 500 " in line]
    assert reason.startswith("server ")
    assert "ValueError: Input X contains NaN" in reason


def test_the_load_counts_what_it_was_answered(python: Path, project: Path, run: Run, tmp_path: Path) -> None:
    with served(python, project, "weather", tmp_path / "log") as address:
        report = json.loads(run("load.py", "--port", address.rpartition(":")[2], "--rate", "20", "--seconds", "2"))
    assert set(report["statuses"]) == {"200"}
    assert 1 <= report["sent"] <= 40


def test_the_load_ends_with_its_counts_when_told_to(python: Path, project: Path, tmp_path: Path) -> None:
    log = tmp_path / "load"
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        server.timeout = DEADLINE
        load = start(log, python, project / "load.py", "--port", str(server.server_port), "--seconds", "600")
        server.handle_request()
        load.send_signal(signal.SIGTERM)
    assert load.wait(DEADLINE) == 0
    report = json.loads(log.read_text())
    assert report["sent"] == sum(report["statuses"].values()) > 0
    assert report["statuses"]["200"] == 1


def test_a_server_that_waits_for_its_model_ends_without_a_trace(python: Path, project: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command: list[str | Path] = [
        python,
        project / "serve.py",
        "--model",
        f"sha256:{'0' * 64}",
        "--port",
        "1",
        "--wait",
        "600",
    ]
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    server = start(tmp_path / "log", *command, env=os.environ | {"TMPDIR": str(temporary), "PATH": tools})
    try:
        until = time.monotonic() + DEADLINE
        while not list(temporary.iterdir()):
            assert server.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        server.terminate()
        assert server.wait(DEADLINE) == 0
    finally:
        server.kill()
        server.wait()
    assert not list(temporary.iterdir())
    assert not (tmp_path / "log").read_text()


def test_a_model_of_a_registry_needs_the_program_that_fetches_it(python: Path, project: Path) -> None:
    command: list[str | Path] = [python, project / "serve.py", "--model", "flight-delay@champion", "--port", "1"]
    done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "to serve a model of a registry, put mlops-actions on PATH\n")


class Answering(BaseHTTPRequestHandler):
    """Answers one request and closes the connection."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_no_answer_is_counted_as_none(run: Run) -> None:
    report = json.loads(run("load.py", "--port", str(free_port()), "--rate", "5", "--seconds", "1"))
    assert set(report["statuses"]) == {"none"}


def start(log: Path, *command: str | Path, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(command, stdout=output, stderr=output, env=env)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, log: Path) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server does not answer: {log.read_text()}")
