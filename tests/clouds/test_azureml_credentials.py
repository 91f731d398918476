"""Signing in to Azure with the identity of a GitHub job, by Microsoft's own library."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mlops_actions.clouds.azure.credentials import Credential
from mlops_actions.errors import InputError

SCOPE = "https://management.azure.com/.default"


class SignIn(ThreadingHTTPServer):
    """GitHub's token service and Microsoft's sign-in, on one address."""

    seconds = 3600
    """How long a token lasts."""
    assertions: list[str]
    """What was shown to Microsoft: each of GitHub's tokens is another one."""
    refuses: str | None = None


class Handler(BaseHTTPRequestHandler):
    server: SignIn

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/github":
            assert self.headers["Authorization"] == "Bearer of-the-job"
            assert parse_qs(parts.query)["audience"] == ["api://AzureADTokenExchange"]
            return self._say(200, {"value": f"github-token-{time.monotonic_ns()}"})
        base = f"https://127.0.0.1:{self.server.server_port}/tenant"
        return self._say(
            200,
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
            },
        )

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.assertions += asked["client_assertion"]
        if self.server.refuses:
            return self._say(401, {"error": "invalid_client", "error_description": self.server.refuses})
        given = {"access_token": "planted-token", "expires_in": self.server.seconds, "token_type": "Bearer"}
        return self._say(200, given)

    def _say(self, status: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIn]:
    """A GitHub job with `id-token: write`, and what it signs in to."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with SignIn(("127.0.0.1", 0), Handler) as started:
        started.assertions = []
        started.socket = context.wrap_socket(started.socket, server_side=True)
        Thread(target=started.serve_forever, args=(0.02,), daemon=True).start()
        address = f"https://127.0.0.1:{started.server_port}"
        for name, value in {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{address}/github?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
            "AZURE_AUTHORITY_HOST": address,
            "AZURE_CLIENT_ID": "client",
            "AZURE_TENANT_ID": "tenant",
            "REQUESTS_CA_BUNDLE": str(certificate),
        }.items():
            monkeypatch.setenv(name, value)
        yield started
        started.shutdown()


def test_a_job_signs_in_as_itself_and_its_token_is_kept_while_it_lasts(job: SignIn) -> None:
    credential = Credential()
    assert credential.token(SCOPE).token == "planted-token"
    assert credential.token(SCOPE).expires_on > time.time() + 3000
    assert len(job.assertions) == 1


def test_github_is_asked_anew_for_each_token_of_a_long_rollout(job: SignIn) -> None:
    job.seconds = 1
    credential = Credential()
    credential.token(SCOPE)
    time.sleep(1.1)  # the token of before has ended
    credential.token(SCOPE)
    assert len(set(job.assertions)) == 2


def test_what_microsoft_says_against_it_is_told_and_no_token(job: SignIn) -> None:
    job.refuses = (
        "AADSTS700213: No matching federated identity record found for presented assertion subject "
        "'repo:org/models:ref:refs/heads/main'. Check your federated identity credential. Trace ID: 1 planted-token"
    )
    with pytest.raises(InputError) as caught:
        Credential().token(SCOPE)
    assert str(caught.value).startswith(
        "Azure gives us no token: AADSTS700213: No matching federated identity record found for presented assertion "
        "subject 'repo:org/models:ref:refs/heads/main'. In GitHub give the job `id-token: write`"
    )
    assert "planted-token" not in str(caught.value)
    assert "github-token" not in str(caught.value)


def test_github_is_shown_the_jobs_token_whatever_netrc_says(
    job: SignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert Credential().token(SCOPE).token == "planted-token"
