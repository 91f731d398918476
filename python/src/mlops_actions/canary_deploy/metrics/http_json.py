"""One GET that is answered with JSON, and what is told where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mlops_actions.ci.credentials import passwords, secret, without_credentials
from mlops_actions.errors import InputError, OutsideError

if TYPE_CHECKING:
    import requests

VARIABLE: Final = "METRICS_TOKEN"
"""The environment variable whose content is sent as a bearer token."""

_TIME_LIMIT = 5.0
_SHOWN = 60


class JsonUrl:
    """An address below which everything is asked over one connection."""

    def __init__(self, url: str, what: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise InputError(
                f"the input 'metrics-source' is {what}:{without_credentials(url)!r}, which is no URL.",
                hint=f"Write {what}:http://HOST:PORT.",
            )
        self._url = url.rstrip("/")
        self.shown = without_credentials(self._url)

    def get(self, path: str = "", parameters: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """The status and the document. OutsideError for an answer that is none, or none of JSON."""
        import requests

        place = f"{self.shown}{path}"
        try:
            answer = self._session.get(f"{self._url}{path}", params=parameters, timeout=_TIME_LIMIT, auth=self._sign())
        except requests.Timeout:
            raise OutsideError(f"{place} did not answer within {_TIME_LIMIT:g} s.") from None
        except requests.exceptions.SSLError as error:
            raise OutsideError(f"the certificate of {place} is not accepted: {_reason(error)}.") from None
        except requests.RequestException as error:
            raise OutsideError(f"{place} does not answer ({type(error).__name__}).") from None
        if answer.status_code in (401, 403):
            raise OutsideError(
                f"{place} refuses access (status {answer.status_code}).",
                hint=f"Give a token that may read it in the environment variable {VARIABLE}, or a user and password in "
                "the address.",
            )
        try:
            return answer.status_code, answer.json()
        except ValueError:
            kind = answer.headers.get("Content-Type", "no type").partition(";")[0]
            raise OutsideError(
                f"{place} answers with {kind} and status {answer.status_code}, not with JSON: "
                f"{' '.join(answer.text.split())[:_SHOWN]!r}.",
                hint="Is it the address itself, and not that of a page or a login in front of it?",
            ) from None

    @cached_property
    def _session(self) -> requests.Session:
        import requests

        return requests.Session()

    def _sign(self) -> Any:
        """The token of the environment, where the address has no user of its own."""
        token = secret(VARIABLE)
        return _bearer(token) if token and not passwords(self._url) else None


def _bearer(token: str) -> Any:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _reason(error: Exception) -> str:
    """OpenSSL's words, such as "certificate has expired"."""
    text = str(error)
    return text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or text[:_SHOWN]
