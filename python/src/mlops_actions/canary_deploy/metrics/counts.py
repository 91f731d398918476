"""The counts that a command prints or a URL answers: one JSON object, the same for `exec:` and `json:`."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mlops_actions.canary_deploy.metrics.interface import BY_CLUSTER, ERRORS, Snapshot
from mlops_actions.canary_deploy.metrics.latency import slower_than
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import Counts, Moments, Reading

EXAMPLE: Final = '{"stable": {"requests": 900, "errors": 9}, "candidate": {"requests": 100, "errors": 1}}'
_KNOWN = {ERRORS, BY_CLUSTER}


def read_counts(document: Mapping[str, Any], now: float, source: str) -> Snapshot:
    """A snapshot taken at `now`, on the clock of `time.monotonic`; messages name the `source`.

    OutsideError for what is no count: null, NaN, true, "12", -1 and 0.5 are never taken for 0.
    """
    candidate, stable = (_Side(document, side, source).counts() for side in ("candidate", "stable"))
    for one, other, lacking in ((candidate, stable, "stable"), (stable, candidate, "candidate")):
        if missing := [name for name in one if name not in other]:
            raise _wrong(source, f"no {missing[0]!r} of {lacking!r}, and one of the other side")
    readings = {name: Reading(now, canary=counts, baseline=stable[name]) for name, counts in candidate.items()}
    means = [_Side(document, side, source).means() for side in ("candidate", "stable")]
    sums = {name: (means[0][name], means[1][name]) for name in means[0] if name in means[1]}
    return Snapshot(readings, _born(document, source), sums)


@dataclass(frozen=True)
class _Side:
    """What the document says of one of the two."""

    document: Mapping[str, Any]
    side: str
    source: str

    def counts(self) -> dict[str, Counts]:
        found = self.document.get(self.side)
        if not isinstance(found, dict):
            raise _wrong(self.source, f"nothing about {self.side!r}")
        errors = self._pair(self._number(found, "errors"), self._number(found, "requests"), "errors", "requests")
        counts = {ERRORS: errors}
        if "clusters" in found:
            counts[BY_CLUSTER] = self._of(found["clusters"], "clusters", None)
        for name, value in self._object(found, "counters").items():
            if name in _KNOWN:
                raise _wrong(self.source, f"a counter named {name!r} of {self.side!r}, which is a name of ours")
            counts[name] = self._of(value, name, errors.total)
        return counts | self._latency(self._object(found, "latency"), errors)

    def means(self) -> dict[str, Moments]:
        """What is no count: of each unit's value the number, the sum and the sum of squares."""
        found = self._object(self.document[self.side], "means")
        return {name: self._moments(value, name) for name, value in found.items()}

    def _moments(self, value: Any, name: str) -> Moments:
        found = value if isinstance(value, dict) else {}
        if not (_is_number(found.get("sum")) and _is_number(found.get("squares"))):
            wanted = '{"number": …, "sum": …, "squares": …}'
            raise _wrong(self.source, f"{name!r} of {self.side!r} as {value!r}, not {wanted}")
        try:
            return Moments(self._number(found, "number", name), float(found["sum"]), float(found["squares"]))
        except InputError as error:
            raise _wrong(self.source, f"{name!r} of {self.side!r}, and {error.message.removesuffix('.')}") from None

    def _of(self, value: Any, name: str, requests: int | None) -> Counts:
        """A number, of the requests; or `{"bad": …, "total": …}` of their own total."""
        if isinstance(value, dict):
            bad, total = self._number(value, "bad", name), self._number(value, "total", name)
            return self._pair(bad, total, "bad", f"{name} in all")
        if requests is None:
            raise _wrong(self.source, f'{name!r} of {self.side!r} as {value!r}, not {{"bad": …, "total": …}}')
        return self._pair(self._number({name: value}, name), requests, name, "requests")

    def _latency(self, buckets: dict[str, Any], errors: Counts) -> dict[str, Counts]:
        bounds: dict[float, int] = {}
        for bound in buckets:
            try:
                seconds = float(bound)
            except ValueError:
                seconds = math.nan
            if not seconds > 0:
                raise _wrong(self.source, f"a bucket {bound!r} in the latency of {self.side!r}, no number of seconds")
            bounds[seconds] = self._number(buckets, bound)
        rising = [bounds[seconds] for seconds in sorted(bounds)]
        if rising != sorted(rising):
            raise _wrong(self.source, f"buckets of {self.side!r} that do not grow with their bounds")
        return slower_than(bounds, errors)

    def _pair(self, bad: int, total: int, what: str, whole: str) -> Counts:
        if bad > total:
            raise _wrong(self.source, f"{bad} {what} in {total} {whole} of {self.side!r}")
        return Counts(bad, total)

    def _object(self, found: Mapping[str, Any], name: str) -> dict[str, Any]:
        value = found.get(name, {})
        if not isinstance(value, dict):
            raise _wrong(self.source, f"{name!r} of {self.side!r} as {value!r}")
        return value

    def _number(self, counts: Mapping[str, Any], name: str, of: str | None = None) -> int:
        value = counts.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0 or value % 1:
            raise _wrong(self.source, f"{name!r} of {f'{of!r} of ' if of else ''}{self.side!r} as {value!r}")
        return int(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _born(document: Mapping[str, Any], source: str) -> float:
    """On the clock of `time.monotonic`; without it a restart shows only in counters that go down."""
    since = document.get("since", 0)
    if isinstance(since, bool) or not isinstance(since, int | float) or not math.isfinite(since):
        raise _wrong(source, f"'since' as {since!r}")
    return since + time.monotonic() - time.time() if since else 0.0


def _wrong(source: str, what: str) -> OutsideError:
    return OutsideError(f"{source} gives {what}.", hint=f"It is to give {EXAMPLE}, whole numbers that only grow.")
