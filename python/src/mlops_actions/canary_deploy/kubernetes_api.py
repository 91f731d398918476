"""The API server of a Kubernetes cluster: one object read and patched, and a Service asked through it."""

from __future__ import annotations

import json
import ssl
import urllib.request
from dataclasses import dataclass
from email.message import Message
from functools import cached_property
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from mlops_actions.canary_deploy.kubeconfig import Access, read_access
from mlops_actions.errors import InputError, OutsideError

_TIME_LIMIT = 5.0
_SHOWN = 300

Json = dict[str, Any]


class ConflictError(OutsideError):
    """The object was changed since it was read."""


@dataclass(frozen=True)
class Answer:
    """Any answer."""

    status: int
    body: bytes
    headers: Message

    @property
    def message(self) -> str:
        """What Kubernetes says of a failure."""
        try:
            said = json.loads(self.body).get("message")
        except (ValueError, AttributeError):
            said = None
        return str(said or f"status {self.status}")[:_SHOWN].rstrip(".")


@dataclass(frozen=True)
class KubernetesApi:
    """One cluster.

    Methods raise OutsideError where it does not answer, and InputError where it does not know us, an object or a kind,
    or forbids what we ask.
    """

    context: str | None = None

    @cached_property
    def access(self) -> Access:
        """Read when it is first needed."""
        return read_access(self.context)

    def read(self, path: str) -> Json:
        """An object."""
        return self._checked(self.ask("GET", path), f"get {path}")

    def patch(self, path: str, change: Json) -> Json:
        """The object after a merge patch. ConflictError where `metadata.resourceVersion` in it is an old one."""
        return self._checked(self.ask("PATCH", path, change), f"patch {path}")

    def ask(self, method: str, path: str, body: Json | None = None, seconds: float = _TIME_LIMIT) -> Answer:
        """One request, whatever is answered."""
        headers = {"Accept": "application/json", "Content-Type": "application/merge-patch+json"}
        if token := self.access.token():
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.access.server + path, data, headers, method=method)  # noqa: S310
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self.access.context), _StayHere())
        try:
            with opener.open(request, timeout=seconds) as answer:
                return Answer(answer.status, answer.read(), answer.headers)
        except HTTPError as error:
            with error:
                return Answer(error.code, error.read(), error.headers)
        except (URLError, OSError, HTTPException) as error:
            raise OutsideError(f"the API server {self.access.server} does not answer: {_why(error)}.") from None

    def _checked(self, answer: Answer, what: str) -> Json:
        if answer.status == 401:
            raise InputError(
                f"the API server {self.access.server} does not know us: the token or certificate is wrong or expired.",
                where="target",
            )
        if answer.status == 403:
            raise InputError(f"Kubernetes forbids us to {what}: {answer.message}.", where="target",
                             hint="A Role with the verbs get and patch on this one object is enough.")  # fmt: skip
        if answer.status == 409:
            raise ConflictError(f"Kubernetes refuses to {what}: {answer.message}.")
        if answer.status in (404, 400, 422):
            raise InputError(f"Kubernetes refuses to {what}: {answer.message}.", where="target")
        try:
            document = json.loads(answer.body)
        except ValueError:
            document = None
        if not 200 <= answer.status < 300 or not isinstance(document, dict):
            raise OutsideError(f"the API server {self.access.server} failed to {what}: {answer.message}.")
        return document


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A token goes to the API server and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        """None."""


def _why(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message})"
    if isinstance(reason, TimeoutError):
        return f"no answer within {_TIME_LIMIT:g} s"
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
