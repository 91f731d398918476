"""The shape of an Open Data Contract Standard file: unknown keys and wrong types, each with its line."""

from __future__ import annotations

import re
from datetime import date
from types import UnionType
from typing import Any, Union, get_args, get_origin

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel, ValidationError

from mlops_actions.errors import InputError, nearest
from mlops_actions.yaml_source import Keys, YamlSource

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
_REQUIRED = ("apiVersion", "kind", "id", "version", "schema")
_OPEN = {"servers"}
"""Sections with keys of their own for each kind, of which nothing is used here."""


def check_shape(source: YamlSource) -> None:
    """Raise InputError at the first key that the standard does not know or value of the wrong type."""
    if not isinstance(source.data, dict):
        raise InputError(
            "the contract must hold `key: value` lines.", where=source.where(), hint="Begin with apiVersion."
        )
    _refuse_unknown_keys(source.data, OpenDataContractStandard, (), source)
    for key in _REQUIRED:
        if source.data.get(key) is None:
            raise InputError(
                f"the contract needs the key {key!r}.", where=source.where(), hint="See bitol.io for the standard."
            )
    if source.data["apiVersion"] not in VERSIONS:
        found = source.data["apiVersion"]
        raise InputError(
            f"apiVersion is {found!r}.", where=source.where("apiVersion"), hint=f"Supported: {', '.join(VERSIONS)}."
        )
    if source.data["kind"] != "DataContract":
        raise InputError(f"kind is {source.data['kind']!r}, not 'DataContract'.", where=source.where("kind"))
    try:
        OpenDataContractStandard.model_validate(_dates_as_text(source.data))
    except ValidationError as error:
        first = error.errors()[0]
        loc = first["loc"]  # ends with the names of a union's branches, which are no keys
        keys = next((loc[:length] for length in range(len(loc), 0, -1) if loc[:length] in source.lines), loc[:1])
        name = next(part for part in reversed(keys) if isinstance(part, str))
        message = re.sub(r"a valid dictionary.*", "`key: value` lines", str(first["msg"]).rstrip("."))
        message = message.replace("Input should be", "it should be")
        hint = "Quote it." if first["type"] == "string_type" and isinstance(first["input"], int | float) else None
        raise InputError(f"{name!r} is {first['input']!r}: {message}.", where=source.where(*keys), hint=hint) from None


def _refuse_unknown_keys(data: Any, model: type[BaseModel], keys: Keys, source: YamlSource) -> None:
    if not isinstance(data, dict):
        return  # its type is checked later
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    for key, value in data.items():
        if key not in fields:
            raise InputError(
                f"unknown key {key!r}.", where=source.where(*keys, str(key)), hint=nearest(str(key), fields)
            )
        inner = _model_in(fields[key])
        if inner is None or key in _OPEN:
            continue
        items = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, item in items:
            place = (*keys, key) if index is None else (*keys, key, index)
            _refuse_unknown_keys(item, inner, place, source)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, alone, optional or in a list; None where it holds none, or one of several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, UnionType, list):
        found = {model for part in get_args(annotation) if (model := _model_in(part))}
        return found.pop() if len(found) == 1 else None
    return None


def _dates_as_text(data: Any) -> Any:
    """YAML reads an unquoted date as a date; the standard's models want text."""
    if isinstance(data, dict):
        return {key: _dates_as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_dates_as_text(item) for item in data]
    return data.isoformat() if isinstance(data, date) else data
