"""`slaProperties`: the promises that rows can break, which are latency and retention."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mlops_actions.errors import InputError
from mlops_actions.validate_data.rules import Age, Check, NotChecked, Property
from mlops_actions.yaml_source import Keys, YamlSource

_LATENCY, _RETENTION = ("latency", "ly", "freshness"), ("retention", "re")
_ARRIVAL = ("frequency", "fy", "timeofavailability", "throughput", "th")
_OF_SERVICE = (
    *("availability", "av", "errorrate", "er", "generalavailability", "ga", "endofsupport", "es", "endoflife", "el"),
    *("timetodetect", "td", "timetonotify", "tn", "timetorepair", "tr"),
)
"""About who serves the data, or for how long: nothing of it can be asked of rows."""
_UNITS = {
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("min", "minute", "minutes"), timedelta(minutes=1)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), timedelta(seconds=1)),
    **dict.fromkeys(("d", "day", "days"), timedelta(days=1)),
    **dict.fromkeys(("w", "week", "weeks"), timedelta(weeks=1)),
    **dict.fromkeys(("mo", "month", "months"), timedelta(days=365.2425 / 12)),
    **dict.fromkeys(("y", "yr", "year", "years"), timedelta(days=365.2425)),
}


def read_service_levels(source: YamlSource, table: str, properties: dict[str, Property]) -> list[Check]:
    """The promises about one table's columns; those about a service are no checks at all."""
    found: list[Check] = []
    for index, block in enumerate(source.data.get("slaProperties") or []):
        word = str(block.get("property"))
        if word.lower() in _OF_SERVICE:
            continue
        place: Keys = ("slaProperties", index)
        for element in _elements(block, source) or [""]:
            column = _column(element, table, source)
            if column is None:
                continue
            rule = _read(word.lower(), block, column, properties, source.where(*place))
            label = ".".join(part for part in (table, column, f"slaProperties[{index}]", word) if part)
            found.append(Check(label, column if isinstance(rule, Age) else None, word, rule, source.where(*place)))
    return found


def _elements(block: dict[str, Any], source: YamlSource) -> list[str]:
    given = block.get("element") or source.data.get("slaDefaultElement") or ""
    return [one.strip() for one in str(given).split(",") if one.strip()]


def _column(element: str, table: str, source: YamlSource) -> str | None:
    """The column of this table that an element names, perhaps by the table's physical name; None: another table's."""
    tables = {str(one["name"]): str(one.get("physicalName") or one["name"]) for one in source.data["schema"]}
    for name in (table, tables[table]):
        if element.startswith(f"{name}."):
            return element.removeprefix(f"{name}.")
    elsewhere = any(element.startswith(f"{name}.") for pair in tables.items() for name in pair)
    return None if elsewhere else element


def _read(
    word: str, block: dict[str, Any], column: str, properties: dict[str, Property], where: str
) -> Age | NotChecked:
    if word in _ARRIVAL:
        return NotChecked("rows do not tell when they arrived")
    if word not in (*_LATENCY, *_RETENTION):
        return NotChecked("it is none of the known properties")
    if column not in properties or properties[column].level:
        return NotChecked(f"{column!r} is no column of the contract" if column else "it names no element")
    if properties[column].type not in ("date", "timestamp"):
        return NotChecked(f"{column!r} is neither date nor timestamp")
    value, unit = block.get("value"), str(block.get("unit") or "d")
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 10_000:
        raise InputError(
            f"the value of {word} is {value!r}.", where=where, hint="Write a number above 0, and its unit."
        )
    if unit.lower() not in _UNITS:
        return NotChecked(f"the unit {unit!r} is not known")
    return Age("newest" if word in _LATENCY else "oldest", value * _UNITS[unit.lower()], f"{value:g} {unit}")
