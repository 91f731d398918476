"""What is made of servers that do not answer as MLflow should."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Event, Thread
from typing import Any

import pytest

from mlops_actions.clouds import http
from mlops_actions.errors import InputError, MlopsError, OutsideError
from mlops_actions.registries.mlflow import rest
from mlops_actions.registries.mlflow.rest import AlreadyThereError, NotThereError, Server

Answer = tuple[int, str, dict[str, str]]
HTML = {"Content-Type": "text/html; charset=utf-8"}


class Scripted(ThreadingHTTPServer):
    """Gives its answers in turn, the last one again and again."""

    answers: list[Answer]
    asked: list[str]
    silent: Event | None = None


class Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_GET(self) -> None:
        self.server.asked.append(self.headers.get("Authorization", ""))
        if self.server.silent:
            self.server.silent.wait(30)
            return
        status, body, headers = self.server.answers[0]
        if len(self.server.answers) > 1:
            del self.server.answers[0]
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET  # noqa: N815  the name that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server calls
        """Say nothing."""


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    monkeypatch.setattr(http, "FIRST_PAUSE", 0.001)
    with Scripted(("127.0.0.1", 0), Handler) as started:
        started.asked = []
        Thread(target=started.serve_forever, daemon=True).start()
        yield started
        started.shutdown()


@pytest.fixture
def ask(scripted: Scripted) -> Callable[..., dict[str, Any]]:
    def asked(*answers: Answer) -> dict[str, Any]:
        scripted.answers = list(answers)
        server = Server(f"http://127.0.0.1:{scripted.server_port}/")
        return server.get("registered-models/get", "read the registered model 'delay'", name="delay")

    return asked


def said(code: str, message: str) -> str:
    return json.dumps({"error_code": code, "message": message})


def refused(ask: Callable[..., Any], scripted: Scripted, *answers: Answer) -> MlopsError:
    with pytest.raises(MlopsError) as caught:
        ask(*answers)
    caught.value.message = caught.value.message.replace(f"127.0.0.1:{scripted.server_port}", "HOST")
    return caught.value


def test_what_a_moment_later_works_is_tried_again(ask: Any, scripted: Scripted) -> None:
    unique = said("BAD_REQUEST", "(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint")
    stray = said("BAD_REQUEST", "(sqlite3.IntegrityError) UNIQUE constraint failed: registered_model_aliases.name")
    answers: list[Answer] = [
        (503, "", {}),
        (400, unique, {}),
        (400, stray, {}),
        (429, "slow down", {}),
        (200, '{"a": 1}', {}),
    ]
    assert ask(*answers) == {"a": 1}
    assert len(scripted.asked) == 5


def test_what_never_works_is_an_outside_error(ask: Any, scripted: Scripted) -> None:
    error = refused(ask, scripted, (500, said("INTERNAL_ERROR", "no database\nat line 1"), {}))
    assert isinstance(error, OutsideError)
    assert str(error) == (
        "MLflow at 'HOST' failed 5 times in a row: status 500, no database. Run this again when it answers."
    )


def test_what_is_not_there_or_there_already_is_told_apart(ask: Any, scripted: Scripted) -> None:
    gone = refused(ask, scripted, (404, said("RESOURCE_DOES_NOT_EXIST", "Registered Model not found"), {}))
    assert isinstance(gone, NotThereError)
    there = refused(ask, scripted, (400, said("RESOURCE_ALREADY_EXISTS", "it exists. UNIQUE constraint failed"), {}))
    assert isinstance(there, AlreadyThereError)
    assert len(scripted.asked) == 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (200, "<html>Sign in</html>", HTML),
            "'http://HOST' does not answer as MLflow does: an HTML page instead of JSON. "
            "Check the registry's address: a login page or another program may stand there.",
        ),
        (
            (404, "<html>Not found</html>", HTML),
            "'http://HOST' does not answer as MLflow does: an HTML page with status 404. "
            "Check the registry's address and its prefix.",
        ),
        (
            (302, "", {"Location": "https://login.example/?token=s3cret"}),
            "MLflow at 'HOST' redirects to 'login.example', where no credentials are sent. "
            "Give the registry the address that answers itself.",
        ),
        (
            (400, said("INVALID_PARAMETER_VALUE", "Invalid name."), {}),
            "MLflow at 'HOST' refused to read the registered model 'delay': Invalid name. ",
        ),
        (
            (403, "Invalid Host header - possible DNS rebinding attack detected", HTML),
            "MLflow at 'HOST' does not know itself by that name (status 403). "
            "Start it with --allowed-hosts naming it, or use the name that it knows.",
        ),
        (
            (403, "Permission denied", HTML),
            "MLflow at 'HOST' does not allow an anonymous client to read the registered model 'delay' (status 403). "
            "Give that user the right, or run without this action where it must not have it.",
        ),
    ],
)
def test_other_answers_are_told(ask: Any, scripted: Scripted, answer: Answer, message: str) -> None:
    assert str(refused(ask, scripted, answer)) == message.rstrip()
    assert len(scripted.asked) == 1


@pytest.mark.parametrize(
    ("variables", "sent", "named"),
    [
        ({"TOKEN": "t0ken"}, "Bearer t0ken", "the token of MLFLOW_TRACKING_TOKEN"),
        (
            {"TOKEN": "t0ken", "USERNAME": "bot", "PASSWORD": "s3cret"},
            "Basic Ym90OnMzY3JldA==",
            "the user of MLFLOW_TRACKING_USERNAME",
        ),
        ({"USERNAME": "bot"}, "", "wants to know who asks"),
    ],
)
def test_credentials_come_from_the_environment_and_are_never_told(
    ask: Any, scripted: Scripted, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sent: str, named: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"MLFLOW_TRACKING_{name}", value)
    error = refused(ask, scripted, (401, "You are not authenticated", HTML))
    assert isinstance(error, InputError)
    assert scripted.asked == [sent]
    assert named in str(error)
    assert not {"t0ken", "s3cret"} & set(str(error).replace("'", " ").split())


def test_a_server_that_says_nothing_is_given_up(ask: Any, scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "TIMEOUT", (1, 0.05))
    scripted.silent = Event()
    error = refused(ask, scripted, (200, "{}", {}))
    scripted.silent.set()
    assert error.message == "MLflow at 'HOST' failed 5 times in a row: no answer in time."


def test_a_certificate_that_nobody_vouches_for_is_refused(scripted: Scripted, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    scripted.socket = context.wrap_socket(scripted.socket, server_side=True)
    with pytest.raises(OutsideError) as caught:
        Server(f"https://127.0.0.1:{scripted.server_port}").get("registered-models/get", "read", name="delay")
    assert str(caught.value) == (
        f"the certificate of MLflow at '127.0.0.1:{scripted.server_port}' is not valid. "
        "Name your authority's certificates in REQUESTS_CA_BUNDLE."
    )
