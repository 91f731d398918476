"""Asks one server whether it is healthy and which model it serves."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from mlops_actions import cancellation

HEADER = "X-Model-SHA256"
"""The response header in which a server says which bytes it serves."""

_PATIENCE = 2.0
_PAUSE = 0.2


@dataclass(frozen=True)
class Probe:
    """What one server answered."""

    healthy: bool
    sha256: str | None
    """The digest that it reported, in lower case; None where it reported none."""
    detail: str
    """What was found, for messages: our own words, nothing of the server's."""


def probe(address: str, path: str) -> Probe:
    """Ask `http://address/path` once; a status of 2xx is healthy. Never raises: a server may be anything."""
    import requests

    with requests.Session() as session:
        # A proxy of the CI machine must not answer in the server's place.
        session.trust_env = False
        try:
            answer = session.get(f"http://{address}{path}", timeout=_PATIENCE, allow_redirects=False, stream=True)
        except requests.ConnectTimeout:
            return Probe(False, None, f"no connection within {_PATIENCE:g} s")
        except requests.Timeout:
            return Probe(False, None, f"no answer within {_PATIENCE:g} s")
        except requests.ConnectionError:
            return Probe(False, None, "no connection")
        except requests.RequestException as error:
            return Probe(False, None, f"no HTTP answer ({type(error).__name__})")
        with answer:
            healthy = answer.ok and answer.status_code < 300
            return Probe(healthy, read_digest(answer.headers.get(HEADER)), f"status {answer.status_code}")


def wait_until_healthy(ask: Callable[[], Probe], seconds: float) -> Probe:
    """Ask until the server is healthy, or the last answer when the time is over or the run is cancelled."""
    until = time.monotonic() + seconds
    while True:
        found = ask()
        if found.healthy or time.monotonic() + _PAUSE >= until or cancellation.wait(_PAUSE):
            return found


def read_digest(reported: object) -> str | None:
    """What a server reports as its model's SHA-256; an unreadable report is one of something else, never of nothing.

    >>> read_digest("sha256:" + 64 * "A")[:4], read_digest("v7"), read_digest(" ")
    ('aaaa', 'unreadable', None)
    """
    text = "" if reported is None else str(reported).strip().lower().removeprefix("sha256:")
    if not text:
        return None
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else "unreadable"
