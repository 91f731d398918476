"""POST of JSON to one URL, again where it may help: never elsewhere, never without an end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlops_actions.errors import InputError, OutsideError
from mlops_actions.evaluate_model.scoring.answer import MisbehaviourError

if TYPE_CHECKING:
    import requests

ATTEMPTS = 5
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between attempts; doubled each time, or as the server asks."""
PATIENCE = 60.0
"""Seconds without a byte after which an attempt is given up."""
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Response:
    """What a server answered, of status 200 or one that a retry would not change."""

    status: int
    sha256: str | None
    """What it reports as the model's digest."""
    body: bytes


class _Again(Exception):  # noqa: N818  no error: the next attempt may do
    def __init__(self, why: str, pause: float | None = None) -> None:
        super().__init__(why)
        self.pause = pause


@dataclass(frozen=True)
class Client:
    """One URL, with the token that it is asked with."""

    url: str
    token: str | None

    def post(self, content: bytes, deadline: float) -> Response:
        """The answer to one request; `deadline` is a time of the monotonic clock.

        Raises OutsideError where the server fails in each attempt, MisbehaviourError when the time is over, and
        InputError for a redirect, a missing page or a token that is not accepted.
        """
        pause, why = FIRST_PAUSE, ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._attempt(content, deadline)
            except _Again as again:
                why = str(again)
                wait = min(again.pause or pause, LONGEST_PAUSE)
            if attempt == ATTEMPTS or time.monotonic() + wait >= deadline:
                break
            time.sleep(wait)
            pause *= 2
        raise OutsideError(
            f"the endpoint {urlsplit(self.url).netloc!r} failed {attempt} times in a row: {why}.",
            hint="Run again later.",
        )

    def _attempt(self, content: bytes, deadline: float) -> Response:
        import requests
        import urllib3

        left = deadline - time.monotonic()
        if left <= 0:
            raise _too_slow()
        try:
            with requests.post(
                self.url,
                data=content,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                # Given always, since ~/.netrc would be read without one.
                auth=self._authorise,
                allow_redirects=False,
                stream=True,
                timeout=min(PATIENCE, left),
            ) as answer:
                return self._read(answer, deadline)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            if time.monotonic() >= deadline:
                raise _too_slow() from None
            raise _Again(f"no answer within {PATIENCE:g} s") from None
        except requests.exceptions.SSLError:
            raise OutsideError(f"the certificate of {urlsplit(self.url).netloc!r} is not valid.") from None
        except urllib3.exceptions.HTTPError:
            raise _Again("the answer was cut off") from None
        except requests.ConnectionError:
            raise _Again("no connection") from None
        except requests.RequestException as error:
            raise _Again(f"no HTTP answer ({type(error).__name__})") from None

    def _read(self, answer: requests.Response, deadline: float) -> Response:
        status = answer.status_code
        if status == 429 or status >= 500:
            asked = answer.headers.get("Retry-After", "")
            raise _Again(f"status {status}", float(asked) if asked.isdigit() else None)
        if 300 <= status < 400:
            where = urlsplit(answer.headers.get("Location", "")).netloc[:100]
            raise InputError(
                f"the endpoint redirects{f' to {where!r}' if where else ''}, and rows are sent nowhere else.",
                where="endpoint",
                hint="Give the URL that answers itself.",
            )
        if status in (401, 403):
            raise InputError(
                f"the endpoint does not let us in (status {status}).",
                where="endpoint-token",
                hint="Name the environment variable with a valid token.",
            )
        if status in (404, 405):
            raise InputError(f"nothing takes rows at {self.url!r} (status {status}).", where="endpoint")
        body = bytearray()
        # What is there at once: `iter_content` would wait for a block to fill, however slowly.
        while block := answer.raw.read1(1 << 16, decode_content=True):
            body += block
            if time.monotonic() >= deadline:
                raise _too_slow()
            if len(body) > MOST_BYTES:
                raise MisbehaviourError("predictions-count", f"answered with more than {MOST_BYTES >> 20} MiB.")
        return Response(status, answer.headers.get("X-Model-SHA256"), bytes(body))

    def _authorise(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token is not None:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def _too_slow() -> MisbehaviourError:
    return MisbehaviourError("model-timeout", "was not done within the time-limit.")
