"""What is asked of Prometheus: counters of requests and of the bad ones among them, for one version or the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from mlops_actions.canary_deploy.metrics.interface import ERRORS
from mlops_actions.canary_deploy.metrics.prometheus.presets import PRESETS
from mlops_actions.canary_deploy.targets import Services
from mlops_actions.canary_deploy.targets.interface import Side
from mlops_actions.errors import InputError, nearest
from mlops_actions.yaml_source import YamlSource, parse_yaml, read_yaml

_CONDITION = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')
_UNITS: Final = {"s": 1.0, "ms": 0.001, "us": 1e-6}
_HINT = 'Write `requests: http_requests_total{version="{version}"}` and `errors: code=~"5.."`, one a line.'


@dataclass(frozen=True)
class Condition:
    """One label's value, as PromQL writes it."""

    label: str
    sign: str
    value: str

    def holds(self, found: str | None) -> bool:
        """Of a series with this value of the label; a label that is missing is empty, as in PromQL."""
        text = found or ""
        matches = text == self.value if self.sign in ("=", "!=") else bool(re.fullmatch(self.value, text))
        return matches is (self.sign in ("=", "=~"))


Part = str | tuple[Condition, ...]
"""Counters that a query selects, or those among the series of the total whose labels say so."""


@dataclass(frozen=True)
class Share:
    """Some of all."""

    bad: tuple[Part, ...]
    total: tuple[str, ...]


@dataclass(frozen=True)
class Queries:
    """Templates, and what is put into them."""

    shares: Mapping[str, Share]
    """By what is counted, the errors first."""
    latency: str | None
    """Selects the buckets of a histogram, with their label `le`."""
    unit: float
    """Of the bounds of these buckets, in seconds."""
    words: Mapping[Side, Mapping[str, str]]

    def of(self, side: Side, template: str) -> str:
        """The query for one side.

        >>> words = {"stable": {"version": "v1"}, "candidate": {"version": "v2"}}
        >>> Queries({}, None, 1.0, words).of("candidate", 'requests_total{version="{version}"}')
        'requests_total{version="v2"}'
        """
        for word, value in self.words[side].items():
            template = template.replace(f"{{{word}}}", value)
        return template


def read_queries(location: str, given: str | None, services: Services) -> tuple[str, Queries]:
    """The address and the queries, of a preset or as given. InputError for what is not understood."""
    url = urlsplit(location.partition(":")[2])
    parameters = dict(parse_qsl(url.query, keep_blank_values=True))
    address = url._replace(query="").geturl()
    preset = parameters.pop("preset", None)
    known: Mapping[str, str] = {}
    if preset is not None:
        if preset not in PRESETS:
            raise InputError(f"the input 'metrics-source' has no preset {preset!r}.", hint=nearest(preset, PRESETS))
        known = PRESETS[preset].parameters
    if unknown := [name for name in parameters if name not in known]:
        raise InputError(
            f"the input 'metrics-source' has {unknown[0]!r}, which is no parameter of prometheus.",
            hint=nearest(unknown[0], ["preset", *known]),
        )
    source = _source(given)
    written = (PRESETS[preset].queries if preset else {}) | (source.data if source else {})
    if "requests" not in written or "errors" not in written:
        raise InputError(
            "what to ask Prometheus is not said: `requests` and `errors` are needed.",
            where=source.name if source else "metrics-query",
            hint=f"{_HINT} Or name an exporter, such as ?preset=envoy.",
        )
    return address, _Reader(written, source).queries(dict(known) | parameters, services)


def _source(given: str | None) -> YamlSource | None:
    """The input itself, or the file that it names."""
    if given is None:
        return None
    inline = "\n" in given or re.match(r"\s*[\w-]+\s*:\s", given)
    if inline:
        source = parse_yaml(given.encode(), "metrics-query", "queries")
    else:
        source = read_yaml(Path(given), "file of the queries")
    if not isinstance(source.data, dict):
        raise InputError("the queries are no mapping.", where=source.name, hint=_HINT)
    return source


@dataclass(frozen=True)
class _Reader:
    """Reads the mapping; messages name its lines."""

    written: Mapping[str, Any]
    source: YamlSource | None

    def queries(self, parameters: Mapping[str, str], services: Services) -> Queries:
        requests = self._selectors(self.written["requests"], "requests")
        shares = {ERRORS: Share(self._parts(self.written["errors"], "errors"), requests)}
        reserved = ("requests", "errors", "latency", "latency-unit", "versions")
        for name, value in self.written.items():
            if name not in reserved:
                shares[name] = self._share(name, value, requests)
        latency = self.written.get("latency")
        unit = self.written.get("latency-unit", "s")
        if latency is not None and not isinstance(latency, str):
            raise self._wrong("one query of a histogram's buckets is needed", "latency")
        if unit not in _UNITS:
            raise self._wrong(f"{unit!r} is no unit; write s, ms or us", "latency-unit")
        versions = self.written.get("versions", {})
        if not isinstance(versions, dict) or not {"stable", "candidate"} >= set(versions):
            raise self._wrong("write `{stable: …, candidate: …}`", "versions")
        sides: tuple[Side, Side] = ("stable", "candidate")
        words = {
            side: {
                "side": side,
                "version": str(versions.get(side, services.of(side).rpartition(":")[0] or services.of(side))),
                "address": services.of(side),
                **parameters,
            }
            for side in sides
        }
        return Queries(shares, latency, _UNITS[unit], words)

    def _share(self, name: str, value: Any, requests: tuple[str, ...]) -> Share:
        """`NAME: QUERY`, of the requests, or `NAME: {bad: …, total: …}`."""
        if not isinstance(value, dict):
            return Share(self._parts(value, name), requests)
        if unknown := [key for key in value if key not in ("bad", "total")] or ("bad" not in value and ["bad"]):
            raise self._wrong(f"`bad` is needed and `total` may be there, found {', '.join(map(str, unknown))}", name)
        total = self._selectors(value["total"], name, "total") if "total" in value else requests
        return Share(self._parts(value["bad"], name, "bad"), total)

    def _parts(self, value: Any, *keys: str) -> tuple[Part, ...]:
        return tuple(_conditions(text) or text for text in self._selectors(value, *keys))

    def _selectors(self, value: Any, *keys: str) -> tuple[str, ...]:
        texts = value if isinstance(value, list) else [value]
        if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
            raise self._wrong(f"a query is needed, found {value!r}", *keys)
        return tuple(text.strip() for text in texts)

    def _wrong(self, what: str, *keys: str) -> InputError:
        where = self.source.where(*keys) if self.source else "metrics-source"
        return InputError(f"{'.'.join(keys)}: {what}.", where=where, hint=_HINT)


def _conditions(text: str) -> tuple[Condition, ...]:
    """`code=~"5..", method="POST"` as conditions; nothing where it is a query instead.

    >>> _conditions('code=~"5.."'), _conditions('errors_total{code="500"}')
    ((Condition(label='code', sign='=~', value='5..'),), ())
    """
    found: list[Condition] = []
    position = 0
    while match := _CONDITION.match(text, position):
        found.append(Condition(*match.groups()))
        position = match.end()
        if position == len(text):
            return tuple(found)
        if text[position] != ",":
            return ()
        position += 1
    return ()
