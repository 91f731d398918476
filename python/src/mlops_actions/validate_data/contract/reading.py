"""A contract in the Open Data Contract Standard as a list of checks, each with its line."""

from __future__ import annotations

from typing import Any

from mlops_actions.errors import InputError, nearest
from mlops_actions.evidence import digest_bytes
from mlops_actions.validate_data.contract.column import read_column
from mlops_actions.validate_data.contract.odcs import check_shape
from mlops_actions.validate_data.contract.quality import read_quality
from mlops_actions.validate_data.contract.relations import read_relations
from mlops_actions.validate_data.contract.servers import locate_tables, table_names
from mlops_actions.validate_data.contract.service_levels import read_service_levels
from mlops_actions.validate_data.custom.interface import Rule as CustomRule
from mlops_actions.validate_data.rules import Check, Contract, Property, Unique
from mlops_actions.yaml_source import Keys, YamlSource, read_yaml


def read_contract(path: str, table: str | None = None) -> Contract:
    """Read a contract and pick one table of it; the only one where `table` is None.

    Raises InputError with file and line for whatever is unreadable, unknown, missing or contradicts itself.
    """
    return parse_contract(read_yaml(path, "contract"), table)


class Tables:
    """A contract of one or several tables."""

    def __init__(self, path: str) -> None:
        """Raises InputError like `read_contract`, of what is wrong with the file as a whole."""
        self._source = read_yaml(path, "contract")
        check_shape(self._source)
        self.names = table_names(self._source)

    def read(self, table: str) -> Contract:
        """What is asked of one table; InputError like `read_contract`."""
        return parse_contract(self._source, table)

    def pick(self, table: str | None) -> str:
        """The table of that name, or the only one; InputError where there is none, or no only one."""
        return str(_pick_table(self._source, table)[1]["name"])

    def locations(self, server: str | None, table: str | None) -> dict[str, str]:
        """Table → where a server has it: of one table, or of all; InputError where that cannot be said."""
        if table is not None or not self.names:
            return locate_tables(self._source, server, [self.pick(table)])
        return locate_tables(self._source, server, self.names)


def parse_contract(source: YamlSource, table: str | None = None) -> Contract:
    """See `read_contract`."""
    check_shape(source)
    keys, schema = _pick_table(source, table)
    name = str(schema["name"])
    properties: dict[str, Property] = {}
    checks: list[Check] = []
    custom: list[CustomRule] = []
    for index, block in enumerate(schema.get("properties") or []):
        place = (*keys, "properties", index)
        columns, found = read_column(block, place, source, name)
        for column in columns:
            if column.name in properties:
                raise InputError(f"the property {column.name!r} stands twice.", where=source.where(*place))
            properties[column.name] = column
        checks += (one for one in found if isinstance(one, Check))
        custom += (one for one in found if isinstance(one, CustomRule))
    checks += _primary_key(schema, keys, source)
    for index, block in enumerate(schema.get("quality") or []):
        rule = read_quality(block, (*keys, "quality", index), source, name, None)
        (checks if isinstance(rule, Check) else custom).append(rule)  # type: ignore[arg-type]
    checks += read_relations(schema, keys, source, properties)
    checks += read_service_levels(source, name, properties)
    _refuse_undeclared(checks, properties)
    if not checks and not custom:
        raise InputError(
            f"the contract asks nothing of the table {name!r}.", where=source.where(*keys), hint="Give it properties."
        )
    return Contract(
        path=source.name,
        sha256=digest_bytes(source.text),
        table=name,
        physical_name=str(schema.get("physicalName") or name),
        properties=tuple(properties.values()),
        checks=tuple(checks),
        custom=tuple(custom),
    )


def _pick_table(source: YamlSource, table: str | None) -> tuple[Keys, dict[str, Any]]:
    schemas = source.data["schema"]
    names = [str(schema.get("name")) for schema in schemas]
    for index, schema in enumerate(schemas):
        if not schema.get("name"):
            raise InputError("each table of the schema needs a name.", where=source.where("schema", index))
    if table is None and len(names) == 1:
        return ("schema", 0), schemas[0]
    if not names:
        raise InputError("the contract describes no table.", where=source.where("schema"), hint="Add one to schema.")
    if table is None:
        raise InputError(
            f"the contract describes {len(names)} tables: {', '.join(names)}.",
            where=source.where("schema"),
            hint="Say which one with the input 'table'.",
        )
    if table not in names:
        raise InputError(
            f"the contract has no table {table!r}.", where=source.where("schema"), hint=nearest(table, names)
        )
    return ("schema", names.index(table)), schemas[names.index(table)]


def _primary_key(schema: dict[str, Any], keys: Keys, source: YamlSource) -> list[Check]:
    """A key of several columns is one check on the table; of one column, a check on the column."""
    parts = [
        (block.get("primaryKeyPosition") or 0, index, block.get("physicalName") or block["name"])
        for index, block in enumerate(schema.get("properties") or [])
        if block.get("primaryKey")
    ]
    if not parts:
        return []
    columns = tuple(str(name) for _, _, name in sorted(parts, key=lambda part: part[0]))
    column = columns[0] if len(columns) == 1 else None
    label = ".".join(str(part) for part in (schema["name"], column, "primaryKey") if part)
    where = source.where(*keys, "properties", parts[0][1], "primaryKey")
    return [Check(label, column, "primaryKey", Unique(columns), where)]


def _refuse_undeclared(checks: list[Check], properties: dict[str, Property]) -> None:
    """A declared column that the data lacks fails; one that is only named in a rule would go unnoticed."""
    for check in checks:
        for column in check.rule.columns if isinstance(check.rule, Unique) else ():
            if column not in properties:
                hint = nearest(column, properties)
                raise InputError(f"the contract has no property {column!r}.", where=check.where, hint=hint)
