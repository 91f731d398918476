"""One request over HTTP, tried again where that can help.

What is asked through here may happen twice, since an answer can be lost after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from mlops_actions.errors import OutsideError

ATTEMPTS = 5
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; doubled each time, where the server names no other time."""
LONGEST_PAUSE = 60.0
"""Seconds: what a server may ask us to wait."""
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and without a byte."""

T = TypeVar("T")


class Again(Exception):  # noqa: N818  no error: the next attempt may do
    """One attempt failed, and the next one may do."""

    def __init__(self, why: str, retry_after: str | None = None) -> None:
        super().__init__(why)
        self.pause = float(retry_after) if retry_after and retry_after.strip().isdigit() else None
        """Seconds that the server asks for (its Retry-After), where it does."""


def patiently(who: str, ask: Callable[[], T]) -> T:
    """What one of several attempts answers. OutsideError after the last, with what it met."""
    pause, why = FIRST_PAUSE, ""
    for attempt in range(1, ATTEMPTS + 1):
        wait = pause
        try:
            return ask()
        except Again as again:
            why, wait = str(again), pause if again.pause is None else min(again.pause, LONGEST_PAUSE)
        if attempt < ATTEMPTS:
            time.sleep(wait)
            pause *= 2
    raise OutsideError(f"{who} failed {ATTEMPTS} times in a row: {why}.", hint="Run this again when it answers.")


def shares_origin(url: str | None, base: str) -> bool:
    """Whether a URL has the scheme, host and port of another, so that it may have the same credentials.

    >>> [shares_origin(url, "https://hub.example") for url in ("https://hub.example/a", "http://hub.example/a")]
    [True, False]
    """
    theirs, ours = urlsplit(url or ""), urlsplit(base)
    return (theirs.scheme, theirs.netloc) == (ours.scheme, ours.netloc)


@contextmanager
def reaching(who: str) -> Iterator[None]:
    """Requests' own errors as `Again`, and as OutsideError where another attempt cannot help."""
    import requests

    try:
        yield
    except requests.exceptions.SSLError:
        raise OutsideError(
            f"the certificate of {who} is not valid.", hint="Name your authority's certificates in REQUESTS_CA_BUNDLE."
        ) from None
    except requests.Timeout:
        raise Again("no answer in time") from None
    except requests.ConnectionError:
        raise Again("no connection") from None
    except requests.RequestException as error:
        raise Again(f"no HTTP answer ({type(error).__name__})") from None
