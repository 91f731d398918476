"""A stateful stand-in for Azure: its sign-in, Resource Manager with one workspace, Monitor, and its endpoints' own URL.

Written after https://learn.microsoft.com/rest/api/azureml and what Microsoft's own client sends and takes; the tests in
tests/clouds hold every request and answer against that client's schema, and run the client itself against it.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from azureml_endpoints import Endpoints
from azureml_models import Models

Json = dict[str, Any]
SUBSCRIPTION, GROUP, WORKSPACE = "00000000-0000-0000-0000-000000000001", "models", "churn-ml"
BASE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
)
LOCATION = f"azureml:{SUBSCRIPTION}/{GROUP}/{WORKSPACE}"
"""Of the registry, and of an endpoint without its name."""
TOKEN = "planted-token-that-nobody-may-see"


class RefusedError(Exception):
    """Azure's answer to what it does not do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.body = status, {"error": {"code": code, "message": message}}


@dataclass
class Fault:
    """What happens to the next requests that match, instead of or after what they ask for."""

    method: str
    path: str
    """A regular expression, searched in the path."""
    status: int = 0
    """0: the connection is closed without an answer."""
    body: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after: int = 0
    """How many are let through before."""
    done: bool = False
    """Whether the request is carried out all the same, and only its answer lost."""


@dataclass
class Exchange:
    """One request and its answer, as a schema sees them."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any
    status: int
    answer: Any


class AzureFake:
    """The servers' state; `start` makes it reachable at `url`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.models = Models()
        self.endpoints = Endpoints()
        self.faults: list[Fault] = []
        self.exchanges: list[Exchange] = []
        self.tokens = 0
        """How often somebody signed in."""
        self.token_seconds = 3600
        self.expired: set[str] = set()
        """Tokens that are not taken any more."""
        self.page = 1000
        self.broken: list[str] = []
        """What went wrong in here; a test that uses it looks that there is nothing."""
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Of Resource Manager, and of everything else."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that lead Azure's libraries and ours here."""
        return {
            "AZURE_RESOURCE_MANAGER_ENDPOINT": self.url,
            "IDENTITY_ENDPOINT": f"{self.url}/identity",
            "IDENTITY_HEADER": "of-the-test",
        }

    def start(self) -> None:
        """Listen; on the same port as before after a `stop`."""
        fake = self

        class Handler(_Handler):
            azure = fake

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        server.daemon_threads = True
        self._server, self.port = server, server.server_port
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Be gone, as a network that is cut; what it knows stays."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def is_up(self) -> bool:
        """Whether connections that are still open are answered."""
        return self._server is not None

    def fail(self, method: str, path: str, status: int = 0, **given: Any) -> None:
        """Let requests fail."""
        self.faults.append(Fault(method, path, status, **given))

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, Any, dict[str, str]]:
        """Status, document and headers of a request to Resource Manager."""
        if "api-version" not in query:
            raise RefusedError(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        below = re.fullmatch(
            r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.MachineLearningServices/workspaces/"
            r"([^/]+)(/.*)?",
            path,
            re.IGNORECASE,
        )
        if below is None:
            raise RefusedError(404, "NotFound", f"no such path {path}")
        subscription, group, workspace, rest = below.groups()
        if subscription != SUBSCRIPTION:
            message = f"The subscription '{subscription}' could not be found."
            raise RefusedError(404, "SubscriptionNotFound", message)
        if group != GROUP:
            raise RefusedError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        if workspace != WORKSPACE:
            what = f"Microsoft.MachineLearningServices/workspaces/{workspace}"
            message = f"The Resource '{what}' under resource group '{group}' was not found."
            raise RefusedError(404, "ResourceNotFound", message)
        with self.lock:
            if not rest:
                return 200, {"id": BASE, "name": workspace, "location": "westeurope", "properties": {}}, {}
            for part in (self.models, self.endpoints):
                found = part.answer(method, rest, query, body, self.url)
                if found:
                    return self._paged(found, path, query)
        raise RefusedError(404, "ResourceNotFound", f"The Resource '{rest.lstrip('/')}' was not found.")

    def _paged(
        self, found: tuple[int, Any, dict[str, str]], path: str, query: dict[str, list[str]]
    ) -> tuple[int, Any, dict[str, str]]:
        status, document, headers = found
        items = document.get("value") if isinstance(document, dict) else None
        if not isinstance(items, list) or "metrics" in path:
            return found
        skip = int(query.get("$skip", ["0"])[0])
        page: Json = {"value": items[skip : skip + self.page]}
        if skip + self.page < len(items):
            kept = "&".join(f"{key}={value}" for key, (value, *_) in query.items() if key != "$skip")
            page["nextLink"] = f"{self.url}{path}?{kept}&$skip={skip + self.page}"
        return status, page, headers


class _Handler(BaseHTTPRequestHandler):
    azure: AzureFake
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    """Headers and body in one packet: a client would wait for the second one."""

    def log_message(self, *_: object) -> None:
        pass

    def do_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(length) if length else b""
        if not self.azure.is_up:
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        try:
            if parts.path == "/identity":
                self._say(200, self._sign_in(query), {})
            elif parts.path.startswith("/inference/"):
                self._infer(parts.path, content)
            else:
                self._manage(parts.path, query, content)
        except RefusedError as refused:
            self._say(refused.status, refused.body, {})
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001  told at the test's end
            self.azure.broken.append(f"{self.command} {self.path}: {type(error).__name__}: {error}")
            self._say(500, {"error": {"code": "InternalServerError", "message": str(error)}}, {})

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = do_any  # noqa: N815  the names that http.server calls

    def _sign_in(self, query: dict[str, list[str]]) -> Json:
        with self.azure.lock:
            self.azure.tokens += 1
            token = f"{TOKEN}-{self.azure.tokens}"
        expires = int(time.time()) + self.azure.token_seconds
        return {"access_token": token, "expires_on": str(expires), "resource": query["resource"][0],
                "token_type": "Bearer"}  # fmt: skip

    def _manage(self, path: str, query: dict[str, list[str]], content: bytes) -> None:
        bearer = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if not bearer or bearer in self.azure.expired:
            raise RefusedError(401, "ExpiredAuthenticationToken", "The access token has expired.")
        body = json.loads(content) if content else None
        fault = self._fault(path)
        if fault is None or fault.done:
            try:
                status, document, headers = self.azure.answer(self.command, path, query, body)
            except RefusedError as refused:
                status, document, headers = refused.status, refused.body, {}
            self.azure.exchanges.append(Exchange(self.command, path, query, body, status, document))
        if fault is None:
            self._say(status, document, headers)
        elif fault.status:
            self._say(fault.status, fault.body, fault.headers)
        else:
            self.close_connection = True

    def _fault(self, path: str) -> Fault | None:
        with self.azure.lock:
            for fault in self.azure.faults:
                if fault.times and fault.method == self.command and re.search(fault.path, path, re.IGNORECASE):
                    if fault.after:
                        fault.after -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None

    def _infer(self, path: str, content: bytes) -> None:
        status, headers, answer = self.azure.endpoints.infer(self.command, path, dict(self.headers.items()), content)
        self._say(status, answer, headers)

    def _say(self, status: int, document: Any, headers: dict[str, str]) -> None:
        content = (
            document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        )
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
