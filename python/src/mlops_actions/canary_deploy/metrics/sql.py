"""Predictions joined to labels that come late: a query of SQL, asked once for the requests of each stretch of time."""

from __future__ import annotations

import logging
import math
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.canary_deploy.metrics.databases import Database, Row, open_database
from mlops_actions.canary_deploy.metrics.interface import BY_CLUSTER, ERRORS, Query, Snapshot
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.canary_deploy.targets.interface import SIDES, Side
from mlops_actions.ci.credentials import without_credentials
from mlops_actions.errors import InputError, OutsideError
from mlops_actions.statistics.sequential import NOTHING, Counts, Reading
from mlops_actions.statistics.sequential.missing import DIFFERENT, standard_errors_apart

logger = logging.getLogger(__name__)

_READ_UNTIL = "milliseconds read"
"""A reading like the others, that only grows: Unix time, up to which requests were counted."""
_TOTALS = {"requests", "labelled", "clusters"}
_HINT = (
    "It is to give a row for each version, with `version`, `requests` and, where labels come late, `labelled`; every "
    "other column counts what was wrong."
)


@dataclass
class SqlCounts:
    """Adds up cohorts of requests, each read once when its labels had their time, and no later ones.

    A cohort ends where a look was, as only there the weight changes.
    """

    database: Database
    query: str
    names: Mapping[str, Side]
    """What the column `version` may hold."""
    delay: float
    """Seconds after which a label is there, or missing for good."""
    _looks: list[float] = field(default_factory=list)
    _read_until: float = 0.0
    _columns: tuple[str, ...] = ()
    _sums: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in SIDES})
    _shares: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in SIDES})
    _counted: Mapping[str, Reading] = field(default_factory=dict)

    def read(self) -> Snapshot:
        """The sums after one more cohort, if one is due. OutsideError where the query gives no counts."""
        now, at = time.monotonic(), self.database.now()
        self._looks.append(at)
        ripe = at - self.delay
        if len(self._looks) == 1:
            self._read_until = ripe
        until = self._next_end(ripe)
        rows = self._ask(self._read_until, until)
        self._read_until = until
        if self._is_comparable(rows):
            for side, row in rows.items():
                self._sums[side].update(row)
        candidate, stable = (self._counts(self._sums[side]) for side in ("candidate", "stable"))
        readings = {name: self._since_taken_up(name, now, counts, stable[name]) for name, counts in candidate.items()}
        read = Counts(0, round(1000 * self._read_until))
        readings[_READ_UNTIL] = Reading(now, read, read)
        # Rows do not begin anew, as counters do: they are as old as the clock.
        return Snapshot(readings, born=now - at)

    def take_up(self, looks: Sequence[float], counted: Mapping[str, Reading]) -> None:
        """Go on after the cohort that was read last; where nothing tells which, after all that may have been."""
        self._looks = list(looks)
        known = counted.get(_READ_UNTIL)
        self._read_until = known.canary.total / 1000 if known else looks[-1] - self.delay
        self._counted = dict(counted)

    def _since_taken_up(self, name: str, now: float, canary: Counts, baseline: Counts) -> Reading:
        before = self._counted.get(name, Reading(now, NOTHING, NOTHING))
        return Reading(now, _sum(before.canary, canary), _sum(before.baseline, baseline))

    def _next_end(self, ripe: float) -> float:
        """Before the first look nothing was changed, and a cohort may end anywhere; then at the looks alone."""
        if ripe <= self._looks[0]:
            # A clock that was set back must not read anything twice.
            return max(ripe, self._read_until)
        return next((look for look in self._looks if self._read_until < look <= ripe), self._read_until)

    def _ask(self, since: float, until: float) -> dict[Side, dict[str, int]]:
        columns, rows = self.database.ask(self.query, since, until)
        if missing := [name for name in ("version", "requests") if name not in columns]:
            raise self._wrong(f"has no column {missing[0]!r}")
        self._columns = tuple(name for name in columns if name != "version")
        sides: dict[Side, dict[str, int]] = {side: dict.fromkeys(self._columns, 0) for side in SIDES}
        known = [(self.names[str(row["version"])], row) for row in rows if str(row["version"]) in self.names]
        if rows and not known:
            found = ", ".join(sorted({repr(str(row["version"])) for row in rows})[:5])
            raise self._wrong(f"gives the versions {found}, and none of {', '.join(map(repr, self.names))}")
        if len({side for side, _ in known}) < len(known):
            raise self._wrong("gives several rows for one version")
        for side, row in known:
            sides[side] = {name: self._count(name, row) for name in self._columns}
        return sides

    def _count(self, name: str, row: Row) -> int:
        value = row[name]
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if isinstance(value, bool) or not number >= 0 or number % 1 or math.isinf(number):
            raise self._wrong(f"gives {value!r} as {name!r} of {row['version']!r}")
        return int(number)

    def _is_comparable(self, rows: Mapping[Side, Mapping[str, int]]) -> bool:
        """Whether as many labels are missing on both sides: else those that are there tell of different requests."""
        if "labelled" not in self._columns:
            return True
        for side, row in rows.items():
            if row["labelled"] > row["requests"]:
                raise self._wrong(f"gives {row['labelled']} labelled of {row['requests']} requests of {side!r}")
            # What was missing at other times, when the candidate had no requests, is nothing to compare it with.
            if rows["candidate"]["requests"]:
                self._shares[side].update(row)
        for counts in (rows, self._shares):
            candidate, stable = (counts[side] for side in ("candidate", "stable"))
            shares = [(one["labelled"], one["requests"]) for one in (candidate, stable)]
            if standard_errors_apart(*shares) > DIFFERENT:
                logger.warning(
                    "labels are missing for %s of the candidate's requests and %s of the stable side's: this cohort "
                    "is thrown away",
                    *(f"{100 * (1 - one['labelled'] / one['requests']):.3g} %" for one in (candidate, stable)),
                )
                return False
        return True

    def _counts(self, sums: Mapping[str, int]) -> dict[str, Counts]:
        """Each column of the requests that have a label, errors of all requests, errors of clusters of clusters."""
        requests, labelled = sums.get("requests", 0), sums.get("labelled", sums.get("requests", 0))
        counts: dict[str, Counts] = {}
        for name in self._columns:
            if name in _TOTALS:
                continue
            key, total = {
                "errors": (ERRORS, requests),
                "cluster_errors": (BY_CLUSTER, sums.get("clusters", 0)),
            }.get(name, (name, labelled))
            if sums.get(name, 0) > total:
                raise self._wrong(f"gives {sums[name]} {name!r} in {total}")
            counts[key] = Counts(sums.get(name, 0), total)
        return counts

    def _wrong(self, what: str) -> OutsideError:
        return OutsideError(f"the query of {self.database.shown} {what}.", where="metrics-query", hint=_HINT)


def open_source(location: str, services: Services, query: Query) -> SqlCounts:
    """`sqlite:FILE` or `postgresql://…`, with the file of the query behind a `#` or else the input `metrics-query`."""
    address, _, file = location.partition("#")
    text = _read(file) if file else query.text
    if text is None:
        raise InputError(
            f"what to ask {without_credentials(address)} is not said.",
            where="metrics-query",
            hint=f"Write a SELECT, or name its file behind a '#': …#quality.sql. {_HINT}",
        )
    if not file and not re.match(r"\s*(--.*\n\s*)*(select|with)\b", text, re.IGNORECASE):
        text = _read(text)
    names: dict[str, Side] = {}
    for side in SIDES:
        name = services.of(side)
        names |= {side: side, name: side, name.rpartition(":")[0] or name: side}
    return SqlCounts(open_database(address), text, names, query.label_delay)


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(one.bad + other.bad, one.total + other.total)


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file of the query {file!r} cannot be read: {error}.", where="metrics-query") from None
