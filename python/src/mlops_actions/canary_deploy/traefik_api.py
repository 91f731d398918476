"""Traefik's API and its Prometheus endpoint, both on the entry point `traefik`."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from mlops_actions.errors import InputError, OutsideError

_TIME_LIMIT = 2.0
_SAMPLE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Counted:
    """The counters of all services at one moment."""

    born: float
    """When this process of Traefik started, on the clock of `time.monotonic`."""
    statuses: dict[str, Counter[int]]
    """How often each service answered with each status."""
    times: dict[str, Counter[float]]
    """How many of its answers took at most so many seconds."""


@dataclass(frozen=True)
class TraefikApi:
    """One Traefik. Every method raises OutsideError when it does not answer as Traefik does."""

    url: str

    def service(self, name: str) -> dict[str, Any] | None:
        """A service as it is in effect; None where there is none of that name."""
        document = self._json(f"/api/http/services/{name}@file")
        return None if "message" in document else document

    def counted(self) -> Counted:
        """What it has counted since it started."""
        statuses: dict[str, Counter[int]] = {}
        times: dict[str, Counter[float]] = {}
        born = None
        for name, labels, value in self._samples():
            if name == "traefik_service_requests_total" and labels["code"].isdigit():
                statuses.setdefault(labels["service"], Counter())[int(labels["code"])] += int(value)
            elif name == "traefik_service_request_duration_seconds_bucket":
                times.setdefault(labels["service"], Counter())[float(labels["le"])] += int(value)
            elif name == "process_start_time_seconds":
                born = time.monotonic() - (time.time() - value)
        if born is None:
            raise self._stranger("/metrics")
        return Counted(born, statuses, times)

    def _samples(self) -> list[tuple[str, dict[str, str], float]]:
        answer = self._get("/metrics")
        if answer.status_code == 404:
            raise InputError(
                f"Traefik at {self.url} counts nothing: it has no /metrics.",
                where="target",
                hint="Write `metrics: {prometheus: {}}` in its static configuration.",
            )
        matches = [_SAMPLE.fullmatch(line) for line in answer.text.splitlines() if not line.startswith("#")]
        if not matches or not all(matches):
            raise self._stranger("/metrics")
        return [(one["name"], dict(_LABEL.findall(one["labels"] or "")), float(one["value"])) for one in matches if one]

    def _json(self, path: str) -> dict[str, Any]:
        answer = self._get(path)
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise self._stranger(path)
        return document

    def _get(self, path: str) -> Any:
        import requests

        try:
            with requests.Session() as session:
                session.trust_env = False
                return session.get(f"{self.url}{path}", timeout=_TIME_LIMIT)
        except requests.RequestException as error:
            raise OutsideError(f"Traefik's API at {self.url} does not answer ({type(error).__name__}).") from None

    def _stranger(self, path: str) -> OutsideError:
        return OutsideError(
            f"{self.url}{path} does not answer as Traefik.", hint="Is its API on, such as by `api: {insecure: true}`?"
        )
