"""Command-line flags from an action's inputs."""

from __future__ import annotations

import argparse
from collections.abc import Container

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from mlops_actions.ci.inputs import to_seconds


def add_inputs(parser: argparse.ArgumentParser, inputs: type[BaseModel], only: Container[str] | None = None) -> None:
    """Flags for every field of the model, or for some; values stay text, the model reads them."""
    for name, field in inputs.model_fields.items():
        if only is not None and name not in only:
            continue
        needed = " Required." if field.is_required() else ""
        switch = {"nargs": "?", "const": "true"} if field.annotation is bool else {}
        parser.add_argument(
            f"--{field.alias or name}",
            dest=field.alias or name,
            metavar="VALUE",
            help=f"{field.description}{needed}{shown_default(field)}".replace("%", "%%"),
            **switch,  # type: ignore[arg-type]
        )


def shown_default(field: FieldInfo) -> str:
    """The end of a field's description that tells its default, with its unit; empty where there is none."""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if default in (None, "", []):
        return ""
    unit = "s" if any(isinstance(one, BeforeValidator) and one.func is to_seconds for one in field.metadata) else ""
    return f" Default: `{as_written(default)}{unit}`."


def as_written(value: object) -> str:
    """A default as a user would write it.

    >>> as_written([5.0, 20.0]), as_written(True)
    ('5, 20', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(as_written(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
