"""MLflow's REST interface: one call at a time, tried again where that can help; credentials from the environment only.

Every write that is called through here may be made twice without harm, since an answer can be lost after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlops_actions.ci.credentials import secret
from mlops_actions.clouds.http import Again, patiently, reaching
from mlops_actions.errors import InputError, MlopsError, OutsideError

if TYPE_CHECKING:
    import requests

API = "api/2.0/mlflow"
TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and without a byte."""
USERNAME, PASSWORD, TOKEN = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"
"""The variables that MLflow's own client reads."""

_BLOCK = 8 << 20
_PAGE = 1000
_WORDS = 300


class NotThereError(OutsideError):
    """MLflow says that it has no such thing."""


class AlreadyThereError(OutsideError):
    """MLflow says that there is one of that name."""


class Server:
    """An MLflow server; the session keeps its connection open."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session: requests.Session | None = None

    def get(self, path: str, right: str, /, **fields: Any) -> dict[str, Any]:
        """What a GET of the interface answers; `right` says in the user's words what it needs to be allowed."""
        return self._json("GET", path, right, params=fields)

    def post(self, path: str, right: str, /, **fields: Any) -> dict[str, Any]:
        """What a POST answers."""
        return self._json("POST", path, right, json=fields)

    def pages(self, method: str, path: str, found: str, right: str, /, **fields: Any) -> Iterator[dict[str, Any]]:
        """The results of a search under the key `found`, over all its pages."""
        token: str | None = None
        while True:
            more = {**fields, "max_results": _PAGE, **({"page_token": token} if token else {})}
            answer = self.get(path, right, **more) if method == "GET" else self.post(path, right, **more)
            yield from answer.get(found, [])
            token = answer.get("next_page_token")
            if not token:
                return

    def json(self, path: str, right: str, /, **fields: Any) -> dict[str, Any]:
        """What a GET of another path of the server answers."""
        return self._json("GET", path, right, api="", params=fields)

    def download(self, path: str, right: str) -> Iterator[bytes]:
        """The content at a path of the server, in blocks."""
        answer = self._answer("GET", path, right, stream=True)
        with _cut_off(self._host), answer:
            yield from answer.iter_content(_BLOCK)

    def upload(self, path: str, content: Callable[[], Iterator[bytes]], right: str) -> None:
        """Put content at a path of the server; called again for each attempt."""
        self._answer("PUT", path, right, content=content).close()

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc

    def _json(self, method: str, path: str, right: str, api: str = f"{API}/", **given: Any) -> dict[str, Any]:
        with self._answer(method, f"{api}{path}", right, **given) as answer:
            try:
                found = answer.json()
            except ValueError:
                found = None
        if isinstance(found, dict):
            return found
        raise OutsideError(
            f"{self.url!r} does not answer as MLflow does: {_kind(answer)} instead of JSON.",
            hint="Check the registry's address: a login page or another program may stand there.",
        )

    def _answer(self, method: str, path: str, right: str, **given: Any) -> requests.Response:
        return patiently(f"MLflow at {self._host!r}", lambda: self._attempt(method, path, right, **given))

    def _attempt(
        self,
        method: str,
        path: str,
        right: str,
        content: Callable[[], Iterator[bytes]] | None = None,
        **given: Any,
    ) -> requests.Response:
        with reaching(f"MLflow at {self._host!r}"):
            answer = self._opened().request(
                method,
                f"{self.url}/{path}",
                data=content() if content else None,
                auth=_authorise,
                allow_redirects=False,
                timeout=TIMEOUT,
                **given,
            )
            if not answer.ok or 300 <= answer.status_code < 400:
                with answer:
                    raise self._failure(answer, right)
        return answer

    def _opened(self) -> requests.Session:
        if self._session is None:
            import requests

            self._session = requests.Session()
        return self._session

    def _failure(self, answer: requests.Response, right: str) -> MlopsError | Again:
        """What an answer other than 2xx means."""
        status = answer.status_code
        code, words = _said(answer)
        if code == "RESOURCE_ALREADY_EXISTS":
            return AlreadyThereError(f"MLflow has it already: {words}.")
        if status == 429 or status >= 500 or _is_collision(words):
            return Again(f"status {status}{f', {words}' if code else ''}", answer.headers.get("Retry-After"))
        if status == 401:
            return self._unknown(right)
        if status == 403:
            return self._forbidden(right, words)
        if code == "RESOURCE_DOES_NOT_EXIST":
            return NotThereError(f"MLflow at {self._host!r} has no such thing: {words}.")
        if 300 <= status < 400:
            where = urlsplit(answer.headers.get("Location", "")).netloc[:100] or "another page"
            return InputError(
                f"MLflow at {self._host!r} redirects to {where!r}, where no credentials are sent.",
                hint="Give the registry the address that answers itself.",
            )
        if code:
            return OutsideError(f"MLflow at {self._host!r} refused to {right}: {words}.")
        return OutsideError(
            f"{self.url!r} does not answer as MLflow does: {_kind(answer)} with status {status}.",
            hint="Check the registry's address and its prefix.",
        )

    def _unknown(self, right: str) -> InputError:
        given = _given()
        if given:
            return InputError(
                f"MLflow at {self._host!r} does not accept {given} (status 401), so we cannot {right}.",
                hint="Renew it.",
            )
        return InputError(
            f"MLflow at {self._host!r} wants to know who asks (status 401) before we may {right}.",
            hint=f"Set {TOKEN}, or {USERNAME} and {PASSWORD}, from a secret.",
        )

    def _forbidden(self, right: str, words: str) -> InputError:
        if "host header" in words.lower():
            return InputError(
                f"MLflow at {self._host!r} does not know itself by that name (status 403).",
                hint="Start it with --allowed-hosts naming it, or use the name that it knows.",
            )
        return InputError(
            f"MLflow at {self._host!r} does not allow {_given() or 'an anonymous client'} to {right} (status 403).",
            hint="Give that user the right, or run without this action where it must not have it.",
        )


def _authorise(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """As MLflow's client does; given always, since ~/.netrc would be read without one."""
    import requests

    username, password, token = secret(USERNAME), secret(PASSWORD), secret(TOKEN)
    if username and password:
        requests.auth.HTTPBasicAuth(username, password)(request)
    elif token:
        request.headers["Authorization"] = f"Bearer {token}"
    return request


def _given() -> str | None:
    """Which credentials are set, by their variables."""
    if secret(USERNAME) and secret(PASSWORD):
        return f"the user of {USERNAME}"
    return f"the token of {TOKEN}" if secret(TOKEN) else None


def _said(answer: requests.Response) -> tuple[str | None, str]:
    """MLflow's error code and the first line of its message; without a code it was not MLflow."""
    try:
        found = answer.json()
    except ValueError:
        return None, " ".join(answer.text[:_WORDS].split())
    code = found.get("error_code") if isinstance(found, Mapping) else None
    words = str(found.get("message", "")).split("\n")[0].rstrip(".")[:_WORDS] if isinstance(found, Mapping) else ""
    return code, words


def _is_collision(words: str) -> bool:
    """Two writers at once: the database refused the second, and another attempt finds what the first made."""
    return "unique constraint" in words.lower() or "uniqueviolation" in words.lower().replace(" ", "")


def _kind(answer: requests.Response) -> str:
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    return {"text/html": "an HTML page"}.get(kind, kind or "something")


@contextmanager
def _cut_off(host: str) -> Iterator[None]:
    import requests

    try:
        yield
    except requests.RequestException:
        raise OutsideError(f"the answer of MLflow at {host!r} was cut off.", hint="Run it again.") from None
