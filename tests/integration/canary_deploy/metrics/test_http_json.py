"""Addresses that answer, and what is told where they do not answer with counts."""

from __future__ import annotations

import json
import logging
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from guide import shown
from mlops_actions.canary_deploy.metrics import MetricSource, Query, http_json, open_metrics
from mlops_actions.canary_deploy.targets import Services, open_target
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import Counts

QUERY = 'requests: r\nerrors: code="500"'


class Server:
    """Answers what a test says: status, type and text; `asked` are the requests."""

    def __init__(self) -> None:
        self.answer: Callable[[str], tuple[int, str, str]] = lambda _: (200, "application/json", "{}")
        self.asked: list[tuple[str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((self.path, self.headers["Authorization"]))
                status, kind, text = server.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def url(self, scheme: str = "http", user: str = "") -> str:
        return f"{scheme}://{user}127.0.0.1:{self.server.server_address[1]}"

    def says(self, text: str, kind: str = "application/json", status: int = 200) -> None:
        self.answer = lambda _: (status, kind, text)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


def source_at(location: str, query: str | None = None) -> MetricSource:
    services = Services("a:1", "b:1", "/", 1, Path("state"))
    return open_metrics(open_target("exec:true", services), location, services, Query(query))


def test_a_url_answers_what_a_command_prints(server: Server) -> None:
    server.says(shown("`json:` a URL that answers counts", "json", {}))
    readings = source_at(f"json:{server.url()}/counts").read().readings
    assert readings["errors"].baseline == Counts(9, 900)
    assert readings["wrong"].canary == Counts(0, 4)
    assert readings["errors by cluster"].baseline == Counts(2, 60)
    assert readings["latency>250ms"].canary == Counts(4, 100)


@pytest.mark.parametrize("location", ["json:{}/counts", "prometheus:{}"])
def test_a_page_in_front_of_it_is_no_document(server: Server, location: str) -> None:
    server.says("<html>\n<title>Sign in</title>", "text/html; charset=utf-8")
    with pytest.raises(OutsideError, match="answers with text/html and status 200, not with JSON: '<html> <title>Sign"):
        source_at(location.format(server.url()), QUERY).read()


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_may_not_read_is_refused_with_the_variable_to_set(server: Server, status: int) -> None:
    server.says("{}", status=status)
    with pytest.raises(
        OutsideError, match=rf"refuses access \(status {status}\)\. Give a token .* METRICS_TOKEN, or a"
    ):
        source_at(f"prometheus:{server.url()}", QUERY).read()


def test_the_token_of_the_environment_is_sent_and_a_password_is_never_told(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "t0ken")
    server.says("nothing", "text/plain", 503)
    for user in ("", "bot:s3cret@"):
        with pytest.raises(OutsideError) as refused:
            source_at(f"json:{server.url(user=user)}").read()
        assert "s3cret" not in str(refused.value)
    assert [header and header.split()[0] for _, header in server.asked] == ["Bearer", "Basic"]


def test_an_address_that_does_not_answer_in_time_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_json, "_TIME_LIMIT", 0.2)

    def late(_: str) -> tuple[int, str, str]:
        time.sleep(0.6)
        return 200, "application/json", "{}"

    server.answer = late
    with pytest.raises(OutsideError, match=r"/counts did not answer within 0\.2 s"):
        source_at(f"json:{server.url()}/counts").read()


def test_a_certificate_that_is_not_accepted_is_named(server: Server, tmp_path: Path) -> None:
    files = [f"{tmp_path}/{name}.pem" for name in ("key", "certificate")]
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost", "-days", "1"]
    subprocess.run([*command, "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    server.server.socket = context.wrap_socket(server.server.socket, server_side=True)
    with pytest.raises(OutsideError, match="the certificate of https://.* is not accepted: self-signed certificate"):
        source_at(f"json:{server.url('https')}").read()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"title": "Grafana"}', "does not answer as Prometheus. Is it the address of its web interface?"),
        ("[]", "does not answer as Prometheus"),
        ('{"status": "success", "data": {}}', "does not answer as Prometheus"),
        (
            '{"status": "error", "errorType": "timeout", "error": "too slow"}',
            r"refuses `time\(\)`: too slow \(status 200",
        ),
    ],
)
def test_another_program_than_prometheus_is_not_believed(server: Server, text: str, said: str) -> None:
    server.says(text)
    with pytest.raises(OutsideError, match=said):
        source_at(f"prometheus:{server.url()}", QUERY).read()


def test_all_is_asked_as_of_one_moment_of_its_clock_and_a_warning_is_told_once(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """Its clock is a day ahead of ours."""
    ahead = time.time() + 86_400

    def answer(path: str) -> tuple[int, str, str]:
        scalar = {"resultType": "scalar", "result": [ahead, str(ahead)]}
        vector = {"resultType": "vector", "result": [{"metric": {"code": "500"}, "value": [ahead, "3"]}]}
        data = scalar if "time%28%29" in path else vector
        return 200, "application/json", json.dumps({"status": "success", "data": data, "warnings": ["store is away"]})

    server.answer = answer
    source = source_at(f"prometheus:{server.url()}", QUERY)
    with caplog.at_level(logging.WARNING):
        source.read()
        assert source.read().errors.baseline == Counts(3, 3)
    asked = [path for path, _ in server.asked if "time%28%29" not in path]
    assert asked
    assert all(f"time={ahead:.3f}" in path for path in asked)
    assert [record.message for record in caplog.records] == ["Prometheus warns about `time()`: store is away"]


def test_what_is_no_url_is_a_wrong_input() -> None:
    with pytest.raises(
        InputError, match=r"'metrics-source' is json:'counts', which is no URL\. Write json:http://HOST"
    ):
        source_at("json:counts")
