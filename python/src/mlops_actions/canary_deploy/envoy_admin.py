"""Envoy's admin interface: its runtime, its counters and the configuration that is in effect."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from mlops_actions.errors import OutsideError

PARTS = 10_000
"""Weights are set in hundredths of a percent point."""

_TIME_LIMIT = 2.0
_DENOMINATORS = {"HUNDRED": 100, "TEN_THOUSAND": 10_000, "MILLION": 1_000_000}


@dataclass(frozen=True)
class EnvoyAdmin:
    """One Envoy's admin interface. Every method raises OutsideError when it does not answer as Envoy does."""

    find: Callable[[], str]
    """Its host:port now; an embedded Envoy takes another port with every start."""

    def is_live(self) -> bool:
        """Whether it is there and takes requests."""
        try:
            return self._text("GET", "/ready").strip() == "LIVE"
        except OutsideError:
            return False

    def share(self, key: str) -> float | None:
        """The percentage that a runtime key holds; None where nobody ever set it."""
        entry = self._json("/runtime").get("entries", {}).get(key)
        return None if entry is None else percent_of(entry["final_value"])

    def set_share(self, key: str, percent: float) -> None:
        """Set a runtime key to a percentage; Envoy's workers follow within milliseconds."""
        self.set_values({key: fraction(percent)})

    def set_values(self, values: Mapping[str, str]) -> None:
        """Set several runtime keys at once."""
        self._text("POST", "/runtime_modify", values)

    def number(self, key: str) -> int | None:
        """The whole number that a runtime key holds; None where nobody ever set it."""
        entry = self._json("/runtime").get("entries", {}).get(key)
        return None if entry is None else int(entry["final_value"])

    def counters(self, pattern: str) -> dict[str, int]:
        """The counters and gauges whose names match a regular expression."""
        found = self._json("/stats", {"format": "json", "filter": pattern})["stats"]
        return {one["name"]: int(one["value"]) for one in found if "value" in one}

    def flushes_when_asked(self) -> bool:
        """Whether each request for statistics makes it merge its histograms, which else takes seconds."""
        found = self._json("/config_dump", {"mask": "bootstrap.stats_flush_on_admin"}).get("configs", [])
        return any(one.get("bootstrap", {}).get("stats_flush_on_admin", False) for one in found)

    def histograms(self, pattern: str) -> dict[str, dict[float, int]]:
        """The histograms whose names match: how many were at most as large as each bound, in milliseconds."""
        parameters = {"format": "json", "histogram_buckets": "cumulative", "type": "Histograms", "filter": pattern}
        found = self._json("/stats", parameters)["stats"]
        listed = [one for each in found for one in each.get("histograms", [])]
        return {
            one["name"]: {float(bucket["upper_bound"]): int(bucket["cumulative"]) for bucket in one["buckets"]}
            for one in listed
        }

    def born(self) -> float:
        """When this Envoy started, on the clock of `time.monotonic`, to a second."""
        return time.monotonic() - float(str(self._json("/server_info")["uptime_current_epoch"]).rstrip("s"))

    def configuration(self, resource: str | None = None) -> list[dict[str, Any]]:
        """What is in effect: all, or one kind such as `dynamic_active_clusters`."""
        parameters = {"resource": resource} if resource else {}
        configs: list[dict[str, Any]] = self._json("/config_dump", parameters).get("configs", [])
        return configs

    def clusters(self) -> set[str]:
        """The names of its clusters, wherever they were defined."""
        found = (one.get("cluster") for one in mappings(self.configuration()))
        return {str(one["name"]) for one in found if isinstance(one, dict) and "name" in one}

    def _json(self, path: str, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
        text = self._text("GET", path, parameters)
        try:
            document = json.loads(text)
        except json.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise OutsideError(f"{self.find()}{path} does not answer as Envoy's admin interface.")
        return document

    def _text(self, method: str, path: str, parameters: Mapping[str, str] | None = None) -> str:
        import requests

        address = self.find()
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(method, f"http://{address}{path}", params=parameters, timeout=_TIME_LIMIT)
        except requests.RequestException as error:
            problem = f"Envoy's admin interface at {address} does not answer ({type(error).__name__})."
            raise OutsideError(problem) from None
        # /ready says "not yet" by 503.
        if not answer.ok and path != "/ready":
            raise OutsideError(f"{method} {address}{path} answered with status {answer.status_code}.")
        return answer.text


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping inside a document, however deep."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from mappings(one)


def fraction(percent: float) -> str:
    """A percentage as a runtime value.

    >>> fraction(5.5)
    '{"numerator":550,"denominator":"TEN_THOUSAND"}'
    """
    # Without a space, which Envoy would take literally as the plus sign that it is encoded to.
    return f'{{"numerator":{round(percent * PARTS / 100)},"denominator":"TEN_THOUSAND"}}'


def percent_of(value: object) -> float:
    """A runtime value as Envoy reads it: an integer is a percentage, else numerator and denominator.

    >>> percent_of("20"), percent_of("{numerator: 550, denominator: TEN_THOUSAND}"), percent_of("400")
    (20.0, 5.5, 100.0)
    """
    read = yaml.safe_load(value) if isinstance(value, str) else value
    if isinstance(read, int | float):
        return min(100.0, float(read))
    if isinstance(read, dict) and set(read) <= {"numerator", "denominator"}:
        denominator = _DENOMINATORS.get(str(read.get("denominator", "HUNDRED")))
        if denominator:
            return min(100.0, 100 * float(read.get("numerator", 0)) / denominator)
    raise OutsideError(f"Envoy's runtime holds {value!r} for the candidate's share, which is no percentage.")
