"""`relationships`: which columns hold only what is among the values of others."""

from __future__ import annotations

from typing import Any

from mlops_actions.errors import InputError, nearest
from mlops_actions.validate_data.rules import Check, NotChecked, Property, References
from mlops_actions.yaml_source import Keys, YamlSource


def read_relations(
    schema: dict[str, Any], keys: Keys, source: YamlSource, properties: dict[str, Property]
) -> list[Check]:
    """The checks of a table's relationships and of its columns'; InputError for a reference that leads nowhere."""
    table = str(schema["name"])
    found = [
        _read(one, (*keys, "relationships", index), source, table, None, properties)
        for index, one in enumerate(schema.get("relationships") or [])
    ]
    for place, block, name in _described(schema.get("properties") or [], (*keys, "properties"), ""):
        for index, one in enumerate(block.get("relationships") or []):
            found.append(_read(one, (*place, "relationships", index), source, table, name, properties))
    return found


def _described(blocks: list[dict[str, Any]], keys: Keys, before: str) -> list[tuple[Keys, dict[str, Any], str]]:
    """Every property with its place and name, those in objects and lists too."""
    found: list[tuple[Keys, dict[str, Any], str]] = []
    for index, block in enumerate(blocks):
        place, name = (*keys, index), f"{before}{column_name(block)}"
        while True:
            found.append((place, block, name))
            found += _described(block.get("properties") or [], (*place, "properties"), f"{name}.")
            if not block.get("items"):
                break
            place, block, name = (*place, "items"), block["items"], f"{name}[]"
    return found


def column_name(block: dict[str, Any]) -> str:
    """What a property is called in the data."""
    return str(block.get("physicalName") or block.get("name"))


def _read(
    block: dict[str, Any],
    keys: Keys,
    source: YamlSource,
    table: str,
    column: str | None,
    properties: dict[str, Property],
) -> Check:
    where = source.where(*keys)
    if (block.get("type") or "foreignKey") != "foreignKey":
        raise InputError(f"unknown type of relationship {block['type']!r}.", where=where, hint="Known: foreignKey.")
    if column is not None and block.get("from") is not None:
        raise InputError("a relationship of a property begins there.", where=where, hint="Leave out 'from'.")
    given, to = block.get("from") if column is None else column, block.get("to")
    if given is None or to is None or isinstance(given, list) != isinstance(to, list):
        raise InputError("a relationship needs 'from' and 'to', two names or two lists.", where=where)
    if isinstance(given, list) and isinstance(to, list) and len(given) != len(to):
        raise InputError(f"'from' names {len(given)} columns and 'to' {len(to)}.", where=where)
    targets = [str(one) for one in (to if isinstance(to, list) else [to])]
    label = f"{table}.{column}.relationships[{keys[-1]}]" if column else f"{table}.relationships[{keys[-1]}]"

    def check(rule: References | NotChecked) -> Check:
        return Check(label, column, "relationships", rule, where)

    if outside := next((one for one in targets if "#" in one), None):
        return check(NotChecked(f"{outside.partition('#')[0]!r} is another contract"))
    if unknown := next((one for one in targets if _table(one, source) is None), None):
        return check(NotChecked(f"{unknown!r} leads to no table of the contract"))
    if column is None:
        starts = [_resolve(str(one), source, where) for one in (given if isinstance(given, list) else [given])]
        if other := next((name for name, _ in starts if name != table), None):
            raise InputError(f"'from' is of the table {other!r}, not {table!r}.", where=where)
        columns = tuple(name for _, name in starts)
    else:
        columns = (column,)
    ends = [_resolve(one, source, where) for one in targets]
    if len({name for name, _ in ends}) != 1:
        raise InputError("'to' names columns of several tables.", where=where)
    if any(
        "[]" in one or (one in properties and properties[one].level) for one in (*columns, *(name for _, name in ends))
    ):
        return check(NotChecked("items of lists are not looked up elsewhere"))
    return check(References(columns, ends[0][0], tuple(name for _, name in ends)))


def _table(reference: str, source: YamlSource) -> str | None:
    """The table that a reference leads to."""
    tables = {str(one["name"]): one for one in source.data["schema"]}
    path = reference.removeprefix("/").split("/")
    if len(path) > 1 and path[0] == "schema":
        return next((name for name, one in tables.items() if one.get("id") == path[1]), None)
    return next((name for name in tables if reference.startswith(f"{name}.")), None)


def _resolve(reference: str, source: YamlSource, where: str) -> tuple[str, str]:
    """Table and column that a reference leads to: `table.column` by names, or `schema/…/properties/…` by ids."""
    table = _table(reference, source)
    if table is None:
        known = [str(one["name"]) for one in source.data["schema"]]
        hint = nearest(reference.partition(".")[0], known)
        raise InputError(f"{reference!r} leads to no table of the contract.", where=where, hint=hint)
    by_id = "/" in reference
    steps = reference.removeprefix("/").split("/")[3::2] if by_id else reference.removeprefix(f"{table}.").split(".")
    word = "id" if by_id else "name"
    blocks = next(one for one in source.data["schema"] if one["name"] == table).get("properties") or []
    names = []
    for step in steps:
        block = next((one for one in blocks if one.get(word) == step), None)
        if block is None:
            hint = nearest(step, [str(one.get(word)) for one in blocks])
            raise InputError(f"{reference!r} leads to no property of the table {table!r}.", where=where, hint=hint)
        names.append(column_name(block))
        blocks = block.get("properties") or []
    if not names:
        raise InputError(f"{reference!r} leads to a table.", where=where, hint="Name a property of it.")
    return table, ".".join(names)
