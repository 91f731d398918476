"""Prometheus's HTTP interface: instant queries, all at the time of its own clock."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_actions.canary_deploy.metrics.http_json import JsonUrl
from mlops_actions.errors import InputError, OutsideError

logger = logging.getLogger(__name__)

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Series:
    """One counter as it stood at the moment that was asked for."""

    labels: Labels
    """Sorted, without the name of the metric."""
    count: int

    @property
    def instance(self) -> Labels:
        """What Prometheus scraped it from."""
        return tuple(one for one in self.labels if one[0] in ("instance", "job", "pod"))

    def label(self, name: str) -> str | None:
        """A label's value; None where it has none of that name."""
        return dict(self.labels).get(name)


class PrometheusApi:
    """One server. OutsideError when it does not answer as Prometheus does, InputError for a query that it refuses."""

    def __init__(self, url: str) -> None:
        self._url = JsonUrl(url, "prometheus")
        self._warned: set[str] = set()

    @property
    def shown(self) -> str:
        """Its address without a password."""
        return self._url.shown

    def now(self) -> float:
        """Its own time, so that it does not matter whether its clock is ours."""
        kind, result = self._ask("time()")
        if kind != "scalar":
            raise self._stranger()
        return float(result[1])

    def counters(self, query: str, at: float) -> list[Series]:
        """The counters that a query selects, as of a time; none where nothing matches."""
        kind, result = self._ask(query, at)
        if kind != "vector":
            raise InputError(
                f"`{query}` gives a {kind}, and counters are needed.",
                where="metrics-query",
                hint="Select counters without a range, such as http_requests_total{…}.",
            )
        return [Series(_labels(one["metric"]), _count(one["value"][1], query)) for one in result]

    def _ask(self, query: str, at: float | None = None) -> tuple[str, Any]:
        parameters = {"query": query, **({} if at is None else {"time": f"{at:.3f}"})}
        status, answer = self._url.get("/api/v1/query", parameters)
        if not isinstance(answer, dict) or answer.get("status") not in ("success", "error"):
            raise self._stranger()
        if answer["status"] == "error":
            said = f"{self.shown} refuses `{query}`: {answer.get('error')}."
            if answer.get("errorType") in ("bad_data", "execution"):
                raise InputError(said, where="metrics-query")
            raise OutsideError(f"{said[:-1]} (status {status}).")
        for warning in answer.get("warnings", []):
            if warning not in self._warned:
                self._warned.add(warning)
                logger.warning("Prometheus warns about `%s`: %s", query, warning)
        try:
            return str(answer["data"]["resultType"]), answer["data"]["result"]
        except (KeyError, TypeError):
            raise self._stranger() from None

    def _stranger(self) -> OutsideError:
        return OutsideError(
            f"{self.shown}/api/v1/query does not answer as Prometheus.", hint="Is it the address of its web interface?"
        )


def _labels(metric: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in metric.items() if name != "__name__"))


def _count(value: str, query: str) -> int:
    number = float(value)
    if math.isnan(number):
        raise OutsideError(
            f"Prometheus gives NaN for `{query}`.",
            hint="Ask for the counters themselves: a rate or a quotient has no value while nothing happens.",
        )
    if not number >= 0 or number % 1:
        raise InputError(
            f"`{query}` gives {value}, which is no count.",
            where="metrics-query",
            hint="Ask for the counters themselves, without rate() or increase().",
        )
    return int(number)
