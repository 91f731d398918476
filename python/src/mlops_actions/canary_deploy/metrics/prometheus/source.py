"""The counters of both versions as Prometheus knows them, and whether one of them began anew."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from mlops_actions.canary_deploy.metrics.interface import ERRORS, Query, Snapshot
from mlops_actions.canary_deploy.metrics.latency import slower_than
from mlops_actions.canary_deploy.metrics.prometheus.api import Labels, PrometheusApi, Series
from mlops_actions.canary_deploy.metrics.prometheus.queries import Condition, Part, Queries, Share, read_queries
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.canary_deploy.targets.interface import SIDES, Side
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import Counts

Answers = dict[str, list[Series]]
"""By query."""


@dataclass
class PrometheusCounters:
    """Asks for all counters as of one moment; remembers them to see a reset of each, which their sum would hide."""

    api: PrometheusApi
    queries: Queries
    _before: Answers | None = None
    _places: dict[str, set[Labels]] = field(default_factory=dict)
    """By query, where its counters ever came from."""
    _resets: int = field(default=0)

    def read(self) -> Snapshot:
        """The counts now. OutsideError where the stable side has none: then a query is wrong."""
        now, at = time.monotonic(), self.api.now()
        looks = {side: _Look(self.api, self.queries, side, at) for side in SIDES}
        counts = {side: look.counts() for side, look in looks.items()}
        answers = {query: found for look in looks.values() for query, found in look.answers.items()}
        if self._before is None:
            self._expect_stable(looks["stable"])
        elif any(self._began_anew(self._before, query, found) for query, found in answers.items()):
            self._resets += 1
        self._before = answers
        for query, found in answers.items():
            self._places.setdefault(query, set()).update(one.instance for one in found)
        return Snapshot.of_counts(
            now, candidate=counts["candidate"], stable=counts["stable"], born=0.0, resets=self._resets
        )

    def _began_anew(self, before: Answers, query: str, now: list[Series]) -> bool:
        """Whether a counter went down or is gone, or came from a place that was not there: its past would be counted.

        A new counter of a place that was there, such as the first one with a status of 500, has begun at 0; and so
        have those of a side that never had any. One that was not scraped for a while has not.
        """
        known = before.get(query, [])
        counts = {one.labels: one.count for one in now}
        if any(counts.get(one.labels, -1) < one.count for one in known):
            return True
        places = {one.instance for one in known}
        return bool(self._places.get(query)) and any(one.instance not in places for one in now)

    def _expect_stable(self, look: _Look) -> None:
        for query in self.queries.shares[ERRORS].total:
            if look.ask(query):
                return
        raise OutsideError(
            f"{self.api.shown} has no series of `{self.queries.of('stable', self.queries.shares[ERRORS].total[0])}`.",
            hint="Is it scraped, and do the labels tell the stable version? Try the query in its web interface.",
        )


@dataclass
class _Look:
    """One side at one moment; a query that is used twice is asked once."""

    api: PrometheusApi
    queries: Queries
    side: Side
    at: float
    answers: Answers = field(default_factory=dict)

    def counts(self) -> dict[str, Counts]:
        counts = {name: self._share(name, share) for name, share in self.queries.shares.items()}
        return counts | self._latency(counts[ERRORS])

    def ask(self, template: str) -> list[Series]:
        query = self.queries.of(self.side, template)
        if query not in self.answers:
            self.answers[query] = self.api.counters(query, self.at)
        return self.answers[query]

    def _share(self, name: str, share: Share) -> Counts:
        series = [one for query in share.total for one in self.ask(query)]
        total = sum(one.count for one in series)
        bad = sum(self._part(name, part, series) for part in share.bad)
        if bad > total:
            raise InputError(
                f"{name!r} of {self.side!r} are {bad} in {total}: they are no part of what they are compared with.",
                where="metrics-query",
                hint="Give `total` as well, the counters of which these are the bad ones.",
            )
        return Counts(bad, total)

    def _part(self, name: str, part: Part, series: list[Series]) -> int:
        if isinstance(part, tuple):
            return self._with_labels(part, series)
        found = self.ask(part)
        if series and not found:
            raise OutsideError(
                f"{self.api.shown} has no series of `{self.queries.of(self.side, part)}`: without it {name!r} are "
                "unknown, not 0.",
                hint='Where it only appears with the first one, say it by a label of the total, such as code=~"5..".',
            )
        return sum(one.count for one in found)

    def _with_labels(self, conditions: tuple[Condition, ...], series: list[Series]) -> int:
        for condition in conditions:
            if series and all(one.label(condition.label) is None for one in series):
                listed = ", ".join(sorted({label for one in series for label, _ in one.labels})) or "none"
                raise InputError(
                    f"the counters of {self.side!r} have no label {condition.label!r}; theirs are: {listed}.",
                    where="metrics-query",
                    hint="Select the counters themselves, without sum().",
                )
        good = [one for one in series if all(condition.holds(one.label(condition.label)) for condition in conditions)]
        return sum(one.count for one in good)

    def _latency(self, errors: Counts) -> dict[str, Counts]:
        if self.queries.latency is None:
            return {}
        buckets: dict[float, int] = {}
        for one in self.ask(self.queries.latency):
            bound = one.label("le")
            if bound is None:
                raise InputError(
                    f"`{self.queries.of(self.side, self.queries.latency)}` gives series without the label `le`.",
                    where="metrics-query",
                    hint="Select a histogram's buckets, such as http_request_duration_seconds_bucket{…}.",
                )
            seconds = float(bound) * self.queries.unit if bound != "+Inf" else math.inf
            buckets[seconds] = buckets.get(seconds, 0) + one.count
        return slower_than(buckets, errors)


def open_source(location: str, services: Services, query: Query) -> PrometheusCounters:
    """`prometheus:URL` as the input `metrics-source`; nothing is asked yet."""
    address, queries = read_queries(location, query.text, services)
    return PrometheusCounters(PrometheusApi(address), queries)
