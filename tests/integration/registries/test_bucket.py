"""A bucket that is not there, or does not answer, is never taken for an empty registry."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mlops_actions.errors import OutsideError
from mlops_actions.registries import open_registry, resolve


class NoSuchBucket(BaseHTTPRequestHandler):
    """Answers as S3 does when the bucket does not exist."""

    def do_GET(self) -> None:
        body = b"<?xml version='1.0'?><Error><Code>NoSuchBucket</Code><Message>No such bucket</Message></Error>"
        self.send_response(404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), NoSuchBucket) as started:
        Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.shutdown()


@pytest.fixture
def endpoint(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"http://127.0.0.1:{server.server_port}"
    settings = {"ENDPOINT": url, "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "y", "REGION": "r", "ALLOW_HTTP": "true"}
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return url


@pytest.mark.usefixtures("endpoint")
def test_a_bucket_that_does_not_exist_is_no_empty_registry() -> None:
    with pytest.raises(OutsideError, match=r"^the registry 's3://typo/models' cannot be read: .*404 Not Found"):
        resolve("delay@champion", "s3://typo/models", None)


def test_a_bucket_that_does_not_answer_is_an_outside_error(endpoint: str, server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(OutsideError, match=r"^the registry 's3://models' cannot be read: .*error sending request"):
        open_registry("s3://models").head("delay")
