"""The newest version of a Delta Lake table, read from its log: which Parquet files it is made of.

Tables that need more of a reader than that (deletion vectors, column mapping, …) are refused, so that no row is read
that was deleted. https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from mlops_actions.errors import InputError
from mlops_actions.evidence.digests import digest_bytes
from mlops_actions.tables.identity import Identity

_HARMLESS = frozenset({"timestampNtz", "vacuumProtocolCheck", "domainMetadata", "appendOnly"})
"""Features of a table that change nothing about how its files are read."""
_ACTIONS = ("protocol", "metaData", "add", "remove")


@dataclass(frozen=True)
class Version:
    """One version of a table."""

    number: int
    table_id: str
    paths: tuple[PurePosixPath, ...]
    """Below the table's folder, sorted."""
    partitions: Mapping[str, tuple[str | None, ...]]
    """Column → its value in each of the files."""

    @property
    def identity(self) -> Identity:
        """A version of a table never changes: its number and the table's own id stand for it."""
        said = {"delta-table": self.table_id, "delta-version": str(self.number)}
        return Identity(digest_bytes(f"{self.table_id} {self.number}\n".encode()), "delta-version", said)


def newest(location: str, folder: Path) -> Version:
    """The newest version of the table in a folder; InputError where its log is damaged or asks for more."""
    log = folder / "_delta_log"
    number, actions = -1, []
    commits = {int(path.stem): path for path in log.glob("*.json") if path.stem.isdigit()}
    checkpoints = _checkpoints(log)
    if not commits and not checkpoints:
        raise InputError("the Delta log holds no version.", where=location)
    start = max(checkpoints, default=-1)
    if checkpoints:
        actions = list(_read_checkpoint(checkpoints[start]))
    number = max([start, *commits])
    for version in range(start + 1, number + 1):
        if version not in commits:
            raise InputError(f"the Delta log lacks version {version}.", where=location, hint="Copy the table again.")
        actions += _read_commit(commits[version])
    return _replay(actions, number, location)


def _replay(actions: list[dict[str, Any]], number: int, location: str) -> Version:
    files: dict[str, dict[str, Any]] = {}
    metadata: dict[str, Any] = {}
    for action in actions:
        if protocol := action.get("protocol"):
            _refuse_features(protocol, location)
        metadata = action.get("metaData") or metadata
        if add := action.get("add"):
            files[add["path"]] = add
        if remove := action.get("remove"):
            files.pop(remove["path"], None)
    if (metadata.get("configuration") or {}).get("delta.columnMapping.mode", "none") != "none":
        raise _needs("columnMapping", location)
    added = [files[path] for path in sorted(files)]
    if any(add.get("deletionVector") for add in added):
        raise _needs("deletionVectors", location)
    if not added:
        raise InputError(f"version {number} of the Delta table holds no file.", where=location, hint="It has no rows.")
    if any(re.match(r"[a-z][a-z0-9]+:|/", add["path"]) for add in added):
        raise _needs("files outside of its folder", location)
    partitions = {
        name: tuple((add["partitionValues"] or {}).get(name) or None for add in added)
        for name in metadata["partitionColumns"] or ()
    }
    paths = tuple(PurePosixPath(unquote(add["path"])) for add in added)
    return Version(number, metadata["id"], paths, partitions)


def _refuse_features(protocol: Mapping[str, Any], location: str) -> None:
    version = protocol.get("minReaderVersion") or 1
    unknown = sorted(set(protocol.get("readerFeatures") or ()) - _HARMLESS)
    # reader version 2 is column mapping, which the metadata says whether it is used
    if version > 3 or unknown:
        raise _needs(", ".join(unknown) or f"reader version {version}", location)


def _needs(what: str, location: str) -> InputError:
    return InputError(
        f"the Delta table uses {what}, which this engine does not read.", where=location, hint="Set `engine: spark`."
    )


def _read_commit(path: Path) -> Iterator[dict[str, Any]]:
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)
    except ValueError as error:
        raise InputError(f"not a commit of a Delta table: {error}.", where=str(path)) from None


def _checkpoints(log: Path) -> dict[int, list[Path]]:
    """Version → the files of its checkpoint, where all of them are there."""
    found: dict[int, list[Path]] = {}
    for path in sorted(log.glob("*.checkpoint*.parquet")):
        if match := re.fullmatch(r"(\d+)\.checkpoint(?:\.(\d+)\.(\d+))?\.parquet", path.name):
            found.setdefault(int(match[1]), []).append(path)
    whole = {}
    for version, paths in found.items():
        parts = paths[0].name.split(".")
        if len(paths) == (int(parts[3]) if len(parts) == 5 else 1):
            whole[version] = paths
    return whole


def _read_checkpoint(paths: list[Path]) -> Iterator[dict[str, Any]]:
    import duckdb

    with duckdb.connect() as connection:
        relation = connection.read_parquet([str(path) for path in paths])
        names = [name for name in _ACTIONS if name in relation.columns]
        for row in relation.select(*(duckdb.ColumnExpression(name) for name in names)).fetchall():
            yield {name: value for name, value in zip(names, row, strict=True) if value is not None}
