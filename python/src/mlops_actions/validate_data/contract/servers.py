"""`servers`: where the data of a contract's tables lives, as a location that can be opened."""

from __future__ import annotations

import re
from typing import Any

from mlops_actions.errors import InputError, nearest
from mlops_actions.yaml_source import YamlSource

KEYS = {"local": "path", "s3": "location", "azure": "location", "custom": "location"}
"""Types whose data is files → the key that says where."""
DATABASES = ("postgres", "postgresql", "cloudsql")
_PLACE = re.compile(r"\{(?:model|table|object|schema)\}")


def table_names(source: YamlSource) -> list[str]:
    """The tables of a contract, in its order."""
    return [str(one["name"]) for one in source.data["schema"] if one.get("name")]


def locate_tables(source: YamlSource, server: str | None, tables: list[str]) -> dict[str, str]:
    """Table → its location on a server; the only one where `server` is None.

    Raises InputError where there is no such server, it cannot be read here, or several tables would be one location.
    """
    servers = source.data.get("servers") or []
    names = [str(one.get("server")) for one in servers]
    if server is None and len(names) != 1:
        found = f"names {len(names)} servers: {', '.join(names)}" if names else "names no server"
        hint = "Say which one with the input 'server'." if names else "Say where the data is with the input 'data'."
        raise InputError(f"no data is given, and the contract {found}.", where=source.where("servers"), hint=hint)
    if server is not None and server not in names:
        hint = nearest(server, names) or "It names none."
        raise InputError(f"the contract has no server {server!r}.", where=source.where("servers"), hint=hint)
    place = names.index(server) if server is not None else 0
    where = source.where("servers", place)
    located = {table: _location(servers[place], _physical_name(source, table), where) for table in tables}
    if len(set(located.values())) < len(located):
        location = next(iter(located.values()))
        hint = "Write {table} into it, or pick one table with the input 'table'."
        raise InputError(f"the tables {', '.join(located)} would all be {location!r}.", where=where, hint=hint)
    return located


def _location(server: dict[str, Any], table: str, where: str) -> str:
    kind = str(server.get("type"))
    if kind in DATABASES:
        for key in ("host", "database"):
            if not server.get(key):
                raise InputError(f"a server of the type {kind} needs {key!r}.", where=where)
        port = f":{server['port']}" if server.get("port") else ""
        within = f"{server['schema']}." if server.get("schema") else ""
        return f"postgresql://{server['host']}{port}/{server['database']}#{within}{table}"
    if kind not in KEYS:
        known = ", ".join(sorted([*KEYS, *DATABASES]))
        hint = f"Known: {known}. Or say where the data is with the input 'data'."
        raise InputError(f"a server of the type {kind!r} cannot be read here.", where=where, hint=hint)
    if not server.get(KEYS[kind]):
        raise InputError(f"a server of the type {kind} needs {KEYS[kind]!r}.", where=where)
    return _PLACE.sub(lambda _: table, str(server[KEYS[kind]]))


def _physical_name(source: YamlSource, table: str) -> str:
    block = next(one for one in source.data["schema"] if one.get("name") == table)
    return str(block.get("physicalName") or table)
