"""Azure Resource Manager, one request at a time: tried again where that can help, and each refusal in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlops_actions.ci.credentials import bearer, server
from mlops_actions.clouds.azure.credentials import Credential
from mlops_actions.clouds.http import TIMEOUT, Again, patiently, reaching
from mlops_actions.errors import InputError, MlopsError, OutsideError

if TYPE_CHECKING:
    import requests

Json = dict[str, Any]
ENDPOINT = "AZURE_RESOURCE_MANAGER_ENDPOINT"
"""The variable that names another cloud than the public one, such as https://management.usgovcloudapi.net."""
API_VERSION = "2025-12-01"
"""Of Microsoft.MachineLearningServices."""
_ACTIONS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
QUOTA_HINT = "Ask for more in the portal, delete what is idle, or take another `instance_type`; nothing was changed."
_SIGN_IN = "Sign in to Azure by its own ways instead: docs/clouds.md lists them."
_WORDS = 400


class NotThereError(InputError):
    """Azure knows no such thing."""


class ConflictError(OutsideError):
    """Somebody else is changing it, or it is there already as something else."""


@dataclass(frozen=True)
class Answer:
    """What was answered."""

    status: int
    body: Json
    headers: Mapping[str, str]
    url: str
    """Of what was asked for."""


class Arm:
    """See https://learn.microsoft.com/azure/azure-resource-manager; the session keeps its connection open."""

    def __init__(self, credential: Credential, endpoint: str | None = None) -> None:
        self.endpoint = (endpoint or server(ENDPOINT, "https://management.azure.com", _SIGN_IN)).rstrip("/")
        self.credential = credential
        self._session: requests.Session | None = None

    def get(self, path: str, **query: str) -> Json:
        """A resource."""
        return self.ask("GET", path, **query).body

    def put(self, path: str, body: Json) -> Answer:
        """Make a resource, or put another in its place; what is long-running is only begun."""
        return self.ask("PUT", path, body)

    def post(self, path: str, body: Json | None = None) -> Json:
        """What an action answers."""
        return self.ask("POST", path, body or {}).body

    def delete(self, path: str) -> Answer:
        """Remove a resource; where it is long-running, only begun."""
        return self.ask("DELETE", path)

    def pages(self, path: str, **query: str) -> Iterator[Json]:
        """All items of a list, page by page."""
        found = self.get(path, **query)
        while True:
            yield from found.get("value", [])
            following = found.get("nextLink")
            if not following:
                return
            found = self.follow(following).body

    def follow(self, url: str) -> Answer:
        """What stands at a link that Azure gave. OutsideError for one that leads elsewhere: it would get our token."""
        ours, theirs = urlsplit(self.endpoint), urlsplit(url)
        near = theirs.netloc == ours.netloc or theirs.netloc.endswith(f".{ours.netloc}")
        if theirs.scheme != ours.scheme or not near:
            raise OutsideError(f"Azure answered with a link to {theirs.netloc[:100]!r}, where no token is sent.")
        return self._patiently("GET", url)

    def ask(self, method: str, path: str, body: Json | None = None, /, **query: str) -> Answer:
        """One request to a path below the endpoint."""
        return self._patiently(method, f"{self.endpoint}{path}", body, {"api-version": API_VERSION, **query})

    def _patiently(
        self, method: str, url: str, body: Json | None = None, query: Mapping[str, str] | None = None
    ) -> Answer:
        return patiently("Azure", lambda: self._attempt(method, url, body, query))

    def _attempt(self, method: str, url: str, body: Json | None, query: Mapping[str, str] | None) -> Answer:
        import requests

        self._session = self._session or requests.Session()
        token = self.credential.token(f"{self.endpoint}/.default").token
        with reaching(f"Azure at {self.endpoint!r}"):
            answer = self._session.request(
                method,
                url,
                params=query,
                json=body,
                auth=bearer(token),
                allow_redirects=False,
                timeout=TIMEOUT,
            )
            content = answer.content
        found = _json(answer) if content else {}
        if 200 <= answer.status_code < 300 and found is not None:
            return Answer(answer.status_code, found, answer.headers, answer.url)
        raise _failure(answer, method, found)


def _failure(answer: requests.Response, method: str, found: Json | None) -> MlopsError | Again:
    """What an answer other than 2xx means."""
    status, path = answer.status_code, urlsplit(answer.url).path
    code, words = said(found or {})
    if status in (408, 429) or status >= 500:
        return Again(f"status {status}{f', {words}' if words else ''}", answer.headers.get("Retry-After"))
    if found is None or not 400 <= status < 500:
        return OutsideError(
            f"{urlsplit(answer.url).netloc!r} does not answer as Azure does (status {status}).",
            hint=f"Check {ENDPOINT}.",
        )
    if status == 401:
        return InputError(
            f"Azure does not accept our token (status 401): {words}.",
            hint="It is expired, or of another tenant or cloud: sign in anew, and check AZURE_TENANT_ID.",
        )
    if is_quota(code):
        return OutsideError(f"Azure has no quota left for {_action(method, path)}: {words}.", hint=QUOTA_HINT)
    if status == 403:
        named = re.search(r"perform action '([^']+)'", words)
        return InputError(
            f"Azure does not allow us to {named[1] if named else _action(method, path)} (status 403).",
            hint=f"Give the identity a role with this action on {_scope(path)}. Azure says: {words}.",
        )
    if status == 404:
        return NotThereError(f"Azure knows no {_named(path)}: {words}.")
    if status in (409, 412):
        return ConflictError(f"Azure refuses to change {_named(path)} now: {words}.")
    return InputError(f"Azure refuses {_action(method, path)}: {code}: {words}.")


def said(found: Mapping[str, Any]) -> tuple[str, str]:
    """The code and the words of Azure's error, innermost detail included."""
    error = found.get("error", found)
    error = error if isinstance(error, Mapping) else {}
    words = [str(error.get("message") or "")]
    words += [str(one.get("message")) for one in error.get("details") or [] if isinstance(one, Mapping)]
    told = " ".join(" ".join(dict.fromkeys(filter(None, words))).split()).rstrip(".")
    return str(error.get("code") or ""), told[:_WORDS]


def is_quota(code: str) -> bool:
    """Whether Azure's code says that all of a quota is used."""
    return "quota" in code.lower()


def _json(answer: requests.Response) -> Json | None:
    try:
        found = answer.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _parts(path: str) -> tuple[str, list[str]]:
    """The provider, and what stands below it: types and names in turn."""
    _, _, below = path.rpartition("/providers/")
    provider, *parts = below.split("/")
    return provider, parts


def _action(method: str, path: str) -> str:
    """The name of the right that a request needs, such as `…/workspaces/onlineEndpoints/write`."""
    provider, parts = _parts(path)
    what = "/".join(parts[::2])
    return f"{provider}/{what}/{_ACTIONS.get(method, 'action')}"


def _named(path: str) -> str:
    """The thing at a path in a few words, such as `onlineEndpoints 'churn'`."""
    _, parts = _parts(path)
    if len(parts) < 2:
        return repr(path)
    return f"{parts[-2]} {parts[-1]!r}" if len(parts) % 2 == 0 else f"{parts[-1]} of {parts[-2]!r}"


def _scope(path: str) -> str:
    """The workspace that a path is in."""
    found = re.search(r"/workspaces/([^/]+)", path)
    return f"the workspace {found[1]!r}" if found else "that resource"
