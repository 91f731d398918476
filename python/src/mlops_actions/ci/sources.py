"""Where inputs come from: five sources that are never merged deeper than one key.

First wins: command-line flags, `INPUT_*` (empty means not given), the action's section of mlops.yml, its common
keys, defaults. Each value keeps its source, so that every message about an input names it.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mlops_actions.ci.inputs import hyphenated
from mlops_actions.errors import InputError, nearest
from mlops_actions.yaml_source import YamlSource


@dataclass(frozen=True)
class Given:
    """A value and where it came from."""

    value: object
    source: str
    own: bool = False
    """Whether it stands in the action's own section, where every key must be one of its inputs."""


GivenInputs = ChainMap[str, Given]

TOP_LEVEL_KEYS = ("name", "registry", "log", "evidence", "model", "fail-on", "report-path", "junit-path")
"""Keys that stand at the top of mlops.yml for all actions."""


BEFORE_THE_FILE = ("config", "working-directory")
"""Inputs that are needed to find mlops.yml, so they cannot stand in it."""


def collect(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    config: YamlSource | None = None,
    action: str = "",
    occurrence: int = 0,
) -> GivenInputs:
    """Lay the sources over each other, first wins. `occurrence` picks the part of a section that is a list."""
    layers: list[dict[str, Given]] = [
        {key: Given(value, f"--{key}") for key, value in flags.items() if value is not None},
        _from_environ(environ),
    ]
    if config is not None:
        layers += [_section(config, action, occurrence), _top_level(config)]
    return ChainMap(*layers)


I = TypeVar("I", bound=BaseModel)  # noqa: E741  the inputs' model


def read_inputs(model: type[I], given: GivenInputs, action: str) -> I:
    """Build the action's inputs, or raise one InputError that names the input, its source and what to write."""
    known = {field.alias or name: name for name, field in model.model_fields.items()}
    for key, one in given.items():
        if one.own and key not in known:
            raise InputError(f"{action} has no input {key!r}.", where=one.source, hint=nearest(key, known))
    values = {key: _text(key, given[key]) for key in given if key in known}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _explain(error, given, action) from None


def _text(key: str, given: Given) -> object:
    """The value; InputError for text that no file and no path can hold."""
    value = given.value
    if isinstance(value, str) and re.search("[\0\ud800-\udfff]", value):
        raise InputError(
            f"the input {key!r} is {_shown(value)}, which is not UTF-8 text or holds a zero byte.", where=given.source
        )
    return value


def _explain(error: ValidationError, given: GivenInputs, action: str) -> InputError:
    first: Mapping[str, Any] = error.errors()[0]
    key = hyphenated(str(first["loc"][0])) if first["loc"] else ""
    if first["type"] == "missing":
        return InputError(
            f"{action} needs the input {key!r}.",
            hint=f"Give --{key}, INPUT_{key.upper().replace('-', '_')}, or {key!r} below {action!r} in mlops.yml.",
        )
    source = given[key].source if key in given else None
    found = f"the input {key!r} is {_shown(first['input'])}" if key else action
    return InputError(f"{found}: {_message(first)}", where=source)


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch":
        # All patterns of inputs are those of names.
        return "write up to 100 letters, digits, '.', '_' and '-', the first a letter or digit."
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    if str(error["msg"]).startswith("Input should be "):
        message = f"it should be {message}"
    return message if message.endswith((".", "?")) else f"{message}."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _from_environ(environ: Mapping[str, str]) -> dict[str, Given]:
    """Docker actions keep hyphens in the names (INPUT_FAIL-ON); composites map INPUT_FAIL_ON."""
    found: dict[str, Given] = {}
    for name, value in environ.items():
        if not name.startswith("INPUT_") or value == "":
            continue
        given = Given(value, name)
        before = found.setdefault(name.removeprefix("INPUT_").lower().replace("_", "-"), given)
        if before.value != value:
            raise InputError(f"{before.source} is {_shown(before.value)}, {name} is {_shown(value)}.", hint="Set one.")
    return found


def _section(config: YamlSource, action: str, occurrence: int) -> dict[str, Given]:
    section = config.data.get(action)
    keys: tuple[str | int, ...] = (action,)
    if isinstance(section, list):
        if occurrence >= len(section):
            raise InputError(
                f"{action!r} runs {occurrence + 1} times in stages, but its section has {len(section)} entries.",
                where=config.where(action),
            )
        section, keys = section[occurrence], (action, occurrence)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise InputError(f"{action!r} must hold inputs as `key: value`, found {section!r}.", where=config.where(*keys))
    for key in BEFORE_THE_FILE:
        if key in section:
            raise InputError(
                f"the input {key!r} cannot stand in {config.name}, which it is needed to find.",
                where=config.where(*keys, key),
                hint=f"Give --{key} or INPUT_{key.upper().replace('-', '_')}.",
            )
    return {
        str(key): Given(value, config.where(*keys, key), own=True)
        for key, value in section.items()
        if value is not None
    }


def _top_level(config: YamlSource) -> dict[str, Given]:
    return {
        key: Given(config.data[key], config.where(key)) for key in TOP_LEVEL_KEYS if config.data.get(key) is not None
    }
