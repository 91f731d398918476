"""mlops.yml: one file per model, which holds the inputs of every action."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from mlops_actions.ci.sources import TOP_LEVEL_KEYS
from mlops_actions.errors import InputError, nearest
from mlops_actions.yaml_source import YamlSource, read_yaml


def read_configuration(path: str, actions: Collection[str], *, required: bool) -> YamlSource | None:
    """Read mlops.yml and check its top-level keys; None when it is missing and not `required`."""
    if not required and not Path(path).exists():
        return None
    source = read_yaml(path, "configuration")
    if not isinstance(source.data, dict):
        raise InputError("the configuration must hold `key: value` lines.", where=source.where())
    known = [*TOP_LEVEL_KEYS, "stages", *actions]
    for key in source.data:
        if key not in known:
            raise InputError(f"unknown key {str(key)!r}.", where=source.where(key), hint=nearest(str(key), known))
    return source
